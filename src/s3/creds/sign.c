/* SPDX-License-Identifier: MIT */
/*
 * Signature Version 4 and 2 in headers; see sign.h.
 *
 * Sources: the S3 API reference, "Signature Calculations for the
 * Authorization Header" (V4), and "Signing and Authenticating REST Requests"
 * (V2). Where these leave a choice, botocore's: which headers are signed,
 * which parts of a query are sub-resources.
 */
#include "creds/sign.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "creds/creds.h"
#include "names/endpoint.h"
#include "text.h"
#include "wire/digest.h"
#include "wire/query.h"

#define ALGORITHM  "AWS4-HMAC-SHA256"
#define TEXT_LIMIT (512 * 1024) /* bytes of a text to sign; headers are less */

/* Kept out of V4: proxies and the HTTP layer change them. */
static const char *const unsigned_headers[] = {
	"accept-encoding",
	"authorization",
	"baggage",
	"connection",
	"content-length",
	"expect",
	"host", /* the endpoint's counts */
	"keep-alive",
	"proxy-authenticate",
	"proxy-authorization",
	"te",
	"traceparent",
	"tracestate",
	"trailer",
	"transfer-encoding",
	"upgrade",
	"user-agent",
	"x-amzn-trace-id",
};

/* V2: the query parameters that are part of the resource; sorted. */
static const char *const sub_resources[] = {
	"accelerate",
	"acl",
	"analytics",
	"cors",
	"defaultObjectAcl",
	"delete",
	"inventory",
	"lifecycle",
	"location",
	"logging",
	"metrics",
	"notification",
	"object-lock",
	"partNumber",
	"policy",
	"replication",
	"requestPayment",
	"response-cache-control",
	"response-content-disposition",
	"response-content-encoding",
	"response-content-language",
	"response-content-type",
	"response-expires",
	"restore",
	"select",
	"select-type",
	"storageClass",
	"tagging",
	"torrent",
	"uploadId",
	"uploads",
	"versionId",
	"versioning",
	"versions",
	"website",
};

static bool sign_is_in(const char *const *names, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (strcasecmp(names[i], name) == 0)
			return true;
	}
	return false;
}

static bool sign_is_in_v4(const char *name)
{
	return !sign_is_in(unsigned_headers, ARRAY_SIZE(unsigned_headers),
			   name);
}

static bool sign_is_in_v2(const char *name)
{
	return strncasecmp(name, "x-amz-", 6) == 0;
}

/* Borrowed from a struct pairs; two of one name keep their order. */
static int sign_compare_headers(const void *a, const void *b)
{
	const struct pair *const *x = a, *const *y = b;
	int order = strcasecmp((*x)->name, (*y)->name);

	return order ? order : (*x > *y) - (*x < *y);
}

/* Makes the sorted list of what is_wanted in headers, and of extra. */
static int sign_sort_headers(const struct pairs *headers,
			     bool (*is_wanted)(const char *name),
			     const struct pair *extra, const struct pair ***out,
			     size_t *count)
{
	const struct pair **list =
		malloc((headers->count + 1) * sizeof(struct pair *));
	size_t n = 0;

	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < headers->count; i++) {
		if (is_wanted(headers->items[i].name))
			list[n++] = &headers->items[i];
	}
	if (extra)
		list[n++] = extra;
	qsort(list, n, sizeof(list[0]), sign_compare_headers);
	*out = list;
	*count = n;
	return 0;
}

static void sign_add_lower(struct buf *out, const char *s)
{
	for (; *s; s++)
		buf_add_char(out,
			     *s >= 'A' && *s <= 'Z' ? (char)(*s + 32) : *s);
}

/* Without blanks at the ends; V4 also makes a run of blanks inside one. */
static void sign_add_value(struct buf *out, const char *s, bool is_v4)
{
	size_t len;

	s += strspn(s, " \t");
	len = strlen(s);
	while (len > 0 && (s[len - 1] == ' ' || s[len - 1] == '\t'))
		len--;
	if (!is_v4)
		buf_add(out, s, len);
	while (is_v4 && *s) {
		size_t word = strcspn(s, " \t");

		buf_add(out, s, word);
		s += word;
		s += strspn(s, " \t");
		if (*s)
			buf_add_char(out, ' ');
	}
}

/*
 * "name:value\n" a header, several of one name joined by commas. V4 wants
 * names as well; V2 has none.
 */
