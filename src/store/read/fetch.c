/* SPDX-License-Identifier: MIT */
/*
 * Bytes of the base on their way in: ranged GETs with If-Match, whose bytes
 * can be read as they arrive; see file.h.
 */
#include "read/fetch.h"

#include <string.h>

#include "clock.h"
#include "codec/gzip.h"
#include "data/block.h"
#include "data/blocks.h"
#include "data/budget.h"
#include "data/extents.h"
#include "facts/headers.h"
#include "file/file.h"
#include "file/job.h"
#include "read/gzip_expand.h"
#include "read/gzip_read.h"
#include "read/reclaim.h"
#include "read/version.h"
#include "read/waiters.h"

/* Up to this, a reader waits for the checksum of all. */
#define WHOLE_BYTES (1024u * 1024)

/* ------------------------------------------------------ a new version */

void fetch_rebase_locked(struct file *file, struct list_link *waiters)
{
	lock_assert_held(&file->lock);
	file->base.number++;
	extents_clear(&file->flying);
	extents_clear(&file->failed.ranges);
	free(STEAL(file->base.index));
	file->base.is_index_coming = false;
	waiters_fail_locked(file, 0, UINT64_MAX, 0, waiters);
	pthread_cond_broadcast(&file->changed);
}

int fetch_told_as(const struct store *store, int result)
{
	if (result == -ECANCELED && !store->has_no_readers)
		return 0;
	/* Of a range that once was there, too. */
	return result == -ENOENT || result == -ERANGE ? -ESTALE : result;
}

/* ------------------------------------------------------------ fetches */

void fetch_end_locked(struct file *file, struct list_link *waiters)
{
	lock_assert_held(&file->lock);
	waiters_cancel_readers_locked(file, waiters);
	if (!list_is_empty(&file->waiters))
		return;
	list_for_each(link, &file->fetches) {
		struct fetch *fetch = container_of(link, struct fetch, link);

		/* One that expands looks by itself. */
		if (fetch->kind != FETCH_ALL)
			s3_cancel(file->store->s3, &fetch->get.op);
	}
}

static void fetch_free(struct fetch *fetch)
{
	if (fetch->ticket)
		budget_give(&fetch->file->store->budget, fetch->ticket);
	s3_get_release(&fetch->get);
	free(fetch->stored);
	free(fetch->offsets);
	free(fetch->key);
	free(fetch);
}

/* Keeps what nothing newer is held of. */
int fetch_keep_locked(struct fetch *fetch, const char *data, uint64_t end)
{
	struct file *file = fetch->file;
	uint64_t at = fetch->pos, gap, gap_end;

	lock_assert_held(&fetch->file->lock);
	while (extents_next_gap(&file->held, at, end, &gap, &gap_end)) {
		int result = blocks_write(&file->blocks, gap,
					  data + (gap - fetch->pos),
					  (size_t)(gap_end - gap), BLOCKS_FORCE,
					  &fetch->ticket);

		if (result == 0 && !fetch->is_whole)
			result = extents_add(&file->held, gap, gap_end);
		if (result < 0)
			return result;
		at = gap_end;
	}
	return 0;
}

/* The checksum of all bytes was right: now they may be given out. */
static int give_whole_locked(struct fetch *fetch)
{
	struct file *file = fetch->file;
	uint64_t end = fetch->end;

	lock_assert_held(&fetch->file->lock);
	if (end > file->base.valid)
		end = file->base.valid;
	/* What went to disk meanwhile took only what was held. */
	if (file->blocks.spool_fd >= 0)
		return -ECANCELED;
	return extents_add(&file->held, 0, end);
}

/* All who could want these bytes have closed. */
static bool is_abandoned_locked(const struct file *file)
{
	lock_assert_held(&file->lock);
	return list_is_empty(&file->handles) && list_is_empty(&file->waiters);
}

bool fetch_is_void_locked(const struct fetch *fetch)
{
	lock_assert_held(&fetch->file->lock);
	return fetch->base_number != fetch->file->base.number ||
	       is_abandoned_locked(fetch->file);
}

