/* SPDX-License-Identifier: MIT */
/* One object under another key, on the server. On the pool; no lock held. */
#ifndef STORE_COPY_H
#define STORE_COPY_H

#include "internal.h"

struct object_copy {
	const char *source_key;
	const char *etag; /* copied only if it still is; NULL or "": any */
	uint64_t size;
	const char *key;
};

/*
 * By CopyObject, above its limit by parts. Headers go along; a content type
 * that was guessed from the old name becomes that of the new one.
 */
MUST_USE int copy_object(struct store *store, const struct object_copy *from,
			 char etag[S3_ETAG_MAX], struct errinfo *err);

#endif
