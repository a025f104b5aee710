/* SPDX-License-Identifier: MIT */
/*
 * CompleteMultipartUpload. Its 200 is sent before the work is done, so
 * success is only a result element with an ETag. When the answer was lost,
 * the upload is gone the second time one asks; then the object itself tells:
 * its ETag is made from those of the parts.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "client/client.h"
#include "client/message.h"
#include "client/request.h"
#include "client/retry.h"
#include "log.h"
#include "multipart.h"
#include "notes/upload_record.h"
#include "ops/actions.h"
#include "params/params_table.h"
#include "text.h"
#include "wire/attrs.h"
#include "wire/digest.h"
#include "wire/xml.h"

static void complete_add_part(struct buf *body, const struct s3_part *part,
			      bool with_crc32c)
{
	unsigned char sum[4] = { (unsigned char)(part->crc32c >> 24),
				 (unsigned char)(part->crc32c >> 16),
				 (unsigned char)(part->crc32c >> 8),
				 (unsigned char)part->crc32c };

	buf_add_fmt(body, "<Part><PartNumber>%u</PartNumber><ETag>\"",
		    part->number);
	if (xml_escape(body, part->etag) < 0 && !body->error)
		body->error = -EINVAL;
	buf_add_str(body, "\"</ETag>");
	if (with_crc32c && part->has_crc32c) {
		buf_add_str(body, "<ChecksumCRC32C>");
		digest_base64(body, sum, sizeof(sum));
		buf_add_str(body, "</ChecksumCRC32C>");
	}
	buf_add_str(body, "</Part>");
}

static bool complete_has_sums(const struct s3_request *r)
{
	return !r->without_checksum && client_has_checksums(r->client) &&
	       s3_trait(r->client, S3_TRAIT_PART_CHECKSUMS) != S3_NO;
}

static int complete_build(struct s3_request *r)
{
	struct s3_complete_upload *up =
		container_of(r->op, struct s3_complete_upload, op);
	bool with_crc32c = complete_has_sums(r);
	struct buf *body = &up->body;
	int rc = 0;

	query_add(&r->query, "uploadId", up->upload_id);
	body->max = REQUEST_BODY_MAX;
	buf_clear(body);
	buf_add_str(body, "<CompleteMultipartUpload xmlns=\"http://"
			  "s3.amazonaws.com/doc/2006-03-01/\">");
	for (size_t i = 0; i < up->count; i++)
		complete_add_part(body, &up->parts[i], with_crc32c);
	buf_add_str(body, "</CompleteMultipartUpload>");
	if (body->error)
		return body->error;
	rc = request_send_text(r, body);
	if (rc == 0)
		rc = request_header(r, "content-type", "application/xml");
	if (rc == 0 && up->if_none_match)
		rc = request_header(r, "if-none-match", "*");
	if (rc == 0 && up->if_match)
		rc = request_etag_header(r, "if-match", up->if_match);
	return rc;
}

static int complete_parse(struct s3_request *r)
{
	struct s3_complete_upload *up =
		container_of(r->op, struct s3_complete_upload, op);
	char etag[S3_ETAG_MAX + 2];
	const struct xml_field fields[] = {
		{ "ETag", etag, sizeof(etag), false },
	};
	int rc = xml_read_fields(&r->http.response_body,
				 "CompleteMultipartUploadResult", fields,
				 ARRAY_SIZE(fields));

	if (rc == 0)
		rc = attrs_etag(etag, up->etag);
	if (rc == 0 && (r->without_checksum || complete_has_sums(r)))
		s3_trait_learn(r->client, S3_TRAIT_PART_CHECKSUMS,
			       r->without_checksum ? S3_NO : S3_YES, NULL);
	return rc;
}

static bool complete_unhex(unsigned char *to, const char *hex)
{
	for (size_t i = 0; i < 16; i++) {
		unsigned value;

		if (sscanf(hex + 2 * i, "%2x", &value) != 1)
			return false;
		to[i] = (unsigned char)value;
	}
	return true;
}

/*
 * What S3 makes of parts whose ETags are MD5s: the MD5 of these, in binary,
 * and their number. Returns false if they are not (SSE-KMS, SSE-C).
 */
