/* SPDX-License-Identifier: MIT */
/*
 * Objects in a folder, so that they survive the server.
 *
 *   DIR/BUCKET/a/b/c            the bytes of the key a/b/c
 *   DIR/BUCKET/.s3/HASH.data    the bytes of a key that cannot be a path, or
 *                               whose path is taken: "a//b", "a/", "..", a
 *                               component of more than 255 bytes, "a" beside
 *                               "a/b", anything below .s3
 *   DIR/BUCKET/.s3/HASH.json    what else is known of the key: the key
 *                               itself, ETag, headers, tags, part sizes
 *
 * HASH is the SHA-256 of the key in hex. A file without HASH.json, or whose
 * size or time is not the one noted there, was put by somebody else: it is
 * an object all the same, of the type its name suggests, with an ETag made
 * from its size and time. Files are looked for at the start only; links are
 * not followed. Uploads that are not complete and the ACLs and owners
 * of buckets live in memory and end with the server.
 *
 * Called under the store's lock, but for root_stage.
 */
#ifndef SERVER_ROOT_H
#define SERVER_ROOT_H

#include "macros.h"
#include "store.h"

/* Makes the folder if it is not there. NULL, with errno, if it cannot be. */
struct root *root_open(const char *dir);
void root_close(struct root *root);

/* Fills store with what is in the folder. */
MUST_USE int root_load(struct root *root, struct store *store);

MUST_USE int root_add_bucket(struct root *root, const char *bucket);
MUST_USE int root_remove_bucket(struct root *root, const char *bucket);

/* Writes the object's bytes to a file that is not yet its own. */
MUST_USE int root_stage(struct root *root, struct object *object);

/* Gives the staged file its name, and notes the rest beside it. */
MUST_USE int root_publish(struct root *root, const char *bucket,
			  const char *key, struct object *object);
MUST_USE int root_save_headers(struct root *root, const char *bucket,
			       const char *key, const struct object *object);
MUST_USE int root_delete(struct root *root, const char *bucket,
			 const char *key);

#endif
