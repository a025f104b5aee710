/* SPDX-License-Identifier: MIT */
/*
 * CopyObject and UploadPartCopy. A 200 is sent before the copying begins, so
 * success is only what the body says: the right root element. A copy that is
 * done twice does no harm. When the answer was lost, or has no ETag, the
 * target tells whether it was done, for a part the list of parts.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "client/client.h"
#include "client/look.h"
#include "client/message.h"
#include "client/request.h"
#include "log.h"
#include "multipart.h"
#include "ops/actions.h"
#include "ops/part_look.h"
#include "params/params_table.h"
#include "params/rules.h"
#include "text.h"
#include "traits.h"
#include "wire/attrs.h"
#include "wire/xml.h"

static int copy_add_source(struct s3_request *r, const char *key,
			   const char *etag)
{
	AUTO_BUF struct buf source = BUF_INIT(16 * 1024);
	int rc;

	r->source_key = key;
	r->source_etag = etag;
	buf_add_fmt(&source, "/%s/", r->endpoint->bucket);
	text_percent_encode(&source, key, strlen(key), true);
	if (source.error)
		return source.error;
	rc = request_header(r, "x-amz-copy-source", source.data);
	if (rc == 0 && etag && !r->without_source_etag)
		rc = request_etag_header(r, "x-amz-copy-source-if-match", etag);
	if (rc == 0)
		rc = rules_add_source(&r->client->rules, key, &r->http.headers);
	return rc;
}

/* --- a source that is said to be another one ---------------------------- */

static void copy_source_looked(struct s3_op *op)
{
	struct s3_head *head = container_of(op, struct s3_head, op);
	struct s3_request *r =
		container_of(head, struct s3_request, child.head);
	int result = op->result;

	request_child_done(r);
	if (result == 0)
		r->without_source_etag =
			strcmp(head->object.etag, r->source_etag) == 0;
	s3_head_release(head);
	if (r->without_source_etag)
		request_again(r);
	else
		request_finish(r, result == -ECANCELED ? -ECANCELED : -ESTALE);
}

/*
 * Some compare the ETag of a multipart object with something else than they
 * tell (OpenStack Swift). Then the copy is made without the condition, and
 * who changes the source in between changes what is copied.
 */
static enum s3_next copy_source_look(struct s3_request *r)
{
	struct s3_head *head = &r->child.head;

	if (!r->source_etag || r->without_source_etag)
		return S3_FINISH;
	memset(head, 0, sizeof(*head));
	head->op.done = copy_source_looked;
	request_start_child(r, &head->op, &head_action, r->source_key, NULL);
	return S3_LATER;
}

static void copy_source_note(struct s3_request *r)
{
	if (r->without_source_etag)
		s3_trait_learn(r->client, S3_TRAIT_SOURCE_CONDITION, S3_NO,
			       NULL);
}

struct copy_result {
	char etag[S3_ETAG_MAX + 2];
	char modified[40];
	char crc32c[16];
};

static int copy_read_result(struct s3_request *r, const char *root,
			    struct copy_result *out, char etag[S3_ETAG_MAX])
{
	const struct xml_field fields[] = {
		{ "ETag", out->etag, sizeof(out->etag), false },
		{ "LastModified", out->modified, sizeof(out->modified), true },
		{ "ChecksumCRC32C", out->crc32c, sizeof(out->crc32c), true },
	};
	int rc = xml_read_fields(&r->http.response_body, root, fields,
				 ARRAY_SIZE(fields));

	if (rc < 0)
		return rc;
	copy_source_note(r);
	return attrs_etag(out->etag, etag) < 0 ? -EINPROGRESS : 0;
}

/* --- CopyObject --------------------------------------------------------- */

static int copy_build(struct s3_request *r)
{
	const struct s3_copy *copy = container_of(r->op, struct s3_copy, op);
	int rc = copy_add_source(r, copy->source_key, copy->source_etag);

	if (rc == 0)
		rc = request_header(r, "x-amz-metadata-directive",
				    copy->replace_headers ? "REPLACE" : "COPY");
	if (rc == 0 && copy->if_none_match)
		rc = request_header(r, "if-none-match", "*");
	return rc;
}

