/* SPDX-License-Identifier: MIT */
/*
 * rename: S3 has none, so an object is copied and its old key removed. A
 * file that was never stored just changes its name. A directory is moved key
 * by key, 64 copies at a time; its old keys go when all copies are there, so
 * that a failure leaves the old tree whole.
 */
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "deletes.h"
#include "file.h"
#include "log.h"
#include "mime.h"
#include "name.h"
#include "remove.h"
#include "upload.h"

#define COPIES_IN_FLIGHT 64

struct rename_job {
	struct store_job job;
	struct node *parent, *new_parent; /* counted */
	char name[NAME_SIZE], new_name[NAME_SIZE];
	unsigned flags;
	struct buf key, new_key;
	bool has_other_name; /* new_name is not the one asked for */
};

/* --------------------------------------------------------- one object */

/* CopyObject's limit is 5 GiB; larger ones are copied in parts. */
static int copy_large(struct store *store, const struct s3_copy *from,
		      uint64_t size, char etag[S3_ETAG_MAX],
		      struct errinfo *err)
{
	struct s3_create_upload create = { .key = from->key };
	struct s3_complete_upload complete = { .key = from->key };
	struct s3_part *parts;
	unsigned count =
		(unsigned)((size + S3_PART_MAX / 5 - 1) / (S3_PART_MAX / 5));
	uint64_t at = 0;
	int result;

	parts = calloc(count, sizeof(*parts));
	if (!parts)
		return -ENOMEM;
	s3_create_upload_start(store->s3, &create);
	result = s3_wait(store->s3, &create.op);
	*err = create.op.err;
	for (unsigned i = 0; result == 0 && i < count; i++) {
		uint64_t left = size - at;
		struct s3_copy_part part = {
			.key = from->key,
			.upload_id = create.upload_id,
			.number = i + 1,
			.source_key = from->source_key,
			.source_etag = from->source_etag,
			.offset = at,
			.length =
				left < S3_PART_MAX / 5 ? left : S3_PART_MAX / 5,
		};

		s3_copy_part_start(store->s3, &part);
		result = s3_wait(store->s3, &part.op);
		*err = part.op.err;
		parts[i].number = i + 1;
		memcpy(parts[i].etag, part.etag, S3_ETAG_MAX);
		parts[i].has_crc32c = part.has_crc32c;
		parts[i].crc32c = part.crc32c;
		at += part.length;
		s3_copy_part_release(&part);
	}
	if (result == 0) {
		complete.upload_id = create.upload_id;
		complete.parts = parts;
		complete.count = count;
		s3_complete_upload_start(store->s3, &complete);
		result = s3_wait(store->s3, &complete.op);
		*err = complete.op.err;
		memcpy(etag, complete.etag, S3_ETAG_MAX);
		s3_complete_upload_release(&complete);
	}
	if (result < 0 && create.upload_id) {
		struct s3_abort_upload abort = {
			.key = from->key,
			.upload_id = create.upload_id,
		};

		s3_abort_upload_start(store->s3, &abort);
		if (s3_wait(store->s3, &abort.op) < 0)
			log_warn("rename", "an unfinished copy to %s is left",
				 from->key);
		s3_abort_upload_release(&abort);
	}
	s3_create_upload_release(&create);
	free(parts);
	return result;
}

/* The headers of an object that a copy with new ones has to say again. */
static bool is_restated(const char *name)
{
	static const char *const names[] = {
		"cache-control",       "content-disposition",
		"content-encoding",    "content-language",
		"content-type",        "expires",
		"x-amz-storage-class", "x-amz-website-redirect-location",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(name, names[i]) == 0)
			return true;
	}
	return strncmp(name, "x-amz-meta-", 11) == 0;
}

/*
 * Editors write page.css.tmp and rename it: the type guessed from the old
 * name would stick. If it is the guessed one and the new name has another,
 * copy gets all headers with the new type; a type that was set stays.
 */
