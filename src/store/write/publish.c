/* SPDX-License-Identifier: MIT */
/*
 * What is dirty becomes the object's new version; under which name, and what
 * the tree knows of it after.
 */
#include "write/publish.h"

#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "codec/gzip.h"
#include "data/extents.h"
#include "data/room.h"
#include "facts/headers.h"
#include "file/file.h"
#include "file/job.h"
#include "log.h"
#include "metrics.h"
#include "name.h"
#include "names/key.h"
#include "names/name_change.h"
#include "names/notify.h"
#include "names/tree.h"
#include "object/copy.h"
#include "object/deletes.h"
#include "read/fetch.h"
#include "read/waiters.h"
#include "write/gzip_publish.h"
#include "write/publish_headers.h"
#include "write/upload.h"

#define UNIQUE_ROUNDS 20 /* names tried before giving up */

struct publish {
	struct file *file;
	struct buf key;
	char name[S3_KEY_MAX + 1]; /* of the node */
	bool is_renamed;           /* not the name that was asked for */
	struct file *stored;       /* its compressed form, counted; or NULL */
	struct gzip_layout layout; /* of the new version */
	bool is_clean;             /* it has all that the file has */
};

static int take_name(struct publish *p)
{
	struct store *store = p->file->store;

	LOCK(&store->tree.lock);
	node_key_locked(store, p->file->node, &p->key);
	snprintf(p->name, sizeof(p->name), "%s", p->file->node->name);
	return p->key.error;
}

/* Another name beside the asked one. */
static int take_unique_name(struct publish *p)
{
	struct store *store = p->file->store;
	struct node *node = p->file->node;
	char unique[NAME_SIZE];
	const char *name;
	int result;

	LOCK(&store->tree.lock);
	/* A node of store_create_path has folders in its name. */
	name = strrchr(node->name, '/');
	name = name ? name + 1 : node->name;
	node_key_locked(store, node->parent, &p->key);
	buf_add(&p->key, node->name, (size_t)(name - node->name));
	if (p->key.error == -ENOMEM)
		return -ENOMEM;
	if (p->key.error || p->key.len >= S3_KEY_MAX)
		return -ENAMETOOLONG;
	result = name_unique(unique, name, S3_KEY_MAX - p->key.len,
			     key_point_room(store, &p->key));
	if (result < 0)
		return result;
	snprintf(p->name, sizeof(p->name), "%.*s%s", (int)(name - node->name),
		 node->name, unique);
	buf_add_str(&p->key, unique);
	p->is_renamed = true;
	return p->key.error;
}

/* The file, or its compressed form, under this key. As below. */
static int send_locked(struct publish *p, const char *key, bool is_exclusive,
		       char etag[S3_ETAG_MAX], struct errinfo *err)
{
	CLEANUP(pairs_release) struct pairs headers = PAIRS_INIT;
	struct file *file = p->file;
	int result = publish_headers(file, key, &headers);

	if (result < 0)
		return result;
	if (!gzip_is_wanted(file, key, &headers)) {
		p->layout = gzip_layout_none(file->size);
		return upload_publish_locked(file, key, is_exclusive, etag,
					     err);
	}
	/* Plain parts that went out while nobody knew: of no use any more. */
	upload_drop_locked(file);
	if (!p->stored)
		result = gzip_compress_locked(file, &p->stored, err);
	if (result < 0)
		return result;
	p->layout = p->stored->form;
	lock_leave(&file->lock);
	{
		LOCK(&p->stored->lock);
		result = upload_publish_locked(p->stored, key, is_exclusive,
					       etag, err);
	}
	lock_enter(&file->lock);
	return result;
}

/* Tries names until one is free; lock held, given up meanwhile. */
static int store_locked(struct publish *p, char etag[S3_ETAG_MAX],
			struct errinfo *err)
{
	struct file *file = p->file;
	bool keeps_all =
		file->store->options.no_overwrite && !file->base.is_ours;
	bool is_exclusive = file->is_exclusive || keeps_all;
	/* A renamed file stands on an object of another name. */
	bool is_taken = file->base.exists && file->base.key &&
			strcmp(file->base.key, buf_str(&p->key)) == 0;
	int result = keeps_all && is_taken ? -EEXIST : 0;

	if (result == 0)
		result = send_locked(p, buf_str(&p->key), is_exclusive, etag,
				     err);
	for (int i = 0; i < UNIQUE_ROUNDS && result == -EEXIST && keeps_all &&
			!file->is_exclusive;
	     i++) {
		result = take_unique_name(p);
		if (result == 0)
			result = send_locked(p, buf_str(&p->key), true, etag,
					     err);
	}
	return result;
}