static int copy_parse(struct s3_request *r)
{
	struct s3_copy *copy = container_of(r->op, struct s3_copy, op);
	struct copy_result result;
	int rc = copy_read_result(r, "CopyObjectResult", &result, copy->etag);

	if (rc < 0)
		return rc;
	if (text_parse_iso_date(result.modified, &copy->mtime_ns) < 0)
		copy->mtime_ns = 0;
	return 0;
}

static const char *copy_source_etag(const struct s3_copy *copy)
{
	return copy->source_etag ? copy->source_etag : copy->expected_etag;
}

/* Whether the object that stands at the target is this copy. */
static bool copy_is_ours(const struct s3_request *r, const struct s3_copy *copy,
			 const struct s3_object *object)
{
	const char *etag = copy_source_etag(copy);
	bool is_new = object->mtime_ns / 1000000000 + REQUEST_CLOCK_SLACK_S >=
		      r->started_unix_s;

	if (r->probe_result == -EINPROGRESS)
		return is_new &&
		       (!copy->length || object->size == copy->length);
	if (strcasecmp(object->etag, etag) == 0)
		return true;
	/* The copy of an object of parts has an ETag of its own. */
	return strchr(etag, '-') && object->size == copy->length && is_new;
}

static void copy_probed(struct s3_op *op)
{
	struct s3_head *head = container_of(op, struct s3_head, op);
	struct s3_request *r =
		container_of(head, struct s3_request, child.head);
	struct s3_copy *copy = container_of(r->op, struct s3_copy, op);
	int result = r->probe_result;

	request_child_done(r);
	if (op->result == 0 && copy_is_ours(r, copy, &head->object)) {
		memcpy(copy->etag, head->object.etag, sizeof(copy->etag));
		copy->mtime_ns = head->object.mtime_ns;
		result = 0;
	}
	if (op->result == -ECANCELED)
		result = -ECANCELED;
	log_info("s3", "CopyObject without a clear answer: %s key=%s",
		 result == 0 ? "it is stored" : "it is not stored", copy->key);
	s3_head_release(head);
	if (result == -EINPROGRESS)
		request_try_again(r, -EBADMSG);
	else
		request_finish(r, result);
}

/* Which of the two preconditions failed; S3 says so in <Condition>. */
static bool copy_is_taken(const struct s3_request *r,
			  const struct s3_copy *copy)
{
	return copy->if_none_match &&
	       !(copy->source_etag && strcasestr(r->error.subject, "source"));
}

static void copy_marker_put(struct s3_op *op)
{
	struct s3_put *put = container_of(op, struct s3_put, op);
	struct s3_request *r = container_of(put, struct s3_request, child.put);
	struct s3_copy *copy = container_of(r->op, struct s3_copy, op);
	int result = op->result;

	request_child_done(r);
	memcpy(copy->etag, put->etag, sizeof(copy->etag));
	if (result == 0)
		s3_trait_learn(r->client, S3_TRAIT_MARKER_COPY, S3_NO, NULL);
	else
		r->op->err = op->err;
	s3_put_release(put);
	request_finish(r, result);
}

static bool copy_is_marker(const struct s3_copy *copy)
{
	size_t len = strlen(copy->source_key);

	return copy->length == 0 && len > 0 && copy->source_key[len - 1] == '/';
}

/* SeaweedFS lists markers that it does not find; all they tell is a name. */
static enum s3_next copy_put_marker(struct s3_request *r,
				    const struct s3_copy *copy)
{
	struct s3_put *put = &r->child.put;

	*put = (struct s3_put){
		.op.done = copy_marker_put,
		.key = copy->key,
		.if_none_match = copy->if_none_match,
	};
	request_start_child(r, &put->op, &put_action, put->key, NULL);
	return S3_LATER;
}

/* A try may have been done all the same, and a look at the target tells. */
static bool copy_may_be_done(const struct s3_request *r,
			     const struct s3_copy *copy, int result)
{
	bool is_lost = r->sends > 1 || r->http.result < 0 || result == -EBADMSG;

	if (result == -EINPROGRESS)
		return true;
	return is_lost && copy_source_etag(copy) &&
	       strcmp(copy->key, copy->source_key) != 0 && result != -EACCES &&
	       result != -ENOMEM && result != -ECANCELED && result != -ENOTSUP;
}

