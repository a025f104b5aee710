/* SPDX-License-Identifier: MIT */
/* Attributes: from memory while they are believed, else by a lookup. */
#include <string.h>

#include "clock.h"
#include "internal.h"
#include "names/tree.h"

/* getattr: the node by its own name again, which must lead to it. */
struct getattr {
	struct store_op op; /* the lookup's */
	struct store *store;
	struct store_op *outer;
	uint64_t id;
};

static void getattr_done(struct store_op *op, int result)
{
	struct getattr *g = container_of(op, struct getattr, op);
	struct store_op *outer = g->outer;

	outer->attr = op->attr;
	outer->err = op->err;
	if (result == 0) {
		if (node_id(op->node) != g->id)
			result = -ESTALE;
		node_put(g->store, op->node, 1);
	}
	free(g);
	outer->done(outer, result);
}

void store_getattr(struct store *store, struct node *node, struct store_op *op)
{
	struct node *parent;
	struct getattr *g;
	AUTO_FREE char *name = NULL;

	{
		LOCK(&store->tree.lock);
		if (!node->parent || node->is_detached || node->file ||
		    node->until_ms > clock_now_ms()) {
			node_attr_locked(store, node, &op->attr);
			parent = NULL;
		} else {
			parent = node_get_locked(node->parent);
			name = strdup(node->name);
		}
	}
	if (!parent) {
		op->done(op, 0);
		return;
	}
	g = calloc(1, sizeof(*g));
	if (g && name) {
		g->op.done = getattr_done;
		g->store = store;
		g->outer = op;
		g->id = node->id;
		store_lookup(store, parent, name, &g->op);
	} else {
		free(g);
		op->done(op, -ENOMEM);
	}
	node_put(store, parent, 1);
}