int fetch_give(struct fetch *fetch, const char *data, size_t len,
	       int (*keep_locked)(struct fetch *fetch, const char *data,
				  uint64_t end))
{
	struct file *file = fetch->file;
	struct list_link ready;
	int result = 0;

	list_init(&ready);
	{
		uint64_t end = fetch->pos + len;

		LOCK(&file->lock);
		if (fetch_is_void_locked(fetch))
			return -ECANCELED;
		if (end > file->base.valid)
			end = file->base.valid;
		if (end > fetch->pos)
			result = keep_locked(fetch, data, end);
		fetch->pos += len;
		waiters_collect_locked(file, &ready);
	}
	fetch_tell(&ready, NULL);
	return result;
}

static int sink(struct s3_get *get, const void *data, size_t len)
{
	struct fetch *fetch = container_of(get, struct fetch, get);

	if (fetch->kind == FETCH_RANGE)
		return fetch_give(fetch, data, len, fetch_keep_locked);
	LOCK(&fetch->file->lock);
	return fetch_is_void_locked(fetch) ? -ECANCELED :
					     gzip_take(fetch, data, len);
}

/* The index came, or will not: who waits for bytes asks again, or hears. */
static void end_index_locked(struct fetch *fetch, int result,
			     struct list_link *told)
{
	struct file *file = fetch->file;

	lock_assert_held(&fetch->file->lock);
	waiters_fail_locked(file, 0, UINT64_MAX,
			    result < 0 ? fetch_told_as(file->store, result) : 0,
			    told);
}

/* What has come of a range; the result as it is told. */
static int settle_range_locked(struct fetch *fetch, int result)
{
	struct file *file = fetch->file;

	lock_assert_held(&fetch->file->lock);
	if (result == 0 && fetch->pos < fetch->end) {
		/* A range's answer tells what it holds. */
		result = fetch->is_whole ? -ECANCELED : -EIO;
		file->base.needs_ranges = true;
	}
	if (result == 0 && fetch->is_whole)
		result = give_whole_locked(fetch);
	/* Better to ask for some of it twice than to wait for none that comes. */
	if (extents_remove(&file->flying, fetch->start, fetch->end) < 0)
		extents_clear(&file->flying);
	return result;
}

/*
 * When a page could not be read ahead, the kernel asks for it again by itself
 * before the program hears of it, which is not to wait twice.
 */
static void note_failed_locked(const struct fetch *fetch, uint64_t from,
			       int result)
{
	struct file *file = fetch->file;
	struct errinfo ignored;

	lock_assert_held(&fetch->file->lock);
	if (failure_recent(&file->failed.why, &ignored) == 0)
		extents_clear(&file->failed.ranges);
	if (failure_note(&file->failed.why, fetch->began_ms, result,
			 &fetch->get.op.err) &&
	    extents_add(&file->failed.ranges, from, fetch->end) < 0)
		extents_clear(&file->failed.ranges);
}

int fetch_failed_locked(const struct file *file, uint64_t start, uint64_t end,
			struct errinfo *err)
{
	lock_assert_held(&file->lock);
	if (extents_overlap(&file->failed.ranges, start, end) == 0 ||
	    file_has_locked(file, start, end))
		return 0;
	return failure_recent(&file->failed.why, err);
}

static void fail_range_locked(struct fetch *fetch, int result,
			      struct list_link *told)
{
	struct file *file = fetch->file;
	uint64_t from = fetch->is_whole ? 0 : fetch->pos;

	lock_assert_held(&fetch->file->lock);
	result = fetch_told_as(file->store, result);
	note_failed_locked(fetch, from, result);
	waiters_fail_locked(file, from, fetch->end, result, told);
}

/* What a settled fetch leaves to be done. */
struct fetch_after {
	struct list_link told;
	bool must_check; /* the file may go over to a newer version */
	bool is_stale;   /* it cannot, but there is one */
};

static void fetch_settle_locked(struct fetch *fetch, int result,
				struct fetch_after *after)
{
	struct file *file = fetch->file;
	struct list_link *told = &after->told;
	bool is_gone;

