/* SPDX-License-Identifier: MIT */
/*
 * A directory is moved key by key, many copies at a time; its old keys go
 * when all copies are there, so that a failure leaves the old tree whole.
 *
 * Nobody must mix what two hosts move to one name. The server is asked what
 * is there, the new folder's marker is made on the condition that there is
 * none, and each copy on the condition that its key is free. Where the marker
 * could not tell (an empty folder is there, the server has no conditions)
 * one more look shows whether somebody else has come: of two that look after
 * they have copied at least one sees the other.
 *
 * What can fail comes before the tree has the new name. Old keys that cannot
 * be removed after that are told as any other removal that failed.
 */
#include "change/rename_dir.h"

#include <linux/fs.h>
#include <stdio.h>
#include <string.h>

#include "change/copies.h"
#include "change/copies_sent.h"
#include "change/rename.h"
#include "data/room.h"
#include "facts/headers.h"
#include "file/file.h"
#include "log.h"
#include "names/listing.h"
#include "names/name_change.h"
#include "names/tree.h"
#include "object/deletes.h"
#include "write/claim.h"

/* An open file below the directory, and the key it is to stand on. */
struct moved_file {
	struct file *file; /* counted */
	char *key;
};

struct move {
	struct rename_job *rename;
	struct node *dir;
	struct copies copies;
	struct moved_file *files;
	size_t file_count;
};

/* --------------------------------------------------------- the new name */

/* Looks for prefix itself and for a folder of that name: one page, or two. */
static int ask_name(struct rename_job *r, bool *may_be_folder,
		    struct errinfo *err)
{
	struct store *store = r->job.store;
	AUTO_BUF struct buf folder = BUF_INIT(S3_KEY_MAX + 2);
	struct s3_list list = {
		.op.priority = S3_METADATA,
		.prefix = buf_str(&r->new_key),
		.delimiter = "/",
	};
	int result;

	buf_add_fmt(&folder, "%s/", buf_str(&r->new_key));
	if (folder.error)
		return folder.error;
	s3_list_start(store->s3, &list);
	result = s3_wait(store->s3, &list.op);
	if (result < 0)
		*err = list.op.err;
	*may_be_folder = list.is_truncated && list.last_key &&
			 strcmp(list.last_key, buf_str(&folder)) < 0;
	for (size_t i = 0; i < list.count; i++) {
		if (strcmp(list.items[i].key, buf_str(&r->new_key)) == 0)
			result = -ENOTDIR;
		if (strcmp(list.items[i].key, buf_str(&folder)) == 0)
			*may_be_folder = true;
	}
	s3_list_release(&list);
	return result;
}

/* Of a folder only its marker may be there. */
static int ask_folder(struct rename_job *r, bool *has_marker,
		      struct errinfo *err)
{
	struct store *store = r->job.store;
	AUTO_BUF struct buf folder = BUF_INIT(S3_KEY_MAX + 2);
	struct s3_list list = { .op.priority = S3_METADATA, .max_keys = 2 };
	int result;

	buf_add_fmt(&folder, "%s/", buf_str(&r->new_key));
	if (folder.error)
		return folder.error;
	list.prefix = buf_str(&folder);
	s3_list_start(store->s3, &list);
	result = s3_wait(store->s3, &list.op);
	if (result < 0)
		*err = list.op.err;
	*has_marker = result == 0 && list.last_key;
	if (*has_marker && strcmp(list.last_key, list.prefix) != 0)
		result = -ENOTEMPTY;
	s3_list_release(&list);
	return result;
}

/* The server is asked, whatever memory says; removals are done. */
static int ask_target(struct rename_job *r, struct node *target,
		      bool *has_marker, struct errinfo *err)
{
	bool may_be_folder = target;
	int result = 0;

	*has_marker = false;
	if (!target)
		result = ask_name(r, &may_be_folder, err);
	if (result == 0 && may_be_folder)
		result = ask_folder(r, has_marker, err);
	if (result == 0 && target) {
		LOCK(&r->job.store->tree.lock);
		/* What is not stored yet. */
		if (target->dir && !list_is_empty(&target->dir->created))
			result = -ENOTEMPTY;
	}
	if ((r->flags & RENAME_NOREPLACE) &&
	    (*has_marker || result == -ENOTEMPTY || result == -ENOTDIR))
		result = -EEXIST;
	return result;
}

/* ------------------------------------------------------- files and nodes */

/* All files below dir that are open, with the key that each is to have. */
static int files_find_locked(struct move *move)
{
	const struct rename_job *r = move->rename;
	struct store *store = r->job.store;

	move->files = calloc(store->file_count + 1, sizeof(*move->files));
	if (!move->files)
		return -ENOMEM;
	list_for_each(link, &store->files) {
		struct file *file = container_of(link, struct file, files_link);
		struct moved_file *to = &move->files[move->file_count];

		if (file->refs == 0 ||
		    !node_is_below_locked(file->node, move->dir) ||
		    strncmp(file->base.key, buf_str(&r->key), r->key.len) != 0)
			continue;
		if (asprintf(&to->key, "%s%s", buf_str(&r->new_key),
			     file->base.key + r->key.len) < 0) {
			to->key = NULL;
			return -ENOMEM;
		}
		file->refs++;
		to->file = file;
		move->file_count++;
	}
	return 0;
}

