/* SPDX-License-Identifier: MIT */
/*
 * One PUT, and what to do about servers without conditional writes; see
 * upload.h. A server that says so (501) is believed. One that ignores the
 * condition would let us replace an object that must stay, so where names
 * must be unique the first PUT is repeated once to see it refused.
 */
#include <string.h>

#include "file.h"
#include "log.h"
#include "upload.h"

int upload_check_free(struct store *store, const char *key, struct errinfo *err)
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

static int put_once(struct store *store, const char *key, struct pieces *pieces,
		    bool is_conditional, char etag[S3_ETAG_MAX],
		    struct errinfo *err)
{
	const char *slash = strrchr(key, '/');
	struct s3_put put = {
		.op.priority = S3_COMMIT,
		.key = key,
		.body = {
			.length = pieces->length,
			.read = pieces_read,
			.arg = pieces,
			.has_crc32c = true,
			.crc32c = pieces_crc32c(pieces),
		},
		.if_none_match = is_conditional,
	};
	int result =
		publish_headers(store, slash ? slash + 1 : key, &put.headers);

	if (result == 0) {
		s3_put_start(store->s3, &put);
		result = s3_wait(store->s3, &put.op);
		*err = put.op.err;
		memcpy(etag, put.etag, S3_ETAG_MAX);
	}
	s3_put_release(&put);
	return result;
}

static void note_no_conditions(struct store *store)
{
	if (!store->no_conditional_put)
		log_warn("upload",
			 "the server has no conditional writes: two clients "
			 "that create one name at the same moment can replace "
			 "each other's file");
	store->no_conditional_put = true;
}

int upload_put(struct store *store, const char *key, struct pieces *pieces,
	       bool is_exclusive, char etag[S3_ETAG_MAX], struct errinfo *err)
{
	int result;

	if (is_exclusive && !store->no_conditional_put) {
		result = put_once(store, key, pieces, true, etag, err);
		if (result == -EEXIST)
			store->has_conditional_put = true;
		if (result == 0 && store->options.no_overwrite &&
		    !store->has_conditional_put) {
			int again =
				put_once(store, key, pieces, true, etag, err);

			if (again == -EEXIST)
				store->has_conditional_put = true;
			else if (again == 0)
				note_no_conditions(store);
			return 0;
		}
		if (result != -ENOTSUP)
			return result;
		note_no_conditions(store);
	}
	result = is_exclusive ? upload_check_free(store, key, err) : 0;
	if (result == 0)
		result = put_once(store, key, pieces, false, etag, err);
	return result;
}
