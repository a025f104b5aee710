/* SPDX-License-Identifier: MIT */
/* Many copies at a time; see copies.h. */
#include "change/copies.h"

#include <stdio.h>
#include <string.h>

#include "change/copies_sent.h"
#include "change/mkdir.h"
#include "facts/headers.h"
#include "name.h"
#include "names/tree.h"
#include "object/copy.h"
#include "traits.h"

#define COPIES_IN_FLIGHT 64

/* One on its way. */
struct flight {
	struct object_copy by;
	struct s3_head head; /* if what it has must be known */
	struct s3_copy copy;
	struct copies *copies;
	char *old_key, *new_key;
	char etag[S3_ETAG_MAX]; /* as listed */
	struct pairs wanted;    /* set by hand */
};

void copies_init(struct copies *c, struct store *store, struct node *dir)
{
	*c = (struct copies){
		.store = store,
		.dir = dir,
		.lock = LOCK_INIT(LOCK_COPIES),
		.landed = PTHREAD_COND_INITIALIZER,
	};
	list_init(&c->pages);
}

void copies_release(struct copies *c)
{
	copies_forget_sent(c);
	for (struct strmap_entry *e = strmap_next(&c->etags, NULL); e;
	     e = strmap_next(&c->etags, e))
		free(e->value);
	strmap_release(&c->etags);
	strmap_release(&c->spared);
}

/* ---------------------------------------------------- what the tree knows */

struct node *copies_find_dir_locked(struct tree *tree, struct node *dir,
				    const char *path, char name[NAME_SIZE])
{
	size_t len = strcspn(path, "/");

	lock_assert_held(&tree->lock);
	while (dir && dir->is_dir && len > 0 && len < NAME_SIZE) {
		memcpy(name, path, len);
		name[len] = '\0';
		if (path[len] == '\0')
			return dir;
		dir = tree_find_locked(tree, dir, name);
		path += len + 1;
		len = strcspn(path, "/");
	}
	return NULL;
}

struct node *copies_find_file_locked(struct tree *tree, struct node *dir,
				     const char *path)
{
	char name[NAME_SIZE];
	struct node *parent = copies_find_dir_locked(tree, dir, path, name);
	struct node *node =
		parent ? tree_find_locked(tree, parent, name) : NULL;

	lock_assert_held(&tree->lock);
	return node && !node->is_dir ? node : NULL;
}

/* ------------------------------------------------------------- one flight */

static void flight_free(struct flight *f)
{
	s3_head_release(&f->head);
	s3_copy_release(&f->copy);
	pairs_release(&f->wanted);
	free(f->old_key);
	free(f->new_key);
	free(f);
}

static const char *suffix_of(const struct flight *f)
{
	return f->old_key + strlen(f->copies->from);
}

static void fail_locked(struct copies *c, const char *key, int result,
			const struct errinfo *err)
{
	if (c->error)
		return;
	c->error = result;
	c->err = *err;
	if (!err->text[0])
		errinfo_set(&c->err, result, "%s: %s", key, strerror(-result));
}

static int note_etag_locked(struct flight *f, const char *etag)
{
	struct copied_etag *pair;
	int result;

	if (strcmp(f->etag, etag) == 0)
		return 0;
	pair = calloc(1, sizeof(*pair));
	if (!pair)
		return -ENOMEM;
	memcpy(pair->from, f->etag, sizeof(pair->from));
	snprintf(pair->to, sizeof(pair->to), "%s", etag);
	result = strmap_set(&f->copies->etags, suffix_of(f), pair, NULL);
	if (result < 0)
		free(pair);
	return result;
}

static void flight_landed(struct flight *f, int result, const char *etag,
			  const struct errinfo *err)
{
	static char is_spared;
	struct copies *c = f->copies;

	{
		LOCK(&c->lock);
		if (result == 0)
			result = note_etag_locked(f, etag);
		else if ((result == -ENOENT || result == -EEXIST) &&
			 strmap_set(&c->spared, suffix_of(f), &is_spared,
				    NULL) < 0)
			c->is_blind = true;
		if (result < 0 && result != -ENOENT)
			fail_locked(c, f->new_key, result, err);
		c->flying--;
		pthread_cond_broadcast(&c->landed);
	}
	flight_free(f);
}

static void flight_copied(struct s3_op *op)
{
	struct flight *f = container_of(op, struct flight, copy.op);

	flight_landed(f, op->result, f->copy.etag, &op->err);
}

static void flight_send(struct flight *f, const struct pairs *stored)
{
	struct store *store = f->copies->store;
	struct errinfo err = ERRINFO_INIT;
	int result = copy_fill(store, &f->by, stored, &f->copy);

	if (result < 0) {
		flight_landed(f, result, "", &err);
		return;
	}
	f->copy.if_none_match = f->by.only_if_free;
	f->copy.op.done = flight_copied;
	f->copy.op.priority = S3_BACKGROUND;
	s3_copy_start(store->s3, &f->copy);
}

static void flight_headed(struct s3_op *op)
{
	struct flight *f = container_of(op, struct flight, head.op);

	if (op->result < 0)
		flight_landed(f, op->result, "", &op->err);
	else
		flight_send(f, &f->head.object.headers);
}

/* Waits here: a large one, and the first that asks for a condition. */
static void flight_alone(struct flight *f)
{
	struct errinfo err = ERRINFO_INIT;
	int result = copy_object(f->copies->store, &f->by, &err);

	flight_landed(f, result, f->by.new_etag, &err);
}

