/* SPDX-License-Identifier: MIT */
/* From nodes and paths to keys. */
#ifndef STORE_KEY_H
#define STORE_KEY_H

#include <stddef.h>

#include "macros.h"

struct buf;
struct node;
struct store;

/* "media/a/b", with a slash behind directories; the root's is the location. */
void node_key_locked(const struct store *store, const struct node *node,
		     struct buf *key);
void node_key(struct store *store, struct node *node, struct buf *key);
/* The key that name has below parent. -ENAMETOOLONG, -EILSEQ, -EINVAL. */
MUST_USE int child_key(struct store *store, struct node *parent,
		       const char *name, struct buf *key);

/*
 * The same for a name that is to be made: also -ENAMETOOLONG by the option
 * max_length.
 */
MUST_USE int child_key_new(struct store *store, struct node *parent,
			   const char *name, struct buf *key);
/* The key of a path as store_lookup_path takes it. */
MUST_USE int path_key(struct store *store, const char *path, struct buf *key);
/* No path leads to key: the log says so of the first one. */
void key_note_unshown(struct store *store, const char *key);
/* The code points that max_length leaves below key, which ends in a slash. */
size_t key_point_room(const struct store *store, const struct buf *key);

#endif