static enum s3_next copy_settle(struct s3_request *r, int *result)
{
	const struct s3_copy *copy = container_of(r->op, struct s3_copy, op);
	struct s3_head *head = &r->child.head;

	if (*result == -ENOENT && copy_is_marker(copy))
		return copy_put_marker(r, copy);
	if (*result == -ESTALE && !copy_is_taken(r, copy))
		return copy_source_look(r);
	if (*result == -ESTALE)
		*result = -EEXIST;
	if (!copy_may_be_done(r, copy, *result))
		return S3_FINISH;
	r->probe_result = *result;
	memset(head, 0, sizeof(*head));
	head->op.done = copy_probed;
	request_start_child(r, &head->op, &head_action, copy->key, NULL);
	return S3_LATER;
}

static const struct s3_action copy_action = {
	.name = "CopyObject",
	.method = "PUT",
	.params = PARAMS_COPY,
	.is_slow = true,
	.build = copy_build,
	.parse = copy_parse,
	.settle = copy_settle,
};

void s3_copy_start(struct s3_client *c, struct s3_copy *copy)
{
	uint64_t bytes = copy->length ? copy->length : S3_COPY_MAX;

	request_start(c, &copy->op, &copy_action, copy->key, &copy->headers,
		      bytes / REQUEST_COPY_SPEED);
}

void s3_copy_release(struct s3_copy *copy)
{
	pairs_release(&copy->headers);
}

/* --- UploadPartCopy ----------------------------------------------------- */

static int copy_part_build(struct s3_request *r)
{
	const struct s3_copy_part *part =
		container_of(r->op, struct s3_copy_part, op);
	char range[64];
	int rc = copy_add_source(r, part->source_key, part->source_etag);

	if (part->length == 0)
		return -EINVAL;
	query_add(&r->query, "partNumber", request_number(r, 0, part->number));
	query_add(&r->query, "uploadId", part->upload_id);
	snprintf(range, sizeof(range), "bytes=%llu-%llu",
		 (unsigned long long)part->offset,
		 (unsigned long long)(part->offset + part->length - 1));
	if (rc == 0)
		rc = request_header(r, "x-amz-copy-source-range", range);
	return rc;
}

static int copy_part_parse(struct s3_request *r)
{
	struct s3_copy_part *part =
		container_of(r->op, struct s3_copy_part, op);
	struct copy_result result;
	int rc = copy_read_result(r, "CopyPartResult", &result, part->etag);

	if (rc < 0)
		return rc;
	part->has_crc32c = attrs_crc32c_text(result.crc32c, &part->crc32c);
	return 0;
}

static bool copy_part_looked(struct s3_request *r, const struct look *stored)
{
	struct s3_copy_part *part =
		container_of(r->op, struct s3_copy_part, op);

	if (stored->size != part->length)
		return false;
	snprintf(part->etag, sizeof(part->etag), "%s", stored->etag);
	part->has_crc32c = stored->has_crc32c;
	part->crc32c = stored->crc32c;
	return true;
}

static enum s3_next copy_part_settle(struct s3_request *r, int *result)
{
	const struct s3_copy_part *part =
		container_of(r->op, struct s3_copy_part, op);

	if (*result == -EINPROGRESS)
		return part_look(r, part->key, part->upload_id, part->number,
				 copy_part_looked);
	return *result == -ESTALE ? copy_source_look(r) : S3_FINISH;
}

static const struct s3_action copy_part_action = {
	.name = "UploadPartCopy",
	.method = "PUT",
	.params = PARAMS_PART,
	.is_slow = true,
	.build = copy_part_build,
	.parse = copy_part_parse,
	.settle = copy_part_settle,
};

void s3_copy_part_start(struct s3_client *c, struct s3_copy_part *part)
{
	request_start(c, &part->op, &copy_part_action, part->key,
		      &part->headers, part->length / REQUEST_COPY_SPEED);
}

void s3_copy_part_release(struct s3_copy_part *part)
{
	pairs_release(&part->headers);
}
