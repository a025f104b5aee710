/* SPDX-License-Identifier: MIT */
/* What actions put into a request and take from an answer. */
#ifndef S3_MESSAGE_H
#define S3_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "macros.h"

struct buf;
struct s3_request;

/* build: sets a header of the try. */
MUST_USE int request_header(struct s3_request *r, const char *name,
			    const char *value);
/* As request_header, with the ETag quoted. */
MUST_USE int request_etag_header(struct s3_request *r, const char *name,
				 const char *etag);
/* build: sends text (borrowed), signed. */
void request_send_text(struct s3_request *r, struct buf *text);
/* build: a number for the query; slot 0 or 1. */
const char *request_number(struct s3_request *r, unsigned slot, uint64_t n);
/* A header of the answer, or NULL. */
const char *request_answer(const struct s3_request *r, const char *name);

/*
 * SHA-256 and CRC32C of the try's body into r; read once for all tries.
 */
MUST_USE int request_digest_body(struct s3_request *r);
/* settle of what an upload id is for: RGW says NoSuchKey of a missing one. */
void request_expect_upload(int *result);
/* Adds x-amz-checksum-crc32c of r->crc32c. */
MUST_USE int request_checksum_header(struct s3_request *r);

/*
 * settle of uploads: whether the server dislikes the checksum header, and a
 * try without it is due.
 */
bool request_drop_checksum(struct s3_request *r);
/* Remembers in the client that a try without checksum was taken. */
void request_keep_dropped(struct s3_request *r);

#endif
