/* SPDX-License-Identifier: MIT */
/*
 * PUT of an object.
 *
 * With if_none_match a lost answer is a riddle: the second try gets 412 from
 * our own first. Then a HEAD is asked, and only bytes that are surely ours
 * (size, and CRC32C or MD5) count as success. Whatever cannot be told apart
 * is -EEXIST: the caller then stores under another name, and nothing is lost.
 */
#include <string.h>
#include <strings.h>

#include "attrs.h"
#include "digest.h"
#include "internal.h"
#include "log.h"
#include "text.h"

static int put_build(struct s3_request *r)
{
	const struct s3_put *put = container_of(r->op, struct s3_put, op);
	int rc = 0;

	r->http.body = (struct http_body){
		.length = put->body.length,
		.read = put->body.read,
		.arg = put->body.arg,
	};
	if (put->body.has_crc32c && !r->without_checksum &&
	    client_has_checksums(r->client)) {
		r->crc32c = put->body.crc32c;
		r->is_crc32c_given = true;
		rc = request_checksum_header(r);
	}
	if (rc == 0 && put->if_none_match)
		rc = request_header(r, "if-none-match", "*");
	if (rc == 0 && put->if_match)
		rc = request_etag_header(r, "if-match", put->if_match);
	return rc;
}

static int put_parse(struct s3_request *r)
{
	struct s3_put *put = container_of(r->op, struct s3_put, op);
	const char *etag = request_answer(r, "etag");

	if (!etag || attrs_etag(etag, put->etag) < 0)
		return -EBADMSG;
	request_keep_dropped(r);
	return 0;
}

static int md5_of_body(const struct s3_body *body, char hex[33])
{
	unsigned char sum[DIGEST_MAX];
	char piece[16 * 1024];
	struct digest *md5 = digest_start(DIGEST_MD5);
	ssize_t got = 0;
	int rc = md5 ? 0 : -ENOMEM;

	for (uint64_t at = 0; rc == 0 && at < body->length; at += got) {
		uint64_t left = body->length - at;

		got = body->read(body->arg, at, piece,
				 left < sizeof(piece) ? (size_t)left :
							sizeof(piece));
		rc = got > 0 ? digest_add(md5, piece, (size_t)got) : -EIO;
	}
	if (rc < 0) {
		if (md5)
			digest_drop(md5);
		return rc;
	}
	rc = digest_finish(md5, sum);
	text_hex(hex, sum, digest_size(DIGEST_MD5));
	return rc;
}

/* Whether the object that stands there has put's bytes. */
static bool is_ours(const struct s3_put *put, const struct s3_object *object)
{
	uint32_t crc;
	char md5[33];

	if (object->size != put->body.length)
		return false;
	if (put->body.has_crc32c && attrs_crc32c(&object->headers, &crc))
		return crc == put->body.crc32c;
	return attrs_is_md5(object->etag) &&
	       md5_of_body(&put->body, md5) == 0 &&
	       strcasecmp(md5, object->etag) == 0;
}

static void put_probed(struct s3_op *op)
{
	struct s3_head *head = container_of(op, struct s3_head, op);
	struct s3_request *r =
		container_of(head, struct s3_request, child.head);
	struct s3_put *put = container_of(r->op, struct s3_put, op);
	int result = -EEXIST;

	request_child_done(r);
	if (op->result == 0 && is_ours(put, &head->object)) {
		memcpy(put->etag, head->object.etag, sizeof(put->etag));
		result = 0;
	}
	if (op->result == -ECANCELED)
		result = -ECANCELED;
	log_info("s3", "a lost answer to PutObject: %s key=%s",
		 result == 0 ? "it is stored" : "the key is taken", put->key);
	s3_head_release(head);
	request_finish(r, result);
}

static enum s3_next put_settle(struct s3_request *r, int *result)
{
	const struct s3_put *put = container_of(r->op, struct s3_put, op);
	struct s3_head *head = &r->child.head;

	if (request_drop_checksum(r))
		return S3_AGAIN;
	if (*result != -ESTALE || !put->if_none_match)
		return S3_FINISH;
	*result = -EEXIST;
	if (r->sends == 1)
		return S3_FINISH;
	memset(head, 0, sizeof(*head));
	head->op.done = put_probed;
	head->key = put->key;
	/* Without the header AWS keeps the checksum to itself. */
	if (pairs_set(&head->headers, "x-amz-checksum-mode", "ENABLED") < 0)
		return S3_FINISH;
	request_start_child(r, &head->op, &head_action, put->key,
			    &head->headers);
	return S3_LATER;
}

const struct s3_action put_action = {
	.name = "PutObject",
	.method = "PUT",
	.params = PARAMS_PUT,
	.build = put_build,
	.parse = put_parse,
	.settle = put_settle,
};

void s3_put_start(struct s3_client *c, struct s3_put *put)
{
	request_start(c, &put->op, &put_action, put->key, &put->headers,
		      put->body.length);
}

void s3_put_release(struct s3_put *put)
{
	pairs_release(&put->headers);
}
