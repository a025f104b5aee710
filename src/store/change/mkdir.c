/* SPDX-License-Identifier: MIT */
/* mkdir: the marker of a directory; see mkdir.h. */
#include "change/mkdir.h"

#include <string.h>

#include "change/name_job.h"
#include "clock.h"
#include "internal.h"
#include "names/absence.h"
#include "names/key.h"
#include "names/listing.h"
#include "names/lookup.h"
#include "names/segment.h"
#include "names/tree.h"
#include "object/deletes.h"
#include "traits.h"

static int put_marker_once(struct store *store, const char *key,
			   bool is_conditional, struct errinfo *err)
{
	struct s3_put put = { .op.priority = S3_COMMIT,
			      .key = key,
			      .if_none_match = is_conditional };
	int result = pairs_set(&put.headers, "content-type",
			       "application/x-directory");

	if (result == 0) {
		put.body.has_crc32c = true;
		s3_put_start(store->s3, &put);
		result = s3_wait(store->s3, &put.op);
		*err = put.op.err;
	}
	s3_put_release(&put);
	return result;
}

int put_marker(struct store *store, const char *key, struct errinfo *err)
{
	enum s3_trait trait = S3_TRAIT_CONDITIONAL_PUT;
	int result = -ENOTSUP;

	if (s3_trait(store->s3, trait) != S3_NO)
		result = put_marker_once(store, key, true, err);
	if (result == -EEXIST)
		s3_trait_learn(store->s3, trait, S3_YES, NULL);
	if (result != -ENOTSUP)
		return result;
	s3_trait_learn(store->s3, trait, S3_NO, err);
	return put_marker_once(store, key, false, err);
}

/* What is new is empty: no listing needs to be asked for it. */
static void know_empty_locked(struct node *node, uint64_t seq)
{
	struct dir *dir = node_dir_locked(node);
	struct segment_builder builder;
	struct segment *segment = NULL;

	segment_builder_init(&builder);
	if (dir && segment_builder_finish(&builder, &segment) == 0) {
		struct listing_range range = {
			.segment = segment,
			.after = "",
			.is_end = true,
			.fetched_ms = clock_now_ms(),
			.seq = seq,
		};

		if (listing_insert(&dir->listing, &range) < 0)
			listing_drop(&dir->listing);
	}
	segment_put(segment);
	segment_builder_release(&builder);
}

static int make_dir_node_locked(struct store *store, struct name_job *n)
{
	struct tree *tree = &store->tree;
	struct node *node = tree_find_locked(tree, n->parent, n->name);

	if (node)
		tree_detach_locked(tree, node);
	node = tree_make_locked(tree, n->parent, n->name, true);
	if (!node)
		return -ENOMEM;
	node->seq = tree_next_seq_locked(tree);
	node->until_ms = clock_now_ms() + store->options.attr_timeout_ms;
	node->mtime_ns = node->atime_ns = clock_wall_ns();
	node->has_mode = node->has_uid = node->has_gid = true;
	node->mode = n->attr.mode;
	node->uid = n->attr.uid;
	node->gid = n->attr.gid;
	tree_forget_absent_locked(n->parent, n->name);
	know_empty_locked(node, node->seq);
	node_mark_created_locked(node);
	node_note_entries_locked(n->parent);
	n->job.op->node = node;
	node_attr_locked(store, node, &n->job.op->attr);
	return 0;
}

/* Another host was faster: what we thought to know is old. */
static void forget_that_absent(struct store *store, struct node *parent,
			       const char *name)
{
	LOCK(&store->tree.lock);
	tree_forget_absent_locked(parent, name);
	if (parent->dir)
		listing_drop(&parent->dir->listing);
}

static int run_mkdir(struct name_job *n, struct errinfo *err)
{
	struct store *store = n->job.store;
	AUTO_BUF struct buf key = BUF_INIT(S3_KEY_MAX + 1);
	struct node *node = NULL;
	int result = lookup_wait(store, n->parent, n->name, &node, err);

	if (result == 0) {
		node_put(store, node, 1);
		return -EEXIST;
	}
	if (result != -ENOENT)
		return result;
	result = child_key(store, n->parent, n->name, &key);
	buf_add_char(&key, '/');
	if (result == 0 && key.error != -ENOMEM && key.len > S3_KEY_MAX)
		result = -ENAMETOOLONG;
	else if (result == 0)
		result = key.error;
	if (result < 0)
		return result;
	deletes_wait(store->deletes, buf_str(&key));
	result = put_marker(store, buf_str(&key), err);
	if (result == -EEXIST)
		forget_that_absent(store, n->parent, n->name);
	if (result < 0)
		return result;
	LOCK(&store->tree.lock);
	return make_dir_node_locked(store, n);
}

void store_mkdir(struct store *store, struct node *parent, const char *name,
		 const struct store_attr *attr, struct store_op *op)
{
	op->node = NULL;
	name_job_start(store, parent, name, attr, op, run_mkdir);
}
