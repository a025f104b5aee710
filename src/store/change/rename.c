/* SPDX-License-Identifier: MIT */
/*
 * rename: S3 has none, so an object is copied and its old key removed. A
 * file that was never stored just changes its name. Directories are moved
 * by rename_dir.c.
 */
#include "change/rename.h"

#include <linux/fs.h>
#include <string.h>

#include "change/remove.h"
#include "change/rename_dir.h"
#include "clock.h"
#include "facts/headers.h"
#include "file/file.h"
#include "file/job.h"
#include "log.h"
#include "name.h"
#include "names/absence.h"
#include "names/key.h"
#include "names/lookup.h"
#include "names/name_change.h"
#include "names/notify.h"
#include "names/tree.h"
#include "object/copy.h"
#include "object/deletes.h"
#include "object/object.h"
#include "read/fetch.h"
#include "read/waiters.h"
#include "write/claim.h"
#include "write/publish.h"

/* --------------------------------------------------------------- tree */

/* node leads to its new name now; the old one is on its way out. */
int rename_move_node_locked(struct rename_job *r, struct node *node,
			    const char *etag, bool had_object)
{
	struct store *store = r->job.store;
	struct tree *tree = &store->tree;
	bool is_copied = etag && *etag;
	AUTO_FREE char *new_etag = is_copied ? strdup(etag) : NULL;
	struct node *target;
	int result;

	if (is_copied && !new_etag)
		return -ENOMEM;
	result = tree_note_absent_locked(
		r->parent, r->name,
		had_object ? SEQ_PENDING : tree_next_seq_locked(tree),
		had_object ?
			NEVER_MS :
			clock_now_ms() + store->options.negative_timeout_ms);
	if (result < 0)
		return result;
	target = tree_find_locked(tree, r->new_parent, r->new_name);
	result = tree_move_locked(tree, node, r->new_parent, r->new_name);
	if (result < 0) {
		tree_forget_absent_locked(r->parent, r->name);
		return result;
	}
	if (target && target != node)
		tree_detach_locked(tree, target);
	tree_forget_absent_locked(r->new_parent, r->new_name);
	node_mark_created_locked(node);
	node_touch_locked(node);
	node_note_entries_locked(r->parent);
	node_note_entries_locked(r->new_parent);
	if (is_copied) {
		free(node->etag);
		node->etag = STEAL(new_etag);
		headers_forget_locked(node, true);
	}
	/* Not if somebody wrote to it meanwhile. */
	if ((is_copied || node->is_dir) && node->seq != SEQ_PENDING) {
		node->seq = tree_next_seq_locked(tree);
		node->until_ms =
			clock_now_ms() + store->options.attr_timeout_ms;
	}
	return 0;
}

static int move_node(struct rename_job *r, struct node *node, const char *etag,
		     bool had_object)
{
	LOCK(&r->job.store->tree.lock);

	return rename_move_node_locked(r, node, etag, had_object);
}

/*
 * The old key's removal: held before the name is free, so that whoever makes
 * a new file of that name writes it after the removal.
 */
static int hold_old(struct rename_job *r)
{
	return deletes_add(r->job.store->deletes, r->parent, r->name,
			   buf_str(&r->key), true);
}

static void let_old_go(struct rename_job *r, bool must_send)
{
	deletes_let_go(r->job.store->deletes, buf_str(&r->key), must_send);
}

void rename_rebase_file(struct file *file, char *key, const char *etag)
{
	struct list_link waiters;

	list_init(&waiters);
	{
		LOCK(&file->lock);
		file_set_base_locked(file, key, etag);
		file_forget_kept(file);
		fetch_rebase_locked(file, &waiters);
	}
	fetch_tell(&waiters, NULL);
}

/* --------------------------------------------------------------- files */

/*
 * What has the new name is to be replaced; readers keep their bytes. Who
 * closes it meanwhile waits until it is known whether it still has its name.
 */
static int displace_begin(struct store *store, struct node *target,
			  struct file **out, struct errinfo *err)
{
	bool is_dirty;

	*out = file_claim(store, target, &is_dirty);
	return *out ? file_keep(*out, err) : -ENOMEM;
}

static void displace_end(struct file *file, bool is_replaced)
{
	if (is_replaced) {
		LOCK(&file->lock);
		file->is_unlinked = true;
	}
	file_unclaim(file);
	file_put(file);
}

static int choose_other_name(struct rename_job *r)
{
	char name[NAME_SIZE];
	int result;

	node_key(r->job.store, r->new_parent, &r->new_key);
	if (r->new_key.error == -ENOMEM)
		return -ENOMEM;
	if (r->new_key.error || r->new_key.len >= S3_KEY_MAX)
		return -ENAMETOOLONG;
	result = name_unique(name, r->new_name, S3_KEY_MAX - r->new_key.len,
			     key_point_room(r->job.store, &r->new_key));
	if (result < 0)
		return result;
	memcpy(r->new_name, name, sizeof(name));
	buf_add_str(&r->new_key, name);
	r->has_other_name = true;
	return r->new_key.error;
}

