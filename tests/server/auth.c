/* SPDX-License-Identifier: MIT */
/* Who asks and what may they do; see auth.h. */
#include "auth.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "request.h"
#include "text.h"

#define SKEW_MAX_S (15 * 60)

int auth_find_user(const struct request *req, const char *access_key,
		   size_t len)
{
	for (int i = 0; i < USERS_MAX; i++) {
		const char *key = req->server->users[i].access_key;

		if (key && strlen(key) == len &&
		    memcmp(key, access_key, len) == 0)
			return i;
	}
	return -1;
}

enum s3_error auth_check_token(const struct request *req, int user,
			       const char *token)
{
	const char *want = req->server->users[user].session_token;

	if (!want)
		return token ? S3_INVALID_TOKEN : S3_OK;
	if (!token)
		return S3_INVALID_ACCESS_KEY;
	return auth_same(want, token) ? S3_OK : S3_INVALID_TOKEN;
}

enum s3_error auth_check_skew(struct request *req, int64_t unix_s)
{
	int64_t now = clock_wall_ns() / 1000000000;
	char iso[TEXT_ISO_DATE_SIZE];

	if (llabs(now - unix_s) <= SKEW_MAX_S)
		return S3_OK;
	text_iso_date(iso, now * 1000000000);
	request_error_detail(req, "ServerTime", iso);
	request_error_detail(req, "MaxAllowedSkewMilliseconds", "900000");
	return S3_TIME_TOO_SKEWED;
}

bool auth_same(const char *a, const char *b)
{
	size_t len = strlen(a);
	unsigned char differs = strlen(b) != len;

	if (differs)
		return false;
	for (size_t i = 0; i < len; i++)
		differs |= (unsigned char)(a[i] ^ b[i]);
	return !differs;
}

enum s3_error auth_check(struct request *req)
{
	const char *value = request_header(req, "authorization");

	if (req->server->no_auth) {
		req->auth.user = 0;
		return S3_OK;
	}
	if (value) {
		if (request_param(req, "X-Amz-Signature"))
			return S3_INVALID_ARGUMENT;
		if (strncmp(value, "AWS4-HMAC-SHA256", 16) == 0)
			return auth_v4_header(req, value + 16);
		if (strncmp(value, "AWS ", 4) == 0)
			return auth_v2_header(req, value + 4);
		return S3_INVALID_ARGUMENT;
	}
	if (request_param(req, "X-Amz-Signature") ||
	    request_param(req, "X-Amz-Algorithm"))
		return auth_v4_query(req);
	if (request_param(req, "AWSAccessKeyId"))
		return auth_v2_query(req);
	return S3_OK;
}

static bool acl_allows_read(enum acl acl, int user)
{
	return acl == ACL_PUBLIC_READ || acl == ACL_PUBLIC_READ_WRITE ||
	       (acl == ACL_AUTHENTICATED_READ && user != ANONYMOUS);
}

static bool is_owner(const struct request *req, const struct bucket *bucket)
{
	int user = req->auth.user;

	return req->server->no_auth || user == bucket->owner ||
	       (bucket->owner == -1 && user != ANONYMOUS);
}

bool auth_may_read_object(const struct request *req,
			  const struct bucket *bucket,
			  const struct object *object)
{
	if (is_owner(req, bucket))
		return true;
	return object && acl_allows_read(object->acl, req->auth.user);
}

/* Is the owner's permission needed, or does the bucket's ACL do? */
static bool may_use_bucket(const struct request *req,
			   const struct bucket *bucket)
{
	if (is_owner(req, bucket))
		return true;
	switch (req->op->access) {
	case ACCESS_READ_OBJECT:
		return true; /* the operation looks at the object's ACL */
	case ACCESS_READ_BUCKET:
		return acl_allows_read(bucket->acl, req->auth.user);
	case ACCESS_WRITE_BUCKET:
		return bucket->acl == ACL_PUBLIC_READ_WRITE;
	case ACCESS_ANY_USER:
	case ACCESS_OWNER:
		break;
	}
	return false;
}

enum s3_error auth_permit(struct request *req)
{
	struct store *store = &req->server->store;
	const struct bucket *bucket;

	if (req->op->access == ACCESS_ANY_USER)
		return req->auth.user == ANONYMOUS ? S3_ACCESS_DENIED : S3_OK;
	LOCK(&store->lock);
	bucket = store_bucket_locked(store, req->bucket);
	if (!bucket)
		return S3_NO_SUCH_BUCKET;
	return may_use_bucket(req, bucket) ? S3_OK : S3_ACCESS_DENIED;
}
