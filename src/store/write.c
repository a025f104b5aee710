/* SPDX-License-Identifier: MIT */
/*
 * Writes, cuts and attributes. A write goes to memory as long as the budget
 * and the file's own limit allow, then to the spool file on disk; what a
 * write needs beyond memory waits on the pool.
 */
#include <fcntl.h>
#include <linux/falloc.h>
#include <string.h>

#include "clock.h"
#include "file.h"

/* The largest offset a file may have: S3's largest object. */
#define SIZE_LIMIT S3_OBJECT_MAX

/* Over to the disk with all that is in memory, for good. */
static int spool_locked(struct file *file)
{
	int result;

	if (file->is_spooled)
		return 0;
	result = blocks_spill(&file->blocks, &file->held, 0, UINT64_MAX);
	if (result == 0)
		file->is_spooled = true;
	return result;
}

/* AWS_S3_MAX_MEMORY_SIZE: strictly more than so many bytes roll over. */
static bool is_over_limit(const struct file *file, uint64_t end)
{
	uint64_t most = file->store->options.max_memory_bytes;

	return most > 0 && extents_total(&file->dirty) > most && end > 0;
}

static void note_written_locked(struct file *file, uint64_t start, uint64_t end)
{
	if (end > file->size)
		file->size = end;
	file->is_dirty = true;
	file->write_seq++;
	upload_note_write_locked(file, start, end);
	file_update_node_locked(file, true);
	upload_offer_locked(file);
}

/*
 * -EAGAIN: the budget has no room, and may_spool is false. Otherwise what
 * cannot be in memory goes to the disk.
 */
static int write_locked(struct file *file, uint64_t offset, const void *data,
			size_t len, bool may_spool)
{
	uint64_t end = offset + len;
	int result = -EAGAIN;

	if (file->error)
		return file->error;
	if (len == 0)
		return 0;
	if (!file->is_spooled)
		result = blocks_write(&file->blocks, offset, data, len,
				      BLOCKS_TRY, NULL);
	if (result == -EAGAIN && !may_spool && !file->is_spooled)
		return result;
	if (result == -EAGAIN || result == -ENOMEM) {
		result = spool_locked(file);
		if (result == 0)
			result = blocks_write_spool(&file->blocks, offset, data,
						    len);
	}
	if (result == 0)
		result = extents_add(&file->held, offset, end);
	if (result == 0)
		result = extents_add(&file->dirty, offset, end);
	if (result == 0 && is_over_limit(file, end))
		result = spool_locked(file);
	if (result < 0) {
		struct errinfo err = ERRINFO_INIT;

		errinfo_set(&err, result, "no room for %zu bytes in %s: %s",
			    len, file->store->temp_dir, strerror(-result));
		return file_fail_locked(file, result, &err);
	}
	note_written_locked(file, offset, end);
	return 0;
}

/* A write that could not be answered at once. */
struct write_job {
	struct store_job job;
	struct handle *handle; /* counted */
	uint64_t offset;
	size_t len;
	char data[];
};

static uint64_t place_locked(const struct handle *handle, uint64_t offset)
{
	return handle->flags & O_APPEND ? handle->file->size : offset;
}

static int run_write(struct store_job *job, struct errinfo *err)
{
	struct write_job *w = container_of(job, struct write_job, job);
	struct file *file = w->handle->file;
	int result;

	store_make_room(job->store, w->len + BLOCK_BYTES);
	LOCK(&file->lock);
	do {
		result = write_locked(file, place_locked(w->handle, w->offset),
				      w->data, w->len, false);
	} while (result == -EAGAIN && upload_make_room_locked(file));
	if (result == -EAGAIN)
		result = write_locked(file, place_locked(w->handle, w->offset),
				      w->data, w->len, true);
	if (result < 0)
		*err = file->err;
	return result < 0 ? result : (int)w->len;
}

static void release_write(struct store_job *job)
{
	handle_put(container_of(job, struct write_job, job)->handle);
}

static int write_later(struct handle *handle, uint64_t offset, const void *data,
		       size_t len, struct store_op *op)
{
	struct write_job *w = malloc(sizeof(*w) + len);

	if (!w)
		return -ENOMEM;
	w->job = (struct store_job){
		.store = handle->file->store,
		.op = op,
		.run = run_write,
		.release = release_write,
	};
	handle->refs++;
	w->handle = handle;
	w->offset = offset;
	w->len = len;
	memcpy(w->data, data, len);
	job_start(&w->job);
	return 0;
}

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

void store_write(struct handle *handle, uint64_t offset, const void *data,
		 size_t len, bool is_page, struct store_op *op)
{
	struct file *file = handle->file;
	int result;

	{
		LOCK(&file->lock);
		note_unsaved_locked(handle, is_page);
		offset = place_locked(handle, offset);
		if (offset > SIZE_LIMIT - len)
			result = -EFBIG;
		else
			result = write_locked(file, offset, data, len, false);
		if (result < 0)
			op->err = file->err;
	}
	if (result == -EAGAIN) {
		result = write_later(handle, offset, data, len, op);
		if (result == 0)
			return;
	}
	op->done(op, result < 0 ? result : (int)len);
}

