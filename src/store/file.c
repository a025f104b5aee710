/* SPDX-License-Identifier: MIT */
/* Open files and their handles: made, shared, given back; see file.h. */
#include "file.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "log.h"

struct file *file_get(struct file *file)
{
	LOCK(&file->store->tree.lock);
	file->refs++;
	return file;
}

static void file_free(struct file *file)
{
	struct store *store = file->store;

	lock_enter(&file->lock);
	upload_drop_locked(file);
	lock_leave(&file->lock);
	extents_release(&file->held);
	extents_release(&file->dirty);
	extents_release(&file->flying);
	extents_release(&file->failed.ranges);
	extents_release(&file->gone);
	blocks_release(&file->blocks);
	room_gained(store, file);
	pthread_cond_destroy(&file->changed);
	pthread_mutex_destroy(&file->lock.mutex);
	free(file->base.key);
	free(file->removed_key);
	free(file->base.index);
	pairs_release(&file->kept);
	free(file);
	{
		LOCK(&store->files_lock);
		if (--store->file_count == 0)
			pthread_cond_broadcast(&store->files_gone);
	}
}

static void run_end(struct pool_job *job)
{
	file_free(container_of(job, struct file, end));
}

void file_put(struct file *file)
{
	struct store *store = file->store;

	{
		LOCK(&store->tree.lock);
		if (--file->refs > 0)
			return;
		if (file->node->file == file)
			file->node->file = NULL;
		node_put_locked(&store->tree, file->node);
	}
	{
		LOCK(&store->files_lock);
		list_remove(&file->files_link);
	}
	if (!file->upload && file->blocks.spool_fd < 0) {
		file_free(file);
		return;
	}
	/* For the server or the disk no loop thread waits. */
	file->end.run = run_end;
	pool_submit(store->pool, &file->end);
}

/*
 * The file could not be stored: its node is as the bucket has it, asked for
 * when somebody wants to know; a new one's is gone.
 */
static void revert_node(struct file *file)
{
	struct tree *tree = &file->store->tree;

	LOCK(&tree->lock);
	if (file->node->file != file || file->node->is_detached)
		return;
	/* Who opens it next has nothing to do with this failure. */
	file->node->file = NULL;
	file->node->until_ms = IN_DOUBT_MS;
	file->node->seq = tree_next_seq_locked(tree);
	file->node->version++;
	node_unmark_created_locked(tree, file->node);
	/* The size that the writes made; the kernel has it, too. */
	file->node->size = file->base.size;
	notify_inode(file->store, file->node->id);
	if (!file->base.exists)
		tree_detach_locked(tree, file->node);
}

int file_fail_locked(struct file *file, int code, const struct errinfo *err)
{
	if (file->error == 0) {
		file->error = code;
		if (err)
			file->err = *err;
		revert_node(file);
	}
	pthread_cond_broadcast(&file->changed);
	return code;
}

void file_set_base_locked(struct file *file, char *key, const char *etag)
{
	LOCK(&file->store->tree.lock);
	if (key) {
		free(file->base.key);
		file->base.key = key;
	}
	snprintf(file->base.etag, sizeof(file->base.etag), "%s", etag);
}

void file_update_node_locked(struct file *file, bool is_changed)
{
	struct node *node = file->node;

	LOCK(&file->store->tree.lock);
	node->size = file->size;
	if (!is_changed)
		return;
	node->mtime_ns = clock_wall_ns();
	node->ctime_ns = 0;
	node->seq = SEQ_PENDING;
	node->until_ms = NEVER_MS;
}

static struct gzip_layout layout_of(const struct node *node)
{
	return node->layout ? *node->layout : gzip_layout_none(node->size);
}

/* A file that stands on what node knows of its object. */
static struct file *file_new_locked(struct store *store, struct node *node)
{
	struct file *file = calloc(1, sizeof(*file));
	struct buf key = BUF_INIT(S3_KEY_MAX + 1);