static int follow_type(struct rename_job *r, struct s3_copy *copy,
		       struct errinfo *err)
{
	struct store *store = r->job.store;
	const char *encoding;
	const char *old_type = mime_guess(r->name, &encoding);
	const char *new_type = mime_guess(r->new_name, &encoding);
	struct s3_head head = { .key = copy->source_key };
	const struct pairs *stored = &head.object.headers;
	const char *type;
	int result;

	if (strcmp(old_type, new_type) == 0)
		return 0;
	s3_head_start(store->s3, &head);
	result = s3_wait(store->s3, &head.op);
	*err = head.op.err;
	type = result == 0 ? pairs_get(stored, "content-type") : NULL;
	if (type && strcmp(type, old_type) == 0) {
		for (size_t i = 0; result == 0 && i < stored->count; i++) {
			if (is_restated(stored->items[i].name))
				result = pairs_set(&copy->headers,
						   stored->items[i].name,
						   stored->items[i].value);
		}
		if (result == 0)
			result = pairs_set(&copy->headers, "content-type",
					   new_type);
		copy->replace_headers = true;
	}
	s3_head_release(&head);
	return result;
}

static int copy_object(struct rename_job *r, const char *source_etag,
		       uint64_t size, char etag[S3_ETAG_MAX],
		       struct errinfo *err)
{
	struct store *store = r->job.store;
	struct s3_copy copy = {
		.op.priority = S3_COMMIT,
		.source_key = buf_str(&r->key),
		.source_etag = source_etag && *source_etag ? source_etag : NULL,
		.key = buf_str(&r->new_key),
		.length = size,
	};
	int result;

	if (size > S3_COPY_MAX)
		return copy_large(store, &copy, size, etag, err);
	result = follow_type(r, &copy, err);
	if (result == 0) {
		s3_copy_start(store->s3, &copy);
		result = s3_wait(store->s3, &copy.op);
		*err = copy.op.err;
	}
	memcpy(etag, copy.etag, S3_ETAG_MAX);
	s3_copy_release(&copy);
	return result;
}

/* --------------------------------------------------------------- tree */

/* node leads to its new name now; the old one is on its way out. */
static int move_node(struct rename_job *r, struct node *node, const char *etag,
		     bool had_object)
{
	struct store *store = r->job.store;
	struct tree *tree = &store->tree;
	struct node *target;
	int result;
	LOCK(&tree->lock);

	target = tree_find_locked(tree, r->new_parent, r->new_name);
	if (target && target != node)
		tree_detach_locked(tree, target);
	tree_forget_absent_locked(r->new_parent, r->new_name);
	result = tree_move_locked(tree, node, r->new_parent, r->new_name);
	if (result < 0)
		return result;
	node_mark_created_locked(node);
	tree_note_absent_locked(
		r->parent, r->name,
		had_object ? SEQ_PENDING : tree_next_seq_locked(tree),
		had_object ?
			NEVER_MS :
			clock_now_ms() + store->options.negative_timeout_ms);
	if (etag && *etag) {
		free(node->etag);
		node->etag = strdup(etag);
		node->seq = tree_next_seq_locked(tree);
		node->until_ms =
			clock_now_ms() + store->options.attr_timeout_ms;
	}
	return 0;
}

static int remove_old(struct rename_job *r)
{
	return deletes_add(r->job.store->deletes, r->parent, r->name,
			   buf_str(&r->key), false);
}

/* An open file stands on the copy from now on. */
static void rebase_file(struct file *file, const char *key, const char *etag)
{
	struct list_link waiters;
	char *copy = strdup(key);

	list_init(&waiters);
	if (copy) {
		LOCK(&file->lock);
		free(file->base.key);
		file->base.key = copy;
		if (etag)
			snprintf(file->base.etag, sizeof(file->base.etag), "%s",
				 etag);
		fetch_rebase_locked(file, &waiters);
	}
	fetch_tell(&waiters, NULL);
}

