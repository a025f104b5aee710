/* SPDX-License-Identifier: MIT */
/*
 * HEADs ahead of somebody who asks for the attributes of one listed file
 * after another (ls -l, du, find -size): the sizes of the next ones are
 * known when he comes to them. Twice as many each time, up to AHEAD_MAX.
 */
#include "names/gzip_ahead.h"

#include <string.h>

#include "clock.h"
#include "facts/gzip_store.h"
#include "internal.h"
#include "names/gzip_look.h"
#include "names/key.h"
#include "names/listing.h"
#include "names/segment.h"
#include "names/tree.h"

#define AHEAD_FIRST 4
#define AHEAD_MAX   32

struct ahead {
	struct s3_head head;
	struct store *store;
	struct list_link link; /* between making and starting */
	char *key;
};

static void ahead_free(struct ahead *a)
{
	struct gzip_store *gzip = a->store->gzip;

	s3_head_release(&a->head);
	free(a->key);
	free(a);
	{
		LOCK(&gzip->lock);
		if (--gzip->aheads == 0)
			pthread_cond_broadcast(&gzip->none_ahead);
	}
}

/* A foreign object stays unknown: who wants its size has it expanded. */
static void ahead_done(struct s3_op *op)
{
	struct ahead *a = container_of(op, struct ahead, head.op);
	struct gzip_layout layout;

	if (op->result == 0)
		gzip_look(a->store, a->key, &a->head.object, &layout);
	ahead_free(a);
}

static int make(struct store *store, const char *key, struct list_link *out)
{
	struct ahead *a = calloc(1, sizeof(*a));

	if (!a)
		return -ENOMEM;
	a->key = strdup(key);
	if (!a->key) {
		free(a);
		return -ENOMEM;
	}
	a->store = store;
	a->head.op.done = ahead_done;
	a->head.op.priority = S3_METADATA;
	a->head.key = a->key;
	list_push(out, &a->link);
	LOCK(&store->gzip->lock);
	store->gzip->aheads++;
	return 0;
}

static uint32_t hash_of(const char *name)
{
	return strmap_hash(name, strlen(name), 0);
}

/* Makes a HEAD of each of the next entries whose size is not known. */
static void plan_locked(struct store *store, struct node *parent,
			const char *name, struct list_link *out)
{
	AUTO_BUF struct buf key = BUF_INIT(S3_KEY_MAX + NAME_SIZE);
	struct dir *dir = parent->dir;
	struct listing_page page;
	struct gzip_layout layout;
	struct segment_entry e;
	unsigned left = dir->ahead;

	lock_assert_held(&store->tree.lock);
	dir->ahead_hash = 0;
	if (!listing_next_page(&dir->listing, name, clock_now_ms(),
			       store->options.attr_timeout_ms, &page))
		return;
	for (size_t i = 0; i < page.count; i++) {
		segment_read(page.segment, page.first + i, &e);
		if (gzip_listed_locked(store, parent,
				       tree_find_locked(&store->tree, parent,
							e.name),
				       &e, &layout))
			continue;
		if (left-- == 0) {
			dir->ahead_hash = hash_of(e.name);
			return;
		}
		node_key_locked(store, parent, &key);
		buf_add_str(&key, e.name);
		if (key.error || make(store, buf_str(&key), out) < 0)
			return;
	}
}

void gzip_look_ahead(struct store *store, struct node *parent, const char *name)
{
	struct list_link heads, *link;

	list_init(&heads);
	{
		struct dir *dir;
		LOCK(&store->tree.lock);

		dir = parent->dir;
		if (!store->gzip || !dir)
			return;
		if (dir->ahead_hash != hash_of(name))
			dir->ahead = 0;
		else if (dir->ahead == 0)
			dir->ahead = AHEAD_FIRST;
		else if (dir->ahead < AHEAD_MAX)
			dir->ahead *= 2;
		plan_locked(store, parent, name, &heads);
	}
	while ((link = list_pop(&heads))) {
		struct ahead *a = container_of(link, struct ahead, link);

		s3_head_start(store->s3, &a->head);
	}
}
