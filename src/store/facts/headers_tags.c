/* SPDX-License-Identifier: MIT */
/*
 * The tags of an object that is to be written again: a PUT and a multipart
 * upload leave none of the old ones, so they are sent with them.
 */
#include "facts/headers_tags.h"

#include <string.h>

#include "facts/headers.h"
#include "traits.h"

int headers_add_tags(struct store *store, const char *key,
		     struct pairs *headers, struct errinfo *err)
{
	struct s3_get_tags get = { .op.priority = S3_COMMIT, .key = key };
	const char *count = pairs_get(headers, "x-amz-tagging-count");
	int result;

	if (!count || strcmp(count, "0") == 0)
		return 0;
	s3_get_tags_start(store->s3, &get);
	result = s3_wait(store->s3, &get.op);
	*err = get.op.err;
	if (result == -EACCES || result == -ENOTSUP) {
		s3_trait_learn(store->s3, S3_TRAIT_TAGS, S3_NO, err);
		result = 0;
	} else if (result == 0 && get.tags.len > 0) {
		result =
			pairs_set(headers, HEADERS_TAGGING, buf_str(&get.tags));
	}
	s3_get_tags_release(&get);
	/* It was removed: who writes it finds out. */
	return result == -ENOENT ? 0 : result;
}

bool headers_drop_tags(struct store *store, struct pairs *headers, int result,
		       const struct errinfo *err)
{
	if (result != -EACCES || !pairs_get(headers, HEADERS_TAGGING))
		return false;
	pairs_remove(headers, HEADERS_TAGGING);
	s3_trait_learn(store->s3, S3_TRAIT_TAGS, S3_NO, err);
	return true;
}
