/* SPDX-License-Identifier: MIT */
/*
 * Files that are stored compressed: which, and how their bytes become those
 * of the object. Members are compressed side by side on the gzip pool and
 * put one behind the other into a file that no name leads to, which is then
 * published like any other.
 */
#include "write/gzip_publish.h"

#include <string.h>

#include "codec/gzip.h"
#include "data/block.h"
#include "data/blocks.h"
#include "data/extents.h"
#include "data/pieces.h"
#include "facts/facts.h"
#include "facts/facts_codec.h"
#include "facts/mime.h"
#include "file/file.h"
#include "read/waiters.h"

#define MEMBERS_IN_WORK 8
#define MEMORY_SHARE    4 /* of the budget, for one compressed form */

/* ------------------------------------------------------------- which */

/* What key is stored with: from headers, else from the settings' rules. */
static const char *header_of(const struct store *store, const char *key,
			     const struct pairs *headers, const char *name)
{
	const char *value = pairs_get(headers, name);

	if (value && strcmp(value, S3_NOT_SENT) == 0)
		return NULL;
	return value ? value : s3_client_param(store->s3, key, name);
}

static bool is_type(const struct store_options *options, const char *type)
{
	return type && options->is_gzip_type &&
	       options->is_gzip_type(options->gzip_types, type);
}

bool gzip_is_wanted(const struct file *file, const char *key,
		    const struct pairs *headers)
{
	const struct store *store = file->store;
	bool is_edit =
		file->base.layout.kind != GZIP_NONE && file->base.valid > 0;
	const char *encoding, *by_name;

	if (!store->options.gzip || file->plain)
		return false;
	encoding = header_of(store, key, headers, "content-encoding");
	if (encoding && *encoding)
		return is_edit && gzip_is_encoding(encoding);
	mime_guess(store->mime, key, &by_name);
	return is_edit || (!by_name && is_type(&store->options,
					       header_of(store, key, headers,
							 "content-type")));
}

int gzip_note_raw(const struct store *store, const char *key,
		  struct pairs *headers)
{
	if (store->options.gzip &&
	    gzip_is_encoding(
		    header_of(store, key, headers, "content-encoding")))
		return facts_write_raw(headers);
	return 0;
}

/* --------------------------------------------------------------- how */

/* One member being compressed. */
struct work {
	struct pool_job job;
	struct press *press;
	struct pieces plain;
	char *out;
	size_t out_len;
	int result;
	bool is_done;
};

/* One file being compressed. */
struct press {
	struct file *from, *to;
	struct gzip_layout layout;
	struct lock lock;
	pthread_cond_t done;
	struct work works[MEMBERS_IN_WORK];
	size_t given, taken, count; /* members */
	uint32_t *lengths;
	uint64_t at;         /* stored bytes so far */
	uint64_t dropped_to; /* clean plain bytes before are not in memory */
};

static void run_work(struct pool_job *job)
{
	struct work *work = container_of(job, struct work, job);
	struct press *press = work->press;
	int result = -ENOMEM;

	work->out_len = gzip_member_bound(work->plain.length);
	work->out = malloc(work->out_len);
	if (work->out)
		result = pieces_load(&work->plain);
	if (work->out && result == 0)
		result = gzip_member_write(&work->plain, work->out,
					   &work->out_len);
	pieces_release(&work->plain);
	{
		LOCK(&press->lock);
		work->result = result;
		work->is_done = true;
		pthread_cond_broadcast(&press->done);
	}
}

/* What was read and is as the bucket has it need not stay in memory. */
static void drop_clean_locked(struct press *press, uint64_t end)
{
	struct file *file = press->from;
	uint64_t start = press->dropped_to, gap, gap_end;

	if (!list_is_empty(&file->waiters) || file->fetch_count > 0 ||
	    file->base.layout.kind == GZIP_FOREIGN)
		return;
	while (extents_next_gap(&file->dirty, start, end, &gap, &gap_end)) {
		uint64_t first = (gap + BLOCK_BYTES - 1) / BLOCK_BYTES;
		uint64_t last = gap_end / BLOCK_BYTES;

		if (first < last &&
		    extents_remove(&file->held, first * BLOCK_BYTES,
				   last * BLOCK_BYTES) == 0)
			blocks_drop(&file->blocks, first * BLOCK_BYTES,
				    last * BLOCK_BYTES);
		start = gap_end;
	}
	press->dropped_to = end;
}

