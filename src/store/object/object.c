/* SPDX-License-Identifier: MIT */
/* Requests on one object that several kinds of change begin with. */
#include "object/object.h"

#include "facts/headers_tags.h"
#include "internal.h"
#include "multipart.h"

int object_check_free(struct store *store, const char *key, struct errinfo *err)
{
	struct s3_head head = { .op.priority = S3_COMMIT, .key = key };
	int result;

	s3_head_start(store->s3, &head);
	result = s3_wait(store->s3, &head.op);
	if (result == 0)
		result = errinfo_set(err, -EEXIST, "%s is taken", key);
	else if (result == -ENOENT)
		result = 0;
	else
		*err = head.op.err;
	s3_head_release(&head);
	return result;
}

static int object_create_once(struct store *store, const char *key,
			      const struct pairs *headers, char **id,
			      struct errinfo *err)
{
	struct s3_create_upload create = { .op.priority = S3_COMMIT,
					   .key = key };
	int result = pairs_merge(&create.headers, headers);

	if (result == 0) {
		s3_create_upload_start(store->s3, &create);
		result = s3_wait(store->s3, &create.op);
		*err = create.op.err;
	}
	if (result == 0)
		*id = STEAL(create.upload_id);
	s3_create_upload_release(&create);
	return result;
}

int object_create_upload(struct store *store, const char *key,
			 struct pairs *headers, char **id, struct errinfo *err)
{
	int result = object_create_once(store, key, headers, id, err);

	if (headers_drop_tags(store, headers, result, err))
		result = object_create_once(store, key, headers, id, err);
	return result;
}
