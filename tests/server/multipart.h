/* SPDX-License-Identifier: MIT */
/* What the multipart operations and copies share. */
#ifndef SERVER_MULTIPART_H
#define SERVER_MULTIPART_H

#include <stdbool.h>
#include <stdint.h>

#include "errors.h"
#include "store.h"

struct request;
struct buf;

/* The upload the request names; under the store's lock. */
enum s3_error multipart_find_locked(struct request *req, struct bucket **bucket,
				    struct upload **upload);

/* Puts part, which it owns, into the request's upload and answers. */
enum s3_error multipart_store_part(struct request *req, struct part *part,
				   bool is_copy);

/* The MD5 of a body, in hex. */
enum s3_error multipart_etag_of(const struct body *body, char out[ETAG_SIZE]);

/* An ETag that is only unlike all others. */
enum s3_error multipart_quick_etag(const struct request *req,
				   char out[ETAG_SIZE]);

/* <ChecksumCRC32C> and the like for x-amz-checksum-* fields. */
void multipart_add_sums(struct buf *out, const struct fields *sums);

/* ops-copy.c: the XML of a copy. */
void copy_answer(struct request *req, const char *root, const char *etag,
		 int64_t mtime_ns, const struct fields *sums);

#endif
