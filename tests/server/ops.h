/* SPDX-License-Identifier: MIT */
/*
 * The S3 operations: one table says how each is called, who may use it, what
 * body it takes and which function does it.
 */
#ifndef SERVER_OPS_H
#define SERVER_OPS_H

#include "errors.h"

struct request;

enum op_latency {
	LATENCY_GET,
	LATENCY_PUT,
	LATENCY_LIST,
	LATENCY_OTHER
};

enum op_body {
	OP_BODY_NONE,   /* read and thrown away */
	OP_BODY_XML,    /* small, kept */
	OP_BODY_OBJECT, /* becomes an object or a part */
};

/* What the caller needs: permission on the bucket or the object. */
enum op_access {
	ACCESS_ANY_USER,     /* a valid signature */
	ACCESS_READ_OBJECT,  /* checked against the object's ACL, too */
	ACCESS_READ_BUCKET,  /* listing */
	ACCESS_WRITE_BUCKET, /* putting and deleting objects */
	ACCESS_OWNER
};

struct op {
	const char *name; /* as in the API reference */
	enum s3_error (*run)(struct request *req);
	enum op_latency latency;
	enum op_body body;
	enum op_access access;
	unsigned number; /* place in the table, for counters */
};

/* The operation of the request, by method and subresource; never NULL. */
const struct op *op_route(const struct request *req);

/* All operations; *count gets their number. */
const struct op *op_table(unsigned *count);

/* ops-bucket.c */
enum s3_error op_list_buckets(struct request *req);
enum s3_error op_head_bucket(struct request *req);
enum s3_error op_create_bucket(struct request *req);
enum s3_error op_delete_bucket(struct request *req);
enum s3_error op_get_bucket_location(struct request *req);

/* ops-acl.c */
enum s3_error op_get_bucket_acl(struct request *req);
enum s3_error op_get_object_acl(struct request *req);

/* ops-tagging.c */
enum s3_error op_get_object_tagging(struct request *req);
enum s3_error op_put_object_tagging(struct request *req);

/* ops-list.c */
enum s3_error op_list_objects(struct request *req);
enum s3_error op_list_objects_v2(struct request *req);

/* ops-object.c */
enum s3_error op_get_object(struct request *req);
enum s3_error op_put_object(struct request *req);

/* ops-delete.c */
enum s3_error op_delete_object(struct request *req);
enum s3_error op_delete_objects(struct request *req);

/* ops-copy.c */
enum s3_error op_copy_object(struct request *req);
enum s3_error op_upload_part_copy(struct request *req);

/* ops-multipart.c, ops-complete.c, ops-list-parts.c */
enum s3_error op_create_multipart(struct request *req);
enum s3_error op_upload_part(struct request *req);
enum s3_error op_abort_multipart(struct request *req);
enum s3_error op_complete_multipart(struct request *req);
enum s3_error op_list_parts(struct request *req);
enum s3_error op_list_uploads(struct request *req);

#endif
