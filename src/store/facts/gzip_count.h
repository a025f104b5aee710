/* SPDX-License-Identifier: MIT */
/* Objects that are somebody else's gzip, expanded. */
#ifndef STORE_GZIP_COUNT_H
#define STORE_GZIP_COUNT_H

#include <stddef.h>

#include "macros.h"
#include "s3.h"

struct errinfo;
struct gunzip;
struct gzip_layout;
struct object_version;
struct store;

/*
 * Expands an object to sink. -EBADMSG: it is no sound gzip; other errors
 * are those of the server, of sink, or -ENOMEM. Waits; on a pool.
 */
MUST_USE int gzip_expand(struct store *store, const struct object_version *v,
			 enum s3_priority priority,
			 int (*sink)(void *arg, const void *data, size_t len),
			 void *arg, struct gunzip *g, struct errinfo *err);

/*
 * Expands a foreign object once to count its bytes; waits. out becomes
 * FOREIGN with its plain size or, if it is no sound gzip, BROKEN, which the
 * log then explains. Other errors: not known.
 */
MUST_USE int gzip_count(struct store *store, const struct object_version *v,
			struct gzip_layout *out, struct errinfo *err);

#endif
