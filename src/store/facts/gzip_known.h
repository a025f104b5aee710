/* SPDX-License-Identifier: MIT */
/*
 * What was asked about objects of a mount that shows gzip expanded: a
 * listing tells how large they are stored, but not how they read. Knowledge
 * is of one version: key, ETag, size and the second it was stored, because
 * headers can change under the same ETag.
 *
 * Two generations of GENERATION objects: when the younger is full, the older
 * is forgotten. A lock of its own, a leaf; any thread.
 */
#ifndef STORE_GZIP_KNOWN_H
#define STORE_GZIP_KNOWN_H

#include <stdint.h>

#include "codec/gzip.h"
#include "lock.h"
#include "strmap.h"

struct gzip_known {
	struct lock lock;
	struct strmap young, old; /* version -> struct gzip_layout */
};

/* One version of an object, as a listing or a HEAD tells it. */
struct gzip_version {
	const char *key;
	const char *etag;
	uint64_t stored_size;
	int64_t mtime_ns;
};

void gzip_known_init(struct gzip_known *known);
void gzip_known_release(struct gzip_known *known);

/* True and *out if this version was asked about. */
bool gzip_known_get(struct gzip_known *known, const struct gzip_version *v,
		    struct gzip_layout *out);
/* Without memory it is not kept. */
void gzip_known_put(struct gzip_known *known, const struct gzip_version *v,
		    const struct gzip_layout *layout);

#endif
