/* SPDX-License-Identifier: MIT */
/* CopyObject and UploadPartCopy: the bytes are shared, not copied. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "answer.h"
#include "conditions.h"
#include "keep.h"
#include "multipart.h"
#include "object.h"
#include "request.h"
#include "text.h"

#define COPY_MAX ((uint64_t)5 << 30) /* of one copy: S3's limit */

struct source {
	char *name; /* owns: bucket NUL key */
	const char *bucket;
	const char *key;
	struct object *object; /* a reference */
	struct body body;      /* its bytes, in memory */
};

static void source_release(struct source *s)
{
	free(s->name);
	object_unref(s->object);
	body_release(&s->body);
}

/* [/]BUCKET/KEY, escaped. */
static enum s3_error parse_source(struct request *req, struct source *s)
{
	char *slash;
	size_t len;

	s->name = strdup(request_header(req, "x-amz-copy-source"));
	if (!s->name)
		return S3_INTERNAL_ERROR;
	len = strlen(s->name);
	if (text_percent_decode(s->name, &len, false) < 0)
		return S3_INVALID_ARGUMENT;
	s->bucket = s->name + (*s->name == '/');
	slash = strchr(s->name + (*s->name == '/'), '/');
	if (!slash || !slash[1])
		return S3_INVALID_ARGUMENT;
	*slash = 0;
	s->key = slash + 1;
	return S3_OK;
}

static enum s3_error find_source(struct request *req, struct source *s)
{
	struct store *store = &req->server->store;
	const struct bucket *bucket;
	struct object *object;
	enum s3_error error;

	LOCK(&store->lock);
	bucket = store_bucket_locked(store, s->bucket);
	error = object_find_locked(req, bucket, s->key, &object);
	if (!error)
		error = conditions_read(req, "x-amz-copy-source-", object);
	if (!error)
		error = keep_check_sse_c(req, "x-amz-copy-source-",
					 &object->headers);
	if (error)
		return error;
	s->object = object_ref(object);
	if (body_add_range(&s->body, &object->body, 0, object->body.size) < 0 ||
	    body_load(&s->body) < 0)
		return S3_INTERNAL_ERROR;
	return S3_OK;
}

static bool directive_is_replace(const struct request *req, const char *name)
{
	const char *value = request_header(req, name);

	return value && strcmp(value, "REPLACE") == 0;
}

/* Headers that say something new even when the metadata is copied. */
static bool changes_something(const struct request *req)
{
	return request_header(req, "x-amz-storage-class") ||
	       request_header(req, "x-amz-server-side-encryption") ||
	       request_header(req, "x-amz-website-redirect-location") ||
	       request_header(req, "x-amz-server-side-encryption-customer-key");
}

/* What a copy does not take from its source, by CopyObject's reference. */
static bool stays_behind(const char *name)
{
	return strncmp(name, "x-amz-server-side", 17) == 0 ||
	       strcmp(name, "x-amz-storage-class") == 0 ||
	       strcmp(name, "x-amz-website-redirect-location") == 0;
}

/* COPY: the source's headers, and the request's for what stays behind. */
static int copy_headers(const struct fields *from, const struct fields *own,
			struct fields *out)
{
	const char *name, *value;
	size_t at = 0;
	int rc = 0;

	while (rc == 0 && fields_next(from, &at, &name, &value))
		if (!stays_behind(name))
			rc = fields_add(out, name, value);
	at = 0;
	while (rc == 0 && fields_next(own, &at, &name, &value))
		if (stays_behind(name))
			rc = fields_add(out, name, value);
	return rc;
}

static enum s3_error fill_headers(struct request *req, const struct source *s,
				  struct object *object)
{
	struct fields own = { 0 };
	enum s3_error error = keep_headers(req, &own);

	if (!error && directive_is_replace(req, "x-amz-metadata-directive")) {
		object->headers = own;
		return S3_OK;
	}
	if (!error &&
	    copy_headers(&s->object->headers, &own, &object->headers) < 0)
		error = S3_INTERNAL_ERROR;
	fields_release(&own);
	return error;
}

static int copy_tags(struct request *req, const struct source *s,
		     struct object *object)
{
	struct store *store = &req->server->store;

	LOCK(&store->lock);
	return fields_add_all(&object->tags, &s->object->tags);
}

static enum s3_error fill_copy(struct request *req, const struct source *s,
			       struct object *object)
{
	enum s3_error error = fill_headers(req, s, object);
	bool was_multipart = strchr(s->object->etag, '-');
	enum acl acl = ACL_PRIVATE;

