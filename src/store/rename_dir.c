/* SPDX-License-Identifier: MIT */
/*
 * A directory is moved key by key, many copies at a time; its old keys go
 * when all copies are there, so that a failure leaves the old tree whole.
 */
#include <stdio.h>
#include <string.h>

#include "change.h"
#include "copy.h"
#include "deletes.h"
#include "headers.h"
#include "log.h"
#include "rename.h"

#define COPIES_IN_FLIGHT 64

struct move {
	struct rename_job *rename;
	struct node *dir;
	struct lock lock;
	pthread_cond_t landed;
	unsigned flying;
	int error;
	struct errinfo err;
	struct buf old_keys, new_keys, etags; /* each with its NUL */
};

struct move_copy {
	struct object_copy by;
	struct s3_head head; /* if what it has must be known */
	struct s3_copy copy;
	struct move *move;
	char *old_key, *new_key;
	struct pairs wanted; /* set by hand */
};

/* What the tree has of the file that is called so below dir, or NULL. */
static struct node *find_file_locked(struct tree *tree, struct node *dir,
				     const char *path)
{
	char name[NAME_SIZE];

	while (dir && dir->is_dir && *path) {
		size_t len = strcspn(path, "/");

		if (len == 0 || len >= sizeof(name))
			return NULL;
		memcpy(name, path, len);
		name[len] = '\0';
		path += len;
		dir = tree_find_locked(tree, dir, name);
		if (*path == '/' && *++path == '\0')
			return NULL; /* a folder's marker */
	}
	return dir && !dir->is_dir && !*path ? dir : NULL;
}

static void copy_free(struct move_copy *c)
{
	s3_head_release(&c->head);
	s3_copy_release(&c->copy);
	pairs_release(&c->wanted);
	free(c->old_key);
	free(c->new_key);
	free(c);
}

static void copy_landed(struct move_copy *c, int result, const char *etag,
			const struct errinfo *err)
{
	struct move *move = c->move;

	{
		LOCK(&move->lock);
		move->flying--;
		if (result < 0 && move->error == 0) {
			move->error = result;
			move->err = *err;
		}
		if (result == 0) {
			buf_add(&move->old_keys, c->old_key,
				strlen(c->old_key) + 1);
			buf_add(&move->new_keys, c->new_key,
				strlen(c->new_key) + 1);
			buf_add(&move->etags, etag, strlen(etag) + 1);
			if (move->old_keys.error || move->new_keys.error ||
			    move->etags.error)
				move->error = -ENOMEM;
		}
		pthread_cond_broadcast(&move->landed);
	}
	copy_free(c);
}

static void copy_done(struct s3_op *op)
{
	struct move_copy *c = container_of(op, struct move_copy, copy.op);

	copy_landed(c, op->result, c->copy.etag, &op->err);
}

static void send_copy(struct move_copy *c, const struct pairs *stored)
{
	struct store *store = c->move->rename->job.store;
	struct errinfo err = ERRINFO_INIT;
	int result = copy_fill(store, &c->by, stored, &c->copy);

	if (result < 0) {
		copy_landed(c, result, "", &err);
		return;
	}
	c->copy.op.done = copy_done;
	c->copy.op.priority = S3_BACKGROUND;
	s3_copy_start(store->s3, &c->copy);
}

static void head_done(struct s3_op *op)
{
	struct move_copy *c = container_of(op, struct move_copy, head.op);

	if (op->result < 0)
		copy_landed(c, op->result, "", &op->err);
	else
		send_copy(c, &c->head.object.headers);
}

/* Larger than one request can copy: waits here. */
static void copy_in_parts(struct move_copy *c)
{
	struct errinfo err = ERRINFO_INIT;
	int result = copy_object(c->move->rename->job.store, &c->by, &err);

	copy_landed(c, result, c->by.new_etag, &err);
}

static int copy_wanted(struct move_copy *c)
{
	struct rename_job *r = c->move->rename;
	struct store *store = r->job.store;
	const struct node *node;
	LOCK(&store->tree.lock);

	node = find_file_locked(&store->tree, c->move->dir,
				c->old_key + r->key.len);
	return node ? pairs_merge(&c->wanted, headers_wanted_locked(node)) : 0;
}

static struct move_copy *copy_new(struct move *move,
				  const struct s3_listed *item)
{
	struct rename_job *r = move->rename;
	struct move_copy *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->move = move;
	c->old_key = strdup(item->key);
	if (asprintf(&c->new_key, "%s%s", buf_str(&r->new_key),
		     item->key + r->key.len) < 0)
		c->new_key = NULL;
	if (!c->old_key || !c->new_key || copy_wanted(c) < 0) {
		copy_free(c);
		return NULL;
	}
	c->by = (struct object_copy){
		.source_key = c->old_key,
		.key = c->new_key,
		.size = item->size,
		.has_class = item->has_class,
		.wanted = &c->wanted,
	};
	return c;
}

