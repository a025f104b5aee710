/* SPDX-License-Identifier: MIT */
/*
 * Signature Version 4, in the header and in the query; see auth.h.
 *
 * The request's canonical form is made from the decoded path and parameters,
 * as S3 does, so a client may escape more or less on the wire than it signs.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "auth.h"
#include "clock.h"
#include "request.h"
#include "text.h"

#define EXPIRES_MAX_S   604800 /* a week: API reference, X-Amz-Expires */
#define SIGNED_MAX      64     /* signed headers */
#define CANONICAL_LIMIT ((size_t)1 << 20)

struct v4 {
	char credential[256];
	char signed_headers[2048];
	char signature[65];
	const char *payload_hash;
	bool in_query;
};

/* "Name=value" out of the header, up to a comma or the end. */
static bool field(const char *header, const char *name, char *out, size_t size)
{
	size_t name_len = strlen(name), len;

	while (*header) {
		header += strspn(header, " ,\t");
		len = strcspn(header, ",");
		if (len > name_len && header[name_len] == '=' &&
		    memcmp(header, name, name_len) == 0) {
			header += name_len + 1;
			len = strcspn(header, ", ");
			if (len >= size)
				return false;
			memcpy(out, header, len);
			out[len] = 0;
			return true;
		}
		header += len;
	}
	return false;
}

static enum s3_error malformed(struct request *req, const struct v4 *v4,
			       const char *why)
{
	request_error_detail(req, "Reason", why);
	return v4->in_query ? S3_AUTH_QUERY_ERROR : S3_AUTH_HEADER_MALFORMED;
}

/* AKID/20260102/us-east-1/s3/aws4_request: checks all but the secret. */
static enum s3_error read_credential(struct request *req, const struct v4 *v4)
{
	struct auth *auth = &req->auth;
	const char *scope = strchr(v4->credential, '/');
	const char *region = req->server->region;
	char want[128];

	if (!scope || strlen(scope + 1) >= sizeof(auth->scope))
		return malformed(req, v4, "the credential has no scope");
	auth->user = auth_find_user(req, v4->credential,
				    (size_t)(scope - v4->credential));
	memcpy(auth->scope, scope + 1, strlen(scope + 1) + 1);
	if (auth->user < 0) {
		auth->user = ANONYMOUS;
		return S3_INVALID_ACCESS_KEY;
	}
	if (strncmp(auth->scope, auth->date, 8) != 0 || auth->scope[8] != '/')
		return malformed(req, v4, "the scope's day is not the date's");
	snprintf(want, sizeof(want), "%.8s/%s/s3/aws4_request", auth->date,
		 region);
	if (strcmp(want, auth->scope) == 0)
		return S3_OK;
	if (strncmp(auth->scope + 9, region, strlen(region)) == 0 &&
	    auth->scope[9 + strlen(region)] == '/')
		return malformed(req, v4,
				 "the scope must end in "
				 "/s3/aws4_request");
	request_error_detail(req, "Region", region);
	return malformed(req, v4, "the region is wrong");
}

static int compare_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* name=value pairs, escaped, sorted, joined by &. */
static int add_canonical_query(const struct request *req, struct buf *out)
{
	char *pairs[PARAMS_MAX];
	unsigned n = 0;
	int rc = 0;

	for (unsigned i = 0; i < req->param_count; i++) {
		const struct param *p = &req->params[i];
		struct buf pair = BUF_INIT(CANONICAL_LIMIT);

		if (strcmp(p->name, "X-Amz-Signature") == 0)
			continue;
		text_percent_encode(&pair, p->name, strlen(p->name), false);
		/* Sorts before anything a longer name could go on with. */
		buf_add_char(&pair, '\1');
		text_percent_encode(&pair, p->value, strlen(p->value), false);
		rc = rc ? rc : pair.error;
		pairs[n] = buf_detach(&pair);
		n += pairs[n] != NULL;
	}
	qsort(pairs, n, sizeof(pairs[0]), compare_text);
	for (unsigned i = 0; i < n; i++) {
		*strchr(pairs[i], '\1') = '=';
		if (i > 0)
			buf_add_char(out, '&');
		buf_add_str(out, pairs[i]);
		free(pairs[i]);
	}
	return rc;
}

/* Blanks at the ends go, runs of blanks become one. */
static void add_trimmed(struct buf *out, const char *value)
{
	bool wants_blank = false, begun = false;

	for (; *value; value++) {
		if (*value == ' ' || *value == '\t') {
			wants_blank = begun;
			continue;
		}
		if (wants_blank)
			buf_add_char(out, ' ');
		buf_add_char(out, *value);
		wants_blank = false;
		begun = true;
	}
}

struct header_search {
	const char *name;
	struct buf *out;
	unsigned found;
};

