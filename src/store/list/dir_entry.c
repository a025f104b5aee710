/* SPDX-License-Identifier: MIT */
/* Entries of a directory stream, from the pages that dir.c brought. */
#include <string.h>

#include "internal.h"
#include "list/dir.h"
#include "names/absence.h"
#include "names/listed.h"
#include "names/lookup.h"
#include "names/segment.h"
#include "names/tree.h"

static const struct page *page_of(const struct stream *s, uint64_t place)
{
	size_t low = 0, high = s->page_count;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (s->pages[middle].start <= place)
			low = middle;
		else
			high = middle;
	}
	return &s->pages[low];
}

static bool created_entry(struct stream *s, uint64_t place,
			  struct store_entry *entry)
{
	struct node *node = s->created[place];
	LOCK(&s->store->tree.lock);

	if (node->is_detached || node->parent != s->dir)
		return false;
	memcpy(entry->name, node->name, strlen(node->name) + 1);
	node_attr_locked(s->store, node, &entry->attr);
	return true;
}

static bool page_entry(struct stream *s, uint64_t place,
		       struct store_entry *entry)
{
	const struct page *page = page_of(s, place);
	size_t index = page->first + (size_t)(place - page->start);
	struct segment_entry e;
	struct absence *absence;

	segment_read(page->segment, index, &e);
	/* A file whose name is a directory's too comes right before it. */
	if (!e.is_dir) {
		size_t at;

		if (segment_find(page->segment, e.name, e.name_len, true, &at))
			return false;
	}
	if (strmap_get(&s->shown, e.name))
		return false;
	{
		LOCK(&s->store->tree.lock);
		absence = s->dir->dir ?
				  strmap_get(&s->dir->dir->absent, e.name) :
				  NULL;
		if (absence && absence->seq > page->seq)
			return false;
	}
	memcpy(entry->name, e.name, e.name_len + 1);
	entry->attr = (struct store_attr){
		.is_dir = e.is_dir,
		.size = e.size,
		.mtime_ns = e.mtime_ns,
	};
	return true;
}

int store_dir_entry(struct stream *s, uint64_t cookie,
		    struct store_entry *entry)
{
	for (uint64_t place = cookie;; place++) {
		bool is_shown;

		if (place >= s->end)
			return s->is_complete ? 0 : -EAGAIN;
		is_shown = place < s->created_count ?
				   created_entry(s, place, entry) :
				   page_entry(s, place, entry);
		entry->next = place + 1;
		if (is_shown)
			return 1;
	}
}

/*
 * The node of an entry that a lookup could not answer from memory: the last
 * of a page (whether a directory has the same name stands on the next), or
 * of a page that is too old for others but not for this walk.
 */
static struct node *node_of_entry_locked(struct stream *s, uint64_t place)
{
	struct tree *tree = &s->store->tree;
	struct segment_entry e;
	const struct page *page;
	struct node *node;

	if (place < s->created_count)
		return NULL;
	page = page_of(s, place);
	segment_read(page->segment, page->first + (size_t)(place - page->start),
		     &e);
	node = tree_find_locked(tree, s->dir, e.name);
	/* Without one, it is looked up by who wants its attributes. */
	if (listed_learn_locked(s->store, s->dir, node, &e, page->seq, &node) <
	    0)
		return NULL;
	return node;
}

struct node *store_dir_node(struct stream *s, struct store_entry *entry)
{
	struct node *node = NULL;
	int64_t until_ms;
	int known;
	LOCK(&s->store->tree.lock);

	known = lookup_cached_locked(s->store, s->dir, entry->name, &node,
				     &until_ms);
	if (known == 0)
		node = node_of_entry_locked(s, entry->next - 1);
	if (known < 0 || !node)
		return NULL;
	node_attr_locked(s->store, node, &entry->attr);
	return node;
}

struct node *store_parent(struct store *store, struct node *node)
{
	LOCK(&store->tree.lock);
	return node_get_locked(node->parent ? node->parent : node);
}
