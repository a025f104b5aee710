/* SPDX-License-Identifier: MIT */
/*
 * URLs that carry their signature, for people and browsers without keys, and
 * bare ones. Same parameter order as botocore, so that URLs compare equal.
 * Pure; any thread.
 */
#ifndef S3_PRESIGN_H
#define S3_PRESIGN_H

#include <stdint.h>

#include "creds/sign.h"
#include "names/endpoint.h"

/* All borrowed. */
struct presign {
	const char *method; /* "GET", "HEAD", "PUT" */
	const char *key;
	const struct query *query; /* versionId, response-...; NULL: none */
	enum s3_signature version;
	int64_t unix_s;   /* now, by the server's clock */
	int64_t expire_s; /* valid so long; S3 takes up to 604800
			     with V4 and refuses more itself */
};

/*
 * Appends the URL to out; creds NULL: the bare one. e was made for
 * ENDPOINT_URLS. Returns 0, -ENOMEM, -EIO (OpenSSL) or -EINVAL (no key).
 */
MUST_USE int presign_url(const struct endpoint *e, const struct presign *p,
			 const struct s3_creds *creds, struct buf *out,
			 struct errinfo *err);

#endif
