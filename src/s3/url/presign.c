/* SPDX-License-Identifier: MIT */
/*
 * URLs that carry their signature; see presign.h. Sources: the S3 API
 * reference, "Authenticating Requests: Using Query Parameters" (V4) and
 * "Signing and Authenticating REST Requests", query string (V2).
 */
#include "url/presign.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "creds/creds.h"
#include "creds/sign.h"
#include "names/endpoint.h"
#include "text.h"
#include "wire/digest.h"
#include "wire/query.h"

#define TEXT_LIMIT (64 * 1024) /* bytes; a URL of a browser is far shorter */
#define NUMBER_MAX 24          /* digits, sign and NUL of an int64_t */

static int presign_add_v2(const struct presign *p,
			  const struct sign_request *req,
			  const struct s3_creds *creds, struct query *query,
			  struct buf *out)
{
	struct buf AUTO_BUF text = BUF_INIT(TEXT_LIMIT);
	struct buf AUTO_BUF signature = BUF_INIT(TEXT_LIMIT);
	CLEANUP(pairs_release) struct pairs headers = PAIRS_INIT;
	const char *token = creds_token(creds);
	char expires[NUMBER_MAX];
	int rc = 0;

	snprintf(expires, sizeof(expires), "%" PRId64, p->unix_s + p->expire_s);
	if (token)
		rc = pairs_set(&headers, "x-amz-security-token", token);
	if (rc < 0)
		return rc;
	sign_v2_string(req, expires, &headers, &text);
	rc = sign_v2_signature(creds, &text, &signature);
	if (rc < 0)
		return rc;
	query_add(query, "AWSAccessKeyId", creds_access_key(creds));
	query_add(query, "Signature", buf_str(&signature));
	if (token)
		query_add(query, "x-amz-security-token", token);
	query_add(query, "Expires", expires);
	endpoint_url(req->endpoint, p->key, query, out);
	return out->error;
}

static int presign_add_v4(const struct presign *p,
			  const struct sign_request *req,
			  const struct s3_creds *creds, struct query *query,
			  struct buf *out)
{
	struct buf AUTO_BUF canonical = BUF_INIT(TEXT_LIMIT);
	struct buf AUTO_BUF names = BUF_INIT(TEXT_LIMIT);
	struct buf AUTO_BUF credential = BUF_INIT(TEXT_LIMIT);
	const struct pairs headers = PAIRS_INIT;
	char date[TEXT_BASIC_DATE_SIZE], expires[NUMBER_MAX];
	char signature[2 * DIGEST_MAX + 1];
	int rc;

	text_basic_date(date, p->unix_s);
	snprintf(expires, sizeof(expires), "%" PRId64, p->expire_s);
	buf_add_fmt(&credential, "%s/", creds_access_key(creds));
	sign_v4_scope(req, &credential);
	if (credential.error)
		return credential.error;
	query_add(query, "X-Amz-Algorithm", "AWS4-HMAC-SHA256");
	query_add(query, "X-Amz-Credential", credential.data);
	query_add(query, "X-Amz-Date", date);
	query_add(query, "X-Amz-Expires", expires);
	query_add(query, "X-Amz-SignedHeaders", "host");
	if (creds_token(creds))
		query_add(query, "X-Amz-Security-Token", creds_token(creds));
	sign_v4_canonical(req, &headers, &canonical, &names);
	rc = sign_v4_signature(req, creds, &canonical, signature);
	if (rc < 0)
		return rc;
	query_add(query, "X-Amz-Signature", signature);
	endpoint_url(req->endpoint, p->key, query, out);
	return out->error;
}

static int presign_add_url(const struct endpoint *e, const struct presign *p,
			   const struct s3_creds *creds, struct buf *out)
{
	struct query query = QUERY_INIT;
	const struct sign_request req = {
		.method = p->method,
		.endpoint = e,
		.key = p->key,
		.query = &query,
		.payload = SIGN_UNSIGNED_PAYLOAD,
		.unix_s = p->unix_s,
	};

	if (p->query)
		query = *p->query;
	if (creds && p->version == S3_SIGNATURE_V2)
		return presign_add_v2(p, &req, creds, &query, out);
	if (creds)
		return presign_add_v4(p, &req, creds, &query, out);
	endpoint_url(e, p->key, &query, out);
	return out->error;
}

int presign_url(const struct endpoint *e, const struct presign *p,
		const struct s3_creds *creds, struct buf *out,
		struct errinfo *err)
{
	int rc;

	if (!p->key || !*p->key)
		return errinfo_set(err, -EINVAL,
				   "a URL needs the name of an object");
	rc = presign_add_url(e, p, creds, out);
	if (rc == 0)
		return 0;
	return errinfo_set(err, rc, "cannot make a URL of %s: %s", p->key,
			   strerrordesc_np(-rc));
}