static void files_release(struct move *move)
{
	for (size_t i = 0; i < move->file_count; i++) {
		free(move->files[i].key);
		file_put(move->files[i].file);
	}
	free(move->files);
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
 * From now on nothing below dir changes, and nothing of it is evicted: who
 * needs room waits for the end. What was begun is awaited, and the removals
 * before the publishes, who need nobody that waits for the move.
 */
static int stop_changes(struct store *store, struct node *dir)
{
	struct file **files = NULL;
	size_t count = 0;
	int result;

	room_begin(store);
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

/* The last that can fail; whoever opens a file after it has the new key. */
static int move_node(struct move *move)
{
	struct store *store = move->rename->job.store;
	int result;
	LOCK(&store->files_lock);
	LOCK(&store->tree.lock);

	result = files_find_locked(move);
	if (result == 0)
		result = rename_move_node_locked(move->rename, move->dir, NULL,
						 false);
	return result;
}

static void learn_copy_locked(struct move *move, const char *suffix)
{
	struct tree *tree = &move->rename->job.store->tree;
	const struct copied_etag *etag =
		strmap_get(&move->copies.etags, suffix);
	char name[NAME_SIZE];
	struct node *parent =
		copies_find_dir_locked(tree, move->dir, suffix, name);
	struct node *node = copies_find_file_locked(tree, move->dir, suffix);

	if (etag && parent && parent->dir)
		listing_drop(&parent->dir->listing);
	if (!node || !node->etag)
		return;
	headers_forget_locked(node, true);
	/* One that stays as it was is found out: asked again. */
	if (etag && strcmp(node->etag, etag->from) == 0 &&
	    node_set_etag_locked(node, etag->to) < 0)
		node->until_ms = IN_DOUBT_MS;
}

/* Nodes and open files stand for the copies from now on. */
static void learn_copies(struct move *move)
{
	struct rename_job *r = move->rename;
	struct tree *tree = &r->job.store->tree;
	struct copies_at at = { 0 };
	const char *suffix;

	while ((suffix = copies_next(&move->copies, &at))) {
		LOCK(&tree->lock);
		learn_copy_locked(move, suffix);
	}
	for (size_t i = 0; i < move->file_count; i++) {
		struct moved_file *moved = &move->files[i];
		const struct copied_etag *etag = strmap_get(
			&move->copies.etags, moved->key + r->new_key.len);
		char own[S3_ETAG_MAX];

		{
			LOCK(&tree->lock);
			memcpy(own, moved->file->base.etag, sizeof(own));
		}
		rename_rebase_file(
			moved->file, STEAL(moved->key),
			etag && strcmp(own, etag->from) == 0 ? etag->to : own);
	}
}

/* ------------------------------------------------------------------- all */

static int copy_all(struct move *move, struct errinfo *err)
{
	struct copies *c = &move->copies;
	bool is_sure = false;
	int result = 0;

	if (!c->has_marker)
		result = copies_claim(c, &is_sure, err);
	if (result == 0)
		result = copies_make(c, err);
	if (result == 0 && !is_sure)
		result = copies_check_alone(c, err);
	/* Others are at the new name, too. */
	if (result == -EEXIST && !(move->rename->flags & RENAME_NOREPLACE))
		result = -ENOTEMPTY;
	return result;
}

static void remove_old(struct move *move)
{
	struct rename_job *r = move->rename;
	struct store *store = r->job.store;
	struct errinfo err = ERRINFO_INIT;
	int result = copies_remove_old(&move->copies, &err);

	if (result == 0)
		return;
	log_error("rename", "%s is at %s and was not removed here: %s",
		  buf_str(&r->key), buf_str(&r->new_key), err.text);
	LOCK(&store->tree.lock);
	deletes_bring_back_locked(store, r->parent, r->name, result);
}

static void remove_new(struct move *move)
{
	struct errinfo err = ERRINFO_INIT;

	if (copies_remove_new(&move->copies, &err) < 0)
		log_warn("rename", "copies are left under %s: %s",
			 move->copies.to, err.text);
}

int rename_dir(struct rename_job *r, struct node *node, struct node *target,
	       struct errinfo *err)
{
	struct store *store = r->job.store;
	struct move move = { .rename = r, .dir = node };
	int result;

	copies_init(&move.copies, store, node);
	result = stop_changes(store, node);
	if (result == 0)
		result = ask_target(r, target, &move.copies.has_marker, err);
	buf_add_char(&r->key, '/');
	buf_add_char(&r->new_key, '/');
	move.copies.from = buf_str(&r->key);
	move.copies.to = buf_str(&r->new_key);
	if (result == 0)
		result = r->key.error ? r->key.error : r->new_key.error;
	if (result == 0) {
		result = copy_all(&move, err);
		if (result == 0)
			result = move_node(&move);
		if (result == 0)
			learn_copies(&move);
		else
			remove_new(&move);
	}
	move_end(&store->tree, node);
	room_end(store, NULL);
	files_release(&move);
	if (result == 0)
		remove_old(&move);
	copies_release(&move.copies);
	return result;
}