/* The lookup may be old: another host may have taken the name since. */
static int find_free_name(struct rename_job *r, struct errinfo *err)
{
	int result = object_check_free(r->job.store, buf_str(&r->new_key), err);

	return result == -EEXIST ? choose_other_name(r) : result;
}

/* What could not be stored under the new name has its old one again. */
static void move_back(struct rename_job *r, struct node *node)
{
	struct tree *tree = &r->job.store->tree;
	LOCK(&tree->lock);

	tree_forget_absent_locked(r->parent, r->name);
	if (node->is_detached)
		return;
	node_unmark_created_locked(tree, node);
	node->until_ms = IN_DOUBT_MS;
	if (tree_move_locked(tree, node, r->parent, r->name) < 0)
		tree_detach_locked(tree, node);
}

/*
 * Nobody is told of the stored object yet, or it is being changed. Gives the
 * claim up.
 */
static int rename_dirty(struct rename_job *r, struct node *node,
			struct file *file, bool has_target, struct errinfo *err)
{
	bool had_object;
	int result;

	{
		LOCK(&file->lock);
		had_object = file->base.exists || file->covers_object;
		file->is_exclusive = false;
		/* What it published is not what may stand at the new name. */
		file->base.is_ours = false;
	}
	result = had_object ? hold_old(r) : 0;
	if (result < 0) {
		file_unclaim(file);
		return result;
	}
	result = move_node(r, node, NULL, had_object);
	if (result == 0) {
		LOCK(&file->lock);
		file->covers_object = has_target;
	}
	if (result == 0 && had_object) {
		result = file_publish_claimed(file, err);
		if (result < 0)
			move_back(r, node);
	} else {
		file_unclaim(file);
	}
	if (had_object)
		let_old_go(r, result == 0);
	return result;
}

static bool may_not_replace(const struct rename_job *r)
{
	return r->job.store->options.no_overwrite ||
	       (r->flags & RENAME_NOREPLACE);
}

/* Another host may take the name between the look at it and the copy. */
static int copy_to_name(struct rename_job *r, struct object_copy *copy,
			struct errinfo *err)
{
	struct store *store = r->job.store;
	int result;

	copy->key = buf_str(&r->new_key);
	result = copy_object(store, copy, err);
	if (result != -EEXIST || (r->flags & RENAME_NOREPLACE))
		return result;
	if (store->options.no_overwrite) {
		result = choose_other_name(r);
		copy->key = buf_str(&r->new_key);
	} else {
		copy->only_if_free = false;
		result = 0;
	}
	return result < 0 ? result : copy_object(store, copy, err);
}

static int copy_claimed(struct rename_job *r, struct node *node,
			struct file *file, struct object_copy *copy,
			struct errinfo *err)
{
	CLEANUP(pairs_release) struct pairs wanted = PAIRS_INIT;
	char etag[S3_ETAG_MAX];
	int result;

	{
		LOCK(&file->lock);
		memcpy(etag, file->base.etag, sizeof(etag));
		copy->size = file->base.layout.stored_size;
	}
	{
		LOCK(&r->job.store->tree.lock);
		copy->has_class = node->has_class;
		result = pairs_merge(&wanted, headers_wanted_locked(node));
	}
	copy->etag = etag;
	copy->wanted = &wanted;
	return result < 0 ? result : copy_to_name(r, copy, err);
}

/* The copy is of no use. It goes if nothing was at its name before. */
static void remove_copy(struct store *store, const struct object_copy *copy)
{
	struct s3_delete del = { .op.priority = S3_COMMIT, .key = copy->key };

	if (copy->only_if_free) {
		s3_delete_start(store->s3, &del);
		if (s3_wait(store->s3, &del.op) == 0)
			return;
	}
	log_warn("rename", "a copy is left at %s: %s", copy->key,
		 del.op.err.text);
}

static int rename_stored(struct rename_job *r, struct node *node,
			 struct file *file, bool has_target,
			 struct errinfo *err)
{
	struct object_copy copy = {
		.source_key = buf_str(&r->key),
		.only_if_free = !has_target || may_not_replace(r),
	};
	AUTO_FREE char *key = NULL;
	int result = 0;

	if (r->job.store->options.no_overwrite && !r->has_other_name)
		result = find_free_name(r, err);
	if (result == 0)
		result = hold_old(r);
	if (result < 0)
		return result;
	result = copy_claimed(r, node, file, &copy, err);
	if (result == 0) {
		key = strdup(copy.key);
		result =
			key ? move_node(r, node, copy.new_etag, true) : -ENOMEM;
		if (result < 0)
			remove_copy(r->job.store, &copy);
	}
	if (result == 0)
		rename_rebase_file(file, STEAL(key), copy.new_etag);
	let_old_go(r, result == 0);
	return result;
}

