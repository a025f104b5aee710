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
#include "creds/sign.h"
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

int request_send_text(struct s3_request *r, struct buf *text)
{
	unsigned char sum[DIGEST_MAX];
	int rc = digest_of(DIGEST_SHA256, buf_str(text), text->len, sum);

	if (rc < 0)
		return rc;
	text_hex(r->payload, sum, digest_size(DIGEST_SHA256));
	r->is_body_signed = true;
	r->http.body = http_body_of(text);
	return 0;
}

static int message_scan_by_read(const struct s3_body *body, s3_take_fn take,
				void *to)
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
		rc = take(to, piece, (size_t)got);
		if (rc < 0)
			return rc;
		at += (uint64_t)got;
	}
	return 0;
}

struct sums {
	bool wants_crc32c;
	uint32_t crc32c;
	struct digest *sha; /* NULL: not wanted */
};

static int sums_take(void *to, const void *data, size_t len)
{
	struct sums *sums = to;

	if (sums->wants_crc32c)
		sums->crc32c = crc32c(sums->crc32c, data, len);
	return sums->sha ? digest_add(sums->sha, data, len) : 0;
}

static int message_body_scan(const struct s3_body *body, struct sums *sums)
{
	if (!sums->wants_crc32c && !sums->sha)
		return 0;
	if (body->scan)
		return body->scan(body->arg, sums_take, sums);
	return message_scan_by_read(body, sums_take, sums);
}

int request_sum_body(struct s3_request *r, struct s3_body *body, bool is_signed)
{
	struct sums sums = {
		.wants_crc32c =
			!body->has_crc32c && client_has_checksums(r->client),
	};
	unsigned char sum[DIGEST_MAX];
	int rc;

	if (is_signed) {
		sums.sha = digest_start(DIGEST_SHA256);
		if (!sums.sha)
			return -ENOMEM;
	}
	rc = message_body_scan(body, &sums);
	if (rc == 0 && is_signed)
		rc = digest_finish(STEAL(sums.sha), sum);
	digest_drop(sums.sha);
	if (rc < 0)
		return rc;
	if (is_signed)
		text_hex(r->payload, sum, digest_size(DIGEST_SHA256));
	r->is_body_signed = is_signed;
	if (sums.wants_crc32c)
		body->crc32c = sums.crc32c;
	body->has_crc32c = body->has_crc32c || sums.wants_crc32c;
	return 0;
}

static int message_add_checksum(struct s3_request *r, uint32_t crc)
{
	unsigned char sum[4] = { (unsigned char)(crc >> 24),
				 (unsigned char)(crc >> 16),
				 (unsigned char)(crc >> 8),
				 (unsigned char)crc };
	AUTO_BUF struct buf text = BUF_INIT(16);

	digest_base64(&text, sum, sizeof(sum));
	if (text.error)
		return text.error;
	return request_header(r, "x-amz-checksum-crc32c", buf_str(&text));
}

int request_send_body(struct s3_request *r, const struct s3_body *body)
{
	r->http.body = (struct http_body){
		.length = body->length,
		.read = body->read,
		.arg = body->arg,
	};
	if (!body->has_crc32c || r->without_checksum ||
	    !client_has_checksums(r->client))
		return 0;
	return message_add_checksum(r, body->crc32c);
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

/* No redirect leads from TLS to a plain connection. */
bool client_signs_bodies(struct s3_client *c)
{
	switch (c->options.payload) {
	case S3_PAYLOAD_SIGNED:
		return true;
	case S3_PAYLOAD_UNSIGNED:
		return false;
	case S3_PAYLOAD_AUTO:
		break;
	}
	return !client_endpoint(c)->is_tls;
}

int request_sign(struct s3_request *r)
{
	struct s3_client *c = r->client;
	struct sign_request what = {
		.method = r->action->method,
		.endpoint = r->endpoint,
		.key = r->key,
		.query = &r->query,
		.payload = SIGN_EMPTY_PAYLOAD,
		.unix_s = client_now_s(c),
	};

	if (r->http.body.length > 0)
		what.payload =
			r->is_body_signed ? r->payload : SIGN_UNSIGNED_PAYLOAD;
	r->creds = creds_chain_current(c->creds);
	return sign_headers(&what, c->options.signature, r->creds,
			    &r->http.headers, &r->op->err);
}