/* The handle's file is the one with the new name now. */
static void rename_node(struct publish *p)
{
	struct store *store = p->file->store;
	struct node *node = p->file->node;
	char old_name[S3_KEY_MAX + 1];
	uint64_t parent_id;

	{
		LOCK(&store->tree.lock);
		snprintf(old_name, sizeof(old_name), "%s", node->name);
		parent_id = node->parent->id;
		if (tree_move_locked(&store->tree, node, node->parent,
				     p->name) == 0)
			node_mark_created_locked(node);
	}
	log_info("publish", "%s was taken, stored as %s", old_name,
		 buf_str(&p->key));
	notify_entry(store, parent_id, old_name);
}

/* What the new version was sent with is what an edit of it keeps. */
static void learn_headers_locked(struct file *file, struct pairs *headers)
{
	static const char class[] = "x-amz-storage-class";
	struct node *node = file->node;
	const char *kept, *of_rules;

	lock_assert_held(&file->lock);
	pairs_release(&file->base.kept);
	file->base.kept = *headers;
	*headers = (struct pairs)PAIRS_INIT;
	file->base.has_kept = true;
	headers_forget_locked(node, true);
	kept = pairs_get(&file->base.kept, class);
	of_rules = s3_client_param(file->store->s3, file->base.key, class);
	node->has_class = kept || of_rules;
	node->is_archive = s3_class_is_archive(kept ? kept : of_rules);
	if (node->headers && node->headers->changes == file->sent_changes)
		node->headers->is_pending = false;
}

/* The name led to what another client stored: this replaced it. */
static void take_name_back_locked(struct file *file)
{
	struct node *node = file->node;

	lock_assert_held(&file->lock);
	if (!node->is_detached || file->is_unlinked)
		return;
	tree_attach_locked(&file->store->tree, node);
	tree_forget_absent_locked(node->parent, node->name);
	node_mark_created_locked(node);
	notify_entry(file->store, node->parent->id, node->name);
}

static int learn(struct file *file, const struct gzip_layout *layout,
		 const char *etag, bool is_clean)
{
	CLEANUP(pairs_release) struct pairs headers = PAIRS_INIT;
	struct store *store = file->store;
	struct node *node = file->node;
	int result = publish_headers(file, file->base.key, &headers);

	if (result < 0)
		return result;
	s3_drop_not_sent(&headers);
	LOCK(&store->tree.lock);
	if (node_set_version_locked(node, etag, layout) < 0)
		return -ENOMEM;
	take_name_back_locked(file);
	learn_headers_locked(file, &headers);
	if (!is_clean)
		return 0;
	node->size = layout->plain_size;
	node->seq = tree_next_seq_locked(&store->tree);
	node->until_ms = clock_now_ms() + store->options.attr_timeout_ms;
	return 0;
}

static void note_clean_locked(struct file *file)
{
	lock_assert_held(&file->lock);
	extents_clear(&file->dirty);
	list_for_each(link, &file->handles)
		container_of(link, struct handle, link)->unsaved = STORE_SAVED;
}

/* What only the upload had can be fetched now. */
static void note_stored_locked(struct file *file)
{
	lock_assert_held(&file->lock);
	for (size_t i = 0; i < file->gone.count; i++) {
		const struct extent *item = &file->gone.items[i];

		/* Without memory it is sent again with the next version. */
		if (extents_remove(&file->dirty, item->start, item->end) < 0)
			break;
	}
	extents_clear(&file->gone);
}

/* Lock held: the new version is what the file stands on. */
static int rebase_locked(struct publish *p, const char *etag,
			 struct list_link *waiters)
{
	struct file *file = p->file;
	uint64_t size = p->layout.plain_size;
	char *key = strdup(buf_str(&p->key));
	bool is_clean = file->state == FILE_SENDING;

	if (!key)
		return -ENOMEM;
	file_set_base_locked(file, key, etag);
	file->base.exists = true;
	file->covers_object = false;
	file->base.layout = p->layout;
	file->base.size = size;
	file->base.valid = size < file->least_size ? size : file->least_size;
	file->base.is_ours = true;
	file->is_exclusive = false;
	note_stored_locked(file);
	p->is_clean = is_clean;
	if (is_clean)
		note_clean_locked(file);
	fetch_rebase_locked(file, waiters);
	file->is_fresh = file->least_size == 0;
	return learn(file, &p->layout, etag, is_clean);
}

