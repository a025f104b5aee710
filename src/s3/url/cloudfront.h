/* SPDX-License-Identifier: MIT */
/*
 * CloudFront's signed URLs with a canned policy: RSA PKCS#1 v1.5 over SHA-1,
 * as the CloudFront developer guide describes under "Create a signed URL
 * using a canned policy". Any thread.
 */
#ifndef S3_CLOUDFRONT_H
#define S3_CLOUDFRONT_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "errinfo.h"
#include "macros.h"

struct cloudfront;

/*
 * key is a private RSA key in PEM or, from / on, the path of a file with
 * one, which others can read only if allow_readable. Both texts are copied.
 * Returns 0, -EINVAL (no such key), -EACCES (a
 * file that others can read), what opening the file gave, or -ENOMEM; err
 * never has the key.
 */
MUST_USE int cloudfront_new(const char *key_id, const char *key,
			    bool allow_readable, struct cloudfront **out,
			    struct errinfo *err);

/* NULL is fine. */
void cloudfront_free(struct cloudfront *cf);

/*
 * Appends to url, which is all of it so far, a signature that ends at
 * expires_s (since 1970). Returns 0, -ENOMEM or -EIO (OpenSSL).
 */
MUST_USE int cloudfront_sign(const struct cloudfront *cf, int64_t expires_s,
			     struct buf *url);

#endif
