/* SPDX-License-Identifier: MIT */
/*
 * PUT of an object.
 *
 * With if_none_match a lost answer is a riddle: the second try gets 412 from
 * our own first. Then a HEAD is asked, and only bytes that are surely ours
 * (size, and CRC32C or MD5) count as success. Whatever cannot be told apart
 * is -EEXIST: the caller then stores under another name, and nothing is lost.
 *
 * A yes without an ETag is looked after in the same way, and then sent again.
 */
#include <string.h>

#include "client/client.h"
#include "client/look.h"
#include "client/message.h"
#include "client/request.h"
#include "log.h"
#include "ops/actions.h"
#include "params/params_table.h"
#include "wire/attrs.h"

static int put_build(struct s3_request *r)
{
	const struct s3_put *put = container_of(r->op, struct s3_put, op);
	int rc = request_send_body(r, &put->body);

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
		return -EINPROGRESS; /* settle looks */
	request_keep_dropped(r);
	return 0;
}

/* Whether the object that stands there has put's bytes. */
static bool put_is_ours(const struct s3_request *r, const struct s3_put *put,
			const struct s3_object *object)
{
	struct look stored = { .size = object->size, .etag = object->etag };

	stored.has_crc32c = attrs_crc32c(&object->headers, &stored.crc32c);
	switch (look_at(&stored, &put->body)) {
	case LOOK_SAME:
		return true;
	case LOOK_OTHER:
		break;
	case LOOK_UNKNOWN:
		/* The server has said yes, and it is new. */
		return r->probe_result == -EBADMSG &&
		       object->mtime_ns / 1000000000 + REQUEST_CLOCK_SLACK_S >=
			       r->started_unix_s;
	}
	return false;
}

static void put_probed(struct s3_op *op)
{
	struct s3_head *head = container_of(op, struct s3_head, op);
	struct s3_request *r =
		container_of(head, struct s3_request, child.head);
	struct s3_put *put = container_of(r->op, struct s3_put, op);
	int result = r->probe_result;

	request_child_done(r);
	if (op->result == 0 && put_is_ours(r, put, &head->object)) {
		memcpy(put->etag, head->object.etag, sizeof(put->etag));
		result = 0;
	}
	if (op->result == -ECANCELED)
		result = -ECANCELED;
	log_info("s3", "PutObject without a clear answer: %s key=%s",
		 result == 0 ? "it is stored" : "it is not stored", put->key);
	s3_head_release(head);
	if (result == -EBADMSG)
		request_try_again(r, result);
	else
		request_finish(r, result);
}

/* result is what it is if the object is not ours. */
static enum s3_next put_probe(struct s3_request *r, int result)
{
	const struct s3_put *put = container_of(r->op, struct s3_put, op);
	struct s3_head *head = &r->child.head;

	r->probe_result = result;
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

static enum s3_next put_settle(struct s3_request *r, int *result)
{
	const struct s3_put *put = container_of(r->op, struct s3_put, op);

	if (request_drop_checksum(r))
		return S3_AGAIN;
	if (*result == -EINPROGRESS) {
		*result = -EBADMSG;
		return put_probe(r, *result);
	}
	if (*result != -ESTALE || !put->if_none_match)
		return S3_FINISH;
	*result = -EEXIST;
	return r->sends == 1 ? S3_FINISH : put_probe(r, *result);
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
	request_start_body(c, &put->op, &put_action, put->key, &put->headers,
			   &put->body);
}

void s3_put_release(struct s3_put *put)
{
	pairs_release(&put->headers);
}