/*
 * A removal of this key that is still on its way goes first. It may be this
 * file's own, which goes when nothing is being sent.
 */
static void await_removal_locked(struct publish *p)
{
	struct file *file = p->file;

	lock_leave(&file->lock);
	deletes_wait(file->store->deletes, buf_str(&p->key));
	lock_enter(&file->lock);
}

/* Headers were set by hand after an upload had begun without them. */
static bool has_late_headers(const struct file *file)
{
	const struct node *node = file->node;
	LOCK(&file->store->tree.lock);

	return node->headers && node->headers->changes != file->sent_changes;
}

/* What was sent already is not sent again: a copy onto itself has them. */
static int send_late_headers_locked(struct publish *p, char etag[S3_ETAG_MAX],
				    struct errinfo *err)
{
	CLEANUP(pairs_release) struct pairs headers = PAIRS_INIT;
	struct file *file = p->file;
	struct object_copy copy = { .source_key = buf_str(&p->key),
				    .key = buf_str(&p->key),
				    .etag = etag,
				    .size = p->layout.stored_size,
				    .headers = &headers };
	int result;

	publish_note_sent(file);
	result = publish_headers(p->stored ? p->stored : file, copy.key,
				 &headers);
	if (result == 0) {
		lock_leave(&file->lock);
		result = copy_object(file->store, &copy, err);
		lock_enter(&file->lock);
	}
	if (result == 0) {
		memcpy(etag, copy.new_etag, S3_ETAG_MAX);
	} else {
		LOCK(&file->store->tree.lock);
		file->sent_changes--; /* still to be done */
	}
	return result;
}

static int publish_locked(struct publish *p, struct list_link *waiters,
			  struct errinfo *err)
{
	struct file *file = p->file;
	char etag[S3_ETAG_MAX] = "";
	int result = take_name(p), late = 0;

	if (result == 0)
		await_removal_locked(p);
	if (file->is_unlinked)
		return 0;
	file_set_state_locked(file, FILE_SENDING);
	file->least_size = UINT64_MAX;
	if (result == 0)
		result = publish_prepare_locked(file, err);
	if (result == 0)
		result = store_locked(p, etag, err);
	/* It is stored all the same if these cannot be set. */
	if (result == 0 && has_late_headers(file))
		late = send_late_headers_locked(p, etag, err);
	if (result == 0)
		result = rebase_locked(p, etag, waiters);
	if (result < 0)
		file_fail_locked(file, result, err);
	metrics_add(result < 0 ? METRIC_STORE_PUBLISH_FAILED :
				 METRIC_STORE_PUBLISHED,
		    1);
	return result < 0 ? result : late;
}

/* Waits until no publish, rename or move of a parent is under way. */
static void take_turn_locked(struct file *file)
{
	struct tree *tree = &file->store->tree;
	bool is_waiting = true;

	lock_assert_held(&file->lock);
	while (is_waiting) {
		while (file_is_busy_locked(file))
			lock_wait(&file->lock, &file->changed);
		lock_enter(&tree->lock);
		is_waiting = node_is_moving_locked(file->node);
		if (is_waiting) {
			lock_leave(&file->lock);
			lock_wait(&tree->lock, &tree->moved);
		}
		lock_leave(&tree->lock);
		if (is_waiting)
			lock_enter(&file->lock);
	}
}

/* Bytes that can be had only by storing them first. */
static bool has_gone_locked(const struct file *file)
{
	return extents_total(&file->gone) > 0 && file->error == 0 &&
	       !file->is_unlinked;
}

void file_save_gone(struct file *file)
{
	struct errinfo err = ERRINFO_INIT;
	bool has_gone;

	{
		LOCK(&file->lock);
		has_gone = has_gone_locked(file);
	}
	if (has_gone && file_publish(file, &err) < 0)
		log_error("publish", "%s", err.text);
}

/* Meanwhile nothing of it is evicted: who needs room waits for the end. */
static void claim_locked(struct file *file)
{
	file_set_state_locked(file, file_is_dirty_locked(file) ?
					    FILE_CLAIMED_DIRTY :
					    FILE_CLAIMED);
	room_begin(file->store);
}

static void unclaim_locked(struct file *file)
{
	file_leave_key_locked(file, file->state == FILE_CLAIMED);
	room_end(file->store, NULL);
}

