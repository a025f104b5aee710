/* SPDX-License-Identifier: MIT */
/*
 * The inode table of src/fs without memory, over nodes that only count. The
 * rest of the layer is calls of the kernel, answered on a mount.
 */
#include <string.h>

#include "inode.h"
#include "scenarios.h"
#include "store.h"

#define NODES 400

struct node {
	uint64_t id;
	unsigned refs;
};

static struct node root = { .id = 1000000, .refs = 1 };

struct node *store_root(struct store *store)
{
	return &root;
}

uint64_t node_id(const struct node *node)
{
	return node->id;
}

struct node *node_get(struct node *node)
{
	node->refs++;
	return node;
}

void node_put(struct store *store, struct node *node, unsigned count)
{
	node->refs -= count;
}

/* The table has taken over the reference of a node that found no room. */
static int run_inodes(void)
{
	struct node nodes[NODES];
	struct inodes t;
	unsigned refs = 0;
	int result = 0;
	size_t added = 0;

	inodes_init(&t, NULL);
	for (size_t i = 0; i < NODES; i++)
		nodes[i] = (struct node){ .id = i + 2, .refs = 1 };
	for (size_t i = 0; result == 0 && i < NODES; i++) {
		result = inodes_add(&t, &nodes[i]);
		added += result == 0;
	}
	if (inodes_count(&t) != added)
		result = WRONG;
	for (size_t i = 0; i < added; i++)
		inodes_forget(&t, nodes[i].id, 1);
	for (size_t i = 0; i < NODES; i++)
		refs += nodes[i].refs;
	inodes_release(&t);
	return refs == NODES - added - (result < 0) ? result : WRONG;
}

static const struct scenario scenarios[] = {
	SCENARIO("inodes", run_inodes),
};

int main(void)
{
	return scenarios_run(scenarios, ARRAY_SIZE(scenarios));
}
