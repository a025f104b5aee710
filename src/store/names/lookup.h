/* SPDX-License-Identifier: MIT */
/* What is behind a name: from memory, or asked of the bucket. */
#ifndef STORE_LOOKUP_H
#define STORE_LOOKUP_H

#include <stdint.h>

#include "macros.h"

struct errinfo;
struct node;
struct store;

/*
 * What memory knows of a name: 1 and *out counted, -ENOENT (*until_ms), or
 * 0 for nothing.
 */
int lookup_cached_locked(struct store *store, struct node *parent,
			 const char *name, struct node **out,
			 int64_t *until_ms);
/* store_lookup, waiting; on the pool only. *out is counted. */
MUST_USE int lookup_wait(struct store *store, struct node *parent,
			 const char *name, struct node **out,
			 struct errinfo *err);

#endif
