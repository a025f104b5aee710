/* SPDX-License-Identifier: MIT */
/* Whether what is stored are the bytes that were sent, by what is told of it. */
#ifndef S3_LOOK_H
#define S3_LOOK_H

#include "s3.h"

struct look {
	uint64_t size;
	const char *etag;
	bool has_crc32c;
	uint32_t crc32c;
};

enum look_result {
	LOOK_OTHER,   /* surely not these */
	LOOK_SAME,    /* surely these */
	LOOK_UNKNOWN, /* as many, and nothing tells which (SSE-KMS, SSE-C) */
};

/* Reads body if only its MD5 can tell; so where body.read may be called. */
enum look_result look_at(const struct look *stored, const struct s3_body *body);

#endif