	lock_assert_held(&fetch->file->lock);
	if (fetch->kind == FETCH_INDEX)
		file->base.is_index_coming = false;
	result = settle_range_locked(fetch, result);
	is_gone = result == -ESTALE || result == -ENOENT || result == -ERANGE;
	if (is_gone && version_may_switch_locked(file)) {
		after->must_check = !file->base.is_checking;
		file->base.is_checking = true;
	} else if (fetch->kind == FETCH_INDEX) {
		end_index_locked(fetch, result, told);
	} else if (result < 0) {
		fail_range_locked(fetch, result, told);
	}
	after->is_stale = is_gone && !file->base.is_checking;
	if (result == 0)
		waiters_collect_locked(file, told);
	if (!file->base.is_checking)
		waiters_forgotten_locked(file, told);
}

void fetch_finish(struct fetch *fetch, int result)
{
	struct file *file = fetch->file;
	struct fetch_after after = { 0 };

	list_init(&after.told);
	{
		LOCK(&file->lock);
		list_remove(&fetch->link);
		file->fetch_count--;
		if (fetch->base_number == file->base.number)
			fetch_settle_locked(fetch, result, &after);
		pthread_cond_broadcast(&file->changed);
	}
	/* Who hears of it and opens the path again gets the new version. */
	if (after.is_stale)
		version_doubt(file);
	fetch_tell(&after.told, &fetch->get.op.err);
	if (after.must_check)
		file_task(file, &file->check_task, version_check);
	fetch_free(fetch);
	file_put(file);
}

/* A GET tells the headers too: an edit then need not ask for them. */
static void learn_headers(struct fetch *fetch)
{
	struct file *file = fetch->file;
	LOCK(&file->store->tree.lock);

	if (!file->node->headers ||
	    file->node->headers->until_ms <= clock_now_ms())
		headers_learn_locked(file->store, file->node,
				     &fetch->get.object);
}

static void fetch_done(struct s3_op *op)
{
	struct fetch *fetch = container_of(op, struct fetch, get.op);

	if (op->result == 0)
		learn_headers(fetch);
	if (op->result == 0 && fetch->kind != FETCH_RANGE)
		gzip_fetched(fetch);
	else
		fetch_finish(fetch, op->result);
}

/* An object asked for without a range comes with its checksum. */
static bool is_small_whole(const struct file *file, uint64_t start,
			   uint64_t end)
{
	return start == 0 && end == file->base.size && end <= WHOLE_BYTES &&
	       file->base.layout.kind == GZIP_NONE && file->base.valid == end &&
	       file->blocks.spool_fd < 0 && file->base.etag[0] &&
	       !file->base.needs_ranges;
}

/* What to ask for; -ENOMEM. */
static int prepare_locked(struct fetch *fetch, bool is_index)
{
	struct file *file = fetch->file;

	lock_assert_held(&fetch->file->lock);
	fetch->key = strdup(file->base.key);
	if (!fetch->key)
		return -ENOMEM;
	memcpy(fetch->etag, file->base.etag, sizeof(fetch->etag));
	fetch->base_number = file->base.number;
	fetch->get.op.done = fetch_done;
	fetch->get.key = fetch->key;
	fetch->get.offset = fetch->start;
	fetch->get.length = fetch->end - fetch->start;
	fetch->get.if_match = fetch->etag[0] ? fetch->etag : NULL;
	fetch->get.sink = sink;
	return gzip_prepare_locked(fetch, is_index);
}

static struct fetch *fetch_new_locked(struct file *file, uint64_t start,
				      uint64_t end, bool is_index)
{
	struct fetch *fetch = calloc(1, sizeof(*fetch));

	lock_assert_held(&file->lock);
	if (!fetch)
		return NULL;
	fetch->file = file;
	fetch->start = start;
	fetch->pos = start;
	fetch->end = end;
	if (prepare_locked(fetch, is_index) < 0 ||
	    extents_add(&file->flying, start, end) < 0) {
		fetch_free(fetch);
		return NULL;
	}
	file_get(file);
	if (is_small_whole(file, start, end)) {
		fetch->is_whole = true;
		fetch->get.length = S3_WHOLE;
	}
	return fetch;
}

