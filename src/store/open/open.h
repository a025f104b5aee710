/* SPDX-License-Identifier: MIT */
/* Opening, creating and giving back handles. */
#ifndef STORE_OPEN_H
#define STORE_OPEN_H

struct node;
struct store;
struct store_op;

/* store_open at once, without a question whether the bytes can be read. */
void file_open(struct store *store, struct node *node, int flags,
	       struct store_op *op);

#endif
