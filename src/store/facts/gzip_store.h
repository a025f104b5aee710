/* SPDX-License-Identifier: MIT */
/*
 * What a mount with AWS_IS_GZIPPED has beside the others: threads that
 * expand and compress, and what is known of objects. See docs/internals.md,
 * "Compressed objects".
 */
#ifndef STORE_GZIP_STORE_H
#define STORE_GZIP_STORE_H

#include "facts/gzip_known.h"
#include "lock.h"
#include "macros.h"

struct pool;
struct store;

/* store.gzip; NULL if the mount shows and stores bytes as they are. */
struct gzip_store {
	/*
	 * For expanding and compressing: such jobs wait for answers of the
	 * server, never for a job of either pool, so that jobs of the store's
	 * pool may wait for them.
	 */
	struct pool *pool;
	struct gzip_known known;
	struct lock lock; /* a leaf */
	pthread_cond_t none_ahead;
	unsigned aheads; /* HEADs of gzip_ahead.c under way */
};

MUST_USE int gzip_store_new(struct store *store);
/* When no file and no lookup is left. */
void gzip_store_free(struct store *store);

#endif