static int start_copy(struct move *move, const struct s3_listed *item)
{
	struct store *store = move->rename->job.store;
	struct move_copy *c = copy_new(move, item);

	if (!c)
		return -ENOMEM;
	if (strlen(c->new_key) > S3_KEY_MAX) {
		copy_free(c);
		return -ENAMETOOLONG;
	}
	{
		LOCK(&move->lock);
		while (move->flying >= COPIES_IN_FLIGHT)
			lock_wait(&move->lock, &move->landed);
		move->flying++;
	}
	if (item->size > store->options.copy_max_bytes) {
		copy_in_parts(c);
	} else if (copy_is_plain(store, &c->by)) {
		send_copy(c, NULL);
	} else {
		c->head.op.done = head_done;
		c->head.op.priority = S3_BACKGROUND;
		c->head.key = c->old_key;
		s3_head_start(store->s3, &c->head);
	}
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
	const char *at = buf_str(keys), *end = at + keys->len;
	int first = 0;

	if (!batch)
		return -ENOMEM;
	while (at < end) {
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

/* An open file below dir that stands on a key below prefix, counted. */
static struct file *find_below(struct store *store, const struct node *dir,
			       const char *prefix)
{
	LOCK(&store->files_lock);
	list_for_each(link, &store->files) {
		struct file *file = container_of(link, struct file, files_link);

		LOCK(&store->tree.lock);
		if (file->refs > 0 && node_is_below_locked(file->node, dir) &&
		    strncmp(file->base.key, prefix, strlen(prefix)) == 0) {
			file->refs++;
			return file;
		}
	}
	return NULL;
}

/* The ETag of old_key's copy: another one if the object came in parts. */
static const char *copy_etag(const struct move *move, const char *old_key)
{
	const char *key = move->old_keys.data, *etag = move->etags.data;
	const char *end = key + move->old_keys.len;

	for (; key && key < end; key += strlen(key) + 1) {
		if (strcmp(key, old_key) == 0)
			return etag;
		etag += strlen(etag) + 1;
	}
	return "";
}

/* The files of the tree stand for the copies from now on. */
static void learn_copies(struct move *move)
{
	struct rename_job *r = move->rename;
	struct tree *tree = &r->job.store->tree;
	const char *key = move->old_keys.data, *etag = move->etags.data;
	const char *end = key + move->old_keys.len;

	for (; key && key < end; key += strlen(key) + 1) {
		struct node *node;
		LOCK(&tree->lock);

		node = find_file_locked(tree, move->dir, key + r->key.len);
		if (node && node->etag && *etag) {
			/* One that stays as it was is found out: asked anew. */
			if (node_set_etag_locked(node, etag) < 0)
				node->until_ms = 0;
			headers_forget_locked(node, true);
		}
		etag += strlen(etag) + 1;
	}
}

/* Open files follow their keys. */
static int rebase_below(struct move *move)
{
	const struct node *dir = move->dir;
	struct rename_job *r = move->rename;
	struct store *store = r->job.store;
	struct file *file;
	int result = 0;

	while (result == 0 &&
	       (file = find_below(store, dir, buf_str(&r->key)))) {
		AUTO_FREE char *key = NULL;
		const char *etag;

		{
			LOCK(&store->tree.lock);
			if (asprintf(&key, "%s%s", buf_str(&r->new_key),
				     file->base.key + r->key.len) < 0)
				key = NULL;
			etag = copy_etag(move, file->base.key);
		}
		if (key)
			rename_rebase_file(file, STEAL(key), etag);
		else
			result = -ENOMEM;
		file_put(file);
	}
	return result;
}

/* What cannot be sent again under another key is stored, and then copied. */
static void save_gone(struct store *store, const struct node *dir)
{
	struct file **files = NULL;
	size_t count = 0;

	if (store_list_files(store, dir, &files, &count) < 0)
		return;
	for (size_t i = 0; i < count; i++) {
		file_save_gone(files[i]);
		file_put(files[i]);
	}
	free(files);
}

/*
 * From now on nothing below dir changes; what was begun is awaited, and the
 * removals before the publishes, who need nobody that waits for the move.
 */
static int stop_changes(struct store *store, struct node *dir)
{
	struct file **files = NULL;
	size_t count = 0;
	int result;

	move_await(&store->tree, dir);
	save_gone(store, dir);
	deletes_wait_all(store->deletes);
	move_begin(&store->tree, dir);
	result = store_list_files(store, dir, &files, &count);
	for (size_t i = 0; i < count; i++) {
		{
			LOCK(&files[i]->lock);
			while (file_is_busy_locked(files[i]))
				lock_wait(&files[i]->lock, &files[i]->changed);
		}
		file_put(files[i]);
	}
	free(files);
	return result;
}

int rename_dir(struct rename_job *r, struct node *node, struct errinfo *err)
{
	struct store *store = r->job.store;
	struct move move = {
		.rename = r,
		.dir = node,
		.lock = LOCK_INIT,
		.landed = PTHREAD_COND_INITIALIZER,
		.old_keys = BUF_INIT(SIZE_MAX / 2),
		.new_keys = BUF_INIT(SIZE_MAX / 2),
		.etags = BUF_INIT(SIZE_MAX / 2),
	};
	struct errinfo ignored = ERRINFO_INIT;
	int result;

	buf_add_char(&r->key, '/');
	buf_add_char(&r->new_key, '/');
	/* Without its slash a key is the beginning of others' too. */
	if (r->key.error || r->new_key.error)
		return -ENOMEM;
	result = stop_changes(store, node);
	if (result == 0)
		result = copy_tree(&move, err);
	if (result == 0)
		result = rename_move_node(r, node, NULL, false);
	if (result == 0) {
		learn_copies(&move);
		result = rebase_below(&move);
	}
	move_end(&store->tree, node);
	if (result == 0) {
		result = remove_keys(store, &move.old_keys, err);
	} else if (remove_keys(store, &move.new_keys, &ignored) < 0) {
		log_warn("rename", "copies are left under %s: %s",
			 buf_str(&r->new_key), ignored.text);
	}
	buf_release(&move.old_keys);
	buf_release(&move.new_keys);
	buf_release(&move.etags);
	return result;
}
