/* SPDX-License-Identifier: MIT */
/* From what a listing tells of a name, and the facts it does not, to a node. */
#ifndef STORE_LISTED_H
#define STORE_LISTED_H

#include <stdint.h>

#include "macros.h"

struct node;
struct segment_entry;
struct store;

/*
 * The node of a listed entry, *out, counted. node is what the tree has of
 * the name, or NULL: it stays as it is if it is newer than seq, the listing's.
 * Returns 0, -ENOMEM, or -EAGAIN if the name has to be asked about.
 */
MUST_USE int listed_learn_locked(struct store *store, struct node *parent,
				 struct node *node,
				 const struct segment_entry *entry,
				 uint64_t seq, struct node **out);

/* Facts of name have to be asked: the next ones' will be, too. */
void listed_look_ahead(struct store *store, struct node *parent,
		       const char *name);

#endif
