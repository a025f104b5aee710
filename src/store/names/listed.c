/* SPDX-License-Identifier: MIT */
/*
 * Listed names and their facts. For somebody who asks for the attributes of
 * one listed file after another (ls -l, du, find -size), the facts of the
 * next ones are asked ahead: twice as many each time, up to AHEAD_MAX.
 */
#include "names/listed.h"

#include <string.h>

#include "clock.h"
#include "facts/ahead.h"
#include "facts/facts.h"
#include "internal.h"
#include "names/key.h"
#include "names/listing.h"
#include "names/segment.h"
#include "names/tree.h"

#define SECOND_NS   1000000000
#define AHEAD_FIRST 4
#define AHEAD_MAX   32

/* The node is of this very version. */
static bool listed_is_of(const struct node *node,
			 const struct segment_entry *entry)
{
	uint64_t stored_size =
		node->layout ? node->layout->stored_size : node->size;

	return node->etag && strcmp(node->etag, entry->etag) == 0 &&
	       stored_size == entry->size &&
	       node->mtime_ns / SECOND_NS == entry->mtime_ns / SECOND_NS;
}

/*
 * The facts of an entry, if nothing has to be asked; else -EAGAIN, and v,
 * whose key is in key.
 */
static int listed_facts_locked(struct store *store, struct node *parent,
			       const struct node *node,
			       const struct segment_entry *entry,
			       struct object_facts *out, struct buf *key,
			       struct object_version *v)
{
	lock_assert_held(&store->tree.lock);
	out->layout = gzip_layout_none(entry->size);
	if (!facts_are_asked(store) || entry->is_dir || entry->size == 0)
		return 0;
	if (node && listed_is_of(node, entry)) {
		if (node->layout)
			out->layout = *node->layout;
		return 0;
	}
	buf_clear(key);
	node_key_locked(store, parent, key);
	buf_add_str(key, entry->name);
	if (key->error)
		return key->error;
	*v = (struct object_version){
		.key = buf_str(key),
		.etag = entry->etag,
		.stored_size = entry->size,
		.mtime_ns = entry->mtime_ns,
	};
	return facts_get(&store->facts, v, out) ? 0 : -EAGAIN;
}

int listed_learn_locked(struct store *store, struct node *parent,
			struct node *node, const struct segment_entry *entry,
			uint64_t seq, struct node **out)
{
	AUTO_BUF struct buf key = BUF_INIT(S3_KEY_MAX + NAME_SIZE);
	struct object_version v;
	struct object_facts facts;
	int result = listed_facts_locked(store, parent, node, entry, &facts,
					 &key, &v);

	if (result < 0)
		return -EAGAIN;
	if (node && seq <= node->seq) {
		if (node->is_dir != entry->is_dir)
			return -EAGAIN;
		*out = node_get_locked(node);
		return 0;
	}
	*out = tree_learn_locked(store, parent, entry->name,
				 &(struct node_facts){
					 .is_dir = entry->is_dir,
					 .layout = &facts.layout,
					 .mtime_ns = entry->mtime_ns,
					 .etag = entry->etag,
					 .seq = seq,
				 });
	if (!*out)
		return -ENOMEM;
	(*out)->has_class = entry->has_class;
	(*out)->is_archive = entry->is_archive;
	return 0;
}

static uint32_t listed_hash(const char *name)
{
	return strmap_hash(name, strlen(name), 0);
}

/* Plans a HEAD of each of the next entries whose facts are not known. */
static void listed_plan_locked(struct store *store, struct node *parent,
			       const char *name, struct list_link *heads)
{
	AUTO_BUF struct buf key = BUF_INIT(S3_KEY_MAX + NAME_SIZE);
	struct dir *dir = parent->dir;
	struct object_version v;
	struct listing_page page;
	struct object_facts facts;
	struct segment_entry e;
	unsigned left = dir->ahead;

	dir->ahead_hash = 0;
	if (!listing_next_page(&dir->listing, name, clock_now_ms(),
			       store->options.attr_timeout_ms, &page))
		return;
	for (size_t i = 0; i < page.count; i++) {
		struct node *node;
		int result;

		segment_read(page.segment, page.first + i, &e);
		node = tree_find_locked(&store->tree, parent, e.name);
		result = listed_facts_locked(store, parent, node, &e, &facts,
					     &key, &v);
		if (result == -EAGAIN && left-- == 0) {
			dir->ahead_hash = listed_hash(e.name);
			return;
		}
		if (result == -EAGAIN)
			result = ahead_plan(store, &v, heads);
		if (result < 0)
			return;
	}
}

void listed_look_ahead(struct store *store, struct node *parent,
		       const char *name)
{
	struct list_link heads;

	if (!facts_are_asked(store))
		return;
	list_init(&heads);
	{
		struct dir *dir;
		LOCK(&store->tree.lock);

		dir = parent->dir;
		if (!dir)
			return;
		if (dir->ahead_hash != listed_hash(name))
			dir->ahead = 0;
		else if (dir->ahead == 0)
			dir->ahead = AHEAD_FIRST;
		else if (dir->ahead < AHEAD_MAX)
			dir->ahead *= 2;
		listed_plan_locked(store, parent, name, &heads);
	}
	ahead_start(store, &heads);
}
