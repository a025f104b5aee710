/* SPDX-License-Identifier: MIT */
/* Names inside the root folder, for root.c and root-load.c. */
#ifndef SERVER_ROOT_FILES_H
#define SERVER_ROOT_FILES_H

#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "buf.h"

#define ROOT_HIDDEN   ".s3"      /* in each bucket's folder */
#define ROOT_STAGING  ".staging" /* beside the buckets */
#define ROOT_DATA     ".data"
#define ROOT_SIDECAR  ".json"
#define ROOT_PATH_MAX ((size_t)PATH_MAX)

struct root {
	char *dir;
	atomic_ullong last_staged;
};

/* The path of a key, or of the bucket if key is "". Sets out anew. */
void root_path(const struct root *root, struct buf *out, const char *bucket,
	       const char *key);
void root_hash_path(const struct root *root, struct buf *out,
		    const char *bucket, const char *key, const char *suffix);

/* Can the key be a path below its bucket's folder? */
bool root_key_is_path(const char *key);

#endif
