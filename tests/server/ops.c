/* SPDX-License-Identifier: MIT */
/* Which operation a request is; see ops.h. */
#include "ops.h"

#include <string.h>

#include "request.h"

static enum s3_error op_not_implemented(struct request *req)
{
	return S3_NOT_IMPLEMENTED;
}

static enum s3_error op_not_allowed(struct request *req)
{
	return S3_METHOD_NOT_ALLOWED;
}

static enum s3_error op_no_configuration(struct request *req)
{
	return S3_NO_SUCH_CONFIGURATION;
}

enum op_id {
	OP_UNKNOWN,
	OP_NOT_ALLOWED,
	OP_GET_CONFIGURATION,
	OP_LIST_BUCKETS,
	OP_HEAD_BUCKET,
	OP_CREATE_BUCKET,
	OP_DELETE_BUCKET,
	OP_GET_LOCATION,
	OP_GET_BUCKET_ACL,
	OP_LIST_OBJECTS,
	OP_LIST_OBJECTS_V2,
	OP_LIST_UPLOADS,
	OP_DELETE_OBJECTS,
	OP_GET_OBJECT,
	OP_HEAD_OBJECT,
	OP_PUT_OBJECT,
	OP_DELETE_OBJECT,
	OP_COPY_OBJECT,
	OP_GET_OBJECT_ACL,
	OP_GET_OBJECT_TAGGING,
	OP_PUT_OBJECT_TAGGING,
	OP_CREATE_MULTIPART,
	OP_UPLOAD_PART,
	OP_UPLOAD_PART_COPY,
	OP_COMPLETE_MULTIPART,
	OP_ABORT_MULTIPART,
	OP_LIST_PARTS,
	OP_COUNT
};

#define OP(id, name, run, latency, body, access)                                \
	[id] = { name, run, LATENCY_##latency, OP_BODY_##body, ACCESS_##access, \
		 id }

static const struct op table[OP_COUNT] = {
	OP(OP_UNKNOWN, "Unknown", op_not_implemented, OTHER, NONE, ANY_USER),
	OP(OP_NOT_ALLOWED, "NotAllowed", op_not_allowed, OTHER, NONE, ANY_USER),
	OP(OP_GET_CONFIGURATION, "GetBucketConfiguration", op_no_configuration,
	   OTHER, NONE, OWNER),
	OP(OP_LIST_BUCKETS, "ListBuckets", op_list_buckets, LIST, NONE,
	   ANY_USER),
	OP(OP_HEAD_BUCKET, "HeadBucket", op_head_bucket, GET, NONE,
	   READ_BUCKET),
	OP(OP_CREATE_BUCKET, "CreateBucket", op_create_bucket, OTHER, XML,
	   ANY_USER),
	OP(OP_DELETE_BUCKET, "DeleteBucket", op_delete_bucket, OTHER, NONE,
	   OWNER),
	OP(OP_GET_LOCATION, "GetBucketLocation", op_get_bucket_location, OTHER,
	   NONE, OWNER),
	OP(OP_GET_BUCKET_ACL, "GetBucketAcl", op_get_bucket_acl, OTHER, NONE,
	   OWNER),
	OP(OP_LIST_OBJECTS, "ListObjects", op_list_objects, LIST, NONE,
	   READ_BUCKET),
	OP(OP_LIST_OBJECTS_V2, "ListObjectsV2", op_list_objects_v2, LIST, NONE,
	   READ_BUCKET),
	OP(OP_LIST_UPLOADS, "ListMultipartUploads", op_list_uploads, LIST, NONE,
	   READ_BUCKET),
	OP(OP_DELETE_OBJECTS, "DeleteObjects", op_delete_objects, OTHER, XML,
	   WRITE_BUCKET),
	OP(OP_GET_OBJECT, "GetObject", op_get_object, GET, NONE, READ_OBJECT),
	OP(OP_HEAD_OBJECT, "HeadObject", op_get_object, GET, NONE, READ_OBJECT),
	OP(OP_PUT_OBJECT, "PutObject", op_put_object, PUT, OBJECT,
	   WRITE_BUCKET),
	OP(OP_DELETE_OBJECT, "DeleteObject", op_delete_object, OTHER, NONE,
	   WRITE_BUCKET),
	OP(OP_COPY_OBJECT, "CopyObject", op_copy_object, PUT, NONE,
	   WRITE_BUCKET),
	OP(OP_GET_OBJECT_ACL, "GetObjectAcl", op_get_object_acl, OTHER, NONE,
	   OWNER),
	OP(OP_GET_OBJECT_TAGGING, "GetObjectTagging", op_get_object_tagging,
	   OTHER, NONE, OWNER),
	OP(OP_PUT_OBJECT_TAGGING, "PutObjectTagging", op_put_object_tagging,
	   OTHER, XML, OWNER),
	OP(OP_CREATE_MULTIPART, "CreateMultipartUpload", op_create_multipart,
	   OTHER, NONE, WRITE_BUCKET),
	OP(OP_UPLOAD_PART, "UploadPart", op_upload_part, PUT, OBJECT,
	   WRITE_BUCKET),
	OP(OP_UPLOAD_PART_COPY, "UploadPartCopy", op_upload_part_copy, PUT,
	   NONE, WRITE_BUCKET),
	OP(OP_COMPLETE_MULTIPART, "CompleteMultipartUpload",
	   op_complete_multipart, OTHER, XML, WRITE_BUCKET),
	OP(OP_ABORT_MULTIPART, "AbortMultipartUpload", op_abort_multipart,
	   OTHER, NONE, WRITE_BUCKET),
	OP(OP_LIST_PARTS, "ListParts", op_list_parts, LIST, NONE, OWNER),
};

