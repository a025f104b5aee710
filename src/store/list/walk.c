/* SPDX-License-Identifier: MIT */
/* Recursive listings on their way and what they tell; see walk.h. */
#include "list/walk.h"

#include <string.h>

#include "clock.h"
#include "internal.h"
#include "list/walk_page.h"
#include "list/walk_pattern.h"
#include "log.h"
#include "names/absence.h"
#include "names/key.h"
#include "names/listing.h"
#include "names/segment.h"
#include "names/tree.h"

/* What is ahead of a walk; what is behind it other nodes' holders keep. */
#define HELD_MAX       10000
#define HELD_BYTES_MAX (32u * 1024 * 1024)
/* Of a location that is listed on purpose: some 10,000,000 entries. */
#define PRELOADED_MAX       1000000
#define PRELOADED_BYTES_MAX (1024ul * 1024 * 1024)

/* A node that is here to keep its listing. */
struct held_node {
	struct list_link link;
	struct node *node; /* counted */
	int64_t until_ms;
	size_t bytes;
};

/* All under tree.lock. */
struct walks {
	struct walk_pattern pattern;
	struct list_link held; /* oldest first */
	size_t held_count, held_bytes;
	size_t count_max, bytes_max;
	bool is_preloading;
	pthread_cond_t preloaded;
};

struct walk_request {
	struct s3_list list;
	struct walk_teller teller;
	struct store *store;
	struct walk_op *op; /* NULL: a preload, which has no walk either */
	struct walk *walk;
	struct node *dir; /* the caller's */
	struct node *top; /* counted */
	struct buf prefix, start_after;
	uint64_t seq;
	int64_t fetched_ms;
	unsigned sealed, ahead;
};

struct walks *walks_new(void)
{
	struct walks *walks = calloc(1, sizeof(*walks));

	if (!walks)
		return NULL;
	list_init(&walks->held);
	walks->count_max = HELD_MAX;
	walks->bytes_max = HELD_BYTES_MAX;
	pthread_cond_init(&walks->preloaded, NULL);
	return walks;
}

static void walks_let_go_locked(struct store *store, struct walks *walks)
{
	struct held_node *held =
		container_of(walks->held.next, struct held_node, link);

	lock_assert_held(&store->tree.lock);
	list_remove(&held->link);
	walks->held_count--;
	walks->held_bytes -= held->bytes;
	node_put_locked(&store->tree, held->node);
	free(held);
}

void walks_free(struct store *store, struct walks *walks)
{
	if (!walks)
		return;
	{
		LOCK(&store->tree.lock);
		while (walks->is_preloading)
			lock_wait(&store->tree.lock, &walks->preloaded);
		while (walks->held_count > 0)
			walks_let_go_locked(store, walks);
	}
	pthread_cond_destroy(&walks->preloaded);
	free(walks);
}

static void walks_purge_locked(struct store *store, int64_t now_ms)
{
	struct walks *walks = store->walks;

	lock_assert_held(&store->tree.lock);
	while (walks->held_count > 0) {
		struct held_node *oldest =
			container_of(walks->held.next, struct held_node, link);

		if (oldest->until_ms > now_ms &&
		    walks->held_count <= walks->count_max &&
		    walks->held_bytes <= walks->bytes_max)
			return;
		walks_let_go_locked(store, walks);
	}
}

/* Without memory the node goes with its last holder. */
static void walks_hold_locked(struct walk_request *r, struct node *node,
			      size_t bytes)
{
	struct walks *walks = r->store->walks;
	struct held_node *held = calloc(1, sizeof(*held));

	if (!held)
		return;
	held->node = node_get_locked(node);
	held->until_ms = r->fetched_ms + r->store->options.attr_timeout_ms;
	held->bytes =
		sizeof(*held) + sizeof(*node) + sizeof(*node->dir) + bytes;
	list_push(&walks->held, &held->link);
	walks->held_count++;
	walks->held_bytes += held->bytes;
	walks_purge_locked(r->store, r->fetched_ms);
}

/* ------------------------------------------------- what a page tells */

/* Whether top still has the key that the request was started for. */
static bool walk_has_top_locked(const struct walk_request *r)
{
	const struct node *node = r->top;

	while (node && !node->is_detached && node->moved_seq <= r->seq)
		node = node->parent;
	return !node;
}

/* A child directory, counted; NULL if we know something newer of its name. */
static struct node *walk_child_locked(struct walk_request *r,
				      struct node *parent, const char *name)
{
	struct tree *tree = &r->store->tree;
	struct node *node = tree_find_locked(tree, parent, name);
	struct absence *absence =
		parent->dir ? strmap_get(&parent->dir->absent, name) : NULL;

