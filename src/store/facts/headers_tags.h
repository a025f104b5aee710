/* SPDX-License-Identifier: MIT */
/* An object's tags, which are a request of their own. */
#ifndef STORE_HEADERS_TAGS_H
#define STORE_HEADERS_TAGS_H

#include <stdbool.h>

#include "macros.h"

struct errinfo;
struct pairs;
struct store;

/*
 * If headers, which HEAD or GET told of key, say that the object has tags:
 * adds these as HEADERS_TAGGING. Who may not read them is warned once, and
 * they are lost. Waits; on the pool. Returns 0, -ENOMEM, ...
 */
MUST_USE int headers_add_tags(struct store *store, const char *key,
			      struct pairs *headers, struct errinfo *err);

/*
 * Whether what was sent with headers and gave result is worth another try:
 * it was refused, and they have tags, which need a permission of their own
 * (s3:PutObjectTagging) and are gone now.
 */
bool headers_drop_tags(struct store *store, struct pairs *headers, int result,
		       const struct errinfo *err);

#endif
