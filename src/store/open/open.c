/* SPDX-License-Identifier: MIT */
/* Handles: opened, created, given back; see file.h. */
#include "open/open.h"

#include <fcntl.h>
#include <string.h>

#include "data/blocks.h"
#include "data/extents.h"
#include "data/room.h"
#include "file/file.h"
#include "internal.h"
#include "names/absence.h"
#include "names/key.h"
#include "names/lookup.h"
#include "names/tree.h"
#include "read/fetch.h"
#include "read/waiters.h"
#include "write/flush.h"
#include "write/upload_stream.h"

/* Takes over the reference to file. */
static struct handle *handle_new(struct file *file, int flags)
{
	struct handle *handle = calloc(1, sizeof(*handle));

	if (!handle) {
		file_put(file);
		return NULL;
	}
	handle->file = file;
	handle->refs = 1;
	handle->flags = flags;
	{
		LOCK(&file->lock);
		list_push(&file->handles, &handle->link);
		/* Others published it, even if the file is still in memory. */
		if ((flags & O_ACCMODE) != O_RDONLY)
			file->base.is_ours = false;
	}
	return handle;
}

/* Cuts to nothing; the old object stays until the new one is stored. */
static int truncate_open(struct handle *handle, struct errinfo *err)
{
	struct file *file = handle->file;
	LOCK(&file->lock);
	if (file->error) {
		*err = file->err;
		return file->error;
	}
	file_note_change_locked(file);
	extents_clear(&file->held);
	extents_clear(&file->dirty);
	extents_clear(&file->gone);
	blocks_drop(&file->blocks, 0, UINT64_MAX);
	upload_note_write_locked(file, 0, UINT64_MAX);
	file->base.valid = 0;
	file->least_size = 0;
	file->is_fresh = true;
	file->size = 0;
	handle->unsaved = STORE_MADE;
	file_update_node_locked(file, true);
	room_gained(file->store, file);
	return 0;
}

void file_open(struct store *store, struct node *node, int flags,
	       struct store_op *op)
{
	struct file *file = NULL;
	int result = node->is_dir ? -EISDIR : 0;

	op->handle = NULL;
	if (result == 0) {
		LOCK(&store->files_lock);
		LOCK(&store->tree.lock);
		if (node_is_stale_locked(node))
			result = -ESTALE;
		else
			file = file_of_locked(store, node);
	}
	if (file)
		op->handle = handle_new(file, flags);
	if (result == 0 && !op->handle)
		result = -ENOMEM;
	if (result == 0 && (flags & O_TRUNC) && (flags & O_ACCMODE) != O_RDONLY)
		result = truncate_open(op->handle, &op->err);
	if (result < 0 && op->handle) {
		store_release(op->handle);
		op->handle = NULL;
	}
	if (result == 0) {
		LOCK(&store->tree.lock);
		node_attr_locked(store, node, &op->attr);
	}
	op->done(op, result);
}

static int create_locked(struct store *store, struct node *parent,
			 const char *name, const struct store_attr *attr,
			 struct node **out)
{
	struct node *node = NULL;
	int64_t until_ms;
	int known = lookup_cached_locked(store, parent, name, &node, &until_ms);

	if (known == 1) {
		node_put_locked(&store->tree, node);
		return -EEXIST;
	}
	node = tree_find_locked(&store->tree, parent, name);
	if (node) {
		node->is_replaced = true;
		tree_detach_locked(&store->tree, node);
	}
	node = tree_make_locked(&store->tree, parent, name, false);
	if (!node)
		return -ENOMEM;
	node->seq = SEQ_PENDING;
	node->until_ms = NEVER_MS;
	node->has_mode = node->has_uid = node->has_gid = true;
	node->mode = attr->mode;
	node->uid = attr->uid;
	node->gid = attr->gid;
	tree_forget_absent_locked(parent, name);
	node_mark_created_locked(node);
	node_note_entries_locked(parent);
	*out = node;
	return 0;
}

/* name is right for a node below parent. */
static void create(struct store *store, struct node *parent, const char *name,
		   int flags, const struct store_attr *attr,
		   struct store_op *op)
{
	struct file *file = NULL;
	int result;

	op->node = NULL;
	op->handle = NULL;
	{
		LOCK(&store->files_lock);
		LOCK(&store->tree.lock);
		result = create_locked(store, parent, name, attr, &op->node);
		if (result == 0)
			file = file_of_locked(store, op->node);
	}
	if (file) {
		lock_enter(&file->lock);
		file_note_change_locked(file);
		file->is_exclusive = flags & O_EXCL;
		lock_leave(&file->lock);
		op->handle = handle_new(file, flags);
	}
	if (op->handle)
		op->handle->unsaved = STORE_MADE;
	if (result == 0 && !op->handle)
		result = -ENOMEM;
	if (result == 0) {
		LOCK(&store->tree.lock);
		node_attr_locked(store, op->node, &op->attr);
	} else if (op->node) {
		LOCK(&store->tree.lock);
		tree_detach_locked(&store->tree, op->node);
		node_put_locked(&store->tree, op->node);
		op->node = NULL;
	}
	op->done(op, result);
}

void store_create(struct store *store, struct node *parent, const char *name,
		  int flags, const struct store_attr *attr, struct store_op *op)
{
	AUTO_BUF struct buf key = BUF_INIT(S3_KEY_MAX + 1);
	int result = child_key_new(store, parent, name, &key);

	if (result < 0)
		op->done(op, result);
	else
		create(store, parent, name, flags, attr, op);
}

void store_create_path(struct store *store, const char *path, int flags,
		       struct store_op *op)
{
	const struct store_attr attr = { .mode = 0644 };
	AUTO_BUF struct buf key = BUF_INIT(S3_KEY_MAX + 1);
	int result = path_key(store, path, &key);

	if (result < 0)
		op->done(op, result);
	else
		create(store, store->tree.root, path, flags, &attr, op);
}

void store_release(struct handle *handle)
{
	struct file *file = handle->file;
	struct list_link waiters;
	bool is_last, must_store;

	list_init(&waiters);
	{
		LOCK(&file->lock);
		list_remove(&handle->link);
		is_last = list_is_empty(&file->handles);
		must_store = file_is_dirty_locked(file) && !file->is_unlinked &&
			     (is_last || handle->unsaved != STORE_SAVED);
		if (is_last)
			fetch_end_locked(file, &waiters);
		if (must_store)
			file_close_locked(file);
	}
	fetch_tell(&waiters, NULL);
	handle_put(handle);
}

void store_discard(struct handle *handle)
{
	LOCK(&handle->file->lock);
	handle->file->is_unlinked = true;
}

bool store_may_keep_cache(struct handle *handle)
{
	struct node *node = handle->file->node;

	LOCK(&handle->file->store->tree.lock);
	if (node->cached_version == node->version)
		return true;
	node->cached_version = node->version;
	return false;
}
