/* SPDX-License-Identifier: MIT */
/*
 * The requests that make a version, a PUT or the end of a multipart upload,
 * and what to do about servers without conditional writes; see upload.h.
 *
 * A server that says so (501) is believed. One that ignores the condition
 * would let us replace an object that must stay: until a refusal was seen,
 * the name is looked up first, and the first PUT is repeated to see it
 * refused.
 *
 * Some honour the condition of PutObject but not that of
 * CompleteMultipartUpload (Ceph 16). There, and until we know, an empty
 * object is put first, which claims the name, and the upload replaces it.
 */
#include <string.h>

#include "file.h"
#include "headers.h"
#include "log.h"
#include "traits.h"
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

static int put_with(struct store *store, const struct pairs *headers,
		    const char *key, struct pieces *pieces, bool is_conditional,
		    char etag[S3_ETAG_MAX], struct errinfo *err)
{
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
	int result = pairs_merge(&put.headers, headers);

	if (result == 0) {
		s3_put_start(store->s3, &put);
		result = s3_wait(store->s3, &put.op);
		*err = put.op.err;
		memcpy(etag, put.etag, S3_ETAG_MAX);
	}
	s3_put_release(&put);
	return result;
}

static int put_once(struct file *file, const char *key, struct pieces *pieces,
		    bool is_conditional, char etag[S3_ETAG_MAX],
		    struct errinfo *err)
{
	struct store *store = file->store;
	struct pairs headers = PAIRS_INIT;
	int result = publish_headers(file, key, &headers);

	if (result == 0)
		result = put_with(store, &headers, key, pieces, is_conditional,
				  etag, err);
	if (headers_drop_tags(store, &headers, result, err))
		result = put_with(store, &headers, key, pieces, is_conditional,
				  etag, err);
	pairs_release(&headers);
	return result;
}

static enum s3_answer ask_put(struct store *store)
{
	return s3_trait(store->s3, S3_TRAIT_CONDITIONAL_PUT);
}

static void learn_put(struct store *store, enum s3_answer answer)
{
	s3_trait_learn(store->s3, S3_TRAIT_CONDITIONAL_PUT, answer, NULL);
}

static enum s3_answer ask_complete(struct store *store)
{
	return s3_trait(store->s3, S3_TRAIT_CONDITIONAL_COMPLETE);
}

static void learn_complete(struct store *store, enum s3_answer answer)
{
	s3_trait_learn(store->s3, S3_TRAIT_CONDITIONAL_COMPLETE, answer, NULL);
}

/* Stores what was just stored once more: who honours conditions refuses. */
static void see_it_refused(struct file *file, const char *key,
			   struct pieces *pieces, char etag[S3_ETAG_MAX])
{
	struct store *store = file->store;
	struct errinfo err = ERRINFO_INIT;
	char again[S3_ETAG_MAX] = "";
	int result = put_once(file, key, pieces, true, again, &err);

	if (result == -EEXIST)
		learn_put(store, S3_YES);
	if (result == 0) {
		learn_put(store, S3_NO);
		memcpy(etag, again, S3_ETAG_MAX);
	}
}

static int put_exclusively(struct file *file, const char *key,
			   struct pieces *pieces, char etag[S3_ETAG_MAX],
			   struct errinfo *err)
{
	struct store *store = file->store;
	enum s3_answer answer = ask_put(store);
	int result = 0;

	if (answer != S3_YES)
		result = upload_check_free(store, key, err);
	if (result < 0)
		return result;
	result = put_once(file, key, pieces, answer != S3_NO, etag, err);
	if (answer == S3_NO)
		return result;
	if (result == -EEXIST)
		learn_put(store, S3_YES);
	else if (result == 0 && answer == S3_UNKNOWN)
		see_it_refused(file, key, pieces, etag);
	if (result != -ENOTSUP)
		return result;
	learn_put(store, S3_NO);
	return put_exclusively(file, key, pieces, etag, err);
}

int upload_put(struct file *file, const char *key, struct pieces *pieces,
	       bool is_exclusive, char etag[S3_ETAG_MAX], struct errinfo *err)
{
	if (is_exclusive)
		return put_exclusively(file, key, pieces, etag, err);
	return put_once(file, key, pieces, false, etag, err);
}

/* ------------------------------------------- the end of a multipart upload */

static int complete_once(struct store *store,
			 const struct s3_complete_upload *wanted,
			 bool is_conditional, char etag[S3_ETAG_MAX],
			 struct errinfo *err)
{
	struct s3_complete_upload complete = *wanted;
	int result;

	complete.if_none_match = is_conditional;
	s3_complete_upload_start(store->s3, &complete);
	result = s3_wait(store->s3, &complete.op);
	*err = complete.op.err;
	memcpy(etag, complete.etag, S3_ETAG_MAX);
	s3_complete_upload_release(&complete);
	return result;
}

static void remove_claim(struct store *store, const char *key)
{
	struct s3_delete del = { .op.priority = S3_COMMIT, .key = key };

	s3_delete_start(store->s3, &del);
	if (s3_wait(store->s3, &del.op) < 0)
		log_warn("upload",
			 "%s was to be stored and is left as an empty object: "
			 "%s",
			 key, del.op.err.text);
	s3_delete_release(&del);
}

/* The name is ours by a claim: a condition can only tell who looks at it. */
static int complete_claimed(struct store *store,
			    const struct s3_complete_upload *wanted,
			    char etag[S3_ETAG_MAX], struct errinfo *err)
{
	int result = -ENOTSUP;

	if (ask_complete(store) != S3_NO)
		result = complete_once(store, wanted, true, etag, err);
	if (result == -EEXIST)
		learn_complete(store, S3_YES);
	else if (result == 0 || result == -ENOTSUP)
		learn_complete(store, S3_NO);
	if (result == -EEXIST || result == -ENOTSUP)
		result = complete_once(store, wanted, false, etag, err);
	if (result < 0)
		remove_claim(store, wanted->key);
	return result;
}

int upload_complete(struct file *file, const struct s3_complete_upload *wanted,
		    bool is_exclusive, char etag[S3_ETAG_MAX],
		    struct errinfo *err)
{
	struct store *store = file->store;
	struct pieces nothing = PIECES_INIT;
	bool is_conditional = is_exclusive && ask_complete(store) == S3_YES;
	int result = 0;

	if (is_exclusive && ask_put(store) == S3_NO)
		result = upload_check_free(store, wanted->key, err);
	else if (is_exclusive && !is_conditional)
		result = upload_put(file, wanted->key, &nothing, true, etag,
				    err);
	if (result < 0)
		return result;
	if (is_exclusive && !is_conditional && ask_put(store) == S3_YES)
		return complete_claimed(store, wanted, etag, err);
	return complete_once(store, wanted, is_conditional, etag, err);
}
