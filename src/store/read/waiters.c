/* SPDX-License-Identifier: MIT */
/*
 * Who waits for bytes of a file's base: reads, which are called back, and
 * straight-line work on the pool, which sleeps; see fetch.h.
 */
#include "read/waiters.h"

#include "data/extents.h"
#include "file/file.h"
#include "read/fetch.h"
#include "read/gzip_read.h"

bool file_has_locked(const struct file *file, uint64_t start, uint64_t end)
{
	lock_assert_held(&file->lock);
	if (end > file->base.valid)
		end = file->base.valid;
	return extents_contains(&file->held, start, end);
}

void waiters_collect_locked(struct file *file, struct list_link *ready)
{
	lock_assert_held(&file->lock);
	list_for_each_safe(link, &file->waiters) {
		struct waiter *w = container_of(link, struct waiter, link);

		if (file_has_locked(file, w->start, w->end)) {
			w->result = 0;
			list_remove(link);
			list_push(ready, link);
		}
	}
}

void waiters_fail_locked(struct file *file, uint64_t start, uint64_t end,
			 int result, struct list_link *failed)
{
	lock_assert_held(&file->lock);
	list_for_each_safe(link, &file->waiters) {
		struct waiter *w = container_of(link, struct waiter, link);

		if (w->start < end && start < w->end) {
			w->result = result;
			list_remove(link);
			list_push(failed, link);
		}
	}
}

/* Something that w waits for is neither here nor on its way. */
static bool is_forgotten_locked(const struct file *file, const struct waiter *w)
{
	uint64_t at = w->start, limit = w->end, gap, gap_end, start, end;

	lock_assert_held(&file->lock);
	if (file->base.is_index_coming)
		return false;
	if (limit > file->base.valid)
		limit = file->base.valid;
	while (extents_next_gap(&file->held, at, limit, &gap, &gap_end)) {
		if (extents_next_gap(&file->flying, gap, gap_end, &start, &end))
			return true;
		at = gap_end;
	}
	return false;
}

void waiters_forgotten_locked(struct file *file, struct list_link *told)
{
	lock_assert_held(&file->lock);
	list_for_each_safe(link, &file->waiters) {
		struct waiter *w = container_of(link, struct waiter, link);

		if (is_forgotten_locked(file, w)) {
			w->result = 0;
			list_remove(link);
			list_push(told, link);
		}
	}
}

void fetch_tell(struct list_link *waiters, const struct errinfo *err)
{
	struct list_link *link;

	while ((link = list_pop(waiters))) {
		struct waiter *w = container_of(link, struct waiter, link);

		w->ready(w, w->result, err);
	}
}

void waiters_cancel_readers_locked(struct file *file, struct list_link *told)
{
	lock_assert_held(&file->lock);
	list_for_each_safe(link, &file->waiters) {
		struct waiter *w = container_of(link, struct waiter, link);

		if (!w->is_reader)
			continue;
		w->result = -ECANCELED;
		list_remove(link);
		list_push(told, link);
	}
}

/* --------------------------------------------------------- sleeping */

struct sleeper {
	struct waiter waiter;
	struct file *file;
	struct errinfo *err;
	bool is_done;
	int result;
};

static void sleeper_ready(struct waiter *waiter, int result,
			  const struct errinfo *err)
{
	struct sleeper *s = container_of(waiter, struct sleeper, waiter);

	LOCK(&s->file->lock);
	s->result = result;
	s->is_done = true;
	if (err && s->err)
		*s->err = *err;
	pthread_cond_broadcast(&s->file->changed);
}

int fetch_wait_locked(struct file *file, uint64_t start, uint64_t end,
		      struct errinfo *err)
{
	int gone = file_refuse_gone_locked(file, start, end, err);

	lock_assert_held(&file->lock);
	while (gone == 0 && !file_has_locked(file, start, end)) {
		struct sleeper s = {
			.waiter = { .start = start,
				    .end = end,
				    .ready = sleeper_ready },
			.file = file,
			.err = err,
		};
		struct list_link started;
		int result;

		list_init(&started);
		result = fetch_want_locked(file, start, end,
					   file->store->options.part_bytes,
					   true, &started);
		list_push(&file->waiters, &s.waiter.link);
		if (result < 0) {
			list_remove(&s.waiter.link);
			s.result = gzip_refuse(file, result, err);
			s.is_done = true;
		}
		lock_leave(&file->lock);
		fetch_start(&started, S3_COMMIT);
		lock_enter(&file->lock);
		while (!s.is_done)
			lock_wait(&file->lock, &file->changed);
		if (s.result < 0)
			return s.result;
	}
	return gone;
}