	if (!file)
		return NULL;
	node_key_locked(store, node, &key);
	if (key.error) {
		buf_release(&key);
		free(file);
		return NULL;
	}
	file->base.key = buf_detach(&key);
	file->store = store;
	file->node = node_get_locked(node);
	file->lock = (struct lock)LOCK_INIT;
	pthread_cond_init(&file->changed, NULL);
	list_init(&file->files_link);
	list_init(&file->slot_link);
	list_init(&file->handles);
	list_init(&file->fetches);
	list_init(&file->waiters);
	blocks_init(&file->blocks, &store->budget, store->temp_dir, &file->lock,
		    &file->changed);
	if (node->etag) {
		file->base.exists = true;
		snprintf(file->base.etag, sizeof(file->base.etag), "%s",
			 node->etag);
		file->base.size = node->size;
		file->base.valid = node->size;
		file->size = node->size;
		file->base.layout = layout_of(node);
		file->was_read = node->was_read;
	}
	return file;
}

struct file *file_new_stored(struct file *plain)
{
	struct store *store = plain->store;
	struct file *file;

	{
		LOCK(&store->tree.lock);
		file = file_new_locked(store, plain->node);
		if (!file)
			return NULL;
		file->refs = 1;
	}
	file_register(file);
	file->base.exists = false;
	file->base.size = file->base.valid = file->size = 0;
	file->base.layout = gzip_layout_none(0);
	file->plain = plain;
	return file;
}

struct file *file_of_locked(struct store *store, struct node *node)
{
	struct file *file = node->file;

	if (file) {
		file->refs++;
		return file;
	}
	file = file_new_locked(store, node);
	if (!file)
		return NULL;
	file->refs = 1;
	node->file = file;
	return file;
}

void file_register(struct file *file)
{
	LOCK(&file->store->files_lock);
	if (list_is_empty(&file->files_link))
		file->store->file_count++;
	list_remove(&file->files_link);
	list_push(&file->store->files, &file->files_link);
}

int store_list_files(struct store *store, const struct node *dir,
		     struct file ***out, size_t *count)
{
	LOCK(&store->files_lock);

	*count = 0;
	*out = calloc(store->file_count + 1, sizeof(struct file *));
	if (!*out)
		return -ENOMEM;
	list_for_each(link, &store->files) {
		struct file *file = container_of(link, struct file, files_link);

		LOCK(&store->tree.lock);
		if (file->refs == 0 ||
		    (dir && !node_is_below_locked(file->node, dir)))
			continue;
		file->refs++;
		(*out)[(*count)++] = file;
	}
	return 0;
}

int file_error(struct file *file)
{
	LOCK(&file->lock);
	return file->error;
}

/* Takes over the reference to file. */
static struct handle *handle_new(struct file *file, int flags)
{
	struct handle *handle = calloc(1, sizeof(*handle));

	/* Last opened last: what reclaim looks at last. */
	file_register(file);
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
			file->is_ours = false;
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
	extents_clear(&file->held);
	extents_clear(&file->dirty);
	extents_clear(&file->gone);
	blocks_drop(&file->blocks, 0, UINT64_MAX);
	upload_note_write_locked(file, 0, UINT64_MAX);
	file->base.valid = 0;
	file->least_size = 0;
	file->is_fresh = true;
	file->size = 0;
	file->is_dirty = true;
	handle->unsaved = STORE_MADE;
	file->write_seq++;
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
		LOCK(&store->tree.lock);
		result = create_locked(store, parent, name, attr, &op->node);
		if (result == 0)
			file = file_of_locked(store, op->node);
	}
	if (file) {
		lock_enter(&file->lock);
		file->is_dirty = true;
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

/* What could not be stored is gone with the last handle: say so, once. */
static void report_loss(struct file *file, int result)
{
	struct buf key = BUF_INIT(S3_KEY_MAX + 1);

	node_key(file->store, file->node, &key);
	log_error("store",
		  "%s was not stored, %llu bytes are lost; the bucket keeps "
		  "what it had: %s",
		  buf_str(&key), (unsigned long long)file->size,
		  file->err.text[0] ? file->err.text : strerror(-result));
	buf_release(&key);
	store_note_error(file->store, result);
}

static int last_close(struct file *file, struct errinfo *err)
{
	int result = file_publish(file, err);

	if (result < 0 && !file->was_told)
		report_loss(file, result);
	return result;
}

void handle_put(struct handle *handle)
{
	if (--handle->refs > 0)
		return;
	file_put(handle->file);
	free(handle);
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
		must_store = file->is_dirty && !file->is_unlinked &&
			     (is_last || handle->unsaved != STORE_SAVED);
		if (is_last)
			fetch_end_locked(file, &waiters);
	}
	fetch_tell(&waiters, NULL);
	if (must_store)
		file_task(file, &file->close_task, last_close);
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
