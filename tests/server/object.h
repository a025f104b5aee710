/* SPDX-License-Identifier: MIT */
/* What the operations on objects share. */
#ifndef SERVER_OBJECT_H
#define SERVER_OBJECT_H

#include <stdbool.h>
#include <stdint.h>

#include "errors.h"
#include "store.h"

struct request;

/* The object of key, if the requester may read it; borrowed, under the lock. */
enum s3_error object_find_locked(struct request *req,
				 const struct bucket *bucket, const char *key,
				 struct object **out);

/*
 * Publishes object if the request's conditions hold. The caller keeps its
 * reference.
 */
enum s3_error object_publish(struct request *req, const char *bucket_name,
			     const char *key, struct object *object);

/* The ETag of what the request brought. */
void object_make_etag(const struct request *req, char out[ETAG_SIZE],
		      bool is_part);

#endif
