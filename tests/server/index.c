/* SPDX-License-Identifier: MIT */
/* A skip list; see index.h. */
#include "index.h"

#include <stdlib.h>
#include <string.h>

/* Finds the link that points at key's place on each level. */
static void find_links(struct index *index, const char *key,
		       struct index_node **links[INDEX_LEVELS])
{
	struct index_node *before = NULL;

	for (int level = INDEX_LEVELS - 1; level >= 0; level--) {
		struct index_node **link =
			before ? &before->next[level] : &index->heads[level];

		while (*link && strcmp((*link)->key, key) < 0) {
			before = *link;
			link = &before->next[level];
		}
		links[level] = link;
	}
}

struct index_node *index_seek(const struct index *index, const char *key)
{
	const struct index_node *before = NULL;
	struct index_node *node = NULL;

	for (int level = INDEX_LEVELS - 1; level >= 0; level--) {
		node = before ? before->next[level] : index->heads[level];
		while (node && strcmp(node->key, key) < 0) {
			before = node;
			node = node->next[level];
		}
	}
	return node;
}

struct index_node *index_find(const struct index *index, const char *key)
{
	struct index_node *node = index_seek(index, key);

	return node && strcmp(node->key, key) == 0 ? node : NULL;
}

struct index_node *index_after(const struct index *index, const char *key)
{
	struct index_node *node = index_seek(index, key);

	return node && strcmp(node->key, key) == 0 ? node->next[0] : node;
}

/* One level more for every fourth node: xorshift is random enough here. */
static uint8_t random_levels(struct index *index)
{
	uint8_t levels = 1;
	uint64_t x = index->seed + 0x9e3779b97f4a7c15u;

	index->seed = x;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	x ^= x >> 31;
	while (levels < INDEX_LEVELS && (x & 3) == 0) {
		levels++;
		x >>= 2;
	}
	return levels;
}

struct index_node *index_insert(struct index *index, const char *key)
{
	struct index_node **links[INDEX_LEVELS];
	size_t len = strlen(key);
	struct index_node *node;
	uint8_t levels;

	find_links(index, key, links);
	if (*links[0] && strcmp((*links[0])->key, key) == 0)
		return *links[0];
	levels = random_levels(index);
	node = malloc(sizeof(*node) + levels * sizeof(node->next[0]) + len + 1);
	if (!node)
		return NULL;
	node->value = NULL;
	node->levels = levels;
	node->key_len = (uint16_t)len;
	node->key = (char *)&node->next[levels];
	memcpy(node->key, key, len + 1);
	for (unsigned level = 0; level < levels; level++) {
		node->next[level] = *links[level];
		*links[level] = node;
	}
	index->count++;
	return node;
}

void index_remove(struct index *index, const char *key)
{
	struct index_node **links[INDEX_LEVELS];
	struct index_node *node;

	find_links(index, key, links);
	node = *links[0];
	if (!node || strcmp(node->key, key) != 0)
		return;
	for (unsigned level = 0; level < node->levels; level++)
		*links[level] = node->next[level];
	free(node);
	index->count--;
}

void index_release(struct index *index)
{
	struct index_node *node = index->heads[0];

	while (node) {
		struct index_node *next = node->next[0];

		free(node);
		node = next;
	}
	*index = (struct index){ 0 };
}
