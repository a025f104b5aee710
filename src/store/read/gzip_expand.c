/* SPDX-License-Identifier: MIT */
/* An object that is somebody else's gzip into a file's memory or spool. */
#include "read/gzip_expand.h"

#include <string.h>

#include "codec/gunzip.h"
#include "data/blocks.h"
#include "data/extents.h"
#include "facts/facts.h"
#include "facts/gzip_count.h"
#include "read/fetch.h"

#define MEMORY_SHARE 4 /* of the budget: what one file may take of it */

/*
 * data is what the file has from at on, where nothing newer is held. Lock
 * given up meanwhile: something newer may come, or another version.
 */
static int keep_on_disk_locked(struct fetch *fetch, uint64_t at,
			       const char *data, uint64_t end)
{
	struct file *file = fetch->file;
	struct blocks *b = &file->blocks;
	uint64_t start = at, from, to;
	int result = 0;

	lock_assert_held(&fetch->file->lock);
	blocks_disk_enter_locked(b);
	while (result == 0 && !fetch_is_void_locked(fetch) &&
	       extents_next_gap(&file->held, at, end, &from, &to)) {
		result = blocks_write_disk_locked(
			b, from, data + (from - start), (size_t)(to - from));
		at = to;
		while (result == 0 && !fetch_is_void_locked(fetch) &&
		       extents_next_gap(&file->held, from, at, &from, &to)) {
			result = extents_add(&b->spilled, from, to);
			if (result == 0)
				result = extents_add(&file->held, from, to);
			from = to;
		}
	}
	blocks_disk_leave_locked(b);
	return result == 0 && fetch_is_void_locked(fetch) ? -ECANCELED : result;
}

/* In memory as long as that is little, else on disk. */
static int keep_locked(struct fetch *fetch, const char *data, uint64_t end)
{
	struct file *file = fetch->file;
	struct budget *budget = &file->store->budget;
	uint64_t at = fetch->pos, gap, gap_end;

	lock_assert_held(&fetch->file->lock);
	while (extents_next_gap(&file->held, at, end, &gap, &gap_end)) {
		const char *from = data + (gap - fetch->pos);
		size_t len = (size_t)(gap_end - gap);
		int result = -EAGAIN;

		if (file->blocks.memory_bytes < budget->limit / MEMORY_SHARE)
			result = blocks_write(&file->blocks, gap, from, len,
					      BLOCKS_TRY, NULL);
		if (result == 0)
			result = extents_add(&file->held, gap, gap_end);
		else if (result == -EAGAIN)
			result = keep_on_disk_locked(fetch, gap, from, gap_end);
		if (result < 0 && result != -ECANCELED)
			return errinfo_set(&fetch->get.op.err, result,
					   "no room to expand %s in %s: %s",
					   fetch->key, file->store->temp_dir,
					   strerror(-result));
		if (result < 0)
			return result;
		at = gap_end;
	}
	return 0;
}

static int keep(void *arg, const void *data, size_t len)
{
	struct fetch *fetch = arg;

	/* Counting gave another size: of another object, then. */
	if (len > fetch->end - fetch->pos)
		return -EIO;
	return fetch_give(fetch, data, len, keep_locked);
}

static void gzip_expand_run(struct pool_job *job)
{
	struct fetch *fetch = container_of(job, struct fetch, job);
	struct object_version v = {
		.key = fetch->key,
		.etag = fetch->etag,
		.stored_size = fetch->layout.stored_size,
	};
	struct gunzip g;
	int result = gzip_expand(fetch->file->store, &v, fetch->get.op.priority,
				 keep, fetch, &g, &fetch->get.op.err);

	if (result == -EBADMSG || (result == 0 && fetch->pos < fetch->end))
		result = errinfo_set(&fetch->get.op.err, -EIO,
				     "%s is no sound gzip", fetch->key);
	fetch_finish(fetch, result);
}

void gzip_expand_start(struct fetch *fetch)
{
	fetch->job.run = gzip_expand_run;
	pool_submit(fetch->file->store->codec_pool, &fetch->job);
}
