/* SPDX-License-Identifier: MIT */
/* The nodes that somebody holds, by parent and name; see internal.h. */
#include "names/tree.h"

#include <string.h>

#include "clock.h"
#include "codec/gzip.h"
#include "facts/headers.h"
#include "names/listing.h"

int tree_init(struct tree *tree)
{
	tree->lock = (struct lock)LOCK_INIT(LOCK_TREE);
	list_init(&tree->changes);
	pthread_cond_init(&tree->moved, NULL);
	tree->bucket_count = 256;
	tree->buckets = calloc(tree->bucket_count, sizeof(*tree->buckets));
	tree->root = calloc(1, sizeof(*tree->root));
	if (!tree->buckets || !tree->root) {
		tree_release(tree);
		return -ENOMEM;
	}
	tree->last_id = 1;
	tree->root->id = 1;
	tree->root->refs = 1;
	tree->root->is_dir = true;
	tree->root->until_ms = NEVER_MS;
	tree->mount_ns = clock_wall_ns();
	tree->root->mtime_ns = tree->root->atime_ns = tree->mount_ns;
	list_init(&tree->root->created_link);
	return 0;
}

static void dir_free(struct dir *dir)
{
	if (!dir)
		return;
	listing_drop(&dir->listing);
	for (struct strmap_entry *e = strmap_next(&dir->absent, NULL); e;
	     e = strmap_next(&dir->absent, e))
		free(e->value);
	strmap_release(&dir->absent);
	free(dir);
}

static void node_free(struct node *node)
{
	dir_free(node->dir);
	free(node->name);
	free(node->layout);
	headers_free(node->headers);
	free(node->etag);
	free(node);
}

/* Drops the created lists, which hold nodes, then the root. */
void tree_release(struct tree *tree)
{
	{
		LOCK(&tree->lock);
		node_put_locked(tree, STEAL(tree->successor));
	}
	for (size_t i = 0; tree->buckets && i < tree->bucket_count; i++) {
		while (tree->buckets[i]) {
			struct node *node = tree->buckets[i];

			tree->buckets[i] = node->hash_next;
			node_free(node);
		}
	}
	if (tree->root)
		node_free(tree->root);
	free(tree->buckets);
}

static size_t bucket_of(const struct tree *tree, const struct node *parent,
			const char *name)
{
	return strmap_hash(name, strlen(name), parent->id) &
	       (tree->bucket_count - 1);
}

static void hash_insert(struct tree *tree, struct node *node)
{
	struct node **at =
		&tree->buckets[bucket_of(tree, node->parent, node->name)];

	node->hash_next = *at;
	*at = node;
	tree->count++;
}

static void hash_remove(struct tree *tree, struct node *node)
{
	struct node **at =
		&tree->buckets[bucket_of(tree, node->parent, node->name)];

	while (*at != node)
		at = &(*at)->hash_next;
	*at = node->hash_next;
	node->hash_next = NULL;
	tree->count--;
}

/* Without memory the table stays as it is, only slower. */
static void hash_grow(struct tree *tree)
{
	size_t old_count = tree->bucket_count;
	struct node **old = tree->buckets;
	struct node **buckets = calloc(old_count * 2, sizeof(*buckets));

	if (!buckets)
		return;
	tree->buckets = buckets;
	tree->bucket_count = old_count * 2;
	tree->count = 0;
	for (size_t i = 0; i < old_count; i++) {
		while (old[i]) {
			struct node *node = old[i];

			old[i] = node->hash_next;
			hash_insert(tree, node);
		}
	}
	free(old);
}

struct node *tree_find_locked(struct tree *tree, const struct node *parent,
			      const char *name)
{
	struct node *node = tree->buckets[bucket_of(tree, parent, name)];

	lock_assert_held(&tree->lock);
	while (node &&
	       (node->parent != parent || strcmp(node->name, name) != 0))
		node = node->hash_next;
	return node;
}

struct node *tree_make_locked(struct tree *tree, struct node *parent,
			      const char *name, bool is_dir)
{
	struct dir *dir = node_dir_locked(parent);
	struct node *node = dir ? calloc(1, sizeof(*node)) : NULL;

	lock_assert_held(&tree->lock);
	if (!node)
		return NULL;
	node->name = strdup(name);
	if (!node->name) {
		free(node);
		return NULL;
	}
	if (tree->count >= tree->bucket_count)
		hash_grow(tree);
	node->parent = node_get_locked(parent);
	node->id = ++tree->last_id;
	node->refs = 1;
	node->is_dir = is_dir;
	/* S3 knows no time of a directory: that of the mount stands for it. */
	node->mtime_ns = is_dir ? tree->mount_ns : clock_wall_ns();
	node->atime_ns = node->mtime_ns;
	list_init(&node->created_link);
	hash_insert(tree, node);
	return node;
}

