/* SPDX-License-Identifier: MIT */
/* Changes of names and moves of directories; see name_change.h. */
#include "names/name_change.h"

#include <string.h>

#include "names/tree.h"

bool node_is_to_move_locked(const struct node *node)
{
	while (node && node->move == MOVE_NONE)
		node = node->parent;
	return node != NULL;
}

static bool is_pair(const struct change *change)
{
	return change->at[1].parent &&
	       change->at[1].parent != change->at[0].parent;
}

static bool share_a_name(const struct change *a, const struct change *b)
{
	for (size_t i = 0; i < ARRAY_SIZE(a->at) && a->at[i].parent; i++)
		for (size_t j = 0; j < ARRAY_SIZE(b->at); j++)
			if (a->at[i].parent == b->at[j].parent &&
			    strcmp(a->at[i].name, b->at[j].name) == 0)
				return true;
	return false;
}

bool change_try_locked(struct tree *tree, struct change *change)
{
	lock_assert_held(&tree->lock);
	for (size_t i = 0; i < ARRAY_SIZE(change->at); i++)
		if (node_is_to_move_locked(change->at[i].parent))
			return false;
	list_for_each(link, &tree->changes) {
		const struct change *other =
			container_of(link, const struct change, link);

		if (share_a_name(change, other) ||
		    (is_pair(change) && is_pair(other)))
			return false;
	}
	list_push(&tree->changes, &change->link);
	return true;
}

void change_begin(struct tree *tree, struct change *change)
{
	LOCK(&tree->lock);

	while (!change_try_locked(tree, change))
		lock_wait(&tree->lock, &tree->moved);
}

void change_end(struct tree *tree, struct change *change)
{
	LOCK(&tree->lock);

	list_remove(&change->link);
	pthread_cond_broadcast(&tree->moved);
}

static bool has_change_below_locked(const struct tree *tree,
				    const struct node *dir)
{
	lock_assert_held(&tree->lock);
	list_for_each(link, &tree->changes) {
		const struct change *change =
			container_of(link, const struct change, link);

		for (size_t i = 0; i < ARRAY_SIZE(change->at); i++)
			if (node_is_below_locked(change->at[i].parent, dir))
				return true;
	}
	return false;
}

void move_await(struct tree *tree, struct node *dir)
{
	LOCK(&tree->lock);

	dir->move = MOVE_AWAITED;
	while (has_change_below_locked(tree, dir))
		lock_wait(&tree->lock, &tree->moved);
}

void move_begin(struct tree *tree, struct node *dir)
{
	LOCK(&tree->lock);

	dir->move = MOVE_ON;
}

void move_end(struct tree *tree, struct node *dir)
{
	LOCK(&tree->lock);

	dir->move = MOVE_NONE;
	pthread_cond_broadcast(&tree->moved);
}

bool node_is_moving_locked(const struct node *node)
{
	while (node && node->move != MOVE_ON)
		node = node->parent;
	return node != NULL;
}

bool node_has_moved_locked(const struct node *node, uint64_t seq)
{
	while (node && node->moved_seq <= seq)
		node = node->parent;
	return node != NULL;
}