/* Starts the next member; from's lock held, given up while it is fetched. */
static int give_work_locked(struct press *press, struct errinfo *err)
{
	struct file *from = press->from;
	struct work *work = &press->works[press->given % MEMBERS_IN_WORK];
	uint64_t offset = press->given * press->layout.member_bytes;
	size_t len = gzip_member_length(&press->layout, press->given);
	uint64_t ahead = offset + from->store->options.part_bytes;
	int result;

	/* More than a member at a time: one request for each is slow. */
	if (ahead > press->layout.plain_size)
		ahead = press->layout.plain_size;
	if (!file_has_locked(from, offset, offset + len)) {
		result = fetch_wait_locked(from, offset, ahead, err);
		if (result < 0)
			return result;
	}
	*work = (struct work){ .job.run = run_work, .press = press };
	result = pieces_add(&work->plain, &from->blocks, &from->held, offset,
			    len);
	if (result < 0) {
		pieces_release(&work->plain);
		return result;
	}
	drop_clean_locked(press, offset + len);
	press->given++;
	lock_leave(&from->lock);
	pool_submit(from->store->codec_pool, &work->job);
	lock_enter(&from->lock);
	return 0;
}

/* Behind what to has: in memory as long as that is little, else on disk. */
static int append(struct press *press, const void *data, size_t len)
{
	struct file *to = press->to;
	struct budget *budget = &to->store->budget;
	uint64_t end = press->at + len;
	int result = -EAGAIN;
	LOCK(&to->lock);

	if (to->blocks.memory_bytes < budget->limit / MEMORY_SHARE)
		result = blocks_write(&to->blocks, press->at, data, len,
				      BLOCKS_TRY, NULL);
	if (result == -EAGAIN) {
		blocks_disk_enter_locked(&to->blocks);
		result = blocks_write_disk_locked(&to->blocks, press->at, data,
						  len);
		if (result == 0)
			result = extents_add(&to->blocks.spilled, press->at,
					     end);
		blocks_disk_leave_locked(&to->blocks);
	}
	if (result == 0)
		result = extents_add(&to->held, press->at, end);
	if (result == 0)
		result = extents_add(&to->dirty, press->at, end);
	press->at = end;
	to->size = end;
	return result;
}

/* Waits for the oldest member under way. No file's lock held. */
static int take_work(struct press *press)
{
	struct work *work = &press->works[press->taken % MEMBERS_IN_WORK];
	int result;

	{
		LOCK(&press->lock);
		while (!work->is_done)
			lock_wait(&press->lock, &press->done);
	}
	result = work->result;
	if (result == 0) {
		press->lengths[press->taken] = (uint32_t)work->out_len;
		result = append(press, work->out, work->out_len);
	}
	free(STEAL(work->out));
	press->taken++;
	return result;
}

static int write_index(struct press *press)
{
	uint64_t bytes = gzip_index_bytes(press->count);
	AUTO_BUF struct buf index = BUF_INIT(bytes + 1);
	int result = gzip_index_write(press->lengths, press->count, &index);

	if (result == 0 && index.len > 0)
		result = append(press, index.data, index.len);
	press->layout.index_bytes = bytes;
	press->layout.stored_size = press->at;
	press->to->form = press->layout;
	return result;
}

/* from's lock is held and given up. */
static int press_locked(struct press *press, struct errinfo *err)
{
	struct file *from = press->from;
	int result = 0;

	while (press->taken < press->count && result == 0) {
		while (result == 0 && press->given < press->count &&
		       press->given < press->taken + MEMBERS_IN_WORK)
			result = give_work_locked(press, err);
		if (result < 0)
			break;
		lock_leave(&from->lock);
		result = take_work(press);
		lock_enter(&from->lock);
	}
	lock_leave(&from->lock);
	while (press->taken < press->given) {
		int late = take_work(press);

		result = result < 0 ? result : late;
	}
	if (result == 0)
		result = write_index(press);
	lock_enter(&from->lock);
	return result;
}

int gzip_compress_locked(struct file *file, struct file **out,
			 struct errinfo *err)
{
	struct press press = {
		.from = file,
		.layout = gzip_layout_plan(file->size),
		.lock = LOCK_INIT(LOCK_GZIP_MEMBERS),
		.done = PTHREAD_COND_INITIALIZER,
	};
	int result = -ENOMEM;

	lock_assert_held(&file->lock);
	press.count = gzip_member_count(&press.layout);
	press.lengths = calloc(press.count, sizeof(*press.lengths));
	lock_leave(&file->lock);
	press.to = file_new_stored(file);
	lock_enter(&file->lock);
	if (press.to && press.lengths)
		result = press_locked(&press, err);
	free(press.lengths);
	pthread_cond_destroy(&press.done);
	pthread_mutex_destroy(&press.lock.mutex);
	if (result == 0) {
		*out = press.to;
		return 0;
	}
	if (!err->text[0])
		errinfo_set(err, result, "the file could not be compressed: %s",
			    strerror(-result));
	if (press.to) {
		lock_leave(&file->lock);
		file_put(press.to);
		lock_enter(&file->lock);
	}
	return result;
}