struct node *node_get_locked(struct node *node)
{
	node->refs++;
	return node;
}

void node_put_locked(struct tree *tree, struct node *node)
{
	lock_assert_held(&tree->lock);
	while (node && --node->refs == 0) {
		struct node *parent = node->parent;

		if (!node->is_detached)
			hash_remove(tree, node);
		node_free(node);
		node = parent;
	}
}

void tree_detach_locked(struct tree *tree, struct node *node)
{
	lock_assert_held(&tree->lock);
	if (node->is_detached || !node->parent)
		return;
	hash_remove(tree, node);
	node->is_detached = true;
	node_unmark_created_locked(tree, node);
}

void tree_attach_locked(struct tree *tree, struct node *node)
{
	struct node *other = tree_find_locked(tree, node->parent, node->name);

	lock_assert_held(&tree->lock);
	if (other == node)
		return;
	if (other) {
		other->is_replaced = true;
		tree_detach_locked(tree, other);
	}
	node->is_detached = node->is_replaced = false;
	hash_insert(tree, node);
}

int tree_move_locked(struct tree *tree, struct node *node, struct node *parent,
		     const char *name)
{
	struct node *old_parent = node->parent;
	char *copy = node_dir_locked(parent) ? strdup(name) : NULL;

	lock_assert_held(&tree->lock);
	if (!copy)
		return -ENOMEM;
	node_get_locked(node);
	if (!node->is_detached)
		hash_remove(tree, node);
	node_unmark_created_locked(tree, node);
	free(node->name);
	node->name = copy;
	node->parent = node_get_locked(parent);
	node->is_detached = false;
	node->moved_seq = tree_next_seq_locked(tree);
	hash_insert(tree, node);
	node_put_locked(tree, old_parent);
	node_put_locked(tree, node);
	return 0;
}

bool node_is_below_locked(const struct node *node, const struct node *dir)
{
	while (node && node != dir)
		node = node->parent;
	return node != NULL;
}

struct dir *node_dir_locked(struct node *node)
{
	if (!node->dir) {
		node->dir = calloc(1, sizeof(*node->dir));
		if (!node->dir)
			return NULL;
		list_init(&node->dir->created);
	}
	return node->dir;
}

void node_touch_locked(struct node *node)
{
	node->ctime_ns = clock_wall_ns();
}

void node_note_entries_locked(struct node *dir)
{
	dir->mtime_ns = clock_wall_ns();
	dir->ctime_ns = 0;
}

void node_mark_created_locked(struct node *node)
{
	if (node->is_created || node->is_detached)
		return;
	node->is_created = true;
	list_push(&node->parent->dir->created,
		  &node_get_locked(node)->created_link);
}

void node_unmark_created_locked(struct tree *tree, struct node *node)
{
	lock_assert_held(&tree->lock);
	if (!node->is_created)
		return;
	node->is_created = false;
	list_remove(&node->created_link);
	node_put_locked(tree, node);
}

uint64_t tree_next_seq_locked(struct tree *tree)
{
	lock_assert_held(&tree->lock);
	return ++tree->seq;
}

bool node_is_stale_locked(const struct node *node)
{
	if (node->is_dir)
		return false;
	if (node->is_detached)
		return node->is_replaced || !node->file;
	return node->until_ms == IN_DOUBT_MS;
}

struct node *node_get(struct node *node)
{
	/* Whoever holds a node may give another reference away. */
	node->refs++;
	return node;
}

int node_set_etag_locked(struct node *node, const char *etag)
{
	char *copy = etag ? strdup(etag) : NULL;

	if (etag && !copy)
		return -ENOMEM;
	free(node->etag);
	node->etag = copy;
	return 0;
}

int node_set_version_locked(struct node *node, const char *etag,
			    const struct gzip_layout *layout)
{
	bool is_plain = layout->kind == GZIP_NONE;
	struct gzip_layout *copy = is_plain ? NULL : malloc(sizeof(*copy));

	if ((!is_plain && !copy) || node_set_etag_locked(node, etag) < 0) {
		free(copy);
		return -ENOMEM;
	}
	free(node->layout);
	node->layout = copy;
	if (copy)
		*copy = *layout;
	return 0;
}

/* What node knows is of this very version, read in this way. */
static bool node_is_of(const struct node *node,
		       const struct gzip_layout *layout, const char *etag)
{
	if (!node->etag || !etag || strcmp(node->etag, etag) != 0)
		return false;
	if (node->layout)
		return gzip_layout_is_equal(node->layout, layout);
	return layout->kind == GZIP_NONE && node->size == layout->plain_size;
}

