/* SPDX-License-Identifier: MIT */
/*
 * Multipart uploads: create, part, abort. (Complete: complete.c. Part copy:
 * copy.c. Lists: uploads.c.)
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/client.h"
#include "client/look.h"
#include "client/message.h"
#include "client/request.h"
#include "log.h"
#include "multipart.h"
#include "notes/upload_note.h"
#include "notes/upload_record.h"
#include "ops/actions.h"
#include "ops/part_look.h"
#include "params/params_table.h"
#include "wire/attrs.h"
#include "wire/xml.h"

/* --- CreateMultipartUpload ---------------------------------------------- */

static int create_build(struct s3_request *r)
{
	query_add(&r->query, "uploads", NULL);
	if (r->without_checksum || !client_has_checksums(r->client))
		return 0;
	/* S3 takes parts with a checksum only if it was announced here. */
	return request_header(r, "x-amz-checksum-algorithm", "CRC32C");
}

static int create_parse(struct s3_request *r)
{
	struct s3_create_upload *up =
		container_of(r->op, struct s3_create_upload, op);
	char id[UPLOAD_ID_MAX];
	const struct xml_field fields[] = {
		{ "UploadId", id, sizeof(id), false },
	};
	int rc = xml_read_fields(&r->http.response_body,
				 "InitiateMultipartUploadResult", fields,
				 ARRAY_SIZE(fields));

	if (rc < 0)
		return rc;
	if (!id[0])
		return -EBADMSG;
	free(up->upload_id);
	up->upload_id = strdup(id);
	if (!up->upload_id)
		return -ENOMEM;
	up->may_be_left = r->sends > 1;
	request_keep_dropped(r);
	return 0;
}

static enum s3_next create_settle(struct s3_request *r, int *result)
{
	struct s3_create_upload *up =
		container_of(r->op, struct s3_create_upload, op);
	int status = r->op->err.http_status;

	if (request_drop_checksum(r))
		return S3_AGAIN;
	/* Only a refusal says that there is none. */
	up->may_be_left = r->sends > (status >= 400 && status <= 499 ? 1 : 0);
	return S3_FINISH;
}

static const struct s3_action create_action = {
	.name = "CreateMultipartUpload",
	.method = "POST",
	.params = PARAMS_CREATE,
	.build = create_build,
	.parse = create_parse,
	.settle = create_settle,
};

static void create_waited(struct s3_client *c, struct s3_op *op)
{
	struct s3_create_upload *up =
		container_of(op, struct s3_create_upload, op);

	if (!c->record)
		return;
	if (op->result == 0)
		upload_record_add(c->record, up->key, up->upload_id);
	if (up->may_be_left)
		log_warn("s3",
			 "an answer to CreateMultipartUpload was lost; the "
			 "next start looks for what is left of it key=%s",
			 up->key);
	else
		upload_record_remove(c->record, up->token);
}

void s3_create_upload_start(struct s3_client *c, struct s3_create_upload *up)
{
	_Static_assert(sizeof(up->token) >= UPLOAD_TOKEN_SIZE, "a token");

	up->op.waited = create_waited;
	up->may_be_left = false;
	if (c->record)
		upload_record_ask(c->record, up->key, client_server_now_s(c),
				  up->token);
	request_start(c, &up->op, &create_action, up->key, &up->headers, 0);
}

void s3_create_upload_release(struct s3_create_upload *up)
{
	pairs_release(&up->headers);
	free(up->upload_id);
	up->upload_id = NULL;
}

/* --- UploadPart --------------------------------------------------------- */

static int part_build(struct s3_request *r)
{
	const struct s3_upload_part *part =
		container_of(r->op, struct s3_upload_part, op);

	query_add(&r->query, "partNumber", request_number(r, 0, part->number));
	query_add(&r->query, "uploadId", part->upload_id);
	return request_send_body(r, &part->body);
}

static int part_parse(struct s3_request *r)
{
	struct s3_upload_part *part =
		container_of(r->op, struct s3_upload_part, op);
	const char *etag = request_answer(r, "etag");

	if (!etag || attrs_etag(etag, part->etag) < 0)
		return -EINPROGRESS; /* settle looks */
	request_keep_dropped(r);
	return 0;
}

/* The server has said yes, so what may be these bytes is. */
static bool part_looked(struct s3_request *r, const struct look *stored)
{
	struct s3_upload_part *part =
		container_of(r->op, struct s3_upload_part, op);

	if (look_at(stored, &part->body) == LOOK_OTHER)
		return false;
	snprintf(part->etag, sizeof(part->etag), "%s", stored->etag);
	return true;
}

static enum s3_next part_settle(struct s3_request *r, int *result)
{
	const struct s3_upload_part *part =
		container_of(r->op, struct s3_upload_part, op);

	request_expect_upload(result);
	if (*result == -EINPROGRESS)
		return part_look(r, part->key, part->upload_id, part->number,
				 part_looked);
	return request_drop_checksum(r) ? S3_AGAIN : S3_FINISH;
}

static const struct s3_action part_action = {
	.name = "UploadPart",
	.method = "PUT",
	.params = PARAMS_PART,
	.build = part_build,
	.parse = part_parse,
	.settle = part_settle,
};

void s3_upload_part_start(struct s3_client *c, struct s3_upload_part *part)
{
	request_start_body(c, &part->op, &part_action, part->key,
			   &part->headers, &part->body);
}

void s3_upload_part_release(struct s3_upload_part *part)
{
	pairs_release(&part->headers);
}

/* --- AbortMultipartUpload ----------------------------------------------- */

/* It follows on what failed, and the sweep has another go. */
#define ABORT_MS 10000

static int abort_build(struct s3_request *r)
{
	const struct s3_abort_upload *up =
		container_of(r->op, struct s3_abort_upload, op);

	query_add(&r->query, "uploadId", up->upload_id);
	return 0;
}

static enum s3_next abort_settle(struct s3_request *r, int *result)
{
	struct s3_abort_upload *up =
		container_of(r->op, struct s3_abort_upload, op);

	request_expect_upload(result);
	up->was_gone = *result == -ESRCH;
	if (up->was_gone)
		*result = 0;
	return S3_FINISH;
}

static const struct s3_action abort_action = {
	.name = "AbortMultipartUpload",
	.method = "DELETE",
	.params = PARAMS_BUCKET,
	.bound_ms = ABORT_MS,
	.build = abort_build,
	.settle = abort_settle,
};

static void abort_waited(struct s3_client *c, struct s3_op *op)
{
	const struct s3_abort_upload *up =
		container_of(op, struct s3_abort_upload, op);

	if (c->record && op->result == 0)
		upload_record_remove(c->record, up->upload_id);
}

void s3_abort_upload_start(struct s3_client *c, struct s3_abort_upload *up)
{
	up->op.waited = abort_waited;
	up->was_gone = false;
	request_start(c, &up->op, &abort_action, up->key, NULL, 0);
}

void s3_abort_upload_release(struct s3_abort_upload *up)
{
}
