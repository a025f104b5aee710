/* SPDX-License-Identifier: MIT */
/*
 * unlink, rmdir. A removal is answered at once and sent later
 * (deletes.h); an open file keeps its bytes: what is missing of them is
 * fetched before its object goes.
 */
#include "change/remove.h"

#include <stdio.h>
#include <string.h>

#include "change/name_job.h"
#include "clock.h"
#include "file/file.h"
#include "file/job.h"
#include "names/absence.h"
#include "names/key.h"
#include "names/listing.h"
#include "names/lookup.h"
#include "names/name_change.h"
#include "names/segment.h"
#include "names/tree.h"
#include "object/deletes.h"
#include "read/waiters.h"

/* ------------------------------------------------------------- unlink */

int file_keep(struct file *file, struct errinfo *err)
{
	int result = 0;
	LOCK(&file->lock);

	/* A publish that awaits a removal will see that it is not wanted. */
	while (file_is_sending_locked(file))
		lock_wait(&file->lock, &file->changed);
	if (!list_is_empty(&file->handles) && file->base.exists)
		result = fetch_wait_locked(file, 0, file->size, err);
	return result;
}

/* The object goes when the readers of the open file have what they need. */
static int unlink_open(struct file *file, struct errinfo *err)
{
	int result = file_keep(file, err);
	bool exists;

	{
		LOCK(&file->lock);
		exists = file->base.exists || file->covers_object;
	}
	deletes_let_go(file->store->deletes, file->removed_key, exists);
	return result;
}

/*
 * The open file of a removed name; its object goes at once if it may. A key
 * that is waited with is the file's: its folder may get another name.
 */
static void unlink_file(struct file *file, struct buf *key)
{
	bool is_idle, exists;

	{
		LOCK(&file->lock);
		file->is_unlinked = true;
		exists = file->base.exists || file->covers_object;
		is_idle = !file_is_sending_locked(file);
		if (!list_is_empty(&file->handles) && file->base.exists &&
		    !file_has_locked(file, 0, file->size))
			is_idle = false;
		if (!is_idle)
			file->removed_key = buf_detach(key);
	}
	if (is_idle)
		deletes_let_go(file->store->deletes, buf_str(key), exists);
	else
		file_task(file, &file->unlink_task, unlink_open);
}

/* Once the removal of key is held: what is called so is gone. -ENOMEM. */
static int remove_node(struct store *store, struct node *parent,
		       const char *name, struct node *node, const char *key)
{
	int result;

	{
		LOCK(&store->tree.lock);
		result = tree_note_absent_locked(parent, name, SEQ_PENDING,
						 NEVER_MS);
		if (result == 0) {
			tree_detach_locked(&store->tree, node);
			node_note_entries_locked(parent);
			node_touch_locked(node);
		}
	}
	if (result < 0)
		deletes_let_go(store->deletes, key, false);
	return result;
}

/* Takes node out of the tree and its object out of the bucket. */
static int unlink_node(struct store *store, struct node *node)
{
	AUTO_BUF struct buf key = BUF_INIT(S3_KEY_MAX + 1);
	char name[NAME_SIZE];
	struct node *parent;
	struct file *file;
	bool exists;
	int result;

	{
		LOCK(&store->tree.lock);
		node_key_locked(store, node, &key);
		snprintf(name, sizeof(name), "%s", node->name);
		parent = node_get_locked(node->parent);
		file = node->file;
		if (file)
			file->refs++;
		exists = node->etag != NULL;
	}
	result = key.error ? key.error :
			     deletes_add(store->deletes, parent, name,
					 buf_str(&key), true);
	if (result == 0)
		result = remove_node(store, parent, name, node, buf_str(&key));
	if (result == 0 && file)
		unlink_file(file, &key);
	else if (result == 0)
		deletes_let_go(store->deletes, buf_str(&key), exists);
	if (file)
		file_put(file);
	node_put(store, parent, 1);
	return result;
}

/* After lookup: 1 if it waits for nothing more. */
static int unlink_known(struct store *store, struct node *node)
{
	if (node->is_dir)
		return -EISDIR;
	return unlink_node(store, node);
}

static int run_unlink(struct name_job *n, struct errinfo *err)
{
	AUTO_BUF struct buf key = BUF_INIT(S3_KEY_MAX + 1);
	struct store *store = n->job.store;
	struct node *node;
	int result = lookup_wait(store, n->parent, n->name, &node, err);

	if (result < 0)
		return result;
	result = unlink_known(store, node);
	node_put(store, node, 1);
	if (result == 0 && store->options.sync_unlink &&
	    child_key(store, n->parent, n->name, &key) == 0) {
		deletes_wait(store->deletes, buf_str(&key));
		LOCK(&store->tree.lock);
		if (n->parent->dir && n->parent->dir->delete_error) {
			result = n->parent->dir->delete_error;
			n->parent->dir->delete_error = 0;
		}
	}
	return result;
}

void store_unlink(struct store *store, struct node *parent, const char *name,
		  struct store_op *op)
{
	struct change change = { .at = { { parent, name } } };
	struct node *node = NULL;
	int64_t until_ms;
	int known;

	{
		LOCK(&store->tree.lock);
		known = lookup_cached_locked(store, parent, name, &node,
					     &until_ms);
		if (known == 1 && (store->options.sync_unlink ||
				   !change_try_locked(&store->tree, &change))) {
			node_put_locked(&store->tree, node);
			known = 0;
		}
	}
	if (known == 1) {
		known = unlink_known(store, node);
		change_end(&store->tree, &change);
		node_put(store, node, 1);
		op->done(op, known);
	} else if (known == 0) {
		name_job_start(store, parent, name, NULL, op, run_unlink);
	} else {
		op->done(op, known);
	}
}

