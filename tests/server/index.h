/* SPDX-License-Identifier: MIT */
/*
 * Sorted keys: a skip list in the order of unsigned bytes, which is the
 * order S3 lists in. A million keys load in seconds and any page starts
 * after about twenty steps. The caller locks.
 */
#ifndef SERVER_INDEX_H
#define SERVER_INDEX_H

#include <stddef.h>
#include <stdint.h>

#define INDEX_LEVELS 20

struct index_node {
	void *value;
	uint16_t key_len;
	uint8_t levels;
	char *key; /* behind next[], NUL-terminated */
	struct index_node *next[];
};

struct index {
	struct index_node *heads[INDEX_LEVELS];
	size_t count;
	uint64_t seed;
};

/* The node of key, or NULL. */
struct index_node *index_find(const struct index *index, const char *key);

/* The first node whose key is key or comes after it, or NULL. */
struct index_node *index_seek(const struct index *index, const char *key);

/* As index_seek, but strictly after. */
struct index_node *index_after(const struct index *index, const char *key);

/* The node of key, made with a NULL value if it is new; NULL: no memory. */
struct index_node *index_insert(struct index *index, const char *key);

/* Takes the node of key out and frees it, not its value. */
void index_remove(struct index *index, const char *key);

/* Frees all nodes, not the values. */
void index_release(struct index *index);

#endif
