/* SPDX-License-Identifier: MIT */
/*
 * Writes. A write goes to memory as long as the budget
 * and the file's own limit allow. Otherwise room is looked for on the pool:
 * what was sent goes to the spool file on disk, then what is written, then
 * what the bucket has is evicted, then the writer waits (room.h).
 */
#include <fcntl.h>
#include <string.h>

#include "data/block.h"
#include "data/blocks.h"
#include "data/extents.h"
#include "data/room.h"
#include "file/file.h"
#include "log.h"
#include "read/reclaim.h"
#include "write/upload_stream.h"

/*
 * AWS_S3_MAX_MEMORY_SIZE: with strictly more than so many bytes changed, what
 * is in memory rolls over to the disk.
 */
static bool is_over_limit(const struct file *file, size_t more)
{
	uint64_t most = file->store->options.max_memory_bytes;

	return most > 0 && extents_total(&file->dirty) + more > most &&
	       file->blocks.memory_bytes + more > most;
}

static int write_fail_locked(struct file *file, size_t len, int result)
{
	struct errinfo err = ERRINFO_INIT;

	lock_assert_held(&file->lock);
	errinfo_set(&err, result, "no room for %zu bytes in memory or %s: %s",
		    len, file->store->temp_dir, strerror(-result));
	return file_fail_locked(file, result, &err);
}

/* The bytes are in memory or on the disk: they are the file's now. */
static int write_note_locked(struct file *file, uint64_t start, size_t len)
{
	uint64_t end = start + len;
	int result;

	lock_assert_held(&file->lock);
	file_note_change_locked(file);
	if (end > file->size)
		file->size = end;
	result = extents_add(&file->held, start, end);
	if (result == 0)
		result = extents_add(&file->dirty, start, end);
	if (result == 0)
		result = extents_remove(&file->gone, start, end);
	if (result < 0)
		return write_fail_locked(file, len, result);
	upload_note_write_locked(file, start, end);
	file_update_node_locked(file, true);
	upload_offer_locked(file);
	file_check_locked(file);
	return 0;
}

static int write_memory_locked(struct file *file, uint64_t offset,
			       const void *data, size_t len,
			       enum blocks_pay pay)
{
	int result = file->error;

	lock_assert_held(&file->lock);
	if (result < 0 || len == 0)
		return result;
	result = blocks_write(&file->blocks, offset, data, len, pay, NULL);
	return result < 0 ? result : write_note_locked(file, offset, len);
}

/* --------------------------------------------- what needs the disk, or waits */

/* Of a page nobody can tell whose mapping changed it: any writer's. */
static void note_unsaved_locked(struct handle *handle, bool is_page)
{
	handle->unsaved = STORE_WRITTEN;
	if (!is_page)
		return;
	list_for_each(link, &handle->file->handles) {
		struct handle *h = container_of(link, struct handle, link);

		if ((h->flags & O_ACCMODE) == O_RDWR)
			h->unsaved = STORE_WRITTEN;
	}
}

/* A write that could not be answered at once. */
struct write_job {
	struct pool_job job;
	struct store_op *op;
	struct handle *handle; /* counted */
	bool is_page;
	uint64_t offset;
	size_t len;
	char data[];
};

static uint64_t place_locked(const struct handle *handle, uint64_t offset)
{
	return handle->flags & O_APPEND ? handle->file->size : offset;
}

/* What was saved since the write came has nothing of it. */
static int job_note_locked(struct write_job *w, int result)
{
	if (result == 0)
		note_unsaved_locked(w->handle, w->is_page);
	return result;
}

static int job_memory_locked(struct write_job *w, enum blocks_pay pay)
{
	int result = write_memory_locked(w->handle->file,
					 place_locked(w->handle, w->offset),
					 w->data, w->len, pay);

	return job_note_locked(w, result);
}

static int job_disk_locked(struct write_job *w)
{
	struct file *file = w->handle->file;
	struct blocks *b = &file->blocks;
	uint64_t offset;
	int result;

	blocks_disk_enter_locked(b);
	do {
		offset = place_locked(w->handle, w->offset);
		result = file->error;
		if (result == 0)
			result = blocks_write_disk_locked(b, offset, w->data,
							  w->len);
	} while (result == 0 && offset != place_locked(w->handle, w->offset));
	if (result == 0)
		result = file->error;
	if (result == 0)
		result = extents_add(&b->spilled, offset, offset + w->len);
	if (result == 0)
		result = write_note_locked(file, offset, w->len);
	blocks_disk_leave_locked(b);
	return job_note_locked(w, result);
}

/* In memory, for which something that was sent may go to the disk. */
static int job_spill_locked(struct write_job *w, int *disk)
{
	int result = job_memory_locked(w, BLOCKS_TRY);

	while (result < 0 && w->handle->file->error == 0) {
		*disk = upload_spill_locked(w->handle->file);
		if (*disk <= 0)
			break;
		result = job_memory_locked(w, BLOCKS_TRY);
	}
	return result;
}