static int flight_fill(struct flight *f, const struct s3_listed *item)
{
	struct copies *c = f->copies;
	struct store *store = c->store;
	const char *suffix = item->key + strlen(c->from);
	const struct node *node;

	f->old_key = strdup(item->key);
	if (asprintf(&f->new_key, "%s%s", c->to, suffix) < 0)
		f->new_key = NULL;
	if (!f->old_key || !f->new_key)
		return -ENOMEM;
	if (strlen(f->new_key) > S3_KEY_MAX)
		return -ENAMETOOLONG;
	memcpy(f->etag, item->etag, sizeof(f->etag));
	f->by = (struct object_copy){
		.source_key = f->old_key,
		.expected_etag = f->etag,
		.key = f->new_key,
		.size = item->size,
		/* The folder is there by now, claimed or as an empty one. */
		.only_if_free =
			*suffix &&
			s3_trait(store->s3, S3_TRAIT_CONDITIONAL_COPY) != S3_NO,
		.has_class = item->has_class,
		.wanted = &f->wanted,
	};
	LOCK(&store->tree.lock);
	node = copies_find_file_locked(&store->tree, c->dir, suffix);
	return node ? pairs_merge(&f->wanted, headers_wanted_locked(node)) : 0;
}

/* Whether it may fly; then it is among those that were sent. */
static bool flight_begin(struct flight *f)
{
	struct copies *c = f->copies;
	const char *suffix = suffix_of(f);
	struct errinfo err = ERRINFO_INIT;
	LOCK(&c->lock);

	while (c->flying >= COPIES_IN_FLIGHT && !c->error)
		lock_wait(&c->lock, &c->landed);
	if (!c->error && (*suffix || !c->has_own_marker) &&
	    copies_note_sent(c, suffix) < 0)
		fail_locked(c, f->new_key, -ENOMEM, &err);
	if (!*suffix)
		c->is_mere_claim = false;
	if (!c->error)
		c->flying++;
	return !c->error;
}

static void flight_start(struct flight *f)
{
	struct store *store = f->copies->store;
	bool is_first = f->by.only_if_free && !f->copies->has_tried;

	if (is_first || copy_is_large(store, &f->by)) {
		f->copies->has_tried |= is_first;
		flight_alone(f);
	} else if (copy_is_plain(store, &f->by)) {
		flight_send(f, NULL);
	} else {
		f->head.op.done = flight_headed;
		f->head.op.priority = S3_BACKGROUND;
		f->head.key = f->old_key;
		s3_head_start(store->s3, &f->head);
	}
}

/* --------------------------------------------------------------- all of it */

/* Lets go what one page of the listing has. False: something failed. */
static bool copies_send_page(struct copies *c, const struct s3_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		struct flight *f = calloc(1, sizeof(*f));
		int result = -ENOMEM;

		if (f) {
			f->copies = c;
			result = flight_fill(f, &list->items[i]);
		}
		if (result < 0) {
			struct errinfo err = ERRINFO_INIT;
			LOCK(&c->lock);

			fail_locked(c, list->items[i].key, result, &err);
		}
		if (result < 0 || !flight_begin(f)) {
			if (f)
				flight_free(f);
			return false;
		}
		flight_start(f);
	}
	return true;
}

/* Gives see each page of what is below prefix, until it returns false. */
static int list_below(struct copies *c, const char *prefix,
		      bool (*see)(struct copies *c, const struct s3_list *list),
		      struct errinfo *err)
{
	struct s3_client *s3 = c->store->s3;
	struct s3_list list = { .op.priority = S3_METADATA, .prefix = prefix };
	int result;

	s3_list_start(s3, &list);
	result = s3_wait(s3, &list.op);
	while (result == 0 && see(c, &list) && s3_list_has_more(&list)) {
		s3_list_next_start(s3, &list);
		result = s3_wait(s3, &list.op);
	}
	if (result < 0)
		*err = list.op.err;
	s3_list_release(&list);
	return result;
}

int copies_make(struct copies *c, struct errinfo *err)
{
	int result = list_below(c, c->from, copies_send_page, err);
	LOCK(&c->lock);

	while (c->flying > 0)
		lock_wait(&c->lock, &c->landed);
	if (!c->error)
		return result;
	*err = c->err;
	return c->error;
}

int copies_claim(struct copies *c, bool *is_sure, struct errinfo *err)
{
	struct s3_client *s3 = c->store->s3;
	struct errinfo ignored = ERRINFO_INIT;
	int result = copies_note_sent(c, "");

	if (result == 0)
		result = put_marker(c->store, c->to, err);
	/* Another host's is not ours to remove. */
	c->has_marker = result == -EEXIST;
	c->is_mere_claim = true;
	/* Once: who honours the condition refuses what is there already. */
	if (result == 0 &&
	    s3_trait(s3, S3_TRAIT_CONDITIONAL_PUT) == S3_UNKNOWN &&
	    put_marker(c->store, c->to, &ignored) == 0)
		s3_trait_learn(s3, S3_TRAIT_CONDITIONAL_PUT, S3_NO, NULL);
	*is_sure = s3_trait(s3, S3_TRAIT_CONDITIONAL_PUT) == S3_YES;
	return result;
}

static bool copies_count_page(struct copies *c, const struct s3_list *list)
{
	c->found += list->count;
	return true;
}

int copies_check_alone(struct copies *c, struct errinfo *err)
{
	size_t ours = c->count - c->spared.count;
	int result;

	if (c->has_marker && !c->has_own_marker)
		ours++;
	c->found = 0;
	result = list_below(c, c->to, copies_count_page, err);
	if (result == 0 && c->found > ours)
		result = errinfo_set(err, -EEXIST,
				     "%s has what another client stored there",
				     c->to);
	return result;
}
