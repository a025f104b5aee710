/* SPDX-License-Identifier: MIT */
/*
 * What the actions put into a try and take out of an answer: headers, bodies
 * and their digests. On the request's thread.
 */
#include "client/message.h"

#include <stdio.h>
#include <string.h>

#include "client/client.h"
#include "client/errcode.h"
#include "client/request.h"
#include "clock.h"
#include "crc32c.h"
#include "http.h"
#include "text.h"
#include "wire/digest.h"

#define DIGEST_PIECE (64 * 1024)

int request_header(struct s3_request *r, const char *name, const char *value)
{
	return pairs_set(&r->http.headers, name, value);
}

int request_etag_header(struct s3_request *r, const char *name,
			const char *etag)
{
	char quoted[S3_ETAG_MAX + 2];
	int len = snprintf(quoted, sizeof(quoted), "\"%s\"", etag);

	if (len < 0 || (size_t)len >= sizeof(quoted))
		return -EINVAL;
	return request_header(r, name, quoted);
}

const char *request_number(struct s3_request *r, unsigned slot, uint64_t n)
{
	snprintf(r->numbers[slot], sizeof(r->numbers[slot]), "%llu",
		 (unsigned long long)n);
	return r->numbers[slot];
}

const char *request_answer(const struct s3_request *r, const char *name)
{
	return pairs_get(&r->http.response_headers, name);
}

void request_send_text(struct s3_request *r, struct buf *text)
{
	r->http.body = http_body_of(text);
	r->must_sign_body = true;
	r->has_digest = false; /* it may be another text than last time */
}

static int digest_pieces(const struct http_body *body, struct digest *sha,
			 uint32_t *crc)
{
	char piece[DIGEST_PIECE];
	uint64_t at = 0;

	while (at < body->length) {
		uint64_t left = body->length - at;
		size_t room =
			left < sizeof(piece) ? (size_t)left : sizeof(piece);
		ssize_t got = body->read(body->arg, at, piece, room);
		int rc;

		if (got <= 0 || (size_t)got > room)
			return got < 0 ? (int)got : -EIO;
		if (crc)
			*crc = crc32c(*crc, piece, (size_t)got);
		rc = digest_add(sha, piece, (size_t)got);
		if (rc < 0)
			return rc;
		at += (uint64_t)got;
	}
	return 0;
}

int request_digest_body(struct s3_request *r)
{
	unsigned char sum[DIGEST_MAX];
	struct digest *sha;
	int rc;

	if (r->has_digest)
		return 0;
	sha = digest_start(DIGEST_SHA256);
	if (!sha)
		return -ENOMEM;
	if (!r->is_crc32c_given)
		r->crc32c = 0;
	rc = digest_pieces(&r->http.body, sha,
			   r->is_crc32c_given ? NULL : &r->crc32c);
	if (rc < 0) {
		digest_drop(sha);
		return rc;
	}
	rc = digest_finish(sha, sum);
	if (rc < 0)
		return rc;
	text_hex(r->payload, sum, digest_size(DIGEST_SHA256));
	r->has_digest = true;
	return 0;
}

int request_checksum_header(struct s3_request *r)
{
	unsigned char sum[4] = { (unsigned char)(r->crc32c >> 24),
				 (unsigned char)(r->crc32c >> 16),
				 (unsigned char)(r->crc32c >> 8),
				 (unsigned char)r->crc32c };
	AUTO_BUF struct buf text = BUF_INIT(16);

	digest_base64(&text, sum, sizeof(sum));
	if (text.error)
		return text.error;
	return request_header(r, "x-amz-checksum-crc32c", buf_str(&text));
}

bool request_drop_checksum(struct s3_request *r)
{
	const struct error_body *e = &r->error;
	bool is_named = strcasestr(e->message, "checksum") ||
			strcasestr(e->subject, "checksum");
	int status = r->http.status;

	if (r->without_checksum || !client_has_checksums(r->client))
		return false;
	if (status != 400 && status != 501)
		return false;
	if (strcmp(e->code, "XAmzContentChecksumMismatch") == 0)
		return false;
	if (!is_named && (status == 400 || e->subject[0]))
		return false;
	r->without_checksum = true;
	return true;
}

void request_keep_dropped(struct s3_request *r)
{
	if (r->without_checksum)
		s3_trait_learn(r->client, S3_TRAIT_CHECKSUMS, S3_NO, NULL);
}

void request_expect_upload(int *result)
{
	if (*result == -ENOENT)
		*result = -ESRCH;
}
