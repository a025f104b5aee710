/* SPDX-License-Identifier: MIT */
/* Open files and their handles: made, shared, given back; see file.h. */
#include "file/file.h"

#include <stdio.h>

#include "clock.h"
#include "codec/gzip.h"
#include "data/blocks.h"
#include "data/extents.h"
#include "data/room.h"
#include "log.h"
#include "names/key.h"
#include "names/notify.h"
#include "names/tree.h"

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
	if (file->upload)
		file->drop_upload_locked(file);
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
	pairs_release(&file->base.kept);
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
	lock_assert_held(&file->lock);
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

	lock_assert_held(&file->lock);
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

	lock_assert_held(&store->tree.lock);
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
	file->lock = (struct lock)LOCK_INIT(LOCK_FILE);
	pthread_cond_init(&file->changed, NULL);
	list_init(&file->files_link);
	list_init(&file->handles);
	list_init(&file->savers);
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

static void file_register_locked(struct file *file)
{
	struct store *store = file->store;

	lock_assert_held(&store->files_lock);
	if (list_is_empty(&file->files_link))
		store->file_count++;
	list_remove(&file->files_link);
	list_push(&store->files, &file->files_link);
}

struct file *file_new_stored(struct file *plain)
{
	struct store *store = plain->store;
	struct file *file;

	{
		LOCK(&store->files_lock);
		LOCK(&store->tree.lock);
		file = file_new_locked(store, plain->node);
		if (!file)
			return NULL;
		file->refs = 1;
		file_register_locked(file);
	}
	file->base.exists = false;
	file->base.size = file->base.valid = file->size = 0;
	file->base.layout = gzip_layout_none(0);
	file->plain = plain;
	return file;
}

struct file *file_of_locked(struct store *store, struct node *node)
{
	lock_assert_held(&store->tree.lock);
	if (!node->file)
		node->file = file_new_locked(store, node);
	if (!node->file)
		return NULL;
	node->file->refs++;
	file_register_locked(node->file);
	return node->file;
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

void file_forget_kept(struct file *file)
{
	LOCK(&file->store->tree.lock);

	file->base.has_kept = false;
	pairs_release(&file->base.kept);
}

int file_refuse_gone_locked(struct file *file, uint64_t start, uint64_t end,
			    struct errinfo *err)
{
	AUTO_BUF struct buf key = BUF_INIT(S3_KEY_MAX + 1);

	lock_assert_held(&file->lock);
	if (extents_overlap(&file->gone, start, end) == 0)
		return 0;
	node_key(file->store, file->node, &key);
	errinfo_set(err, -EIO,
		    "%s: memory and %s were full, so these bytes are in the "
		    "bucket alone until the file is closed: offset=%llu",
		    buf_str(&key), file->store->temp_dir,
		    (unsigned long long)start);
	if (!file->has_told_gone)
		log_warn("upload", "%s", err->text);
	file->has_told_gone = true;
	return -EIO;
}

void handle_put(struct handle *handle)
{
	if (--handle->refs > 0)
		return;
	file_put(handle->file);
	free(handle);
}