	if (!error)
		error = keep_acl(req, &acl);
	object->acl = (uint8_t)acl;
	if (!error && directive_is_replace(req, "x-amz-tagging-directive"))
		error = keep_tags(req, &object->tags);
	else if (!error && copy_tags(req, s, object) < 0)
		error = S3_INTERNAL_ERROR;
	if (error)
		return error;
	if (was_multipart && !req->server->quick_etags) {
		error = multipart_etag_of(&s->body, object->etag);
		if (error)
			return error;
	} else {
		memcpy(object->etag, s->object->etag, ETAG_SIZE);
		if (fields_add_all(&object->sums, &s->object->sums) < 0)
			return S3_INTERNAL_ERROR;
	}
	if (body_add_range(&object->body, &s->body, 0, s->body.size) < 0)
		return S3_INTERNAL_ERROR;
	return s3_error_from(store_stage(&req->server->store, object));
}

void copy_answer(struct request *req, const char *root, const char *etag,
		 int64_t mtime_ns, const struct fields *sums)
{
	struct buf *out = answer_xml(req, root);

	xml_add_time(out, "LastModified", mtime_ns);
	buf_add_fmt(out, "<ETag>&quot;%s&quot;</ETag>", etag);
	multipart_add_sums(out, sums);
	buf_add_fmt(out, "</%s>", root);
}

static enum s3_error copy_object(struct request *req, struct source *s)
{
	bool onto_itself, replaces;
	struct object *object;
	enum s3_error error;

	onto_itself = strcmp(s->bucket, req->bucket) == 0 &&
		      strcmp(s->key, req->key) == 0;
	replaces = directive_is_replace(req, "x-amz-metadata-directive");
	if (onto_itself && !replaces && !changes_something(req))
		return S3_INVALID_COPY_TO_ITSELF;
	error = find_source(req, s);
	if (error)
		return error;
	if (s->body.size > COPY_MAX)
		return S3_INVALID_REQUEST;
	object = object_new();
	if (!object)
		return S3_INTERNAL_ERROR;
	error = fill_copy(req, s, object);
	if (!error)
		error = object_publish(req, req->bucket, req->key, object);
	if (!error) {
		copy_answer(req, "CopyObjectResult", object->etag,
			    object->mtime_ns, &object->sums);
		keep_answer_sse(req, &object->headers);
	}
	object_unref(object);
	return error;
}

enum s3_error op_copy_object(struct request *req)
{
	struct source s = { 0 };
	enum s3_error error = parse_source(req, &s);

	if (!error)
		error = copy_object(req, &s);
	source_release(&s);
	return error;
}

/* Unlike Range, the whole range must be there. */
static enum s3_error copy_range(const struct request *req, uint64_t size,
				uint64_t *off, uint64_t *len)
{
	const char *text = request_header(req, "x-amz-copy-source-range");
	unsigned long long first, last;
	int end = 0;

	*off = 0;
	*len = size;
	if (!text)
		return S3_OK;
	if (sscanf(text, "bytes=%llu-%llu%n", &first, &last, &end) != 2 ||
	    text[end] || last < first)
		return S3_INVALID_ARGUMENT;
	if (last >= size)
		return S3_INVALID_RANGE;
	*off = first;
	*len = last - first + 1;
	return S3_OK;
}

static enum s3_error copy_part(struct request *req, struct source *s)
{
	enum s3_error error = find_source(req, s);
	uint64_t off = 0, len = 0;
	struct part *part;

	if (!error)
		error = copy_range(req, s->body.size, &off, &len);
	if (error)
		return error;
	if (len > COPY_MAX)
		return S3_INVALID_REQUEST;
	part = calloc(1, sizeof(*part));
	if (!part)
		return S3_INTERNAL_ERROR;
	if (body_add_range(&part->body, &s->body, off, len) < 0)
		error = S3_INTERNAL_ERROR;
	if (!error)
		error = req->server->quick_etags ?
				multipart_quick_etag(req, part->etag) :
				multipart_etag_of(&part->body, part->etag);
	if (error) {
		part_free(part);
		return error;
	}
	return multipart_store_part(req, part, true);
}

enum s3_error op_upload_part_copy(struct request *req)
{
	struct source s = { 0 };
	enum s3_error error;

	if (req->server->no_part_copy)
		return S3_NOT_IMPLEMENTED;
	error = parse_source(req, &s);
	if (!error)
		error = copy_part(req, &s);
	source_release(&s);
	return error;
}
