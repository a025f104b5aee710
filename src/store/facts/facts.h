/* SPDX-License-Identifier: MIT */
/*
 * What an object's headers tell and a listing does not. Knowledge is of one
 * version: key, ETag, size and the second it was stored, because headers can
 * change under the same ETag.
 *
 * Two generations of GENERATION objects: when the younger is full, the older
 * is forgotten. A lock of its own, a leaf; any thread.
 */
#ifndef STORE_FACTS_H
#define STORE_FACTS_H

#include <stdbool.h>
#include <stdint.h>

#include "codec/gzip.h"
#include "lock.h"
#include "macros.h"
#include "s3.h"
#include "strmap.h"

struct store;

struct object_facts {
	struct gzip_layout layout; /* how it is stored, and how it reads */
};

/* One version of an object, as a listing or a HEAD tells it. */
struct object_version {
	const char *key;
	const char *etag;
	uint64_t stored_size;
	int64_t mtime_ns;
};

struct facts {
	struct lock lock;
	struct strmap young, old; /* version -> struct object_facts */
};

void facts_init(struct facts *facts);
void facts_release(struct facts *facts);

/* One text per version, of at most so many bytes, its key last. -ENOMEM. */
#define OBJECT_VERSION_MAX (S3_KEY_MAX + S3_ETAG_MAX + 64)
MUST_USE int object_version_text(const struct object_version *v,
				 struct buf *out);

/* True and *out if this version was asked about. */
bool facts_get(struct facts *facts, const struct object_version *v,
	       struct object_facts *out);
/* Without memory it is not kept. */
void facts_put(struct facts *facts, const struct object_version *v,
	       const struct object_facts *of);

/* A listing does not tell all that this mount shows of an object. */
bool facts_are_asked(const struct store *store);

/*
 * What HEAD or GET told of key, kept for who sees it listed. False if its
 * bytes have to be looked at to know: facts_learn_wait then.
 */
bool facts_learn(struct store *store, const char *key,
		 const struct s3_object *object, struct object_facts *out);
/* As facts_learn, but waits for that; on a pool. */
MUST_USE int facts_learn_wait(struct store *store, const char *key,
			      const struct s3_object *object,
			      struct object_facts *out, struct errinfo *err);

#endif
