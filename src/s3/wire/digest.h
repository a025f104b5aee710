/* SPDX-License-Identifier: MIT */
/* SHA-256, SHA-1, MD5, HMAC and base64 over OpenSSL. Any thread. */
#ifndef S3_DIGEST_H
#define S3_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "macros.h"

#define DIGEST_MAX 32 /* bytes of the longest, SHA-256 */

enum digest_kind {
	DIGEST_MD5,
	DIGEST_SHA1,
	DIGEST_SHA256
};

/* 16, 20 or 32 bytes. */
size_t digest_size(enum digest_kind kind);

/* out gets digest_size(kind) bytes. Returns 0, -ENOMEM or -EIO (OpenSSL). */
MUST_USE int digest_of(enum digest_kind kind, const void *data, size_t len,
		       unsigned char *out);

/* As digest_of; RFC 2104. */
MUST_USE int digest_hmac(enum digest_kind kind, const void *key, size_t key_len,
			 const void *data, size_t len, unsigned char *out);

/*
 * A digest over pieces: start, add, then finish (which frees) or drop.
 * start returns NULL if there is no memory.
 */
struct digest;
struct digest *digest_start(enum digest_kind kind);
MUST_USE int digest_add(struct digest *d, const void *data, size_t len);
MUST_USE int digest_finish(struct digest *d, unsigned char *out);
void digest_drop(struct digest *d);

/* Appends the base64 form (RFC 4648 section 4, with padding). */
void digest_base64(struct buf *out, const void *data, size_t len);

/*
 * Decodes base64 text of len bytes into out, which has room for
 * len / 4 * 3. Returns the number of bytes or -EINVAL.
 */
MUST_USE int digest_unbase64(unsigned char *out, const char *text, size_t len);

#endif
