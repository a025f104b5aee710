/* SPDX-License-Identifier: MIT */
/* The body of a request as it arrives; see receive.h. */
#include "receive.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "request.h"
#include "text.h"

#define SEGMENT       ((size_t)16 << 20)  /* bytes of one blob at most */
#define SEGMENT_BLIND ((size_t)64 << 10)  /* if the length is not known */
#define OBJECT_MAX    ((uint64_t)5 << 30) /* of one PUT: S3's limit */
#define XML_BODY_MAX  ((uint64_t)4 << 20)

static bool starts_with(const char *s, const char *prefix)
{
	return s && strncmp(s, prefix, strlen(prefix)) == 0;
}

/* x-amz-content-sha256 says how the body is wrapped and signed. */
static enum s3_error read_wrapping(struct request *req, bool *hash_is_told)
{
	const char *how = request_header(req, "x-amz-content-sha256");
	struct receiver *r = &req->receiver;

	*hash_is_told = how && strlen(how) == 64;
	if (!how || *hash_is_told || strcmp(how, "UNSIGNED-PAYLOAD") == 0)
		return S3_OK;
	r->state = CHUNK_HEADER;
	if (strcmp(how, "STREAMING-UNSIGNED-PAYLOAD-TRAILER") == 0)
		return S3_OK;
	if (!starts_with(how, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"))
		return S3_INVALID_ARGUMENT;
	r->is_signed = req->auth.is_v4 && !req->server->no_auth;
	memcpy(r->chunk_signature, req->auth.signature, 65);
	return S3_OK;
}

static enum s3_error read_lengths(struct request *req)
{
	const char *decoded =
		request_header(req, "x-amz-decoded-content-length");
	const char *plain = request_header(req, "content-length");
	struct receiver *r = &req->receiver;

	if (r->state == CHUNK_NONE)
		decoded = plain;
	if (decoded) {
		r->has_length = true;
		if (text_parse_u64(decoded, INT64_MAX, &r->length) < 0)
			return S3_INVALID_ARGUMENT;
	}
	if (req->op->body == OP_BODY_OBJECT && (!r->has_length || !plain))
		return S3_MISSING_CONTENT_LENGTH;
	if (r->keep && r->length > r->limit)
		return S3_ENTITY_TOO_LARGE;
	return S3_OK;
}

/* Which checksums the client tells, by headers or in a trailer. */
static void read_checksum_kinds(struct request *req)
{
	const char *trailer = request_header(req, "x-amz-trailer");
	struct receiver *r = &req->receiver;

	for (enum sum_kind k = SUM_SHA1; k < SUM_KINDS; k++) {
		char name[40];

		snprintf(name, sizeof(name), "x-amz-checksum-%s", sums_name(k));
		if (request_header(req, name) ||
		    (trailer && strcasecmp(trailer, name) == 0))
			r->stored |= SUM_BIT(k);
	}
}

enum s3_error receive_start(struct request *req)
{
	struct receiver *r = &req->receiver;
	bool is_object = req->op->body == OP_BODY_OBJECT;
	enum s3_error error;
	bool hash_is_told;
	unsigned kinds;

	r->keep = req->op->body != OP_BODY_NONE || req->is_control;
	r->limit = is_object ? OBJECT_MAX : XML_BODY_MAX;
	r->trailer_text = (struct buf)BUF_INIT(4096);
	error = read_wrapping(req, &hash_is_told);
	if (!error)
		error = read_lengths(req);
	if (error || !r->keep)
		return error;
	read_checksum_kinds(req);
	kinds = r->stored;
	if ((is_object && !req->server->quick_etags) ||
	    request_header(req, "content-md5"))
		kinds |= SUM_BIT(SUM_MD5);
	if (is_object && req->server->quick_etags)
		kinds |= SUM_BIT(SUM_CRC32C);
	if (hash_is_told)
		kinds |= SUM_BIT(SUM_SHA256);
	return sums_start(&r->sums, kinds) < 0 ? S3_INTERNAL_ERROR : S3_OK;
}

/* The full tail becomes a slice of the body. */
static int close_tail(struct receiver *r)
{
	int rc = 0;

	if (r->tail)
		rc = body_add(&r->body, r->tail, 0, r->tail->len);
	blob_unref(r->tail);
	r->tail = NULL;
	return rc;
}

static int open_tail(struct receiver *r)
{
	size_t room = SEGMENT_BLIND;

	if (r->has_length) {
		uint64_t left = r->length - r->body.size;

		room = left < SEGMENT ? (size_t)left : SEGMENT;
	}
	r->tail = blob_new(room);
	return r->tail ? 0 : -ENOMEM;
}

void receive_store(struct receiver *r, const char *data, size_t len)
{
	uint64_t have = r->body.size + (r->tail ? r->tail->len : 0);
	uint64_t max = r->has_length ? r->length : r->limit;

	if (!r->keep || r->error)
		return;
	if (len > max - have) {
		r->error = r->has_length ? S3_INCOMPLETE_BODY :
					   S3_ENTITY_TOO_LARGE;
		return;
	}
	if (sums_add(&r->sums, data, len) < 0)
		r->error = S3_INTERNAL_ERROR;
	while (len > 0 && !r->error) {
		size_t take;

		if (r->tail && r->tail->len == r->tail->cap &&
		    close_tail(r) < 0)
			r->error = S3_INTERNAL_ERROR;
		else if (!r->tail && open_tail(r) < 0)
			r->error = S3_INTERNAL_ERROR;
		if (r->error || !r->tail)
			continue;
		take = r->tail->cap - r->tail->len;
		if (take > len)
			take = len;
		memcpy(r->tail->data + r->tail->len, data, take);
		r->tail->len += take;
		data += take;
		len -= take;
	}
}

void receive_add(struct request *req, const char *data, size_t len)
{
	req->bytes_in += len;
	if (req->receiver.state != CHUNK_NONE)
		chunked_add(req, data, len);
	else
		receive_store(&req->receiver, data, len);
}

/* A told base64 value against what was computed. */
static enum s3_error compare_told(const struct receiver *r, enum sum_kind kind,
				  const char *told)
{
	unsigned char value[96];
	size_t len = strlen(told);

	if (len > 64 ||
	    digest_unbase64(value, told, len) != (int)sums_size(kind))
		return S3_INVALID_DIGEST;
	return memcmp(value, r->sums.value[kind], sums_size(kind)) == 0 ?
		       S3_OK :
		       S3_BAD_DIGEST;
}

static enum s3_error check_told(struct request *req)
{
	const struct receiver *r = &req->receiver;
	const char *md5 = request_header(req, "content-md5");
	const char *sha = request_header(req, "x-amz-content-sha256");
	enum s3_error error = S3_OK;
	char hex[65];

	if (sha && strlen(sha) == 64) {
		text_hex(hex, r->sums.value[SUM_SHA256], 32);
		if (strcasecmp(hex, sha) != 0)
			return S3_CONTENT_SHA256_MISMATCH;
	}
	if (md5)
		error = compare_told(r, SUM_MD5, md5);
	for (enum sum_kind k = SUM_SHA1; k < SUM_KINDS && !error; k++) {
		char name[40];
		const char *told;

		snprintf(name, sizeof(name), "x-amz-checksum-%s", sums_name(k));
		told = request_header(req, name);
		if (!told)
			told = fields_get(&r->trailers, name);
		if (told)
			error = compare_told(r, k, told);
		else if (r->stored & SUM_BIT(k))
			error = S3_MALFORMED_TRAILER;
	}
	return error;
}

enum s3_error receive_finish(struct request *req)
{
	struct receiver *r = &req->receiver;
	enum s3_error error = r->error;

	if (!error && r->state != CHUNK_NONE)
		error = chunked_finish(req);
	if (!r->keep || error)
		return error;
	if (close_tail(r) < 0 || sums_finish(&r->sums) < 0)
		return S3_INTERNAL_ERROR;
	if (r->has_length && r->body.size != r->length)
		return S3_INCOMPLETE_BODY;
	return check_told(req);
}

int receive_sums(const struct receiver *r, struct fields *out)
{
	int rc = 0;

	for (enum sum_kind k = SUM_SHA1; k < SUM_KINDS && rc == 0; k++) {
		AUTO_BUF struct buf value = BUF_INIT(64);
		char name[40];

		if (!(r->stored & SUM_BIT(k)))
			continue;
		snprintf(name, sizeof(name), "x-amz-checksum-%s", sums_name(k));
		sums_text(&r->sums, k, &value);
		rc = value.error ? value.error :
				   fields_add(out, name, buf_str(&value));
	}
	return rc;
}

void receive_release(struct receiver *r)
{
	body_release(&r->body);
	blob_unref(r->tail);
	r->tail = NULL;
	sums_drop(&r->sums);
	digest_drop(r->chunk_digest);
	r->chunk_digest = NULL;
	buf_release(&r->trailer_text);
	fields_release(&r->trailers);
}