static struct file *open_file_of(struct store *store, struct node *node)
{
	LOCK(&store->tree.lock);
	if (node->file)
		node->file->refs++;
	return node->file;
}

/* --------------------------------------------------------------- files */

/* What stands at the new name gives way; its readers keep their bytes. */
static int displace_target(struct rename_job *r, struct node *target,
			   struct errinfo *err)
{
	struct store *store = r->job.store;
	struct file *file = open_file_of(store, target);
	int result = 0;

	if (file) {
		result = file_keep(file, err);
		file_put(file);
	}
	return result;
}

static int choose_other_name(struct rename_job *r)
{
	char name[NAME_SIZE];
	int result;

	node_key(r->job.store, r->new_parent, &r->new_key);
	if (r->new_key.error || r->new_key.len >= S3_KEY_MAX)
		return -ENAMETOOLONG;
	result = name_unique(name, r->new_name, S3_KEY_MAX - r->new_key.len);
	if (result < 0)
		return result;
	memcpy(r->new_name, name, sizeof(name));
	buf_add_str(&r->new_key, name);
	r->has_other_name = true;
	return r->new_key.error;
}

/* Nobody is told of the stored object yet, or it is being changed. */
static int rename_dirty(struct rename_job *r, struct node *node,
			struct file *file, struct errinfo *err)
{
	bool had_object;
	int result;

	{
		LOCK(&file->lock);
		while (file->is_publishing)
			lock_wait(&file->lock, &file->changed);
		had_object = file->base.exists;
		file->is_exclusive = false;
	}
	result = move_node(r, node, NULL, had_object);
	if (result < 0 || !had_object)
		return result;
	result = file_publish(file, err);
	return result < 0 ? result : remove_old(r);
}

static int rename_stored(struct rename_job *r, struct node *node,
			 struct file *file, struct errinfo *err)
{
	AUTO_FREE char *source_etag = NULL;
	char etag[S3_ETAG_MAX] = "";
	uint64_t size;
	int result;

	{
		LOCK(&r->job.store->tree.lock);
		source_etag = node->etag ? strdup(node->etag) : NULL;
		size = node->size;
	}
	result = copy_object(r, source_etag, size, etag, err);
	if (result == 0)
		result = move_node(r, node, etag, true);
	if (result == 0 && file)
		rebase_file(file, buf_str(&r->new_key), etag);
	return result < 0 ? result : remove_old(r);
}

static int rename_file(struct rename_job *r, struct node *node,
		       struct node *target, struct errinfo *err)
{
	struct store *store = r->job.store;
	struct file *file = open_file_of(store, node);
	bool is_dirty = false;
	int result = 0;

	if (file) {
		LOCK(&file->lock);
		is_dirty = file->is_dirty;
	}
	if (target && store->options.no_overwrite)
		result = choose_other_name(r);
	else if (target)
		result = displace_target(r, target, err);
	deletes_wait(store->deletes, buf_str(&r->new_key));
	deletes_wait(store->deletes, buf_str(&r->key));
	if (result == 0 && is_dirty)
		result = rename_dirty(r, node, file, err);
	else if (result == 0)
		result = rename_stored(r, node, file, err);
	if (file)
		file_put(file);
	return result;
}

/* --------------------------------------------------------- directories */

struct move {
	struct rename_job *rename;
	struct lock lock;
	pthread_cond_t landed;
	unsigned flying;
	int error;
	struct errinfo err;
	struct buf old_keys, new_keys; /* each key with its NUL */
};

struct move_copy {
	struct s3_copy copy;
	struct move *move;
	char *old_key, *new_key;
};

