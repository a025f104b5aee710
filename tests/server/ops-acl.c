/* SPDX-License-Identifier: MIT */
/* The canned ACLs of buckets and objects, as they are read back. */
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "listing.h"
#include "object.h"
#include "request.h"

#define XSI    "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\""
#define GROUPS "http://acs.amazonaws.com/groups/global/"

static void add_group(struct buf *out, const char *group, const char *may)
{
	buf_add_fmt(out,
		    "<Grant><Grantee " XSI " xsi:type=\"Group\"><URI>" GROUPS
		    "%s</URI></Grantee><Permission>%s</Permission></Grant>",
		    group, may);
}

static void answer_acl(struct request *req, const struct bucket *bucket,
		       enum acl acl)
{
	struct buf *out = answer_xml(req, "AccessControlPolicy");
	const struct user *owner =
		&req->server->users[bucket->owner < 0 ? 0 : bucket->owner];

	listing_add_owner(out, req, bucket, "Owner");
	buf_add_str(out, "<AccessControlList><Grant><Grantee " XSI
			 " xsi:type=\"CanonicalUser\">");
	xml_add(out, "ID", owner->access_key);
	buf_add_str(out, "</Grantee><Permission>FULL_CONTROL</Permission>"
			 "</Grant>");
	if (acl == ACL_PUBLIC_READ || acl == ACL_PUBLIC_READ_WRITE)
		add_group(out, "AllUsers", "READ");
	if (acl == ACL_PUBLIC_READ_WRITE)
		add_group(out, "AllUsers", "WRITE");
	if (acl == ACL_AUTHENTICATED_READ)
		add_group(out, "AuthenticatedUsers", "READ");
	buf_add_str(out, "</AccessControlList></AccessControlPolicy>");
}

enum s3_error op_get_bucket_acl(struct request *req)
{
	struct store *store = &req->server->store;
	const struct bucket *bucket;

	LOCK(&store->lock);
	bucket = store_bucket_locked(store, req->bucket);
	if (!bucket)
		return S3_NO_SUCH_BUCKET;
	answer_acl(req, bucket, bucket->acl);
	return S3_OK;
}

enum s3_error op_get_object_acl(struct request *req)
{
	struct store *store = &req->server->store;
	const struct bucket *bucket;
	struct object *object;
	enum s3_error error;

	LOCK(&store->lock);
	bucket = store_bucket_locked(store, req->bucket);
	error = object_find_locked(req, bucket, req->key, &object);
	if (!error)
		answer_acl(req, bucket, (enum acl)object->acl);
	return error;
}
