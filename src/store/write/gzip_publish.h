/* SPDX-License-Identifier: MIT */
/* A file that is stored compressed. */
#ifndef STORE_GZIP_PUBLISH_H
#define STORE_GZIP_PUBLISH_H

#include <stdbool.h>

#include "macros.h"

struct errinfo;
struct file;
struct pairs;
struct store;

/*
 * Whether a file with these headers is stored compressed under this key: its
 * type is one of GZIP_CONTENT_TYPES and no encoding is decided, or it is an
 * edit of an object that reads expanded.
 */
bool gzip_is_wanted(const struct file *file, const char *key,
		    const struct pairs *headers);

/*
 * Compresses the file as it is now into a file of its own that no name leads
 * to, whose form says how; file.lock is given up meanwhile. *out:
 * upload_publish_locked it, then file_put.
 */
MUST_USE int gzip_compress_locked(struct file *file, struct file **out,
				  struct errinfo *err);
/* Headers of bytes that the file itself has compressed say so. -ENOMEM. */
MUST_USE int gzip_note_raw(const struct store *store, const char *key,
			   struct pairs *headers);

#endif
