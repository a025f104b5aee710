/* SPDX-License-Identifier: MIT */
/* Signature Version 2, in the header and in the query; see auth.h. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "auth.h"
#include "clock.h"
#include "request.h"
#include "text.h"

#define AMZ_HEADERS_MAX 64

/* API reference, "Signing and Authenticating REST Requests"; sorted. */
static const char *const subresources[] = { "acl",
					    "cors",
					    "delete",
					    "lifecycle",
					    "location",
					    "logging",
					    "notification",
					    "partNumber",
					    "policy",
					    "requestPayment",
					    "response-cache-control",
					    "response-content-disposition",
					    "response-content-encoding",
					    "response-content-language",
					    "response-content-type",
					    "response-expires",
					    "tagging",
					    "torrent",
					    "uploadId",
					    "uploads",
					    "versionId",
					    "versioning",
					    "versions",
					    "website" };

struct amz_headers {
	char *lines[AMZ_HEADERS_MAX];
	unsigned count;
};

static enum MHD_Result collect_amz(void *cls, enum MHD_ValueKind kind,
				   const char *name, const char *value)
{
	struct amz_headers *all = cls;
	struct buf line = BUF_INIT(1 << 16);

	if (strncasecmp(name, "x-amz-", 6) != 0 ||
	    all->count == AMZ_HEADERS_MAX)
		return MHD_YES;
	for (; *name; name++)
		buf_add_char(&line, *name >= 'A' && *name <= 'Z' ?
					    (char)(*name | 32) :
					    *name);
	buf_add_fmt(&line, ":%s\n", value ? value : "");
	all->lines[all->count] = buf_detach(&line);
	all->count += all->lines[all->count] != NULL;
	return MHD_YES;
}

static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void add_amz_headers(const struct request *req, struct buf *out)
{
	struct amz_headers all = { .count = 0 };

	MHD_get_connection_values(req->connection, MHD_HEADER_KIND, collect_amz,
				  &all);
	qsort(all.lines, all.count, sizeof(all.lines[0]), compare_lines);
	for (unsigned i = 0; i < all.count; i++) {
		buf_add_str(out, all.lines[i]);
		free(all.lines[i]);
	}
}

static void add_resource(const struct request *req, struct buf *out)
{
	char separator = '?';

	if (req->is_virtual_host)
		buf_add_fmt(out, "/%s", req->bucket);
	buf_add(out, req->target, req->path_len);
	for (size_t i = 0; i < ARRAY_SIZE(subresources); i++) {
		const char *value = request_param(req, subresources[i]);

		if (!value)
			continue;
		buf_add_fmt(out, "%c%s", separator, subresources[i]);
		if (*value)
			buf_add_fmt(out, "=%s", value);
		separator = '&';
	}
}

static const char *or_empty(const char *s)
{
	return s ? s : "";
}

static enum s3_error verify(struct request *req, const char *access_key,
			    size_t key_len, const char *signature,
			    const char *date, const char *token)
{
	AUTO_BUF struct buf text = BUF_INIT(1 << 17);
	AUTO_BUF struct buf want = BUF_INIT(64);
	unsigned char mac[DIGEST_MAX];
	enum s3_error error;
	const char *secret;
	int user = auth_find_user(req, access_key, key_len);

	if (user < 0)
		return S3_INVALID_ACCESS_KEY;
	secret = req->server->users[user].secret_key;
	buf_add_fmt(&text, "%s\n%s\n%s\n%s\n", req->method,
		    or_empty(request_header(req, "content-md5")),
		    or_empty(request_header(req, "content-type")), date);
	add_amz_headers(req, &text);
	add_resource(req, &text);
	if (text.error || digest_hmac(DIGEST_SHA1, secret, strlen(secret),
				      text.data, text.len, mac) < 0)
		return S3_INTERNAL_ERROR;
	digest_base64(&want, mac, digest_size(DIGEST_SHA1));
	if (!auth_same(buf_str(&want), signature)) {
		request_error_detail(req, "StringToSign", text.data);
		return S3_SIGNATURE_MISMATCH;
	}
	error = auth_check_token(req, user, token);
	if (!error)
		req->auth.user = user;
	return error;
}

enum s3_error auth_v2_header(struct request *req, const char *value)
{
	const char *colon = strrchr(value, ':');
	const char *amz_date = request_header(req, "x-amz-date");
	const char *date = request_header(req, "date");
	enum s3_error error;
	int64_t unix_s;

	if (!colon)
		return S3_INVALID_ARGUMENT;
	if (text_parse_http_date(or_empty(amz_date ? amz_date : date),
				 &unix_s) < 0)
		return S3_ACCESS_DENIED;
	error = verify(req, value, (size_t)(colon - value), colon + 1,
		       amz_date ? "" : date,
		       request_header(req, "x-amz-security-token"));
	return error ? error : auth_check_skew(req, unix_s);
}

enum s3_error auth_v2_query(struct request *req)
{
	const char *access_key = request_param(req, "AWSAccessKeyId");
	const char *expires = request_param(req, "Expires");
	const char *signature = request_param(req, "Signature");
	enum s3_error error;
	uint64_t until;

	if (!expires || !signature ||
	    text_parse_u64(expires, INT64_MAX, &until) < 0)
		return S3_ACCESS_DENIED;
	error = verify(req, access_key, strlen(access_key), signature, expires,
		       request_param(req, "x-amz-security-token"));
	if (!error && (int64_t)until < clock_wall_ns() / 1000000000) {
		req->auth.user = ANONYMOUS;
		return S3_ACCESS_DENIED_EXPIRED;
	}
	return error;
}
