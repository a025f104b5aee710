/* SPDX-License-Identifier: MIT */
/* Evicts clean bytes when others need their memory; see file.h. */
#include "read/reclaim.h"

#include "codec/gzip.h"
#include "data/block.h"
#include "data/blocks.h"
#include "data/extents.h"
#include "file/file.h"
#include "internal.h"
#include "read/waiters.h"

/* How much the kernel reorders. */
#define LEAST_BEHIND (2ull * 1024 * 1024)

/* Forgets what is clean before limit, by whole blocks. */
static void drop_before_locked(struct file *file, uint64_t limit)
{
	uint64_t start, end, at = 0;

	lock_assert_held(&file->lock);
	/* A piece of it would take all of it again. */
	if (file->base.layout.kind == GZIP_FOREIGN)
		return;
	while (extents_next_gap(&file->dirty, at, limit, &start, &end)) {
		uint64_t first = (start + BLOCK_BYTES - 1) / BLOCK_BYTES;
		uint64_t last = end / BLOCK_BYTES;

		at = end;
		if (end == file->size)
			last = (end + BLOCK_BYTES - 1) / BLOCK_BYTES;
		if (first < last &&
		    extents_remove(&file->held, first * BLOCK_BYTES,
				   last * BLOCK_BYTES) == 0)
			blocks_drop(&file->blocks, first * BLOCK_BYTES,
				    last * BLOCK_BYTES);
	}
}

/* As much as nobody waits for. */
static void drop_clean_locked(struct file *file)
{
	lock_assert_held(&file->lock);
	if (file->fetch_count == 0 && list_is_empty(&file->waiters))
		drop_before_locked(file, file->size);
}

void reclaim_behind_locked(struct file *file, uint64_t start)
{
	lock_assert_held(&file->lock);
	list_for_each(link, &file->waiters) {
		const struct waiter *w =
			container_of(link, const struct waiter, link);

		if (w->start < start)
			start = w->start;
	}
	if (start > LEAST_BEHIND)
		drop_before_locked(file, start - LEAST_BEHIND);
}

bool store_make_room(struct store *store, uint64_t bytes)
{
	struct budget *b = &store->budget;

	LOCK(&store->files_lock);
	list_for_each(link, &store->files) {
		struct file *file = container_of(link, struct file, files_link);

		if (b->used + bytes <= b->limit)
			return true;
		if (file->blocks.memory_bytes == 0 || !lock_try(&file->lock))
			continue;
		drop_clean_locked(file);
		lock_leave(&file->lock);
	}
	return b->used + bytes <= b->limit;
}
