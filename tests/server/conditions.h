/* SPDX-License-Identifier: MIT */
/* If-Match and its kin, and ranges: RFC 9110, sections 13 and 14. */
#ifndef SERVER_CONDITIONS_H
#define SERVER_CONDITIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "errors.h"

struct request;
struct object;

/*
 * The four conditions of a GET or, with prefix "x-amz-copy-source-", of a
 * copy's source.
 */
enum s3_error conditions_read(const struct request *req, const char *prefix,
			      const struct object *object);

/*
 * The conditions of a write; current is what is there now, or NULL. S3 knows
 * If-None-Match with * only.
 */
enum s3_error conditions_write(const struct request *req,
			       const struct object *current);

/* Is etag (without quotes) in the list of If-Match or If-None-Match? */
bool condition_etag_in(const char *list, const char *etag);

/*
 * bytes=FIRST-LAST of an object of size bytes. *is_range is false for what
 * is no range S3 knows; then all is meant.
 */
enum s3_error conditions_range(const char *text, uint64_t size, bool *is_range,
			       uint64_t *off, uint64_t *len);

#endif