	if (absence && absence->seq > r->seq)
		return NULL;
	if (!node)
		return tree_make_locked(tree, parent, name, true);
	/* The keys that we saw were a file's, or others' before a rename. */
	if (!node->is_dir || node->moved_seq > r->seq)
		return NULL;
	return node_get_locked(node);
}

/* The directory of a path below top, counted; NULL: tell it nothing. */
static struct node *walk_find_dir_locked(struct walk_request *r,
					 const char *path)
{
	struct node *node;

	if (!walk_has_top_locked(r))
		return NULL;
	node = node_get_locked(r->top);
	while (node && *path) {
		size_t len = strcspn(path, "/");
		struct node *parent = node;
		char name[NAME_SIZE];

		memcpy(name, path, len);
		name[len] = '\0';
		node = walk_child_locked(r, parent, name);
		node_put_locked(&r->store->tree, parent);
		path += len + 1;
	}
	return node;
}

static int walk_tell_dir(struct walk_teller *teller, const char *path,
			 struct listing_range *range)
{
	struct walk_request *r =
		container_of(teller, struct walk_request, teller);
	bool is_whole = range->is_end && !range->after[0];
	struct node *node;
	LOCK(&r->store->tree.lock);

	node = walk_find_dir_locked(r, path);
	if (!node)
		return 0;
	range->seq = r->seq;
	range->fetched_ms = r->fetched_ms;
	r->sealed += is_whole;
	r->ahead += is_whole && node != r->dir;
	/* A range that cannot be kept will be asked for again. */
	if (node_dir_locked(node) &&
	    listing_insert(&node->dir->listing, range) == 0)
		walks_hold_locked(r, node, segment_bytes(range->segment));
	node_put_locked(&r->store->tree, node);
	return 0;
}

static int walk_tell_page(struct walk_request *r)
{
	size_t top_len = r->prefix.len;
	bool is_end = !s3_list_has_more(&r->list);
	struct walk_page page = {
		.items = r->list.items,
		.count = r->list.count,
		.top_len = top_len,
		.after = r->list.start_after + top_len,
		.last = is_end ? NULL : r->list.last_key + top_len,
	};
	int result;

	if (!is_end && strlen(r->list.last_key) > S3_KEY_MAX)
		return -EBADMSG;
	r->fetched_ms = clock_now_ms();
	r->teller = (struct walk_teller){ .tell = walk_tell_dir };
	result = walk_page_split(&page, &r->teller);
	if (r->teller.unshown)
		key_note_unshown(r->store, r->teller.unshown);
	return result;
}

static void walk_request_free(struct walk_request *r)
{
	s3_list_release(&r->list);
	buf_release(&r->prefix);
	buf_release(&r->start_after);
	free(r);
}

static void walk_request_send(struct walk_request *r)
{
	r->list.op.priority = r->op ? S3_METADATA : S3_PREFETCH;
	r->list.prefix = buf_str(&r->prefix);
	r->list.start_after = buf_str(&r->start_after);
	s3_list_start(r->store->s3, &r->list);
}

static void walk_page_done(struct s3_op *op)
{
	struct walk_request *r = container_of(op, struct walk_request, list.op);
	struct store *store = r->store;
	struct walk_op *outer = r->op;
	int result = op->result;

	if (result == 0)
		result = walk_tell_page(r);
	{
		bool has_more = s3_list_has_more(&r->list);
		LOCK(&store->tree.lock);

		if (result == 0)
			walk_pattern_answer(
				r->walk,
				has_more ? r->list.last_key +
						   strlen(store->location) :
					   NULL,
				r->sealed, r->ahead);
		else
			walk_pattern_fail(r->walk);
		node_put_locked(&store->tree, r->top);
	}
	walk_request_free(r);
	outer->done(outer);
}

/* --------------------------------------------------------- the request */

/* Whether no directory stands before this one in its parent's first page. */
static bool is_first_child_locked(struct store *store, const struct node *dir)
{
	struct listing_page page;
	struct segment_entry entry = { .is_dir = false };

	lock_assert_held(&store->tree.lock);
	if (!dir->parent || !dir->parent->dir ||
	    !listing_next_page(&dir->parent->dir->listing, "", clock_now_ms(),
			       store->options.attr_timeout_ms, &page))
		return false;
	for (size_t i = 0; !entry.is_dir && i < page.count; i++)
		segment_read(page.segment, page.first + i, &entry);
	return entry.is_dir && strcmp(entry.name, dir->name) == 0;
}

/* The directory at or above dir whose path is the first len bytes of dir's. */
static struct node *ancestor(struct node *dir, size_t dir_len, size_t len)
{
	while (dir_len > len) {
		dir_len -= strlen(dir->name) + 1;
		dir = dir->parent;
	}
	return dir;
}

