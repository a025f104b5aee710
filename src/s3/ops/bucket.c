/* SPDX-License-Identifier: MIT */
/* HeadBucket, CreateBucket, GetBucketLocation. */
#include <stdio.h>
#include <string.h>

#include "client/message.h"
#include "client/request.h"
#include "params/params_table.h"
#include "wire/xml.h"

#define DEFAULT_REGION "us-east-1" /* has no LocationConstraint */

/* --- HeadBucket --------------------------------------------------------- */

static int create_bucket_build(struct s3_request *r)
{
	struct s3_create_bucket *b =
		container_of(r->op, struct s3_create_bucket, op);
	int rc = 0;

	if (strcmp(r->endpoint->region, DEFAULT_REGION) != 0) {
		b->body.max = 1024;
		buf_clear(&b->body);
		buf_add_str(&b->body, "<CreateBucketConfiguration xmlns="
				      "\"http://s3.amazonaws.com/doc/"
				      "2006-03-01/\"><LocationConstraint>");
		if (xml_escape(&b->body, r->endpoint->region) < 0)
			return -EINVAL;
		buf_add_str(&b->body, "</LocationConstraint>"
				      "</CreateBucketConfiguration>");
		if (b->body.error)
			return b->body.error;
		rc = request_send_text(r, &b->body);
	}
	if (rc == 0 && b->acl)
		rc = request_header(r, "x-amz-acl", b->acl);
	return rc;
}

/* After a lost answer the bucket is there, and ours. */
static enum s3_next create_bucket_settle(struct s3_request *r, int *result)
{
	if (strcmp(r->error.code, "BucketAlreadyOwnedByYou") == 0)
		*result = 0;
	return S3_FINISH;
}

static const struct s3_action create_bucket_action = {
	.name = "CreateBucket",
	.method = "PUT",
	.build = create_bucket_build,
	.settle = create_bucket_settle,
};

void s3_create_bucket_start(struct s3_client *c, struct s3_create_bucket *b)
{
	request_start(c, &b->op, &create_bucket_action, NULL, NULL, 0);
}

void s3_create_bucket_release(struct s3_create_bucket *b)
{
	buf_release(&b->body);
}

/* --- GetBucketLocation -------------------------------------------------- */

static int location_build(struct s3_request *r)
{
	query_add(&r->query, "location", NULL);
	return 0;
}

static int location_open(void *arg, unsigned depth, const char *name)
{
	return depth == 1 && strcmp(name, "LocationConstraint") != 0 ?
		       -EBADMSG :
		       0;
}

/* The root's own text; "" is the first region, "EU" the second's old name. */
static int location_close(void *arg, unsigned depth, const char *name,
			  const char *text, size_t len)
{
	struct s3_bucket_location *loc = arg;

	if (depth != 1)
		return 0;
	if (len >= sizeof(loc->region))
		return -EBADMSG;
	if (len == 0)
		text = DEFAULT_REGION;
	else if (strcmp(text, "EU") == 0)
		text = "eu-west-1";
	snprintf(loc->region, sizeof(loc->region), "%s", text);
	return 0;
}

static int location_parse(struct s3_request *r)
{
	static const struct xml_reader reader = {
		.open = location_open,
		.close = location_close,
	};
	const struct buf *body = &r->http.response_body;

	return xml_parse(body->data, body->len, &reader,
			 container_of(r->op, struct s3_bucket_location, op));
}

static const struct s3_action location_action = {
	.name = "GetBucketLocation",
	.method = "GET",
	.params = PARAMS_BUCKET,
	.build = location_build,
	.parse = location_parse,
};

void s3_bucket_location_start(struct s3_client *c,
			      struct s3_bucket_location *loc)
{
	request_start(c, &loc->op, &location_action, NULL, NULL, 0);
}

void s3_bucket_location_release(struct s3_bucket_location *loc)
{
}