static enum MHD_Result add_header_value(void *cls, enum MHD_ValueKind kind,
					const char *name, const char *value)
{
	struct header_search *search = cls;

	if (strcasecmp(name, search->name) != 0)
		return MHD_YES;
	if (search->found++ > 0)
		buf_add_char(search->out, ',');
	add_trimmed(search->out, value ? value : "");
	return MHD_YES;
}

/* name:value lines of the signed headers, in the order they are named. */
static bool add_signed_headers(struct request *req, const struct v4 *v4,
			       struct buf *out)
{
	char names[sizeof(v4->signed_headers)], *at = names, *name;
	bool has_host = false;

	memcpy(names, v4->signed_headers, sizeof(names));
	while ((name = strsep(&at, ";"))) {
		struct header_search search = { name, out, 0 };

		buf_add_fmt(out, "%s:", name);
		MHD_get_connection_values(req->connection, MHD_HEADER_KIND,
					  add_header_value, &search);
		buf_add_char(out, '\n');
		if (search.found == 0)
			return false;
		has_host |= strcmp(name, "host") == 0;
	}
	return has_host;
}

struct unsigned_search {
	const struct v4 *v4;
	struct request *req;
	bool found;
};

static bool name_is_signed(const char *list, const char *name)
{
	size_t len = strlen(name);

	while (*list) {
		size_t item = strcspn(list, ";");

		if (item == len && strncasecmp(list, name, len) == 0)
			return true;
		list += item + (list[item] == ';');
	}
	return false;
}

static enum MHD_Result look_for_unsigned(void *cls, enum MHD_ValueKind kind,
					 const char *name, const char *value)
{
	struct unsigned_search *search = cls;

	if (strncasecmp(name, "x-amz-", 6) != 0 ||
	    name_is_signed(search->v4->signed_headers, name))
		return MHD_YES;
	if (!search->found)
		request_error_detail(search->req, "HeadersNotSigned", name);
	search->found = true;
	return MHD_YES;
}

/* The signing key: a chain of HMACs over the scope's words. */
static int make_signing_key(struct request *req)
{
	const char *secret = req->server->users[req->auth.user].secret_key;
	char first[256], words[128], *at = words, *word;
	int n = snprintf(first, sizeof(first), "AWS4%s", secret);
	const void *key = first;
	size_t len = (size_t)n;
	int rc = 0;

	if (n < 0 || (size_t)n >= sizeof(first))
		return -EINVAL;
	memcpy(words, req->auth.scope, sizeof(words));
	while (rc == 0 && (word = strsep(&at, "/"))) {
		rc = digest_hmac(DIGEST_SHA256, key, len, word, strlen(word),
				 req->auth.key);
		key = req->auth.key;
		len = DIGEST_MAX;
	}
	return rc;
}

static int find_signing_key(struct request *req)
{
	struct key_cache *cache = &req->server->keys;
	struct auth *auth = &req->auth;
	int rc;

	LOCK(&cache->lock);
	if (cache->user == auth->user &&
	    strcmp(cache->scope, auth->scope) == 0) {
		memcpy(auth->key, cache->key, sizeof(auth->key));
		return 0;
	}
	rc = make_signing_key(req);
	if (rc < 0)
		return rc;
	cache->user = auth->user;
	memcpy(cache->scope, auth->scope, sizeof(cache->scope));
	memcpy(cache->key, auth->key, sizeof(cache->key));
	return 0;
}

int auth_v4_sign(const struct auth *auth, const struct buf *text, char out[65])
{
	unsigned char mac[DIGEST_MAX];
	int rc;

	if (text->error)
		return text->error;
	rc = digest_hmac(DIGEST_SHA256, auth->key, DIGEST_MAX, text->data,
			 text->len, mac);
	text_hex(out, mac, sizeof(mac));
	return rc;
}

static int add_canonical_request(struct request *req, const struct v4 *v4,
				 struct buf *out)
{
	int rc;

	buf_add_fmt(out, "%s\n", req->method);
	text_percent_encode(out, req->path, strlen(req->path), true);
	buf_add_char(out, '\n');
	rc = add_canonical_query(req, out);
	buf_add_char(out, '\n');
	if (!add_signed_headers(req, v4, out))
		rc = rc ? rc : -EINVAL;
	buf_add_fmt(out, "\n%s\n%s", v4->signed_headers, v4->payload_hash);
	return rc ? rc : out->error;
}

static enum s3_error compare_signature(struct request *req, struct v4 *v4)
{
	AUTO_BUF struct buf canonical = BUF_INIT(CANONICAL_LIMIT);
	AUTO_BUF struct buf text = BUF_INIT(1024);
	unsigned char hash[DIGEST_MAX];
	char hex[65];