/* The open file that stands on old_key, if there is one: rebase it. */
static void rebase_open(struct store *store, const char *old_key,
			const char *new_key, const char *etag)
{
	struct file *found = NULL;

	{
		LOCK(&store->files_lock);
		list_for_each(link, &store->files) {
			struct file *f =
				container_of(link, struct file, files_link);

			if (!found && strcmp(f->base.key, old_key) == 0)
				found = f;
		}
		if (found) {
			LOCK(&store->tree.lock);
			if (found->refs > 0)
				found->refs++;
			else
				found = NULL;
		}
	}
	if (found) {
		rebase_file(found, new_key, etag);
		file_put(found);
	}
}

static void copy_landed(struct s3_op *op)
{
	struct move_copy *c = container_of(op, struct move_copy, copy.op);
	struct move *move = c->move;

	{
		LOCK(&move->lock);
		move->flying--;
		if (op->result < 0 && move->error == 0) {
			move->error = op->result;
			move->err = op->err;
		}
		if (op->result == 0) {
			buf_add(&move->old_keys, c->old_key,
				strlen(c->old_key) + 1);
			buf_add(&move->new_keys, c->new_key,
				strlen(c->new_key) + 1);
			if (move->old_keys.error || move->new_keys.error)
				move->error = -ENOMEM;
		}
		pthread_cond_broadcast(&move->landed);
	}
	s3_copy_release(&c->copy);
	free(c->old_key);
	free(c->new_key);
	free(c);
}

static int start_copy(struct move *move, const struct s3_listed *item)
{
	struct rename_job *r = move->rename;
	struct move_copy *c = calloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	c->move = move;
	c->old_key = strdup(item->key);
	if (asprintf(&c->new_key, "%s%s", buf_str(&r->new_key),
		     item->key + r->key.len) < 0)
		c->new_key = NULL;
	if (!c->old_key || !c->new_key || strlen(c->new_key) > S3_KEY_MAX) {
		bool is_long = c->new_key && c->old_key;

		free(c->old_key);
		free(c->new_key);
		free(c);
		return is_long ? -ENAMETOOLONG : -ENOMEM;
	}
	c->copy.op.done = copy_landed;
	c->copy.op.priority = S3_BACKGROUND;
	c->copy.source_key = c->old_key;
	c->copy.key = c->new_key;
	c->copy.length = item->size;
	{
		LOCK(&move->lock);
		while (move->flying >= COPIES_IN_FLIGHT)
			lock_wait(&move->lock, &move->landed);
		move->flying++;
	}
	s3_copy_start(r->job.store->s3, &c->copy);
	return 0;
}

/* One page of the tree's keys into the air. */
static int move_page(struct move *move, struct s3_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		int result = start_copy(move, &list->items[i]);

		if (result < 0)
			return result;
		LOCK(&move->lock);
		if (move->error)
			return move->error;
	}
	return 0;
}

static int copy_tree(struct move *move, struct errinfo *err)
{
	struct rename_job *r = move->rename;
	AUTO_FREE char *after = NULL;
	bool has_more = true;
	int result = 0;

	while (result == 0 && has_more) {
		struct s3_list list = {
			.op.priority = S3_METADATA,
			.prefix = buf_str(&r->key),
			.start_after = after,
		};

		s3_list_start(r->job.store->s3, &list);
		result = s3_wait(r->job.store->s3, &list.op);
		*err = list.op.err;
		if (result == 0)
			result = move_page(move, &list);
		has_more = list.is_truncated && list.last_key;
		if (has_more) {
			free(after);
			after = STEAL(list.last_key);
		}
		s3_list_release(&list);
	}
	LOCK(&move->lock);
	while (move->flying > 0)
		lock_wait(&move->lock, &move->landed);
	if (result == 0 && move->error) {
		result = move->error;
		*err = move->err;
	}
	return result;
}

/* Removes keys (each with its NUL), a thousand at a time. */
static int remove_keys(struct store *store, const struct buf *keys,
		       struct errinfo *err)
{
	AUTO_FREE struct s3_delete_key *batch =
		calloc(S3_DELETE_MAX, sizeof(*batch));
	const char *at = keys->data, *end = at + keys->len;
	int first = 0;

