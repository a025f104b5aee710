/* SPDX-License-Identifier: MIT */
/*
 * What an object keeps of the request that makes it: headers sent back with
 * it, tags, ACL, and the SSE-C key's MD5 that later requests must match.
 */
#ifndef SERVER_KEEP_H
#define SERVER_KEEP_H

#include "errors.h"
#include "store.h"

struct request;

/* Collects the request's object headers; checks class, sizes, SSE. */
enum s3_error keep_headers(struct request *req, struct fields *out);

/* The x-amz-tagging header, URL-encoded pairs, as tags. */
enum s3_error keep_tags(struct request *req, struct fields *out);

/* The canned ACL of x-amz-acl; private without one. */
enum s3_error keep_acl(const struct request *req, enum acl *out);

/*
 * Was the object stored with SSE-C? Then the request must carry the same
 * key; prefix is "x-amz-" or "x-amz-copy-source-".
 */
enum s3_error keep_check_sse_c(struct request *req, const char *prefix,
			       const struct fields *headers);

/* Puts the SSE headers of an object or upload on the answer. */
void keep_answer_sse(struct request *req, const struct fields *headers);

#endif
