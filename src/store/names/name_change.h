/* SPDX-License-Identifier: MIT */
/*
 * Who changes names, and who moves a directory with all that is below it,
 * keep out of each other's way: what was changed under a key that is being
 * copied would be lost, or come back under the new one.
 *
 * | directory    | changes below it | publishes below it | left to          |
 * |--------------|------------------|--------------------|------------------|
 * | MOVE_NONE    | begin            | begin              | MOVE_AWAITED     |
 * | MOVE_AWAITED | wait             | begin              | MOVE_ON          |
 * | MOVE_ON      | wait             | wait               | MOVE_NONE        |
 *
 * From MOVE_AWAITED on no bytes are evicted below it: only an upload to the old
 * key would have them.
 *
 * A change is of one name or of two, which it has for itself; of two in
 * different directories there is one at a time, as in the kernel, so no two
 * moves wait for each other. A change waits for no move once it has begun.
 */
#ifndef STORE_CHANGE_H
#define STORE_CHANGE_H

#include "internal.h"

struct change {
	struct list_link link; /* tree.changes */
	struct {
		struct node *parent; /* NULL: no second one */
		const char *name;
	} at[2]; /* the caller's */
};

/* Waits, on the pool, until change can begin. */
void change_begin(struct tree *tree, struct change *change);
/* Begins at once, or not at all: false. tree.lock is held. */
MUST_USE bool change_try_locked(struct tree *tree, struct change *change);
void change_end(struct tree *tree, struct change *change);

/* Waits, on the pool, until nobody changes a name below dir. */
void move_await(struct tree *tree, struct node *dir);
/* After that: nobody who has not begun publishes below it, either. */
void move_begin(struct tree *tree, struct node *dir);
void move_end(struct tree *tree, struct node *dir);

/* True if node is, or is below, a directory in MOVE_ON; or one that awaits it. */
bool node_is_moving_locked(const struct node *node);
bool node_is_to_move_locked(const struct node *node);

/*
 * True if node's key is another one since seq: what was asked of the server
 * then was asked of the key it had.
 */
bool node_has_moved_locked(const struct node *node, uint64_t seq);

#endif