static void sign_add_headers(struct buf *out, const struct pair **list,
			     size_t count, struct buf *names)
{
	for (size_t i = 0; i < count; i++) {
		bool is_more = i > 0 && strcasecmp(list[i - 1]->name,
						   list[i]->name) == 0;

		if (is_more) {
			buf_add_char(out, ',');
		} else {
			if (i > 0)
				buf_add_str(out, "\n");
			sign_add_lower(out, list[i]->name);
			buf_add_char(out, ':');
		}
		sign_add_value(out, list[i]->value, names != NULL);
		if (!names || is_more)
			continue;
		if (i > 0)
			buf_add_char(names, ';');
		sign_add_lower(names, list[i]->name);
	}
	if (count)
		buf_add_char(out, '\n');
}

void sign_v4_canonical(const struct sign_request *req,
		       const struct pairs *headers, struct buf *out,
		       struct buf *names)
{
	char host_name[] = "host";
	const struct pair host = { host_name, req->endpoint->host };
	AUTO_FREE const struct pair **list = NULL;
	size_t count = 0;

	buf_add_fmt(out, "%s\n", req->method);
	endpoint_path(req->endpoint, req->key, out);
	buf_add_char(out, '\n');
	if (req->query)
		query_write_canonical(req->query, out);
	buf_add_char(out, '\n');
	if (sign_sort_headers(headers, sign_is_in_v4, &host, &list, &count) < 0)
		out->error = -ENOMEM;
	else
		sign_add_headers(out, list, count, names);
	buf_add_fmt(out, "\n%s\n%s", buf_str(names), req->payload);
	if (names->error && !out->error)
		out->error = names->error;
}

static const char *sign_service(const struct sign_request *req)
{
	return req->service ? req->service : "s3";
}

void sign_v4_scope(const struct sign_request *req, struct buf *out)
{
	char date[TEXT_BASIC_DATE_SIZE];

	text_basic_date(date, req->unix_s);
	buf_add_fmt(out, "%.8s/%s/%s/aws4_request", date, req->endpoint->region,
		    sign_service(req));
}

int sign_v4_signature(const struct sign_request *req,
		      const struct s3_creds *creds, const struct buf *canonical,
		      char *out)
{
	struct buf AUTO_BUF text = BUF_INIT(TEXT_LIMIT);
	char date[TEXT_BASIC_DATE_SIZE], day[9], hex[2 * DIGEST_MAX + 1];
	unsigned char hash[DIGEST_MAX], key[CREDS_KEY_SIZE];
	int rc;

	if (canonical->error)
		return canonical->error;
	rc = digest_of(DIGEST_SHA256, buf_str(canonical), canonical->len, hash);
	if (rc < 0)
		return rc;
	text_hex(hex, hash, DIGEST_MAX);
	text_basic_date(date, req->unix_s);
	buf_add_fmt(&text, ALGORITHM "\n%s\n", date);
	sign_v4_scope(req, &text);
	buf_add_fmt(&text, "\n%s", hex);
	if (text.error)
		return text.error;
	snprintf(day, sizeof(day), "%.8s", date);
	rc = creds_day_key(creds, day, req->endpoint->region, sign_service(req),
			   key);
	if (rc == 0)
		rc = digest_hmac(DIGEST_SHA256, key, sizeof(key), text.data,
				 text.len, hash);
	explicit_bzero(key, sizeof(key));
	if (rc == 0)
		text_hex(out, hash, DIGEST_MAX);
	return rc;
}

static int sign_set_v4(const struct sign_request *req,
		       const struct s3_creds *creds, struct pairs *headers)
{
	struct buf AUTO_BUF canonical = BUF_INIT(TEXT_LIMIT);
	struct buf AUTO_BUF names = BUF_INIT(TEXT_LIMIT);
	struct buf AUTO_BUF value = BUF_INIT(TEXT_LIMIT);
	char date[TEXT_BASIC_DATE_SIZE], signature[2 * DIGEST_MAX + 1];
	int rc;

	text_basic_date(date, req->unix_s);
	rc = pairs_set(headers, "x-amz-date", date);
	if (rc == 0)
		rc = pairs_set(headers, "x-amz-content-sha256", req->payload);
	if (rc < 0)
		return rc;
	sign_v4_canonical(req, headers, &canonical, &names);
	rc = sign_v4_signature(req, creds, &canonical, signature);
	if (rc < 0)
		return rc;
	buf_add_fmt(&value, ALGORITHM " Credential=%s/",
		    creds_access_key(creds));
	sign_v4_scope(req, &value);
	buf_add_fmt(&value, ", SignedHeaders=%s, Signature=%s", buf_str(&names),
		    signature);
	if (value.error)
		return value.error;
	return pairs_set(headers, "authorization", value.data);
}