struct file *file_claim(struct store *store, struct node *node, bool *is_dirty)
{
	struct file *file;

	{
		LOCK(&store->files_lock);
		LOCK(&store->tree.lock);
		file = file_of_locked(store, node);
	}
	if (!file)
		return NULL;
	lock_enter(&file->lock);
	take_turn_locked(file);
	while (has_gone_locked(file)) {
		lock_leave(&file->lock);
		file_save_gone(file);
		lock_enter(&file->lock);
		take_turn_locked(file);
	}
	claim_locked(file);
	*is_dirty = file_is_dirty_locked(file);
	lock_leave(&file->lock);
	return file;
}

int file_learn_copy(struct file *file, const char *etag, int64_t mtime_ns)
{
	struct store *store = file->store;
	struct node *node = file->node;
	struct list_link waiters;
	int result;

	list_init(&waiters);
	{
		LOCK(&file->lock);
		if (strcmp(file->base.etag, etag) != 0) {
			file_set_base_locked(file, NULL, etag);
			fetch_rebase_locked(file, &waiters);
		}
	}
	file_forget_kept(file);
	{
		LOCK(&store->tree.lock);
		result = node_set_etag_locked(node, etag);
		headers_forget_locked(node, true);
		if (node->headers)
			node->headers->is_pending = false;
		if (mtime_ns > 0)
			node->mtime_ns = mtime_ns / 1000000000 * 1000000000;
		node_touch_locked(node);
		node->seq = tree_next_seq_locked(&store->tree);
		node->until_ms =
			clock_now_ms() + store->options.attr_timeout_ms;
		/* With other headers it has other facts. */
		if (facts_are_asked(store) || result < 0)
			node->until_ms = IN_DOUBT_MS;
	}
	fetch_tell(&waiters, NULL);
	return result;
}

void file_unclaim(struct file *file)
{
	LOCK(&file->lock);
	unclaim_locked(file);
}

/* Lock held, given up meanwhile; nobody else uses the file's key. */
static int publish_in_turn_locked(struct publish *p, struct list_link *waiters,
				  struct errinfo *err)
{
	struct file *file = p->file;
	int result = file->error;

	if (result < 0) {
		*err = file->err;
	} else if (file_must_publish_locked(file)) {
		file_set_state_locked(file, FILE_WAITING);
		room_begin(file->store);
		result = publish_locked(p, waiters, err);
		room_end(file->store, file);
		if (result == 0 && p->is_renamed)
			rename_node(p);
		file_leave_key_locked(file, p->is_clean);
	}
	return result;
}

static int publish(struct file *file, bool is_claimed, struct errinfo *err)
{
	struct publish p = { .file = file, .key = BUF_INIT(S3_KEY_MAX + 1) };
	struct list_link waiters;
	int result;

	list_init(&waiters);
	{
		LOCK(&file->lock);
		if (is_claimed)
			unclaim_locked(file);
		else
			take_turn_locked(file);
		result = publish_in_turn_locked(&p, &waiters, err);
	}
	if (p.stored)
		file_put(p.stored);
	fetch_tell(&waiters, NULL);
	buf_release(&p.key);
	return result;
}

int file_publish(struct file *file, struct errinfo *err)
{
	return publish(file, false, err);
}

int file_publish_claimed(struct file *file, struct errinfo *err)
{
	return publish(file, true, err);
}

/* For somebody who hears the result: no loss need be reported later. */
static int publish_and_tell(struct file *file, struct errinfo *err)
{
	int result = file_publish(file, err);

	if (result < 0) {
		LOCK(&file->lock);
		file->was_told = true;
	}
	return result;
}

enum store_unsaved store_unsaved(struct handle *handle)
{
	struct file *file = handle->file;
	LOCK(&file->lock);

	if (file_is_busy_locked(file))
		return STORE_WRITTEN;
	return file_is_dirty_locked(file) && !file->is_unlinked ?
		       handle->unsaved :
		       STORE_SAVED;
}

void store_flush(struct handle *handle, bool must_store, struct store_op *op)
{
	struct file *file = handle->file;
	bool must_wait;
	int result;

	{
		LOCK(&file->lock);
		result = file->error;
		if (result < 0) {
			op->err = file->err;
			file->was_told = true;
		}
		must_wait = must_store && result == 0 && !file->is_unlinked &&
			    (file_is_dirty_locked(file) ||
			     file_is_busy_locked(file));
	}
	if (must_wait)
		file_job(file, op, publish_and_tell);
	else
		op->done(op, result);
}