/*
 * In the order in which room is looked for. -EAGAIN: something is on its way
 * that will give some; other errors, as long as the file has none: there is
 * none of its own.
 */
static int job_try_locked(struct write_job *w)
{
	struct file *file = w->handle->file;
	int disk = 0, result;

	do {
		result = job_spill_locked(w, &disk);
		if (result == 0 || file->error)
			return result;
		if (disk == 0 && upload_is_coming_locked(file))
			return -EAGAIN;
		if (disk == 0)
			disk = job_disk_locked(w);
		if (disk == 0 || disk == -EAGAIN || file->error)
			return disk;
	} while (upload_let_go_locked(file));
	return upload_send_again_locked(file) ? -EAGAIN : disk;
}

static int job_try(struct write_job *w)
{
	struct file *file = w->handle->file;
	int result;

	store_make_room(file->store, w->len + 2 * BLOCK_BYTES);
	LOCK(&file->lock);
	result = job_try_locked(w);
	/* A full disk is no reason to refuse what memory has room for. */
	if (result == 0 && is_over_limit(file, 0) &&
	    blocks_spill_locked(&file->blocks, &file->held, 0, UINT64_MAX) < 0)
		log_debug("write", "%s has no room", file->store->temp_dir);
	return result;
}

static void job_answer(struct write_job *w, int result)
{
	struct store_op *op = w->op;
	int len = (int)w->len;

	if (result < 0) {
		struct file *file = w->handle->file;

		LOCK(&file->lock);
		if (file->error == 0)
			write_fail_locked(file, w->len,
					  result == -EAGAIN ? -ENOSPC : result);
		result = file->error;
		op->err = file->err;
	}
	handle_put(w->handle);
	free(w);
	op->done(op, result < 0 ? result : len);
}

/* What one file may go over the budget by: until its next part is whole. */
static uint64_t most_debt(const struct store *store)
{
	uint64_t part = store->options.part_bytes;
	uint64_t share = store->budget.limit / 4;

	return (part > share ? part : share) + 8 * BLOCK_BYTES;
}

static void job_run(struct pool_job *job)
{
	struct write_job *w = container_of(job, struct write_job, job);
	struct file *file = w->handle->file;
	struct store *store = file->store;
	uint64_t moves;
	int result;

	do {
		moves = room_moves(store);
		result = job_try(w);
	} while (result < 0 && result != -EAGAIN && file_error(file) == 0 &&
		 store_let_go(store));
	if (result == 0 || file_error(file)) {
		job_answer(w, result);
		return;
	}
	if (room_park(store, job, moves))
		return;
	switch (room_borrow(store, file, w->len, most_debt(store), job,
			    moves)) {
	case ROOM_LATER:
		return;
	case ROOM_LENT:
		lock_enter(&file->lock);
		result = job_memory_locked(w, BLOCKS_FORCE);
		lock_leave(&file->lock);
		break;
	case ROOM_REFUSED:
		break;
	}
	job_answer(w, result);
}

static int write_later(struct handle *handle, uint64_t offset, const void *data,
		       size_t len, bool is_page, struct store_op *op)
{
	struct write_job *w = malloc(sizeof(*w) + len);

	if (!w)
		return -ENOMEM;
	handle->refs++;
	w->job.run = job_run;
	w->op = op;
	w->handle = handle;
	w->is_page = is_page;
	w->offset = offset;
	w->len = len;
	memcpy(w->data, data, len);
	pool_submit(handle->file->store->pool, &w->job);
	return 0;
}

/* -EAGAIN: not without the disk, or not now. */
static int write_now_locked(struct file *file, uint64_t offset,
			    const void *data, size_t len)
{
	int result = file->error;

	lock_assert_held(&file->lock);
	if (result < 0)
		return result;
	if (offset > S3_OBJECT_MAX - len)
		return -EFBIG;
	if (is_over_limit(file, len))
		return -EAGAIN;
	result = write_memory_locked(file, offset, data, len, BLOCKS_TRY);
	return result < 0 && file->error == 0 ? -EAGAIN : result;
}

void store_write(struct handle *handle, uint64_t offset, const void *data,
		 size_t len, bool is_page, struct store_op *op)
{
	struct file *file = handle->file;
	int result;

	{
		LOCK(&file->lock);
		note_unsaved_locked(handle, is_page);
		offset = place_locked(handle, offset);
		result = write_now_locked(file, offset, data, len);
		if (result < 0)
			op->err = file->err;
	}
	if (result == -EAGAIN) {
		result = write_later(handle, offset, data, len, is_page, op);
		if (result == 0)
			return;
	}
	op->done(op, result < 0 ? result : (int)len);
}