	if (add_canonical_request(req, v4, &canonical) < 0 ||
	    digest_of(DIGEST_SHA256, canonical.data, canonical.len, hash) < 0 ||
	    find_signing_key(req) < 0)
		return S3_SIGNATURE_MISMATCH;
	text_hex(hex, hash, sizeof(hash));
	buf_add_fmt(&text, "AWS4-HMAC-SHA256\n%s\n%s\n%s", req->auth.date,
		    req->auth.scope, hex);
	if (auth_v4_sign(&req->auth, &text, req->auth.signature) < 0)
		return S3_INTERNAL_ERROR;
	if (auth_same(req->auth.signature, v4->signature))
		return S3_OK;
	/* As S3 does: what we signed, so that a signer can be mended. */
	request_error_detail(req, "StringToSign", buf_str(&text));
	request_error_detail(req, "CanonicalRequest", buf_str(&canonical));
	return S3_SIGNATURE_MISMATCH;
}

static enum s3_error verify(struct request *req, struct v4 *v4,
			    const char *token)
{
	struct unsigned_search search = { v4, req, false };
	enum s3_error error = read_credential(req, v4);

	if (!error)
		error = compare_signature(req, v4);
	if (!error)
		error = auth_check_token(req, req->auth.user, token);
	if (error) {
		req->auth.user = ANONYMOUS;
		return error;
	}
	MHD_get_connection_values(req->connection, MHD_HEADER_KIND,
				  look_for_unsigned, &search);
	return search.found ? S3_HEADERS_NOT_SIGNED : S3_OK;
}

enum s3_error auth_v4_header(struct request *req, const char *value)
{
	struct v4 v4 = { .in_query = false };
	const char *date = request_header(req, "x-amz-date");
	enum s3_error error;
	int64_t unix_s;

	req->auth.is_v4 = true;
	if (!field(value, "Credential", v4.credential, sizeof(v4.credential)) ||
	    !field(value, "SignedHeaders", v4.signed_headers,
		   sizeof(v4.signed_headers)) ||
	    !field(value, "Signature", v4.signature, sizeof(v4.signature)))
		return malformed(req, &v4, "a field is missing");
	if (date && text_parse_basic_date(date, &unix_s) == 0) {
		snprintf(req->auth.date, sizeof(req->auth.date), "%s", date);
	} else {
		date = request_header(req, "date");
		if (!date || text_parse_http_date(date, &unix_s) < 0)
			return S3_ACCESS_DENIED;
		text_basic_date(req->auth.date, unix_s);
	}
	v4.payload_hash = request_header(req, "x-amz-content-sha256");
	if (!v4.payload_hash)
		return malformed(req, &v4, "x-amz-content-sha256 is missing");
	error = verify(req, &v4, request_header(req, "x-amz-security-token"));
	return error ? error : auth_check_skew(req, unix_s);
}

static bool copy_param(const struct request *req, const char *name, char *out,
		       size_t size)
{
	const char *value = request_param(req, name);

	if (!value || strlen(value) >= size)
		return false;
	memcpy(out, value, strlen(value) + 1);
	return true;
}

enum s3_error auth_v4_query(struct request *req)
{
	struct v4 v4 = { .in_query = true };
	const char *expires = request_param(req, "X-Amz-Expires");
	const char *algorithm = request_param(req, "X-Amz-Algorithm");
	int64_t signed_s, now = clock_wall_ns() / 1000000000;
	enum s3_error error;
	uint64_t seconds;

	req->auth.is_v4 = true;
	if (!copy_param(req, "X-Amz-Credential", v4.credential,
			sizeof(v4.credential)) ||
	    !copy_param(req, "X-Amz-SignedHeaders", v4.signed_headers,
			sizeof(v4.signed_headers)) ||
	    !copy_param(req, "X-Amz-Signature", v4.signature,
			sizeof(v4.signature)) ||
	    !copy_param(req, "X-Amz-Date", req->auth.date,
			sizeof(req->auth.date)) ||
	    !algorithm || strcmp(algorithm, "AWS4-HMAC-SHA256") != 0)
		return malformed(req, &v4, "a parameter is missing");
	if (text_parse_basic_date(req->auth.date, &signed_s) < 0 || !expires ||
	    text_parse_u64(expires, EXPIRES_MAX_S, &seconds) < 0)
		return malformed(req, &v4,
				 "X-Amz-Date or X-Amz-Expires is bad");
	v4.payload_hash = request_header(req, "x-amz-content-sha256");
	if (!v4.payload_hash)
		v4.payload_hash = "UNSIGNED-PAYLOAD";
	error = verify(req, &v4, request_param(req, "X-Amz-Security-Token"));
	if (error)
		return error;
	if (now > signed_s + (int64_t)seconds)
		return S3_ACCESS_DENIED_EXPIRED;
	return now < signed_s - 15 * 60 ? S3_TIME_TOO_SKEWED : S3_OK;
}