/* Lock held. What is cut off is gone; what is added is a hole. */
static int truncate_locked(struct file *file, uint64_t size)
{
	uint64_t old_size = file->size;

	if (file->error)
		return file->error;
	if (size == old_size)
		return 0;
	if (size > SIZE_LIMIT)
		return -EFBIG;
	if (size < old_size) {
		extents_truncate(&file->held, size);
		extents_truncate(&file->dirty, size);
		blocks_drop(&file->blocks, size, UINT64_MAX);
		if (file->base.valid > size)
			file->base.valid = size;
		if (file->least_size > size)
			file->least_size = size;
		if (size == 0)
			file->is_fresh = true;
	}
	file->size = size;
	file->is_dirty = true;
	file->write_seq++;
	upload_note_write_locked(file, size < old_size ? size : old_size,
				 UINT64_MAX);
	file_update_node_locked(file, true);
	return 0;
}

void store_fallocate(struct handle *handle, int mode, uint64_t offset,
		     uint64_t len, struct store_op *op)
{
	struct file *file = handle->file;
	int result = 0;

	if (mode & ~FALLOC_FL_KEEP_SIZE) {
		op->done(op, -EOPNOTSUPP);
		return;
	}
	if (mode == 0) {
		LOCK(&file->lock);
		if (offset > SIZE_LIMIT || len > SIZE_LIMIT - offset)
			result = -EFBIG;
		else if (offset + len > file->size)
			result = truncate_locked(file, offset + len);
		if (result == 0)
			handle->unsaved = STORE_WRITTEN;
	}
	op->done(op, result);
}

/* --------------------------------------------------------- attributes */

static void set_node_locked(struct node *node, unsigned set,
			    const struct store_attr *attr)
{
	if (set & STORE_SET_MODE) {
		node->has_mode = true;
		node->mode = attr->mode & 07777;
	}
	if (set & STORE_SET_UID) {
		node->has_uid = true;
		node->uid = attr->uid;
	}
	if (set & STORE_SET_GID) {
		node->has_gid = true;
		node->gid = attr->gid;
	}
	if (set & STORE_SET_MTIME)
		node->mtime_ns = attr->mtime_ns;
	if (set & STORE_SET_ATIME)
		node->atime_ns = attr->atime_ns;
	if (set & ~STORE_SET_SIZE)
		node_touch_locked(node);
}

struct resize_job {
	struct store_job job;
	struct handle *handle;
	struct node *node; /* counted */
	unsigned set;
	struct store_attr attr;
};

static int finish_setattr(struct store *store, struct node *node, unsigned set,
			  const struct store_attr *attr, struct store_op *op)
{
	LOCK(&store->tree.lock);
	if (node_is_stale_locked(node) && !node->file)
		return -ESTALE;
	set_node_locked(node, set, attr);
	node_attr_locked(store, node, &op->attr);
	return 0;
}

/* truncate(2) of a file that nobody writes: published at once. */
static int run_resize(struct store_job *job, struct errinfo *err)
{
	struct resize_job *r = container_of(job, struct resize_job, job);
	int result = file_publish(r->handle->file, err);

	if (result == 0)
		result = finish_setattr(job->store, r->node, r->set, &r->attr,
					job->op);
	return result;
}

static void release_resize(struct store_job *job)
{
	struct resize_job *r = container_of(job, struct resize_job, job);

	store_release(r->handle);
	node_put(job->store, r->node, 1);
}

struct resize_open {
	struct store_op op;
	int result;
};

/* Called before store_open returns. */
static void resize_opened(struct store_op *op, int result)
{
	container_of(op, struct resize_open, op)->result = result;
}

/* Somebody who will store it is in the middle of writing. */
static bool has_writer_locked(const struct file *file)
{
	list_for_each(link, &file->handles) {
		if (container_of(link, const struct handle, link)->unsaved !=
		    STORE_SAVED)
			return true;
	}
	return false;
}

/* Returns 1 if the answer comes later. */
static int resize(struct store *store, struct node *node, unsigned set,
		  const struct store_attr *attr, struct store_op *op)
{
	struct resize_open open = { .op.done = resize_opened };
	struct resize_job *r;
	bool is_open;
	int result;

	store_open(store, node, O_RDONLY, &open.op);
	if (open.result < 0)
		return open.result;
	{
		struct file *file = open.op.handle->file;

		LOCK(&file->lock);
		is_open = has_writer_locked(file);
		file->is_ours = false;
		result = truncate_locked(file, attr->size);
		if (result < 0)
			op->err = file->err;
	}
	r = is_open || result < 0 ? NULL : calloc(1, sizeof(*r));
	if (!r) {
		store_release(open.op.handle);
		return result < 0 || is_open ? result : -ENOMEM;
	}
	r->job = (struct store_job){
		.store = store,
		.op = op,
		.run = run_resize,
		.release = release_resize,
	};
	r->handle = open.op.handle;
	r->node = node_get(node);
	r->set = set;
	r->attr = *attr;
	job_start(&r->job);
	return 1;
}

void store_setattr(struct store *store, struct node *node,
		   struct handle *handle, unsigned set,
		   const struct store_attr *attr, struct store_op *op)
{
	int result = 0;

	if ((set & STORE_SET_SIZE) && node->is_dir) {
		result = -EISDIR;
	} else if ((set & STORE_SET_SIZE) && handle) {
		LOCK(&handle->file->lock);
		result = truncate_locked(handle->file, attr->size);
		handle->unsaved = STORE_WRITTEN;
		if (result < 0)
			op->err = handle->file->err;
	} else if (set & STORE_SET_SIZE) {
		result = resize(store, node, set, attr, op);
	}
	if (result == 1)
		return;
	if (result == 0)
		result = finish_setattr(store, node, set, attr, op);
	op->done(op, result);
}
