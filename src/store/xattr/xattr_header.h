/* SPDX-License-Identifier: MIT */
/* Extended attributes that are headers of the object. */
#ifndef STORE_XATTR_HEADER_H
#define STORE_XATTR_HEADER_H

#include <stdbool.h>

#include "macros.h"

struct errinfo;
struct node;
struct pairs;
struct store;

/*
 * The headers of the node's object or, if it is not stored as it is now, of
 * what will be. may_ask: else only what memory knows. Waits, on the pool, if
 * may_ask. -ENODATA: memory does not know.
 */
MUST_USE int xattr_headers(struct store *store, struct node *node, bool may_ask,
			   struct pairs *out, struct errinfo *err);

/*
 * Gives the header another value, "": takes it away. flags: XATTR_CREATE,
 * XATTR_REPLACE. Waits; on the pool. -ENODATA, -EEXIST, -ENOSPC, ...
 */
MUST_USE int xattr_change(struct store *store, struct node *node,
			  const char *header, const char *value, int flags,
			  struct errinfo *err);

#endif
