/* SPDX-License-Identifier: MIT */
/* Modes, owners, times and sizes that programs set. */
#include <fcntl.h>

#include "file/file.h"
#include "file/job.h"
#include "internal.h"
#include "names/tree.h"
#include "open/open.h"
#include "write/publish.h"
#include "write/truncate.h"

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
	lock_assert_held(&file->lock);
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

	file_open(store, node, O_RDONLY, &open.op);
	if (open.result < 0)
		return open.result;
	{
		struct file *file = open.op.handle->file;

		LOCK(&file->lock);
		is_open = has_writer_locked(file);
		file->base.is_ours = false;
		result = file_truncate_locked(file, attr->size);
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
		result = file_truncate_locked(handle->file, attr->size);
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
