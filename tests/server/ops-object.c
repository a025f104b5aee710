/* SPDX-License-Identifier: MIT */
/* GetObject, HeadObject and PutObject. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "answer.h"
#include "conditions.h"
#include "keep.h"
#include "object.h"
#include "request.h"
#include "text.h"

/* response-content-type=... of a signed request overrides the stored one. */
static const char *const overrides[] = {
	"content-type",  "content-language",    "expires",
	"cache-control", "content-disposition", "content-encoding"
};

static enum s3_error override_headers(struct request *req, struct fields *h)
{
	for (size_t i = 0; i < ARRAY_SIZE(overrides); i++) {
		char param[48];
		const char *value;

		snprintf(param, sizeof(param), "response-%s", overrides[i]);
		value = request_param(req, param);
		if (!value)
			continue;
		if (req->auth.user == ANONYMOUS)
			return S3_INVALID_REQUEST;
		/* No header may be smuggled in. */
		if (strpbrk(value, "\r\n"))
			return S3_INVALID_ARGUMENT;
		fields_remove(h, overrides[i]);
		if (fields_add(h, overrides[i], value) < 0)
			return S3_INTERNAL_ERROR;
	}
	return S3_OK;
}

static enum s3_error answer_headers(struct request *req,
				    const struct object *object)
{
	const char *mode = request_header(req, "x-amz-checksum-mode");
	struct fields *h = &req->answer.headers;
	char date[TEXT_HTTP_DATE_SIZE];
	unsigned tags = 0;
	size_t at = 0;
	const char *name, *value;

	if (fields_add_all(h, &object->headers) < 0)
		return S3_INTERNAL_ERROR;
	if (!fields_get(h, "content-type"))
		answer_header(req, "content-type", "binary/octet-stream");
	text_http_date(date, object->mtime_ns / 1000000000);
	answer_header(req, "Last-Modified", date);
	answer_header_fmt(req, "ETag", "\"%s\"", object->etag);
	answer_header(req, "Accept-Ranges", "bytes");
	while (fields_next(&object->tags, &at, &name, &value))
		tags++;
	if (tags)
		answer_header_fmt(req, "x-amz-tagging-count", "%u", tags);
	if (mode && strcasecmp(mode, "ENABLED") == 0 &&
	    !request_header(req, "range") &&
	    fields_add_all(h, &object->sums) < 0)
		return S3_INTERNAL_ERROR;
	return override_headers(req, h);
}

/* partNumber=N: that part of a multipart object, or all of another as 1. */
static enum s3_error find_part(struct request *req, const struct object *object,
			       uint64_t *off, uint64_t *len)
{
	const struct part_sizes *parts = object->parts;
	uint64_t number;

	if (text_parse_u64(request_param(req, "partNumber"), PART_NUMBER_MAX,
			   &number) < 0 ||
	    number == 0)
		return S3_INVALID_ARGUMENT;
	*off = 0;
	*len = object->body.size;
	if (!parts)
		return number == 1 ? S3_OK : S3_INVALID_RANGE;
	if (number > parts->count)
		return S3_INVALID_RANGE;
	for (unsigned i = 0; i + 1 < number; i++)
		*off += parts->sizes[i];
	*len = parts->sizes[number - 1];
	answer_header_fmt(req, "x-amz-mp-parts-count", "%u", parts->count);
	return S3_OK;
}

static enum s3_error answer_body(struct request *req,
				 const struct object *object)
{
	const char *range = request_header(req, "range");
	const char *if_range = request_header(req, "if-range");
	uint64_t off, len, size = object->body.size;
	enum s3_error error;
	bool is_range;

	if (if_range && !condition_etag_in(if_range, object->etag))
		range = NULL;
	error = conditions_range(range, size, &is_range, &off, &len);
	if (!error && request_param(req, "partNumber")) {
		error = find_part(req, object, &off, &len);
		is_range = size > 0;
	}
	if (error) {
		char text[32];

		snprintf(text, sizeof(text), "%llu", (unsigned long long)size);
		request_error_detail(req, "ActualObjectSize", text);
		return error;
	}
	req->answer.status = is_range ? 206 : 200;
	if (is_range)
		answer_header_fmt(req, "Content-Range", "bytes %llu-%llu/%llu",
				  (unsigned long long)off,
				  (unsigned long long)(off + len - 1),
				  (unsigned long long)size);
	req->answer.length = len;
	if (req->is_head)
		return S3_OK;
	if (body_add_range(&req->answer.body, &object->body, off, len) < 0 ||
	    body_load(&req->answer.body) < 0)
		return S3_INTERNAL_ERROR;
	return S3_OK;
}

