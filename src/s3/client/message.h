/* SPDX-License-Identifier: MIT */
/* What actions put into a request and take from an answer. */
#ifndef S3_MESSAGE_H
#define S3_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "macros.h"

struct buf;
struct s3_body;
struct s3_client;
struct s3_request;

/* build: sets a header of the try. */
MUST_USE int request_header(struct s3_request *r, const char *name,
			    const char *value);
/* As request_header, with the ETag quoted. */
MUST_USE int request_etag_header(struct s3_request *r, const char *name,
				 const char *etag);
/* build: sends text (borrowed), signed also over TLS. */
MUST_USE int request_send_text(struct s3_request *r, struct buf *text);
/* build: sends body, with its checksum if the server takes one. */
MUST_USE int request_send_body(struct s3_request *r,
			       const struct s3_body *body);
/* build: a number for the query; slot 0 or 1. */
const char *request_number(struct s3_request *r, unsigned slot, uint64_t n);
/* A header of the answer, or NULL. */
const char *request_answer(const struct s3_request *r, const char *name);

/*
 * Sums body, once for all tries: CRC32C unless it is given or the server
 * takes none, SHA-256 if it is to be signed. Reads it all; on the thread that
 * starts r.
 */
MUST_USE int request_sum_body(struct s3_request *r, struct s3_body *body,
			      bool is_signed);
/* settle of what an upload id is for: RGW says NoSuchKey of a missing one. */
void request_expect_upload(int *result);

/*
 * settle of uploads: whether the server dislikes the checksum header, and a
 * try without it is due.
 */
bool request_drop_checksum(struct s3_request *r);
/* Remembers in the client that a try without checksum was taken. */
void request_keep_dropped(struct s3_request *r);

/* Whether the SHA-256 of bodies is signed, by the settings and the server. */
bool client_signs_bodies(struct s3_client *c);

/* Signs the try with the keys in use, which r holds from now on. */
MUST_USE int request_sign(struct s3_request *r);

#endif
