/* SPDX-License-Identifier: MIT */
/* CreateMultipartUpload, UploadPart and AbortMultipartUpload. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "answer.h"
#include "keep.h"
#include "multipart.h"
#include "object.h"
#include "request.h"
#include "text.h"

enum s3_error multipart_find_locked(struct request *req, struct bucket **bucket,
				    struct upload **upload)
{
	struct store *store = &req->server->store;
	const char *text = request_param(req, "uploadId");
	unsigned long long id;
	char *end;

	*bucket = store_bucket_locked(store, req->bucket);
	if (!*bucket)
		return S3_NO_SUCH_BUCKET;
	id = strtoull(text, &end, 16);
	*upload = *end ? NULL : upload_find_locked(*bucket, req->key, id);
	return *upload ? S3_OK : S3_NO_SUCH_UPLOAD;
}

void multipart_add_sums(struct buf *out, const struct fields *sums)
{
	const char *name, *value;
	size_t at = 0;

	while (fields_next(sums, &at, &name, &value)) {
		char element[40] = "Checksum";
		size_t len = strlen(element);

		if (strcmp(name, "x-amz-checksum-type") == 0) {
			xml_add(out, "ChecksumType", value);
			continue;
		}
		for (name += strlen("x-amz-checksum-"); *name; name++)
			if (len < sizeof(element) - 1)
				element[len++] =
					(char)toupper((unsigned char)*name);
		element[len] = 0;
		xml_add(out, element, value);
	}
}

enum s3_error multipart_etag_of(const struct body *body, char out[ETAG_SIZE])
{
	struct digest *md5 = digest_start(DIGEST_MD5);
	unsigned char hash[DIGEST_MAX];
	int rc = md5 ? 0 : -ENOMEM;

	for (unsigned i = 0; rc == 0 && i < body->count; i++) {
		const struct slice *s = &body->slices[i];

		rc = digest_add(md5, s->blob->data + s->off, s->len);
	}
	if (rc < 0) {
		digest_drop(md5);
		return S3_INTERNAL_ERROR;
	}
	if (digest_finish(md5, hash) < 0)
		return S3_INTERNAL_ERROR;
	text_hex(out, hash, 16);
	return S3_OK;
}

enum s3_error multipart_quick_etag(const struct request *req,
				   char out[ETAG_SIZE])
{
	snprintf(out, ETAG_SIZE, "%032llx", (unsigned long long)req->id);
	return S3_OK;
}

/* x-amz-checksum-algorithm and -type: what parts and whole will carry. */
static enum s3_error read_algorithm(struct request *req, struct upload *upload)
{
	const char *name = request_header(req, "x-amz-checksum-algorithm");
	const char *type = request_header(req, "x-amz-checksum-type");
	enum sum_kind kind;

	if (!name)
		return S3_OK;
	kind = sums_kind(name);
	if (kind == SUM_KINDS || kind == SUM_MD5)
		return S3_INVALID_REQUEST;
	snprintf(upload->sum_name, sizeof(upload->sum_name), "%s",
		 sums_name(kind));
	upload->sum_of_whole = kind == SUM_CRC64NVME ||
			       (type && strcmp(type, "FULL_OBJECT") == 0);
	if (upload->sum_of_whole && (kind == SUM_SHA1 || kind == SUM_SHA256))
		return S3_INVALID_REQUEST;
	return S3_OK;
}

static enum s3_error fill_upload(struct request *req, struct upload *upload)
{
	enum s3_error error = read_algorithm(req, upload);

	if (!error)
		error = keep_headers(req, &upload->headers);
	if (!error)
		error = keep_tags(req, &upload->tags);
	return error ? error : keep_acl(req, &upload->acl);
}

enum s3_error op_create_multipart(struct request *req)
{
	struct store *store = &req->server->store;
	struct bucket *bucket;
	struct upload *upload;
	enum s3_error error;
	struct buf *out;
	char id[20];

	LOCK(&store->lock);
	bucket = store_bucket_locked(store, req->bucket);
	if (!bucket)
		return S3_NO_SUCH_BUCKET;
	upload = upload_new_locked(store, bucket, req->key);
	if (!upload)
		return S3_INTERNAL_ERROR;
	error = fill_upload(req, upload);
	if (error) {
		upload_free_locked(upload);
		return error;
	}
	if (*upload->sum_name) {
		answer_header(req, "x-amz-checksum-algorithm",
			      request_header(req, "x-amz-checksum-algorithm"));
		answer_header(req, "x-amz-checksum-type",
			      upload->sum_of_whole ? "FULL_OBJECT" :
						     "COMPOSITE");
	}
	keep_answer_sse(req, &upload->headers);
	out = answer_xml(req, "InitiateMultipartUploadResult");
	xml_add(out, "Bucket", req->bucket);
	xml_add(out, "Key", req->key);
	snprintf(id, sizeof(id), "%016llx", (unsigned long long)upload->id);
	xml_add(out, "UploadId", id);
	buf_add_str(out, "</InitiateMultipartUploadResult>");
	return S3_OK;
}

enum s3_error multipart_store_part(struct request *req, struct part *part,
				   bool is_copy)
{
	const char *text = request_param(req, "partNumber");
	struct store *store = &req->server->store;
	struct bucket *bucket;
	struct upload *upload;
	enum s3_error error;
	uint64_t number;

	LOCK(&store->lock);
	error = multipart_find_locked(req, &bucket, &upload);
	if (!error &&
	    (!text || text_parse_u64(text, PART_NUMBER_MAX, &number) < 0 ||
	     number == 0))
		error = S3_INVALID_ARGUMENT;
	if (!error)
		error = keep_check_sse_c(req, "x-amz-", &upload->headers);
	if (error) {
		part_free(part);
		return error;
	}
	part->number = (unsigned)number;
	part->mtime_ns = store_time_locked(store);
	if (upload_put_part(upload, part) < 0)
		return S3_INTERNAL_ERROR;
	if (is_copy) {
		copy_answer(req, "CopyPartResult", part->etag, part->mtime_ns,
			    &part->sums);
	} else {
		answer_header_fmt(req, "ETag", "\"%s\"", part->etag);
		if (fields_add_all(&req->answer.headers, &part->sums) < 0)
			return S3_INTERNAL_ERROR;
	}
	keep_answer_sse(req, &upload->headers);
	return S3_OK;
}

enum s3_error op_upload_part(struct request *req)
{
	struct part *part = calloc(1, sizeof(*part));

	if (!part || receive_sums(&req->receiver, &part->sums) < 0) {
		part_free(part);
		return S3_INTERNAL_ERROR;
	}
	object_make_etag(req, part->etag, true);
	part->body = req->receiver.body;
	req->receiver.body = (struct body){ 0 };
	return multipart_store_part(req, part, false);
}

enum s3_error op_abort_multipart(struct request *req)
{
	struct store *store = &req->server->store;
	struct bucket *bucket;
	struct upload *upload;
	enum s3_error error;

	LOCK(&store->lock);
	error = multipart_find_locked(req, &bucket, &upload);
	if (error)
		return error;
	upload_free_locked(upload);
	req->answer.status = 204;
	return S3_OK;
}