	if (!batch)
		return -ENOMEM;
	while (at && at < end) {
		struct s3_delete_many many = { .keys = batch };
		int result;

		for (; at < end && many.count < S3_DELETE_MAX;
		     at += strlen(at) + 1)
			batch[many.count++] =
				(struct s3_delete_key){ .key = at };
		many.op.priority = S3_BACKGROUND;
		s3_delete_many_start(store->s3, &many);
		result = s3_wait(store->s3, &many.op);
		if (result < 0 && first == 0) {
			first = result;
			*err = many.op.err;
		}
		s3_delete_many_release(&many);
	}
	return first;
}

static void rebase_moved(struct move *move)
{
	const char *old_key = move->old_keys.data;
	const char *new_key = move->new_keys.data;
	const char *end = old_key + move->old_keys.len;

	while (old_key && old_key < end) {
		/* The copy of a multipart object may have another ETag. */
		rebase_open(move->rename->job.store, old_key, new_key, "");
		old_key += strlen(old_key) + 1;
		new_key += strlen(new_key) + 1;
	}
}

static bool has_open_files(struct store *store)
{
	LOCK(&store->files_lock);
	return !list_is_empty(&store->files);
}

static int rename_dir(struct rename_job *r, struct node *node,
		      struct errinfo *err)
{
	struct store *store = r->job.store;
	struct move move = {
		.rename = r,
		.lock = LOCK_INIT,
		.landed = PTHREAD_COND_INITIALIZER,
		.old_keys = BUF_INIT(SIZE_MAX / 2),
		.new_keys = BUF_INIT(SIZE_MAX / 2),
	};
	struct errinfo ignored = ERRINFO_INIT;
	int result;

	buf_add_char(&r->key, '/');
	buf_add_char(&r->new_key, '/');
	deletes_wait_all(store->deletes);
	result = copy_tree(&move, err);
	if (result == 0)
		result = move_node(r, node, NULL, false);
	if (result == 0 && has_open_files(store))
		rebase_moved(&move);
	if (result == 0) {
		result = remove_keys(store, &move.old_keys, err);
	} else if (remove_keys(store, &move.new_keys, &ignored) < 0) {
		log_warn("rename", "copies are left under %s: %s",
			 buf_str(&r->new_key), ignored.text);
	}
	buf_release(&move.old_keys);
	buf_release(&move.new_keys);
	return result;
}

/* ----------------------------------------------------------------- all */

static int check_target(struct rename_job *r, struct node *node,
			struct node *target, struct errinfo *err)
{
	if (r->flags & RENAME_NOREPLACE)
		return -EEXIST;
	if (target->is_dir && !node->is_dir)
		return -EISDIR;
	if (!target->is_dir && node->is_dir)
		return -ENOTDIR;
	return target->is_dir ? check_empty(r->job.store, target, err) : 0;
}

static int rename_nodes(struct rename_job *r, struct node *node,
			struct node *target, struct errinfo *err)
{
	struct store *store = r->job.store;
	int result = target ? check_target(r, node, target, err) : 0;

	if (result == 0)
		result = child_key(store, r->parent, r->name, &r->key);
	if (result == 0)
		result = child_key(store, r->new_parent, r->new_name,
				   &r->new_key);
	if (result < 0)
		return result;
	return node->is_dir ? rename_dir(r, node, err) :
			      rename_file(r, node, target, err);
}

static int run_rename(struct store_job *job, struct errinfo *err)
{
	struct rename_job *r = container_of(job, struct rename_job, job);
	struct store *store = job->store;
	struct node *node = NULL, *target = NULL;
	char asked[NAME_SIZE];
	int result = lookup_wait(store, r->parent, r->name, &node, err);

	if (result < 0)
		return result;
	memcpy(asked, r->new_name, sizeof(asked));
	result = lookup_wait(store, r->new_parent, r->new_name, &target, err);
	if (result == -ENOENT || (result == 0 && target != node))
		result = rename_nodes(r, node, target, err);
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
