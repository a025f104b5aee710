/* SPDX-License-Identifier: MIT */
/*
 * The inode numbers that the kernel knows.
 *
 *   inodes_init(&t, store);
 *   inodes_add(&t, node);           before the reply that names node
 *   node = inodes_get(&t, id);      for every request on id
 *   inodes_forget(&t, id, count);   when the kernel forgets
 *   inodes_release(&t);
 *
 * The kernel counts how often it was told an inode number and forgets with
 * that count (FUSE_FORGET). A number in the table holds one reference of its
 * node. The root is INODE_ROOT, is never forgotten and takes no room.
 * Any thread.
 */
#ifndef FS_INODE_H
#define FS_INODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lock.h"
#include "macros.h"

struct node;
struct store;

#define INODE_ROOT 1 /* FUSE_ROOT_ID */

struct inode_slot {
	uint64_t id; /* 0: empty */
	struct node *node;
	/* clang-format off */
	uint64_t lookups : 63;   /* what the kernel holds */
	uint64_t has_set_id : 1; /* see inodes_note_set_id */
	/* clang-format on */
};

struct inodes {
	struct store *store;
	struct node *root; /* borrowed */
	uint64_t root_id;  /* as the store calls it */
	struct lock lock;
	struct {
		struct inode_slot *slots; /* linear probing */
		size_t room;              /* 0 or a power of two */
		size_t count;
		size_t set_id_count;
	} locked;
};

void inodes_init(struct inodes *t, struct store *store);

/* The kernel's number of the node that the store calls store_id. */
uint64_t inodes_number(const struct inodes *t, uint64_t store_id);

/*
 * Counts one lookup of node, and takes over the caller's reference whether
 * it succeeds or not. Returns 0 or -ENOMEM.
 */
MUST_USE int inodes_add(struct inodes *t, struct node *node);

/* The node with a reference for the caller, or NULL: never told. */
struct node *inodes_get(struct inodes *t, uint64_t id);

/* True if the kernel may know id. */
bool inodes_has(struct inodes *t, uint64_t id);

/* Takes lookups back; with the last one the node's reference goes. */
void inodes_forget(struct inodes *t, uint64_t id, uint64_t lookups);

/*
 * Remembers whether the mode of id has set-user-id or set-group-id, so that
 * a write, which must clear them, costs nothing for all other files.
 */
void inodes_note_set_id(struct inodes *t, uint64_t id, bool has_set_id);
bool inodes_has_set_id(struct inodes *t, uint64_t id);

/* How many the kernel knows, the root aside. */
size_t inodes_count(struct inodes *t);

/* Gives all references back. */
void inodes_release(struct inodes *t);

#endif
