/* SPDX-License-Identifier: MIT */
/*
 * Reads of objects that are stored in members: a range of the file becomes
 * one of the object, what comes is expanded on the gzip pool, and each member
 * is given out once its checksum was right.
 */
#include "read/gzip_read.h"

#include <string.h>

#include "codec/gzip.h"
#include "read/fetch.h"

bool gzip_lacks_index(const struct base *base)
{
	return base->layout.kind == GZIP_MEMBERS && !base->index &&
	       base->layout.index_bytes > 0;
}

void gzip_align(const struct base *base, uint64_t *start, uint64_t *end)
{
	uint64_t member = base->layout.member_bytes;
	uint64_t size = base->layout.plain_size;

	if (base->layout.kind == GZIP_FOREIGN) {
		*start = 0;
		*end = size;
	} else if (base->layout.kind == GZIP_MEMBERS) {
		*start = *start / member * member;
		*end = (*end + member - 1) / member * member;
		if (*end > size)
			*end = size;
	}
}

uint64_t gzip_piece(const struct base *base, uint64_t piece_bytes)
{
	uint64_t member = base->layout.member_bytes;

	if (base->layout.kind == GZIP_FOREIGN)
		return UINT64_MAX;
	if (base->layout.kind != GZIP_MEMBERS || piece_bytes % member == 0)
		return piece_bytes;
	return (piece_bytes / member + 1) * member;
}

int gzip_refuse(const struct file *file, int result, struct errinfo *err)
{
	if (file->base.layout.kind == GZIP_BROKEN)
		errinfo_set(err, result,
			    "%s has Content-Encoding gzip, but is no sound "
			    "gzip",
			    file->base.key);
	return result;
}

/* Where member number n begins in the object. */
static uint64_t stored_at(const struct base *base, size_t n)
{
	if (base->index)
		return base->index->offsets[n];
	return n == 0 ? 0 : base->layout.stored_size;
}

static size_t first_of(const struct base *base, uint64_t start)
{
	return (size_t)(start / base->layout.member_bytes);
}

/* Behind the last member of an aligned range. */
static size_t last_of(const struct base *base, uint64_t end)
{
	uint64_t member = base->layout.member_bytes;

	return (size_t)((end + member - 1) / member);
}

uint64_t gzip_stored_span(const struct base *base, uint64_t start, uint64_t end)
{
	if (base->layout.kind != GZIP_MEMBERS)
		return 0;
	return stored_at(base, last_of(base, end)) -
	       stored_at(base, first_of(base, start));
}

/* The range of the object that holds the members of [start, end). */
static int prepare_members(struct fetch *fetch, const struct base *base)
{
	size_t first = first_of(base, fetch->start);
	size_t count = last_of(base, fetch->end) - first;

	fetch->kind = FETCH_MEMBERS;
	fetch->first_member = first;
	fetch->member_count = count;
	fetch->offsets = calloc(count + 1, sizeof(*fetch->offsets));
	if (!fetch->offsets)
		return -ENOMEM;
	fetch->get.offset = stored_at(base, first);
	for (size_t i = 0; i <= count; i++)
		fetch->offsets[i] =
			stored_at(base, first + i) - fetch->get.offset;
	fetch->get.length = fetch->offsets[count];
	return 0;
}

int gzip_prepare_locked(struct fetch *fetch, bool is_index)
{
	const struct base *base = &fetch->file->base;
	int result = 0;

	lock_assert_held(&fetch->file->lock);
	fetch->layout = base->layout;
	if (base->layout.kind == GZIP_NONE)
		return 0;
	if (base->layout.kind == GZIP_FOREIGN) {
		fetch->kind = FETCH_ALL;
		return 0;
	}
	if (is_index) {
		fetch->kind = FETCH_INDEX;
		fetch->get.length = base->layout.index_bytes;
		fetch->get.offset =
			base->layout.stored_size - fetch->get.length;
	} else {
		result = prepare_members(fetch, base);
	}
	if (result == 0)
		fetch->stored = malloc(fetch->get.length + 1);
	return fetch->stored ? 0 : -ENOMEM;
}

int gzip_take(struct fetch *fetch, const void *data, size_t len)
{
	if (len > fetch->get.length - fetch->stored_len)
		return -EIO;
	memcpy(fetch->stored + fetch->stored_len, data, len);
	fetch->stored_len += len;
	return 0;
}

static int is_wrong(struct fetch *fetch, const char *what)
{
	return errinfo_set(&fetch->get.op.err, -EIO, "%s is no sound gzip: %s",
			   fetch->key, what);
}

static int read_index(struct fetch *fetch)
{
	struct gzip_index *index = NULL;
	struct file *file = fetch->file;
	int result = gzip_index_read(fetch->stored, fetch->stored_len,
				     &fetch->layout, &index);

	if (result == -EIO)
		return is_wrong(fetch, "its index does not fit");
	if (result < 0)
		return result;
	LOCK(&file->lock);
	if (fetch->base_number == file->base.number && !file->base.index)
		file->base.index = STEAL(index);
	free(index);
	return 0;
}

static int read_members(struct fetch *fetch)
{
	AUTO_FREE char *plain = malloc(fetch->layout.member_bytes);
	int result = plain ? 0 : -ENOMEM;

	for (size_t i = 0; result == 0 && i < fetch->member_count; i++) {
		size_t len = gzip_member_length(&fetch->layout,
						fetch->first_member + i);
		uint64_t at = fetch->offsets[i];

		result = gzip_member_read(fetch->stored + at,
					  (size_t)(fetch->offsets[i + 1] - at),
					  plain, len);
		if (result == -EIO)
			return is_wrong(fetch,
					"a part of it cannot be expanded");
		if (result == 0)
			result = fetch_give(fetch, plain, len,
					    fetch_keep_locked);
	}
	return result;
}

static void run(struct pool_job *job)
{
	struct fetch *fetch = container_of(job, struct fetch, job);
	int result;

	if (fetch->stored_len < fetch->get.length)
		result = is_wrong(fetch, "it is shorter than it says");
	else if (fetch->kind == FETCH_INDEX)
		result = read_index(fetch);
	else
		result = read_members(fetch);
	fetch_finish(fetch, result);
}

void gzip_fetched(struct fetch *fetch)
{
	fetch->job.run = run;
	pool_submit(fetch->file->store->codec_pool, &fetch->job);
}