/* Subresources nobody here keeps: reading says so, writing is refused. */
static const char *const configurations[] = {
	"accelerate",     "analytics",         "cors",
	"encryption",     "inventory",         "lifecycle",
	"logging",        "metrics",           "notification",
	"object-lock",    "ownershipControls", "policy",
	"policyStatus",   "publicAccessBlock", "replication",
	"requestPayment", "website",           "intelligent-tiering"
};

static const char *const refused[] = { "attributes", "legal-hold", "restore",
				       "retention",  "select",     "torrent",
				       "versioning", "versions" };

static bool has(const struct request *req, const char *name)
{
	return request_param(req, name) != NULL;
}

static bool has_any(const struct request *req, const char *const *names,
		    size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (has(req, names[i]))
			return true;
	return false;
}

enum method {
	METHOD_OTHER,
	METHOD_GET,
	METHOD_HEAD,
	METHOD_PUT,
	METHOD_POST,
	METHOD_DELETE,
	METHODS
};

static enum method method_of(const struct request *req)
{
	static const char *const names[METHODS] = { "",    "GET",  "HEAD",
						    "PUT", "POST", "DELETE" };
	enum method m = METHOD_DELETE;

	while (m > METHOD_OTHER && strcmp(names[m], req->method) != 0)
		m--;
	return m;
}

/* One row a subresource: what each method is on it. */
struct row {
	const char *param; /* "" ends the table: no subresource */
	unsigned char ops[METHODS];
};

#define GET_(id)    [METHOD_GET] = id
#define HEAD_(id)   [METHOD_HEAD] = id
#define PUT_(id)    [METHOD_PUT] = id
#define POST_(id)   [METHOD_POST] = id
#define DELETE_(id) [METHOD_DELETE] = id

static const struct row bucket_rows[] = {
	{ "location", { GET_(OP_GET_LOCATION) } },
	{ "acl", { GET_(OP_GET_BUCKET_ACL) } },
	{ "uploads", { GET_(OP_LIST_UPLOADS) } },
	{ "delete", { POST_(OP_DELETE_OBJECTS) } },
	{ "",
	  { GET_(OP_LIST_OBJECTS), HEAD_(OP_HEAD_BUCKET),
	    PUT_(OP_CREATE_BUCKET), DELETE_(OP_DELETE_BUCKET) } },
};

static const struct row object_rows[] = {
	{ "acl", { GET_(OP_GET_OBJECT_ACL) } },
	{ "tagging",
	  { GET_(OP_GET_OBJECT_TAGGING), PUT_(OP_PUT_OBJECT_TAGGING) } },
	{ "uploads", { POST_(OP_CREATE_MULTIPART) } },
	{ "uploadId",
	  { GET_(OP_LIST_PARTS), PUT_(OP_UPLOAD_PART),
	    POST_(OP_COMPLETE_MULTIPART), DELETE_(OP_ABORT_MULTIPART) } },
	{ "",
	  { GET_(OP_GET_OBJECT), HEAD_(OP_HEAD_OBJECT), PUT_(OP_PUT_OBJECT),
	    DELETE_(OP_DELETE_OBJECT) } },
};

static unsigned route(const struct request *req)
{
	const struct row *row = *req->key ? object_rows : bucket_rows;
	enum method method = method_of(req);
	unsigned id;

	if (!*req->bucket)
		return method == METHOD_GET ? OP_LIST_BUCKETS : OP_NOT_ALLOWED;
	while (*row->param && !has(req, row->param))
		row++;
	id = row->ops[method];
	if (id == OP_UNKNOWN)
		return OP_NOT_ALLOWED;
	if (!*row->param && !*req->key &&
	    has_any(req, configurations, ARRAY_SIZE(configurations)))
		return method == METHOD_GET ? OP_GET_CONFIGURATION : OP_UNKNOWN;
	if (!*row->param && *req->key &&
	    has_any(req, refused, ARRAY_SIZE(refused)))
		return OP_UNKNOWN;
	if (id == OP_LIST_OBJECTS && has(req, "list-type"))
		return strcmp(request_param(req, "list-type"), "2") == 0 ?
			       OP_LIST_OBJECTS_V2 :
			       OP_UNKNOWN;
	if (request_header(req, "x-amz-copy-source")) {
		if (id == OP_PUT_OBJECT)
			return OP_COPY_OBJECT;
		if (id == OP_UPLOAD_PART)
			return OP_UPLOAD_PART_COPY;
	}
	return id;
}

const struct op *op_route(const struct request *req)
{
	return &table[route(req)];
}

const struct op *op_table(unsigned *count)
{
	*count = OP_COUNT;
	return table;
}
