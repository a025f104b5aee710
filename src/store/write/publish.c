/* SPDX-License-Identifier: MIT */
/*
 * What is dirty becomes the object's new version, and under which name.
 *
 *   publish_run -> publish_begin_locked -> publish_send_locked ... one PUT may
 *   be left on its way here (put.h) ... publish_resume -> publish_settle_locked
 */
#include "write/publish.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "data/room.h"
#include "facts/headers.h"
#include "file/file.h"
#include "log.h"
#include "metrics.h"
#include "name.h"
#include "names/key.h"
#include "names/notify.h"
#include "names/tree.h"
#include "object/copy.h"
#include "object/deletes.h"
#include "read/waiters.h"
#include "write/claim.h"
#include "write/gzip_publish.h"
#include "write/rebase.h"
#include "write/upload.h"

#define UNIQUE_ROUNDS 20 /* names tried before giving up */

/* -------------------------------------------------------------- names */

static int publish_take_name(struct publish *p)
{
	struct store *store = p->out.file->store;

	LOCK(&store->tree.lock);
	node_key_locked(store, p->out.file->node, &p->key);
	snprintf(p->name, sizeof(p->name), "%s", p->out.file->node->name);
	return p->key.error;
}

/* Another name beside the asked one. */
static int publish_take_other_name(struct publish *p)
{
	struct store *store = p->out.file->store;
	struct node *node = p->out.file->node;
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

/* The handle's file is the one with the new name now. */
static void publish_rename_node(struct publish *p)
{
	struct store *store = p->out.file->store;
	struct node *node = p->out.file->node;
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

/* ------------------------------------------------------------- sending */

/* The file's compressed form, made once; lock held, given up meanwhile. */
static int publish_send_compressed_locked(struct publish *p)
{
	struct file *file = p->out.file;
	int result = 0;

	lock_assert_held(&file->lock);
	/* Plain parts that went out while nobody knew: of no use any more. */
	upload_drop_locked(file);
	if (!p->stored)
		result = gzip_compress_locked(file, &p->stored, &p->err);
	if (result == 0)
		result = outgoing_add_form(&p->out, &p->stored->form);
	if (result < 0)
		return result;
	p->layout = p->stored->form;
	lock_leave(&file->lock);
	{
		LOCK(&p->stored->lock);
		result = upload_publish_locked(p->stored, &p->out, p->etag,
					       &p->err);
	}
	lock_enter(&file->lock);
	return result;
}

/* Under this key. Lock held, given up meanwhile. */
static int publish_send_locked(struct publish *p)
{
	struct file *file = p->out.file;
	int result;

	lock_assert_held(&file->lock);
	p->out.key = buf_str(&p->key);
	result = outgoing_decide_locked(&p->out);
	if (result < 0)
		return result;
	if (p->out.is_compressed)
		return publish_send_compressed_locked(p);
	p->layout = gzip_layout_none(file->size);
	return upload_publish_locked(file, &p->out, p->etag, &p->err);
}

/* With this result of the first name, others are tried until one is free. */
static int publish_send_on_locked(struct publish *p, int result)
{
	lock_assert_held(&p->out.file->lock);
	while (result == -EEXIST && p->keeps_all &&
	       !p->out.file->is_exclusive && p->rounds++ < UNIQUE_ROUNDS) {
		result = publish_take_other_name(p);
		p->out.is_exclusive = true;
		if (result == 0)
			result = publish_send_locked(p);
	}
	return result;
}

static int publish_send_first_locked(struct publish *p)
{
	struct file *file = p->out.file;
	/* A renamed file stands on an object of another name. */
	bool is_taken = file->base.exists && file->base.key &&
			strcmp(file->base.key, buf_str(&p->key)) == 0;
	int result;

	lock_assert_held(&file->lock);
	p->keeps_all = file->store->options.no_overwrite && !file->base.is_ours;
	p->out.is_exclusive = file->is_exclusive || p->keeps_all;
	result = p->keeps_all && is_taken ? -EEXIST : publish_send_locked(p);
	return publish_send_on_locked(p, result);
}

/*
 * A stream began before some headers were set by hand. What was sent is not
 * sent again: a copy onto itself has them.
 */
static int publish_send_late_locked(struct publish *p)
{
	struct file *file = p->out.file;
	struct object_copy copy = { .source_key = p->out.key,
				    .key = p->out.key,
				    .etag = p->etag,
				    .size = p->layout.stored_size,
				    .headers = &p->out.headers };
	int result;

	lock_assert_held(&file->lock);
	lock_leave(&file->lock);
	result = copy_object(file->store, &copy, &p->err);
	lock_enter(&file->lock);
	if (result == 0) {
		memcpy(p->etag, copy.new_etag, S3_ETAG_MAX);
		p->out.sent = p->out.changes;
	}
	return result;
}

/* ------------------------------------------------------- begin and end */

/*
 * A removal of this key that is still on its way goes first. It may be this
 * file's own, which goes when nothing is being sent.
 */
static void publish_await_removal_locked(struct publish *p)
{
	struct file *file = p->out.file;

	lock_leave(&file->lock);
	deletes_wait(file->store->deletes, buf_str(&p->key));
	lock_enter(&file->lock);
}

/* It is sent with this result. Returns what its caller hears. */
static int publish_settle_locked(struct publish *p, int result)
{
	struct file *file = p->out.file;
	int late = 0;

	lock_assert_held(&file->lock);
	/* It is stored all the same if these cannot be set. */
	if (result == 0 && p->out.sent != p->out.changes)
		late = publish_send_late_locked(p);
	if (result == 0)
		result = file_rebase_locked(&p->out, &p->layout, p->etag,
					    &p->is_clean, &p->waiters);
	if (result < 0)
		file_fail_locked(file, result, &p->err);
	metrics_add(result < 0 ? METRIC_STORE_PUBLISH_FAILED :
				 METRIC_STORE_PUBLISHED,
		    1);
	room_end(file->store, file);
	if (result == 0 && p->is_renamed)
		publish_rename_node(p);
	file_leave_key_locked(file, result == 0 && p->is_clean);
	return result < 0 ? result : late;
}

/* Nobody else uses the file's key. As publish_run. */
static int publish_begin_locked(struct publish *p)
{
	struct file *file = p->out.file;
	int result;

	lock_assert_held(&file->lock);
	p->err = file->err;
	if (!file_must_publish_locked(file))
		return file->error;
	file_set_state_locked(file, FILE_WAITING);
	room_begin(file->store);
	result = publish_take_name(p);
	if (result == 0)
		publish_await_removal_locked(p);
	if (!file_must_publish_locked(file)) {
		p->err = file->err;
		room_end(file->store, file);
		file_leave_key_locked(file, false);
		return file->error;
	}
	file_set_state_locked(file, FILE_SENDING);
	file->least_size = UINT64_MAX;
	if (result == 0)
		result = outgoing_prepare_locked(&p->out, &p->err);
	if (result == 0)
		result = publish_send_first_locked(p);
	return result == -EINPROGRESS ? result :
					publish_settle_locked(p, result);
}

/* No lock held. */
static void publish_release(struct publish *p)
{
	if (p->stored)
		file_put(p->stored);
	fetch_tell(&p->waiters, NULL);
	outgoing_release(&p->out);
	buf_release(&p->key);
}

/* On the resume pool: the PUT that was left on its way is over. */
static void publish_resume(struct parked_put *parked)
{
	struct publish *p = container_of(parked, struct publish, parked);
	struct file *file = p->out.file;
	int result = put_unpark(parked, p->etag, &p->err);

	if (result != -EINPROGRESS) {
		LOCK(&file->lock);
		if (result == -EAGAIN)
			result = publish_send_locked(p);
		result = publish_send_on_locked(p, result);
		if (result != -EINPROGRESS)
			result = publish_settle_locked(p, result);
	}
	if (result == -EINPROGRESS) {
		put_park(parked);
		return;
	}
	publish_release(p);
	p->done(p, result);
}

int publish_run(struct publish *p)
{
	struct file *file = p->out.file;
	int result;

	p->key = (struct buf)BUF_INIT(S3_KEY_MAX + 1);
	list_init(&p->waiters);
	if (p->done) {
		p->out.parked = &p->parked;
		p->parked.out = &p->out;
		p->parked.resume = publish_resume;
	}
	{
		LOCK(&file->lock);
		if (p->is_claimed)
			file_unclaim_locked(file);
		else
			claim_await_locked(file);
		result = publish_begin_locked(p);
	}
	if (result == -EINPROGRESS)
		put_park(&p->parked);
	else
		publish_release(p);
	return result;
}

int file_publish(struct file *file, struct errinfo *err)
{
	struct publish p = { .out.file = file };
	int result = publish_run(&p);

	*err = p.err;
	return result;
}

int file_publish_claimed(struct file *file, struct errinfo *err)
{
	struct publish p = { .out.file = file, .is_claimed = true };
	int result = publish_run(&p);

	*err = p.err;
	return result;
}