enum s3_error object_find_locked(struct request *req,
				 const struct bucket *bucket, const char *key,
				 struct object **out)
{
	struct object *object;

	if (!bucket)
		return S3_NO_SUCH_BUCKET;
	object = store_object_locked(bucket, key);
	if (!auth_may_read_object(req, bucket, object))
		return S3_ACCESS_DENIED;
	if (!object)
		return S3_NO_SUCH_KEY;
	*out = object;
	return S3_OK;
}

enum s3_error op_get_object(struct request *req)
{
	struct store *store = &req->server->store;
	const struct bucket *bucket;
	struct object *object;
	enum s3_error error;

	LOCK(&store->lock);
	bucket = store_bucket_locked(store, req->bucket);
	error = object_find_locked(req, bucket, req->key, &object);
	if (!error)
		error = keep_check_sse_c(req, "x-amz-", &object->headers);
	if (!error)
		error = answer_headers(req, object);
	if (!error)
		error = conditions_read(req, "", object);
	return error ? error : answer_body(req, object);
}

/* The ETag of one PUT: MD5, or quicker and visibly none. */
void object_make_etag(const struct request *req, char out[ETAG_SIZE],
		      bool is_part)
{
	const struct sums *sums = &req->receiver.sums;

	if (!req->server->quick_etags) {
		text_hex(out, sums->value[SUM_MD5], 16);
		return;
	}
	snprintf(out, ETAG_SIZE, "%024llx",
		 (unsigned long long)req->receiver.body.size);
	text_hex(out + 24, sums->value[SUM_CRC32C], 4);
	if (!is_part)
		snprintf(out + 32, ETAG_SIZE - 32, "-1");
}

static enum s3_error fill_object(struct request *req, struct object *object)
{
	enum s3_error error = keep_headers(req, &object->headers);
	enum acl acl = ACL_PRIVATE;

	if (!error)
		error = keep_tags(req, &object->tags);
	if (!error)
		error = keep_acl(req, &acl);
	if (error)
		return error;
	object->acl = (uint8_t)acl;
	object_make_etag(req, object->etag, false);
	if (receive_sums(&req->receiver, &object->sums) < 0)
		return S3_INTERNAL_ERROR;
	object->body = req->receiver.body;
	req->receiver.body = (struct body){ 0 };
	return s3_error_from(store_stage(&req->server->store, object));
}

enum s3_error object_publish(struct request *req, const char *bucket_name,
			     const char *key, struct object *object)
{
	struct store *store = &req->server->store;
	struct bucket *bucket;
	enum s3_error error;

	LOCK(&store->lock);
	bucket = store_bucket_locked(store, bucket_name);
	error = bucket ? conditions_write(req,
					  store_object_locked(bucket, key)) :
			 S3_NO_SUCH_BUCKET;
	if (error)
		return error;
	object_ref(object);
	if (store_publish_locked(store, bucket, key, object) < 0)
		return S3_INTERNAL_ERROR;
	return S3_OK;
}

enum s3_error op_put_object(struct request *req)
{
	struct object *object = object_new();
	enum s3_error error;

	if (!object)
		return S3_INTERNAL_ERROR;
	error = fill_object(req, object);
	if (!error)
		error = object_publish(req, req->bucket, req->key, object);
	if (!error) {
		answer_header_fmt(req, "ETag", "\"%s\"", object->etag);
		keep_answer_sse(req, &object->headers);
		if (fields_add_all(&req->answer.headers, &object->sums) < 0)
			error = S3_INTERNAL_ERROR;
	}
	object_unref(object);
	return error;
}