/* -------------------------------------------------------------- rmdir */

/* True if one of the listed keys is still there; lock held. */
static bool has_live_entry_locked(struct node *dir, const struct s3_list *list,
				  size_t prefix_len, uint64_t seq)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct s3_listed *item = &list->items[i];
		size_t len = item->key_len - prefix_len;
		char name[NAME_SIZE];
		struct absence *absence;

		if (len == 0)
			continue; /* the marker */
		if (item->is_prefix)
			len--;
		if (len >= NAME_SIZE)
			return true;
		memcpy(name, item->key + prefix_len, len);
		name[len] = '\0';
		absence = dir->dir ? strmap_get(&dir->dir->absent, name) : NULL;
		if (!absence || absence->seq <= seq)
			return true;
	}
	return false;
}

/* What memory says: 1 empty, -ENOTEMPTY, 0 unknown. */
static int is_empty_cached_locked(struct store *store, struct node *dir)
{
	struct listing_page page = { .last = "" };
	int64_t now_ms = clock_now_ms();
	int ttl_ms = store->options.attr_timeout_ms;

	if (!dir->dir)
		return 0;
	if (!list_is_empty(&dir->dir->created))
		return -ENOTEMPTY;
	if (!listing_is_complete(&dir->dir->listing, now_ms, ttl_ms))
		return 0;
	while (!page.is_end) {
		if (!listing_next_page(&dir->dir->listing, page.last, now_ms,
				       ttl_ms, &page))
			return 0;
		for (size_t i = 0; i < page.count; i++) {
			struct segment_entry entry;
			struct absence *absence;

			segment_read(page.segment, page.first + i, &entry);
			absence = strmap_get(&dir->dir->absent, entry.name);
			if (!absence || absence->seq <= page.seq)
				return -ENOTEMPTY;
		}
	}
	return 1;
}

/* Asks the server; what is on its way out does not count. */
static int is_empty_listed(struct store *store, struct node *dir,
			   struct errinfo *err)
{
	AUTO_BUF struct buf key = BUF_INIT(S3_KEY_MAX + 1);
	struct s3_list list = { .op.priority = S3_METADATA, .delimiter = "/" };
	uint64_t seq;
	bool is_live;
	int result;

	{
		LOCK(&store->tree.lock);
		node_key_locked(store, dir, &key);
		seq = tree_next_seq_locked(&store->tree);
	}
	if (key.error)
		return key.error;
	list.prefix = buf_str(&key);
	s3_list_start(store->s3, &list);
	result = s3_wait(store->s3, &list.op);
	*err = list.op.err;
	if (result == 0) {
		LOCK(&store->tree.lock);
		is_live = has_live_entry_locked(dir, &list, key.len, seq);
		result = is_live ? -ENOTEMPTY : list.is_truncated ? 0 : 1;
	}
	s3_list_release(&list);
	return result;
}

/* 0 if nothing is below dir but its marker, else -ENOTEMPTY. */
static int check_empty(struct store *store, struct node *dir,
		       struct errinfo *err)
{
	int result;

	{
		LOCK(&store->tree.lock);
		result = is_empty_cached_locked(store, dir);
	}
	if (result == 0)
		result = is_empty_listed(store, dir, err);
	if (result == 0) {
		/* A whole page of removals: once they are done it is clear. */
		deletes_wait_all(store->deletes);
		result = is_empty_listed(store, dir, err);
	}
	return result < 0 ? result : 0;
}

static int run_rmdir(struct name_job *n, struct errinfo *err)
{
	struct store *store = n->job.store;
	AUTO_BUF struct buf key = BUF_INIT(S3_KEY_MAX + 1);
	struct node *node = NULL;
	int result = lookup_wait(store, n->parent, n->name, &node, err);

	if (result < 0)
		return result;
	result = node->is_dir ? check_empty(store, node, err) : -ENOTDIR;
	if (result == 0) {
		node_key(store, node, &key);
		result = key.error ? key.error :
				     deletes_add(store->deletes, n->parent,
						 n->name, buf_str(&key), true);
	}
	if (result == 0)
		result = remove_node(store, n->parent, n->name, node,
				     buf_str(&key));
	if (result == 0)
		deletes_let_go(store->deletes, buf_str(&key), true);
	node_put(store, node, 1);
	return result;
}

void store_rmdir(struct store *store, struct node *parent, const char *name,
		 struct store_op *op)
{
	name_job_start(store, parent, name, NULL, op, run_rmdir);
}

/* --------------------------------------------------------------- sync */

static int run_sync(struct store_job *job, struct errinfo *err)
{
	struct name_job *n = container_of(job, struct name_job, job);
	int result = 0;

	deletes_wait_all(job->store->deletes);
	LOCK(&job->store->tree.lock);
	if (n->parent->dir) {
		result = n->parent->dir->delete_error;
		n->parent->dir->delete_error = 0;
	}
	if (result < 0)
		errinfo_set(err, result, "a removal in this directory failed");
	return result;
}

void store_sync_dir(struct store *store, struct node *dir, struct store_op *op)
{
	struct name_job *n = name_job_new(store, dir, "sync", op);

	if (!n)
		return;
	n->job.run = run_sync;
	job_start(&n->job);
}
