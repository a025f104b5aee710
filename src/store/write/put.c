/* SPDX-License-Identifier: MIT */
/*
 * The requests that make a version, a PUT or the end of a multipart upload,
 * and what to do about servers without conditional writes; see upload.h.
 *
 * A server that says so (501) is believed. One that ignores the condition
 * would let us replace an object that must stay. So the first name of all is
 * looked up, then claimed by an empty object, and that is put again to see it
 * refused; the file replaces it. Its bytes are sent once.
 *
 * Some honour the condition of PutObject but not that of
 * CompleteMultipartUpload (Ceph 16). There, and until we know, the name is
 * claimed in the same way. A claim that could not be replaced is taken back.
 */
#include "write/put.h"

#include <string.h>

#include "facts/headers_tags.h"
#include "file/file.h"
#include "internal.h"
#include "log.h"
#include "multipart.h"
#include "object/object.h"
#include "traits.h"
#include "write/body.h"
#include "write/publish_headers.h"

/* body NULL: an empty object. */
static int put_with(struct store *store, const struct pairs *headers,
		    const char *key, struct body *body, bool is_conditional,
		    char etag[S3_ETAG_MAX], struct errinfo *err)
{
	struct s3_put put = {
		.op.priority = S3_COMMIT,
		.key = key,
		.if_none_match = is_conditional,
	};
	int result = pairs_merge(&put.headers, headers);

	if (result == 0) {
		if (body)
			body_attach(body, &put.op, &put.body);
		s3_put_start(store->s3, &put);
		result = s3_wait(store->s3, &put.op);
		*err = put.op.err;
		if (body)
			body_detach(body, err);
		memcpy(etag, put.etag, S3_ETAG_MAX);
	}
	s3_put_release(&put);
	return result;
}

static int put_once(struct file *file, const char *key, struct body *body,
		    bool is_conditional, char etag[S3_ETAG_MAX],
		    struct errinfo *err)
{
	struct store *store = file->store;
	struct pairs headers = PAIRS_INIT;
	int result = publish_headers(file, key, &headers);

	if (result == 0)
		result = put_with(store, &headers, key, body, is_conditional,
				  etag, err);
	if (headers_drop_tags(store, &headers, result, err))
		result = put_with(store, &headers, key, body, is_conditional,
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

/* ----------------------------------------------------------- claims */

struct claim {
	bool is_held;
	char etag[S3_ETAG_MAX];
};

/* Puts the claim again: who honours conditions refuses. */
static void see_it_refused(struct file *file, const char *key,
			   struct claim *claim)
{
	struct errinfo err = ERRINFO_INIT;
	char again[S3_ETAG_MAX] = "";
	int result = put_once(file, key, NULL, true, again, &err);

	if (result == -EEXIST)
		learn_put(file->store, S3_YES);
	if (result == 0) {
		learn_put(file->store, S3_NO);
		memcpy(claim->etag, again, sizeof(again));
	}
}

/*
 * -EEXIST: the key is taken. On a server without conditions it was only seen
 * to be free, and nothing is held.
 */
static int claim_take(struct file *file, const char *key, struct claim *claim,
		      struct errinfo *err)
{
	struct store *store = file->store;
	enum s3_answer answer = ask_put(store);
	int result = 0;

	*claim = (struct claim){ .is_held = false };
	if (answer != S3_YES)
		result = object_check_free(store, key, err);
	if (result < 0 || answer == S3_NO)
		return result;
	result = put_once(file, key, NULL, true, claim->etag, err);
	if (result == -ENOTSUP) {
		learn_put(store, S3_NO);
		return claim_take(file, key, claim, err);
	}
	if (result == -EEXIST)
		learn_put(store, S3_YES);
	claim->is_held = result == 0;
	if (claim->is_held && answer == S3_UNKNOWN)
		see_it_refused(file, key, claim);
	return result;
}

/* What is there may be another client's by now, who knows no conditions. */
static int claim_is_ours(struct store *store, const char *key,
			 const struct claim *claim, struct errinfo *err)
{
	struct s3_head head = { .op.priority = S3_COMMIT, .key = key };
	int result;

	s3_head_start(store->s3, &head);
	result = s3_wait(store->s3, &head.op);
	if (result == 0)
		result = head.object.size == 0 &&
			 strcmp(head.object.etag, claim->etag) == 0;
	else if (result == -ENOENT)
		result = 0;
	else
		*err = head.op.err;
	s3_head_release(&head);
	return result;
}

/* Takes it back if the file, with this result, has not replaced it. */
static void claim_end(struct store *store, const char *key,
		      const struct claim *claim, int result)
{
	struct s3_delete del = { .op.priority = S3_COMMIT, .key = key };
	struct errinfo err = ERRINFO_INIT;
	int ours;

	if (result == 0 || !claim->is_held)
		return;
	ours = claim_is_ours(store, key, claim, &err);
	if (ours == 1) {
		s3_delete_start(store->s3, &del);
		ours = s3_wait(store->s3, &del.op);
		err = del.op.err;
		s3_delete_release(&del);
	}
	if (ours < 0)
		log_warn("upload",
			 "%s was to be stored and is left as an empty object: "
			 "%s",
			 key, err.text);
}

/* ------------------------------------------------------------- a PUT */

static int put_exclusively(struct file *file, const char *key,
			   struct body *body, char etag[S3_ETAG_MAX],
			   struct errinfo *err)
{
	struct store *store = file->store;
	struct claim claim;
	int result = -ENOTSUP;

	if (ask_put(store) == S3_YES) {
		result = put_once(file, key, body, true, etag, err);
		if (result != -ENOTSUP)
			return result;
		learn_put(store, S3_NO);
	}
	result = claim_take(file, key, &claim, err);
	if (result < 0)
		return result;
	result = put_once(file, key, body, false, etag, err);
	claim_end(store, key, &claim, result);
	return result;
}

int upload_put(struct file *file, const char *key, struct body *body,
	       bool is_exclusive, char etag[S3_ETAG_MAX], struct errinfo *err)
{
	if (is_exclusive)
		return put_exclusively(file, key, body, etag, err);
	return put_once(file, key, body, false, etag, err);
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
	return result;
}

int upload_complete(struct file *file, const struct s3_complete_upload *wanted,
		    bool is_exclusive, char etag[S3_ETAG_MAX],
		    struct errinfo *err)
{
	struct store *store = file->store;
	struct claim claim;
	int result;

	if (!is_exclusive || ask_complete(store) == S3_YES)
		return complete_once(store, wanted, is_exclusive, etag, err);
	result = claim_take(file, wanted->key, &claim, err);
	if (result < 0)
		return result;
	if (claim.is_held)
		result = complete_claimed(store, wanted, etag, err);
	else
		result = complete_once(store, wanted, false, etag, err);
	claim_end(store, wanted->key, &claim, result);
	return result;
}