int node_learn_locked(struct store *store, struct node *node,
		      const struct gzip_layout *layout, int64_t mtime_ns,
		      const char *etag, uint64_t seq)
{
	bool is_known = node->is_dir || node_is_of(node, layout, etag);

	lock_assert_held(&store->tree.lock);
	if (!is_known && node_set_version_locked(node, etag, layout) < 0)
		return -ENOMEM;
	node->seq = seq;
	node->until_ms = clock_now_ms() + store->options.attr_timeout_ms;
	if (is_known)
		return 0;
	headers_forget_locked(node, false);
	node->has_class = false;
	node->is_archive = false;
	node->size = layout->plain_size;
	/* Seconds, so that a listing (ms) and a HEAD (s) agree. */
	node->mtime_ns = mtime_ns / 1000000000 * 1000000000;
	node->atime_ns = node->mtime_ns;
	node->ctime_ns = 0;
	node->version++;
	node->was_read = false;
	return 0;
}

void node_doubt_locked(struct store *store, struct node *node)
{
	lock_assert_held(&store->tree.lock);
	if (node->seq == SEQ_PENDING || node->is_detached || !node->parent)
		return;
	node->until_ms = IN_DOUBT_MS;
	node->seq = tree_next_seq_locked(&store->tree);
}

/* What is known of node can become what facts say without a change of inode. */
static bool node_fits(const struct node *node, const struct node_facts *facts)
{
	if (node->is_dir || facts->is_dir)
		return node->is_dir == facts->is_dir;
	return !node->etag || node_is_of(node, facts->layout, facts->etag);
}

/* What was set by hand belongs to the name as much as to the version. */
static void node_inherit_locked(struct node *node, const struct node *old)
{
	node->has_mode = old->has_mode;
	node->mode = old->mode;
	node->has_uid = old->has_uid;
	node->uid = old->uid;
	node->has_gid = old->has_gid;
	node->gid = old->gid;
	if (old->is_created)
		node_mark_created_locked(node);
}

struct node *tree_learn_locked(struct store *store, struct node *parent,
			       const char *name, const struct node_facts *facts)
{
	struct tree *tree = &store->tree;
	struct node *old = tree_find_locked(tree, parent, name);
	struct node *node =
		old && node_fits(old, facts) ?
			node_get_locked(old) :
			tree_make_locked(tree, parent, name, facts->is_dir);

	lock_assert_held(&store->tree.lock);
	if (!node)
		return NULL;
	if (node_learn_locked(store, node, facts->layout, facts->mtime_ns,
			      facts->etag, facts->seq) < 0) {
		node_put_locked(tree, node);
		return NULL;
	}
	if (!old || old == node)
		return node;
	if (old->is_dir == node->is_dir)
		node_inherit_locked(node, old);
	node_put_locked(tree, tree->successor);
	tree->successor = node_get_locked(node);
	old->is_replaced = true;
	tree_detach_locked(tree, old);
	return node;
}

void node_attr_locked(const struct store *store, const struct node *node,
		      struct store_attr *attr)
{
	int64_t left_ms = node->until_ms - clock_now_ms();
	int64_t most_ms = store->options.attr_timeout_ms;

	lock_assert_held(&store->tree.lock);
	*attr = (struct store_attr){
		.id = node->id,
		.is_dir = node->is_dir,
		.size = node->size,
		.mtime_ns = node->mtime_ns,
		.atime_ns = node->atime_ns,
		.ctime_ns = node->ctime_ns,
		.has_mode = node->has_mode,
		.has_uid = node->has_uid,
		.has_gid = node->has_gid,
		.mode = node->mode,
		.uid = node->uid,
		.gid = node->gid,
		.is_gone = node->is_detached,
	};
	/*
	 * Where names must stay, a path can lead to another file once what
	 * was written under it is stored beside it: nobody may rely on it.
	 */
	if (store->options.no_overwrite && !node->is_dir)
		return;
	/* What is not stored yet may fail to be, and is then no more. */
	if (node->seq == SEQ_PENDING)
		return;
	if (left_ms > 0 && most_ms > 0)
		attr->valid_ms = (int)(left_ms < most_ms ? left_ms : most_ms);
}

uint64_t node_id(const struct node *node)
{
	return node->id;
}

void node_put(struct store *store, struct node *node, unsigned count)
{
	LOCK(&store->tree.lock);
	/* The last one may free it: not earlier than that. */
	node->refs -= count - 1;
	node_put_locked(&store->tree, node);
}