static void sign_add_sub_resources(const struct query *query, struct buf *out)
{
	char mark = '?';

	for (size_t i = 0; i < ARRAY_SIZE(sub_resources); i++) {
		for (size_t k = 0; k < query->count; k++) {
			const struct query_param *p = &query->params[k];

			if (strcmp(p->name, sub_resources[i]) != 0)
				continue;
			buf_add_fmt(out, "%c%s", mark, p->name);
			if (p->value)
				buf_add_fmt(out, "=%s", p->value);
			mark = '&';
		}
	}
}

void sign_v2_string(const struct sign_request *req, const char *date,
		    const struct pairs *headers, struct buf *out)
{
	const char *md5 = pairs_get(headers, "content-md5");
	const char *type = pairs_get(headers, "content-type");
	AUTO_FREE const struct pair **list = NULL;
	size_t count = 0;

	buf_add_fmt(out, "%s\n%s\n%s\n%s\n", req->method, md5 ? md5 : "",
		    type ? type : "", date);
	if (sign_sort_headers(headers, sign_is_in_v2, NULL, &list, &count) < 0)
		out->error = -ENOMEM;
	else
		sign_add_headers(out, list, count, NULL);
	endpoint_resource(req->endpoint, req->key, out);
	if (!req->query)
		return;
	sign_add_sub_resources(req->query, out);
	if (req->query->error && !out->error)
		out->error = req->query->error;
}

int sign_v2_signature(const struct s3_creds *creds, const struct buf *text,
		      struct buf *out)
{
	unsigned char mac[DIGEST_MAX];
	int rc;

	if (text->error)
		return text->error;
	rc = creds_hmac_sha1(creds, buf_str(text), text->len, mac);
	if (rc < 0)
		return rc;
	digest_base64(out, mac, digest_size(DIGEST_SHA1));
	return out->error;
}

static int sign_set_v2(const struct sign_request *req,
		       const struct s3_creds *creds, struct pairs *headers)
{
	struct buf AUTO_BUF text = BUF_INIT(TEXT_LIMIT);
	struct buf AUTO_BUF value = BUF_INIT(TEXT_LIMIT);
	char date[TEXT_HTTP_DATE_SIZE];
	int rc;

	text_http_date(date, req->unix_s);
	rc = pairs_set(headers, "date", date);
	if (rc < 0)
		return rc;
	sign_v2_string(req, date, headers, &text);
	buf_add_fmt(&value, "AWS %s:", creds_access_key(creds));
	rc = sign_v2_signature(creds, &text, &value);
	if (rc < 0)
		return rc;
	return pairs_set(headers, "authorization", value.data);
}

static int sign_set_signature(const struct sign_request *req,
			      enum s3_signature version,
			      const struct s3_creds *creds,
			      struct pairs *headers)
{
	const char *token = creds_token(creds);

	if (token) {
		int rc = pairs_set(headers, "x-amz-security-token", token);

		if (rc < 0)
			return rc;
	}
	switch (version) {
	case S3_SIGNATURE_V2:
		return sign_set_v2(req, creds, headers);
	case S3_SIGNATURE_V4:
		return sign_set_v4(req, creds, headers);
	}
	return -EINVAL;
}

int sign_headers(const struct sign_request *req, enum s3_signature version,
		 const struct s3_creds *creds, struct pairs *headers,
		 struct errinfo *err)
{
	int rc;

	pairs_remove(headers, "authorization");
	pairs_remove(headers, "x-amz-date");
	pairs_remove(headers, "x-amz-content-sha256");
	pairs_remove(headers, "x-amz-security-token");
	if (!creds)
		return 0;
	rc = sign_set_signature(req, version, creds, headers);
	if (rc == 0)
		return 0;
	return errinfo_set(err, rc, "cannot sign a %s request: %s", req->method,
			   strerrordesc_np(-rc));
}