static void push_locked(struct fetch *fetch, uint64_t ticket,
			struct list_link *started)
{
	lock_assert_held(&fetch->file->lock);
	fetch->ticket = ticket;
	fetch->began_ms = clock_now_ms();
	fetch->file->fetch_count++;
	list_push(&fetch->file->fetches, &fetch->link);
	list_push(started, &fetch->queue);
}

static uint64_t ticket_of(const struct base *base, uint64_t start, uint64_t end)
{
	/* It takes what it needs as it goes, or the disk. */
	if (base->layout.kind == GZIP_FOREIGN)
		return 0;
	return block_span(start, end) + gzip_stored_span(base, start, end);
}

static void force_locked(struct file *file, uint64_t start, uint64_t ticket)
{
	struct budget *budget = &file->store->budget;

	lock_assert_held(&file->lock);
	reclaim_behind_locked(file, start);
	if (!budget_try(budget, ticket))
		budget_force(budget, ticket);
}

/* A run that is neither held nor flying, cut to pieces. */
static int want_run_locked(struct file *file, uint64_t start, uint64_t end,
			   uint64_t piece_bytes, bool must,
			   struct list_link *started)
{
	struct store *store = file->store;

	lock_assert_held(&file->lock);
	while (start < end) {
		uint64_t to =
			end - start > piece_bytes ? start + piece_bytes : end;
		uint64_t ticket = ticket_of(&file->base, start, to);
		struct fetch *fetch;

		if (!budget_try(&store->budget, ticket)) {
			if (store_make_room(store, ticket) &&
			    budget_try(&store->budget, ticket))
				;
			else if (must)
				force_locked(file, start, ticket);
			else
				return -EAGAIN;
		}
		fetch = fetch_new_locked(file, start, to, false);
		if (!fetch) {
			budget_give(&store->budget, ticket);
			return -ENOMEM;
		}
		push_locked(fetch, ticket, started);
		start = to;
	}
	return 0;
}

/* Before any byte of a compressed base: where they are. */
static int want_index_locked(struct file *file, struct list_link *started)
{
	uint64_t ticket = file->base.layout.index_bytes;
	struct fetch *fetch;

	lock_assert_held(&file->lock);
	if (file->base.is_index_coming)
		return 0;
	fetch = fetch_new_locked(file, 0, 0, true);
	if (!fetch)
		return -ENOMEM;
	file->base.is_index_coming = true;
	budget_force(&file->store->budget, ticket);
	push_locked(fetch, ticket, started);
	return 0;
}

int fetch_want_locked(struct file *file, uint64_t start, uint64_t end,
		      uint64_t piece_bytes, bool must,
		      struct list_link *started)
{
	uint64_t gap, gap_end, run, run_end;
	int result = 0;

	lock_assert_held(&file->lock);
	if (end > file->base.valid)
		end = file->base.valid;
	piece_bytes = gzip_piece(&file->base, piece_bytes);
	while (result == 0 &&
	       extents_next_gap(&file->held, start, end, &gap, &gap_end)) {
		if (file->base.layout.kind == GZIP_BROKEN)
			return -EIO;
		if (gzip_lacks_index(&file->base))
			return want_index_locked(file, started);
		start = gap_end;
		gzip_align(&file->base, &gap, &gap_end);
		while (result == 0 &&
		       extents_next_gap(&file->flying, gap, gap_end, &run,
					&run_end)) {
			result = want_run_locked(file, run, run_end,
						 piece_bytes, must, started);
			gap = run_end;
		}
	}
	return result;
}

void fetch_start(struct list_link *started, enum s3_priority priority)
{
	struct list_link *link;

	while ((link = list_pop(started))) {
		struct fetch *fetch = container_of(link, struct fetch, queue);

		fetch->get.op.priority = priority;
		if (fetch->kind == FETCH_ALL)
			gzip_expand_start(fetch);
		else
			s3_get_start(fetch->file->store->s3, &fetch->get);
	}
}
