/* SPDX-License-Identifier: MIT */
/* Buckets: list, head, create, delete, location. */
#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "keep.h"
#include "request.h"
#include "xmlread.h"

enum s3_error op_list_buckets(struct request *req)
{
	struct store *store = &req->server->store;
	const char *user = req->server->users[req->auth.user].access_key;
	struct buf *out = answer_xml(req, "ListAllMyBucketsResult");

	buf_add_str(out, "<Owner>");
	xml_add(out, "ID", user);
	xml_add(out, "DisplayName", user);
	buf_add_str(out, "</Owner><Buckets>");
	LOCK(&store->lock);
	for (struct index_node *n = store->buckets.heads[0]; n;
	     n = n->next[0]) {
		const struct bucket *bucket = n->value;

		if (bucket->owner != -1 && bucket->owner != req->auth.user)
			continue;
		buf_add_str(out, "<Bucket>");
		xml_add(out, "Name", bucket->name);
		xml_add_time(out, "CreationDate", bucket->created_ns);
		buf_add_str(out, "</Bucket>");
	}
	buf_add_str(out, "</Buckets></ListAllMyBucketsResult>");
	return S3_OK;
}

/* That the bucket is there was seen by auth_permit. */
enum s3_error op_head_bucket(struct request *req)
{
	answer_header(req, "x-amz-bucket-region", req->server->region);
	return S3_OK;
}

/* User guide, "Bucket naming rules". */
static bool name_is_good(const char *name)
{
	size_t len = strlen(name);
	struct in_addr address;

	if (len < 3 || len > 63 || strstr(name, "..") ||
	    inet_pton(AF_INET, name, &address) == 1)
		return false;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)name[i];
		bool inside = i > 0 && i < len - 1;

		if (!islower(c) && !isdigit(c) &&
		    !(inside && (c == '-' || c == '.')))
			return false;
	}
	return true;
}

static enum s3_error check_location(struct request *req)
{
	enum s3_error error = S3_OK;
	xmlNodePtr root;
	xmlDocPtr doc;
	char *where;

	if (req->receiver.body.size == 0)
		return S3_OK;
	doc = xml_read(req, "CreateBucketConfiguration");
	root = doc ? xmlDocGetRootElement(doc) : NULL;
	if (!root)
		return S3_MALFORMED_XML;
	where = xml_text(root, "LocationConstraint");
	if (where && strcmp(where, req->server->region) != 0)
		error = S3_ILLEGAL_LOCATION;
	free(where);
	xmlFreeDoc(doc);
	return error;
}

enum s3_error op_create_bucket(struct request *req)
{
	struct store *store = &req->server->store;
	const struct bucket *there;
	enum s3_error error;
	enum acl acl;
	int rc;

	if (!name_is_good(req->bucket))
		return S3_INVALID_BUCKET_NAME;
	error = check_location(req);
	if (!error)
		error = keep_acl(req, &acl);
	if (error)
		return error;
	LOCK(&store->lock);
	there = store_bucket_locked(store, req->bucket);
	if (there && there->owner != -1 && there->owner != req->auth.user)
		return S3_BUCKET_ALREADY_EXISTS;
	/* us-east-1 alone takes it twice: API reference, CreateBucket. */
	if (there && strcmp(req->server->region, "us-east-1") != 0)
		return S3_BUCKET_ALREADY_OWNED;
	rc = there ? 0 :
		     store_add_bucket_locked(store, req->bucket, req->auth.user,
					     acl);
	if (rc == 0)
		answer_header_fmt(req, "Location", "/%s", req->bucket);
	return s3_error_from(rc);
}

enum s3_error op_delete_bucket(struct request *req)
{
	struct store *store = &req->server->store;
	struct bucket *bucket;
	int rc;

	LOCK(&store->lock);
	bucket = store_bucket_locked(store, req->bucket);
	if (!bucket)
		return S3_NO_SUCH_BUCKET;
	rc = store_remove_bucket_locked(store, bucket);
	req->answer.status = 204;
	return rc == -ENOTEMPTY ? S3_BUCKET_NOT_EMPTY : s3_error_from(rc);
}

enum s3_error op_get_bucket_location(struct request *req)
{
	const char *region = req->server->region;
	struct buf *out = answer_xml(req, "LocationConstraint");

	/* us-east-1 has no name here: API reference, GetBucketLocation. */
	if (strcmp(region, "us-east-1") != 0)
		xml_add_text(out, region);
	buf_add_str(out, "</LocationConstraint>");
	return S3_OK;
}
