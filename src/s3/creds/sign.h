/* SPDX-License-Identifier: MIT */
/*
 * Signatures of requests: AWS Signature Version 4 and Version 2, in headers.
 * (In URLs: presign.h.)
 *
 *   struct sign_request req = { .method = "GET", .endpoint = &endpoint,
 *           .key = key, .query = &query, .unix_s = now,
 *           .payload = SIGN_UNSIGNED_PAYLOAD };
 *   sign_headers(&req, S3_SIGNATURE_V4, creds, &http.headers, err);
 *   endpoint_url(&endpoint, key, &query, &url);
 *
 * Pure functions of their arguments; any thread. Neither secrets nor the
 * texts they were made from get into err.
 */
#ifndef S3_SIGN_H
#define S3_SIGN_H

#include <stdint.h>

#include "buf.h"
#include "errinfo.h"
#include "names/endpoint.h"
#include "pairs.h"
#include "wire/query.h"

struct s3_creds;

#define SIGN_UNSIGNED_PAYLOAD "UNSIGNED-PAYLOAD"
/* SHA-256 of no bytes. */
#define SIGN_EMPTY_PAYLOAD \
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

/* All borrowed. */
struct sign_request {
	const char *method;
	const struct endpoint *endpoint;
	const char *key;           /* NULL: the bucket itself */
	const struct query *query; /* NULL: none */
	const char *service;       /* V4 only; NULL: "s3" */
	/* V4 only: SHA-256 in hex, SIGN_UNSIGNED_PAYLOAD, STREAMING-... */
	const char *payload;
	int64_t unix_s; /* now, by the server's clock */
};

/*
 * Signs a request with the headers it is going to have (but Host and
 * Content-Length, which the HTTP layer sets) and sets in headers what the
 * signature adds: authorization, x-amz-security-token and, for V4, x-amz-date
 * and x-amz-content-sha256, for V2, date. Those of an earlier try are
 * replaced. creds NULL (anonymous): takes them out and sets none. V4 covers
 * all headers but those that proxies change (user-agent, expect,
 * accept-encoding, ...), as botocore does.
 * Returns 0, -ENOMEM, -EIO (OpenSSL) or -EINVAL (query with an error).
 */
MUST_USE int sign_headers(const struct sign_request *req,
			  enum s3_signature version,
			  const struct s3_creds *creds, struct pairs *headers,
			  struct errinfo *err);

/*
 * For presign.c and the tests: the texts that are signed. The canonical
 * request of V4 over all of headers and host; names gets the list of signed
 * headers.
 */
void sign_v4_canonical(const struct sign_request *req,
		       const struct pairs *headers, struct buf *out,
		       struct buf *names);

/* V4: hex signature of a canonical request; out has 65 bytes. */
MUST_USE int sign_v4_signature(const struct sign_request *req,
			       const struct s3_creds *creds,
			       const struct buf *canonical, char *out);

/* V4: appends "20130524/us-east-1/s3/aws4_request". */
void sign_v4_scope(const struct sign_request *req, struct buf *out);

/* V2: date is the Date header or the expiry of a URL. */
void sign_v2_string(const struct sign_request *req, const char *date,
		    const struct pairs *headers, struct buf *out);

/* V2: appends the base64 signature of text. */
MUST_USE int sign_v2_signature(const struct s3_creds *creds,
			       const struct buf *text, struct buf *out);

#endif