static bool complete_expected_etag(const struct s3_complete_upload *up,
				   char out[S3_ETAG_MAX])
{
	AUTO_BUF struct buf sums = BUF_INIT(16 * S3_PARTS_MAX);
	unsigned char sum[DIGEST_MAX];
	char hex[33];

	for (size_t i = 0; i < up->count; i++) {
		if (!attrs_is_md5(up->parts[i].etag) ||
		    !complete_unhex(sum, up->parts[i].etag))
			return false;
		buf_add(&sums, sum, 16);
	}
	if (sums.error || digest_of(DIGEST_MD5, sums.data, sums.len, sum) < 0)
		return false;
	text_hex(hex, sum, 16);
	snprintf(out, S3_ETAG_MAX, "%s-%zu", hex, up->count);
	return true;
}

/* Whether the object is what this upload makes. */
static bool complete_is_ours(const struct s3_request *r,
			     const struct s3_complete_upload *up,
			     const struct s3_object *object)
{
	char expected[S3_ETAG_MAX], suffix[16];
	const char *dash = strrchr(object->etag, '-');

	if (complete_expected_etag(up, expected) &&
	    strcasecmp(expected, object->etag) == 0)
		return true;
	if (attrs_is_md5(up->parts[0].etag) && dash &&
	    dash - object->etag == 32)
		return false; /* both are MD5s, and not the same */
	snprintf(suffix, sizeof(suffix), "-%zu", up->count);
	return dash && strcmp(dash, suffix) == 0 &&
	       object->mtime_ns / 1000000000 + REQUEST_CLOCK_SLACK_S >=
		       r->started_unix_s;
}

static void complete_probed(struct s3_op *op)
{
	struct s3_head *head = container_of(op, struct s3_head, op);
	struct s3_request *r =
		container_of(head, struct s3_request, child.head);
	struct s3_complete_upload *up =
		container_of(r->op, struct s3_complete_upload, op);
	int result = r->probe_result;

	request_child_done(r);
	if (op->result == 0 && complete_is_ours(r, up, &head->object)) {
		memcpy(up->etag, head->object.etag, sizeof(up->etag));
		result = 0;
	}
	if (op->result == -ECANCELED)
		result = -ECANCELED;
	log_info("s3", "a lost answer to CompleteMultipartUpload: %s key=%s",
		 result == 0 ? "it is stored" : "it is not stored", up->key);
	s3_head_release(head);
	request_finish(r, result);
}

static enum s3_next complete_settle(struct s3_request *r, int *result)
{
	struct s3_complete_upload *up =
		container_of(r->op, struct s3_complete_upload, op);
	struct s3_head *head = &r->child.head;
	bool is_lost =
		r->sends > 1 || r->http.result < 0 || *result == -EBADMSG;

	if (complete_has_sums(r) &&
	    strcmp(r->error.code, "MalformedXML") == 0) {
		r->without_checksum = true;
		return S3_AGAIN;
	}
	request_expect_upload(result);
	if (*result == -ESTALE && up->if_none_match)
		*result = -EEXIST;
	/* Refused at once, or surely not done: nothing to look for. */
	if (*result != -ESRCH && !is_lost)
		return S3_FINISH;
	if (*result == -EACCES || *result == -ENOMEM || *result == -ECANCELED ||
	    up->count == 0)
		return S3_FINISH;
	r->probe_result = *result;
	memset(head, 0, sizeof(*head));
	head->op.done = complete_probed;
	request_start_child(r, &head->op, &head_action, up->key, NULL);
	return S3_LATER;
}

const struct s3_action complete_upload_action = {
	.name = "CompleteMultipartUpload",
	.method = "POST",
	.params = PARAMS_COMPLETE,
	.answer_max = ANSWER_MAX,
	.is_slow = true,
	.build = complete_build,
	.parse = complete_parse,
	.settle = complete_settle,
};

/* The upload is gone when it is an object, or the server has lost it. */
static void complete_waited(struct s3_client *c, struct s3_op *op)
{
	const struct s3_complete_upload *up =
		container_of(op, struct s3_complete_upload, op);

	if (c->record && (op->result == 0 || op->result == -ESRCH))
		upload_record_remove(c->record, up->upload_id);
}

void s3_complete_upload_start(struct s3_client *c,
			      struct s3_complete_upload *up)
{
	/* Putting many parts together takes servers some 20 ms a part. */
	uint64_t bytes = up->count * RETRY_BYTES_PER_S / 50;

	up->op.waited = complete_waited;
	request_start(c, &up->op, &complete_upload_action, up->key,
		      &up->headers, bytes);
}

void s3_complete_upload_release(struct s3_complete_upload *up)
{
	pairs_release(&up->headers);
	buf_release(&up->body);
}