/* The request's keys, if this is a walk. */
static bool walk_plan_locked(struct walk_request *r, const char *after)
{
	struct store *store = r->store;
	size_t location_len = strlen(store->location);
	AUTO_BUF struct buf key = BUF_INIT(S3_KEY_MAX + 1);
	struct walk_question question = {
		.after = after,
		.is_first_child =
			!*after && is_first_child_locked(store, r->dir),
		.now_ms = clock_now_ms(),
		.ttl_ms = store->options.attr_timeout_ms,
	};

	node_key_locked(store, r->dir, &key);
	if (key.error || r->dir->is_detached || key.len > S3_KEY_MAX)
		return false;
	question.dir = buf_str(&key) + location_len;
	r->walk = walk_pattern_ask(&store->walks->pattern, &question);
	if (!r->walk)
		return false;
	buf_add_str(&r->prefix, store->location);
	buf_add_str(&r->prefix, r->walk->top);
	buf_add_str(&r->start_after, store->location);
	buf_add_str(&r->start_after, r->walk->at);
	if (r->prefix.error || r->start_after.error) {
		walk_pattern_fail(r->walk);
		return false;
	}
	r->top = node_get_locked(ancestor(r->dir, key.len, r->prefix.len));
	r->seq = tree_next_seq_locked(&store->tree);
	return true;
}

bool walk_list(struct store *store, struct node *dir, const char *after,
	       struct walk_op *op)
{
	struct walk_request *r;
	bool is_walk;

	/* A page is of use only if something of it can be remembered. */
	if (store->options.attr_timeout_ms <= 0)
		return false;
	r = calloc(1, sizeof(*r));
	if (!r)
		return false;
	r->store = store;
	r->dir = dir;
	r->op = op;
	r->prefix = (struct buf)BUF_INIT(S3_KEY_MAX + 1);
	r->start_after = (struct buf)BUF_INIT(S3_KEY_MAX + 1);
	{
		LOCK(&store->tree.lock);
		is_walk = walk_plan_locked(r, after);
	}
	if (!is_walk) {
		buf_release(&r->prefix);
		buf_release(&r->start_after);
		free(r);
		return false;
	}
	r->list.op.done = walk_page_done;
	walk_request_send(r);
	return true;
}

/* ------------------------------------------------------------ preload */

static void preload_end(struct walk_request *r, int result)
{
	struct store *store = r->store;

	if (result < 0 && !store->has_no_readers)
		log_warn("walk", "the location could not be listed ahead: %s",
			 r->list.op.err.text);
	{
		LOCK(&store->tree.lock);
		node_put_locked(&store->tree, r->top);
	}
	walk_request_free(r);
	/* Now the store may go. */
	LOCK(&store->tree.lock);
	store->walks->is_preloading = false;
	pthread_cond_broadcast(&store->walks->preloaded);
}

static void preload_page_done(struct s3_op *op)
{
	struct walk_request *r = container_of(op, struct walk_request, list.op);
	int result = op->result;

	if (result == 0)
		result = walk_tell_page(r);
	if (result < 0 || !s3_list_has_more(&r->list) ||
	    r->store->has_no_readers) {
		preload_end(r, result);
		return;
	}
	{
		LOCK(&r->store->tree.lock);
		r->seq = tree_next_seq_locked(&r->store->tree);
	}
	s3_list_next_start(r->store->s3, &r->list);
}

void walk_preload(struct store *store)
{
	struct walk_request *r;

	if (store->options.attr_timeout_ms <= 0)
		return;
	r = calloc(1, sizeof(*r));
	if (!r)
		return;
	r->store = store;
	r->prefix = (struct buf)BUF_INIT(S3_KEY_MAX + 1);
	r->start_after = (struct buf)BUF_INIT(S3_KEY_MAX + 1);
	buf_add_str(&r->prefix, store->location);
	buf_add_str(&r->start_after, store->location);
	r->list.op.done = preload_page_done;
	{
		LOCK(&store->tree.lock);
		store->walks->count_max = PRELOADED_MAX;
		store->walks->bytes_max = PRELOADED_BYTES_MAX;
		store->walks->is_preloading = true;
		r->top = node_get_locked(store->tree.root);
		r->seq = tree_next_seq_locked(&store->tree);
	}
	if (r->prefix.error || r->start_after.error)
		preload_end(r, -ENOMEM);
	else
		walk_request_send(r);
}

void walk_opened(struct store *store, struct node *dir)
{
	AUTO_BUF struct buf key = BUF_INIT(S3_KEY_MAX + 1);
	LOCK(&store->tree.lock);

	node_key_locked(store, dir, &key);
	if (!key.error)
		walk_pattern_opened(&store->walks->pattern,
				    buf_str(&key) + strlen(store->location),
				    clock_now_ms());
}
