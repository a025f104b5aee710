/* SPDX-License-Identifier: MIT */
/*
 * aws-chunked: SIZE[;chunk-signature=HEX] CRLF DATA CRLF ... 0[;...] CRLF
 * [NAME:VALUE CRLF ...] CRLF. Each chunk's signature goes on from the one
 * before, the first from the request's. Source: API reference, "Transferring
 * payload in multiple chunks" and "... including trailing headers".
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "request.h"
#include "text.h"

#define EMPTY_SHA256 \
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

/* Compares told with the signature over what, and makes it the last one. */
static enum s3_error check_signature(struct request *req, const char *algorithm,
				     const char *empty_hash, const char *hash,
				     const char *told)
{
	AUTO_BUF struct buf text = BUF_INIT(1024);
	struct receiver *r = &req->receiver;
	char signature[65];

	buf_add_fmt(&text, "%s\n%s\n%s\n%s\n%s%s", algorithm, req->auth.date,
		    req->auth.scope, r->chunk_signature, empty_hash, hash);
	if (auth_v4_sign(&req->auth, &text, signature) < 0)
		return S3_INTERNAL_ERROR;
	memcpy(r->chunk_signature, signature, sizeof(signature));
	return auth_same(signature, told) ? S3_OK : S3_SIGNATURE_MISMATCH;
}

static enum s3_error end_chunk(struct request *req, struct digest *digest,
			       const char *told)
{
	unsigned char hash[DIGEST_MAX];
	char hex[65];

	if (digest_finish(digest, hash) < 0)
		return S3_INTERNAL_ERROR;
	text_hex(hex, hash, sizeof(hash));
	return check_signature(req, "AWS4-HMAC-SHA256-PAYLOAD",
			       EMPTY_SHA256 "\n", hex, told);
}

/* r->line holds "SIZE;chunk-signature=HEX", kept until the chunk ends. */
static enum s3_error begin_chunk(struct request *req)
{
	struct receiver *r = &req->receiver;
	const char *line = r->line;
	uint64_t size = 0;

	if (!isxdigit((unsigned char)*line))
		return S3_INCOMPLETE_BODY;
	for (; isxdigit((unsigned char)*line); line++) {
		int digit =
			*line <= '9' ? *line - '0' : (*line | 32) - 'a' + 10;

		if (size >> 40)
			return S3_ENTITY_TOO_LARGE;
		size = size << 4 | (unsigned)digit;
	}
	if (r->is_signed && strncmp(line, ";chunk-signature=", 17) != 0)
		return S3_INCOMPLETE_BODY;
	r->chunk_left = size;
	r->state = size ? CHUNK_DATA : CHUNK_TRAILER;
	if (!r->is_signed)
		return S3_OK;
	r->chunk_digest = digest_start(DIGEST_SHA256);
	return r->chunk_digest ? S3_OK : S3_INTERNAL_ERROR;
}

static enum s3_error close_chunk(struct request *req)
{
	struct receiver *r = &req->receiver;
	const char *told = strchr(r->line, '=');

	if (!r->chunk_digest)
		return S3_OK;
	return end_chunk(req, STEAL(r->chunk_digest), told ? told + 1 : "");
}

static enum s3_error trailer_line(struct request *req)
{
	struct receiver *r = &req->receiver;
	char *colon = strchr(r->line, ':'), *value;
	unsigned char hash[DIGEST_MAX];
	char hex[65];

	if (r->line_len == 0) {
		r->state = CHUNK_DONE;
		return S3_OK;
	}
	if (!colon)
		return S3_MALFORMED_TRAILER;
	*colon = 0;
	value = colon + 1 + strspn(colon + 1, " ");
	if (strcasecmp(r->line, "x-amz-trailer-signature") != 0) {
		buf_add_fmt(&r->trailer_text, "%s:%s\n", r->line, value);
		return fields_add(&r->trailers, r->line, value) < 0 ?
			       S3_INTERNAL_ERROR :
			       S3_OK;
	}
	if (!r->is_signed)
		return S3_OK;
	if (digest_of(DIGEST_SHA256, buf_str(&r->trailer_text),
		      r->trailer_text.len, hash) < 0)
		return S3_INTERNAL_ERROR;
	text_hex(hex, hash, sizeof(hash));
	buf_clear(&r->trailer_text);
	return check_signature(req, "AWS4-HMAC-SHA256-TRAILER", "", hex, value);
}

static enum s3_error whole_line(struct request *req)
{
	struct receiver *r = &req->receiver;
	enum s3_error error;

	switch (r->state) {
	case CHUNK_HEADER:
		error = begin_chunk(req);
		if (!error && r->state == CHUNK_TRAILER)
			error = close_chunk(req);
		return error;
	case CHUNK_DATA_END:
		r->state = CHUNK_HEADER;
		return r->line_len ? S3_INCOMPLETE_BODY : S3_OK;
	case CHUNK_TRAILER:
		return trailer_line(req);
	case CHUNK_NONE:
	case CHUNK_DATA:
	case CHUNK_DONE:
		break;
	}
	return S3_INCOMPLETE_BODY;
}

/* Gathers a line; returns how much of data it took. */
static size_t add_to_line(struct request *req, const char *data, size_t len)
{
	struct receiver *r = &req->receiver;
	const char *end = memchr(data, '\n', len);
	size_t take = end ? (size_t)(end - data) : len;

	if (r->line_len + take >= sizeof(r->line)) {
		r->error = S3_INCOMPLETE_BODY;
		return len;
	}
	memcpy(r->line + r->line_len, data, take);
	r->line_len += take;
	if (!end)
		return take;
	if (r->line_len > 0 && r->line[r->line_len - 1] == '\r')
		r->line_len--;
	r->line[r->line_len] = 0;
	r->error = whole_line(req);
	r->line_len = 0;
	return take + 1;
}

static size_t add_to_chunk(struct request *req, const char *data, size_t len)
{
	struct receiver *r = &req->receiver;

	if (len > r->chunk_left)
		len = (size_t)r->chunk_left;
	receive_store(r, data, len);
	if (r->chunk_digest && digest_add(r->chunk_digest, data, len) < 0)
		r->error = S3_INTERNAL_ERROR;
	r->chunk_left -= len;
	if (r->chunk_left == 0 && !r->error) {
		r->error = close_chunk(req);
		r->state = CHUNK_DATA_END;
	}
	return len;
}

void chunked_add(struct request *req, const char *data, size_t len)
{
	struct receiver *r = &req->receiver;

	while (len > 0 && !r->error) {
		size_t took = r->state == CHUNK_DATA ?
				      add_to_chunk(req, data, len) :
				      add_to_line(req, data, len);

		data += took;
		len -= took;
	}
}

enum s3_error chunked_finish(struct request *req)
{
	struct receiver *r = &req->receiver;
	bool wants_signature = r->is_signed && r->trailers.len > 0;

	/* The trailer's text is cleared once its signature was checked. */
	if (wants_signature && r->trailer_text.len > 0)
		return S3_SIGNATURE_MISMATCH;
	return r->state == CHUNK_DONE ? S3_OK : S3_INCOMPLETE_BODY;
}
