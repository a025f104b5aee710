/* SPDX-License-Identifier: MIT */
/* What an object keeps of the request that makes it; see keep.h. */
#include "keep.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "answer.h"
#include "request.h"
#include "text.h"

#define METADATA_MAX 2048 /* names and values: user guide, "User-defined" */
#define TAGS_MAX     10
#define SSE          "x-amz-server-side-encryption"

static const char *const kept[] = { "content-type",
				    "cache-control",
				    "content-disposition",
				    "content-language",
				    "expires",
				    "x-amz-website-redirect-location",
				    SSE,
				    SSE "-aws-kms-key-id",
				    SSE "-bucket-key-enabled",
				    SSE "-customer-algorithm",
				    SSE "-customer-key-md5" };

static const char *const classes[] = {
	"STANDARD",     "REDUCED_REDUNDANCY",  "STANDARD_IA",
	"ONEZONE_IA",   "INTELLIGENT_TIERING", "GLACIER",
	"DEEP_ARCHIVE", "GLACIER_IR",          "EXPRESS_ONEZONE"
};

struct collect {
	struct fields *out;
	size_t metadata;
	int rc;
};

static enum MHD_Result collect_metadata(void *cls, enum MHD_ValueKind kind,
					const char *name, const char *value)
{
	struct collect *c = cls;
	char lower[256];
	size_t i = 0;

	if (strncasecmp(name, "x-amz-meta-", 11) != 0)
		return MHD_YES;
	if (!value)
		value = "";
	for (; name[i] && i < sizeof(lower) - 1; i++)
		lower[i] = name[i] >= 'A' && name[i] <= 'Z' ?
				   (char)(name[i] | 32) :
				   name[i];
	lower[i] = 0;
	c->metadata += strlen(lower) - 11 + strlen(value);
	if (c->rc == 0)
		c->rc = fields_add(c->out, lower, value);
	return MHD_YES;
}

/* Content-Encoding as meant: aws-chunked was for the way only. */
static int keep_encoding(struct request *req, struct fields *out)
{
	const char *value = request_header(req, "content-encoding");

	if (!value)
		return 0;
	if (strncasecmp(value, "aws-chunked", 11) == 0) {
		value += 11;
		value += strspn(value, ", ");
	}
	return *value ? fields_add(out, "content-encoding", value) : 0;
}

static enum s3_error keep_class(struct request *req, struct fields *out)
{
	const char *class = request_header(req, "x-amz-storage-class");

	if (!class)
		return S3_OK;
	for (size_t i = 0; i < ARRAY_SIZE(classes); i++) {
		if (strcmp(classes[i], class) != 0)
			continue;
		if (i == 0)
			return S3_OK;
		return s3_error_from(
			fields_add(out, "x-amz-storage-class", class));
	}
	return S3_INVALID_STORAGE_CLASS;
}

/* The key itself is checked against its MD5 and forgotten. */
static enum s3_error check_sse(const struct request *req)
{
	const char *sse = request_header(req, SSE);
	const char *key = request_header(req, SSE "-customer-key");
	const char *md5 = request_header(req, SSE "-customer-key-md5");
	AUTO_BUF struct buf want = BUF_INIT(64);
	unsigned char raw[48], hash[16];

	if (sse && strcmp(sse, "AES256") != 0 &&
	    strncmp(sse, "aws:kms", 7) != 0)
		return S3_INVALID_ARGUMENT;
	if (!key && !md5)
		return S3_OK;
	if (!key || !md5 || strlen(key) != 44 ||
	    digest_unbase64(raw, key, 44) != 32 ||
	    digest_of(DIGEST_MD5, raw, 32, hash) < 0)
		return S3_INVALID_ARGUMENT;
	digest_base64(&want, hash, sizeof(hash));
	return strcmp(buf_str(&want), md5) == 0 ? S3_OK : S3_INVALID_ARGUMENT;
}

enum s3_error keep_headers(struct request *req, struct fields *out)
{
	struct collect c = { .out = out };
	enum s3_error error = check_sse(req);

	for (size_t i = 0; i < ARRAY_SIZE(kept) && c.rc == 0; i++) {
		const char *value = request_header(req, kept[i]);

		if (value)
			c.rc = fields_add(out, kept[i], value);
	}
	if (c.rc == 0)
		c.rc = keep_encoding(req, out);
	MHD_get_connection_values(req->connection, MHD_HEADER_KIND,
				  collect_metadata, &c);
	if (c.rc < 0)
		return S3_INTERNAL_ERROR;
	if (c.metadata > METADATA_MAX)
		return S3_METADATA_TOO_LARGE;
	return error ? error : keep_class(req, out);
}

enum s3_error keep_tags(struct request *req, struct fields *out)
{
	const char *header = request_header(req, "x-amz-tagging");
	AUTO_FREE char *copy = NULL;
	unsigned count = 0;
	char *at, *item;

	if (!header)
		return S3_OK;
	at = copy = strdup(header);
	while ((item = strsep(&at, "&"))) {
		char *value = strchr(item, '=');
		size_t name_len, value_len = 0;

		if (!*item)
			continue;
		if (value)
			*value++ = 0;
		name_len = strlen(item);
		value_len = value ? strlen(value) : 0;
		if (text_percent_decode(item, &name_len, true) < 0 ||
		    (value && text_percent_decode(value, &value_len, true) < 0))
			return S3_INVALID_TAG;
		if (++count > TAGS_MAX || name_len > 128 || value_len > 256)
			return S3_INVALID_TAG;
		if (fields_add(out, item, value ? value : "") < 0)
			return S3_INTERNAL_ERROR;
	}
	return S3_OK;
}

enum s3_error keep_acl(const struct request *req, enum acl *out)
{
	static const char *const names[] = { "private",
					     "public-read",
					     "public-read-write",
					     "authenticated-read",
					     "aws-exec-read",
					     "bucket-owner-read",
					     "bucket-owner-full-control" };
	const char *acl = request_header(req, "x-amz-acl");

	*out = ACL_PRIVATE;
	if (!acl)
		return S3_OK;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(names[i], acl) == 0) {
			*out = (enum acl)i;
			return S3_OK;
		}
	}
	return S3_INVALID_ARGUMENT;
}

enum s3_error keep_check_sse_c(struct request *req, const char *prefix,
			       const struct fields *headers)
{
	const char *want = fields_get(headers, SSE "-customer-key-md5");
	const char *tail = "server-side-encryption-customer-key-md5";
	const char *have;
	char name[96];

	snprintf(name, sizeof(name), "%s%s", prefix, tail);
	have = request_header(req, name);
	if (!want)
		return have ? S3_INVALID_REQUEST : S3_OK;
	if (!have)
		return S3_INVALID_SSE_C;
	return strcmp(want, have) == 0 ? S3_OK : S3_ACCESS_DENIED;
}

void keep_answer_sse(struct request *req, const struct fields *headers)
{
	const char *name, *value;
	size_t at = 0;

	while (fields_next(headers, &at, &name, &value))
		if (strncmp(name, SSE, strlen(SSE)) == 0)
			answer_header(req, name, value);
}
