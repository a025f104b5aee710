/* SPDX-License-Identifier: MIT */
/* The requests that make a version: a PUT, the end of an upload. */
#ifndef STORE_PUT_H
#define STORE_PUT_H

#include <stdbool.h>

#include "macros.h"
#include "multipart.h"
#include "s3.h"

struct body;
struct errinfo;
struct file;

/*
 * One PUT of body as file, waiting. Exclusive: -EEXIST if the key is taken,
 * by If-None-Match or, on a server that has none, by a HEAD before.
 */
MUST_USE int upload_put(struct file *file, const char *key, struct body *body,
			bool is_exclusive, char etag[S3_ETAG_MAX],
			struct errinfo *err);

/*
 * Ends a multipart upload: wanted says which; what it says of conditions is
 * not looked at. -EEXIST as above.
 */
MUST_USE int upload_complete(struct file *file,
			     const struct s3_complete_upload *wanted,
			     bool is_exclusive, char etag[S3_ETAG_MAX],
			     struct errinfo *err);

#endif