static int rename_claimed(struct rename_job *r, struct node *node,
			  bool has_target, struct errinfo *err)
{
	bool is_dirty;
	struct file *file = file_claim(r->job.store, node, &is_dirty);
	int result;

	if (!file)
		return -ENOMEM;
	if (is_dirty) {
		result = rename_dirty(r, node, file, has_target, err);
	} else {
		result = rename_stored(r, node, file, has_target, err);
		file_unclaim(file);
	}
	file_put(file);
	return result;
}

static int rename_file(struct rename_job *r, struct node *node,
		       struct node *target, struct errinfo *err)
{
	struct store *store = r->job.store;
	struct file *displaced = NULL;
	int result = 0;

	deletes_wait(store->deletes, buf_str(&r->new_key));
	deletes_wait(store->deletes, buf_str(&r->key));
	if (target && store->options.no_overwrite)
		result = choose_other_name(r);
	else if (target)
		result = displace_begin(store, target, &displaced, err);
	else if (r->flags & RENAME_NOREPLACE)
		result = object_check_free(store, buf_str(&r->new_key), err);
	if (result == 0)
		result = rename_claimed(r, node, displaced, err);
	if (displaced)
		displace_end(displaced, result == 0);
	return result;
}

/* ----------------------------------------------------------------- all */

static int check_target(const struct rename_job *r, const struct node *node,
			const struct node *target)
{
	if (r->flags & RENAME_NOREPLACE)
		return -EEXIST;
	if (target->is_dir && !node->is_dir)
		return -EISDIR;
	return !target->is_dir && node->is_dir ? -ENOTDIR : 0;
}

static int rename_nodes(struct rename_job *r, struct node *node,
			struct node *target, struct errinfo *err)
{
	struct store *store = r->job.store;
	int result = target ? check_target(r, node, target) : 0;

	if (result == 0)
		result = child_key(store, r->parent, r->name, &r->key);
	if (result == 0)
		result = child_key_new(store, r->new_parent, r->new_name,
				       &r->new_key);
	if (result < 0)
		return result;
	return node->is_dir ? rename_dir(r, node, target, err) :
			      rename_file(r, node, target, err);
}

static int rename_names(struct rename_job *r, const char *asked,
			struct errinfo *err)
{
	struct store *store = r->job.store;
	struct node *node = NULL, *target = NULL;
	int result = lookup_wait(store, r->parent, r->name, &node, err);

	if (result < 0)
		return result;
	result = lookup_wait(store, r->new_parent, r->new_name, &target, err);
	if (result == -ENOENT || (result == 0 && target != node))
		result = rename_nodes(r, node, target, err);
	/* A server that cannot copy (RGW: SSE-C): mv then does it itself. */
	if (result == -ENOTSUP)
		result = -EXDEV;
	if (result == 0 && r->has_other_name) {
		log_info("rename", "%s was taken, stored as %s", asked,
			 buf_str(&r->new_key));
		notify_entry(store, r->new_parent->id, asked);
	}
	node_put(store, node, 1);
	if (target)
		node_put(store, target, 1);
	return result;
}

static int run_rename(struct store_job *job, struct errinfo *err)
{
	struct rename_job *r = container_of(job, struct rename_job, job);
	char asked[NAME_SIZE];
	struct change change = {
		.at = { { r->parent, r->name }, { r->new_parent, asked } },
	};
	int result;

	memcpy(asked, r->new_name, sizeof(asked));
	change_begin(&job->store->tree, &change);
	result = rename_names(r, asked, err);
	change_end(&job->store->tree, &change);
	return result;
}

static void release_rename(struct store_job *job)
{
	struct rename_job *r = container_of(job, struct rename_job, job);

	node_put(job->store, r->parent, 1);
	node_put(job->store, r->new_parent, 1);
	buf_release(&r->key);
	buf_release(&r->new_key);
}

void store_rename(struct store *store, struct node *parent, const char *name,
		  struct node *new_parent, const char *new_name, unsigned flags,
		  struct store_op *op)
{
	struct rename_job *r = calloc(1, sizeof(*r));
	int result = name_check(new_name, strlen(new_name));

	if (result == 0)
		result = name_check(name, strlen(name));
	if (flags & ~(unsigned)RENAME_NOREPLACE)
		result = -EINVAL;
	if (!r || result < 0) {
		free(r);
		op->done(op, result < 0 ? result : -ENOMEM);
		return;
	}
	r->job = (struct store_job){
		.store = store,
		.op = op,
		.run = run_rename,
		.release = release_rename,
	};
	r->parent = node_get(parent);
	r->new_parent = node_get(new_parent);
	memcpy(r->name, name, strlen(name) + 1);
	memcpy(r->new_name, new_name, strlen(new_name) + 1);
	r->flags = flags;
	r->key = (struct buf)BUF_INIT(S3_KEY_MAX + 1);
	r->new_key = (struct buf)BUF_INIT(S3_KEY_MAX + 1);
	job_start(&r->job);
}
