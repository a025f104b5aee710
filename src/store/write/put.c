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
#include "write/outgoing.h"

/* body NULL: an empty object. */
static int put_fill(struct s3_put *put, const struct outgoing *out,
		    struct body *body, bool is_conditional)
{
	*put = (struct s3_put){
		.op.priority = S3_COMMIT,
		.key = out->key,
		.if_none_match = is_conditional,
	};
	if (body)
		body_attach(body, &put->op, &put->body);
	return pairs_merge(&put->headers, &out->headers);
}

static int put_with(struct outgoing *out, struct body *body,
		    bool is_conditional, char etag[S3_ETAG_MAX],
		    struct errinfo *err)
{
	struct store *store = out->file->store;
	struct s3_put put = { 0 };
	int result = put_fill(&put, out, body, is_conditional);

	if (result == 0) {
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

static int put_once(struct outgoing *out, struct body *body,
		    bool is_conditional, char etag[S3_ETAG_MAX],
		    struct errinfo *err)
{
	int result = put_with(out, body, is_conditional, etag, err);

	if (headers_drop_tags(out->file->store, &out->headers, result, err))
		result = put_with(out, body, is_conditional, etag, err);
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

/* Puts the claim once more: who honours conditions refuses. */
static void see_it_refused(struct outgoing *out, struct claim *claim)
{
	struct errinfo err = ERRINFO_INIT;
	char again[S3_ETAG_MAX] = "";
	int result = put_once(out, NULL, true, again, &err);

	if (result == -EEXIST)
		learn_put(out->file->store, S3_YES);
	if (result == 0) {
		learn_put(out->file->store, S3_NO);
		memcpy(claim->etag, again, sizeof(again));
	}
}

/*
 * -EEXIST: the key is taken. On a server without conditions it was only seen
 * to be free, and nothing is held.
 */
static int claim_take(struct outgoing *out, struct claim *claim,
		      struct errinfo *err)
{
	struct store *store = out->file->store;
	enum s3_answer answer = ask_put(store);
	int result = 0;

	*claim = (struct claim){ .is_held = false };
	if (answer != S3_YES)
		result = object_check_free(store, out->key, err);
	if (result < 0 || answer == S3_NO)
		return result;
	result = put_once(out, NULL, true, claim->etag, err);
	if (result == -ENOTSUP) {
		learn_put(store, S3_NO);
		return claim_take(out, claim, err);
	}
	if (result == -EEXIST)
		learn_put(store, S3_YES);
	claim->is_held = result == 0;
	if (claim->is_held && answer == S3_UNKNOWN)
		see_it_refused(out, claim);
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

static int put_exclusively(struct outgoing *out, struct body *body,
			   char etag[S3_ETAG_MAX], struct errinfo *err)
{
	struct store *store = out->file->store;
	struct claim claim;
	int result = -ENOTSUP;

	if (ask_put(store) == S3_YES) {
		result = put_once(out, body, true, etag, err);
		if (result != -ENOTSUP)
			return result;
		learn_put(store, S3_NO);
	}
	result = claim_take(out, &claim, err);
	if (result < 0)
		return result;
	result = put_once(out, body, false, etag, err);
	claim_end(store, out->key, &claim, result);
	return result;
}

int upload_put(struct outgoing *out, struct body *body, char etag[S3_ETAG_MAX],
	       struct errinfo *err)
{
	if (out->is_exclusive)
		return put_exclusively(out, body, etag, err);
	return put_once(out, body, false, etag, err);
}

/* -------------------------------------------------- a PUT left on its way */

bool put_may_park(const struct outgoing *out)
{
	return out->parked &&
	       (!out->is_exclusive || ask_put(out->file->store) == S3_YES);
}

static void parked_run(struct pool_job *job)
{
	struct parked_put *parked = container_of(job, struct parked_put, job);

	parked->resume(parked);
}

static void parked_end(struct parked_put *parked, int result)
{
	parked->result = result;
	parked->job.run = parked_run;
	pool_submit(parked->out->file->store->resume_pool, &parked->job);
}

static void parked_done(struct s3_op *op)
{
	parked_end(container_of(op, struct parked_put, put.op), op->result);
}

void put_park(struct parked_put *parked)
{
	const struct outgoing *out = parked->out;
	int result =
		put_fill(&parked->put, out, parked->body, out->is_exclusive);

	if (result < 0) {
		parked_end(parked, result);
		return;
	}
	parked->put.op.done = parked_done;
	s3_put_start(out->file->store->s3, &parked->put);
}

int put_unpark(struct parked_put *parked, char etag[S3_ETAG_MAX],
	       struct errinfo *err)
{
	struct outgoing *out = parked->out;
	struct store *store = out->file->store;
	int result = parked->result;

	*err = parked->put.op.err;
	memcpy(etag, parked->put.etag, S3_ETAG_MAX);
	body_detach(parked->body, err);
	s3_put_release(&parked->put);
	if (headers_drop_tags(store, &out->headers, result, err))
		return -EINPROGRESS;
	body_end(parked->body);
	if (out->is_exclusive && result == -ENOTSUP) {
		learn_put(store, S3_NO);
		return -EAGAIN;
	}
	return result;
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

int upload_complete(struct outgoing *out,
		    const struct s3_complete_upload *wanted,
		    char etag[S3_ETAG_MAX], struct errinfo *err)
{
	struct store *store = out->file->store;
	struct claim claim;
	int result;

	if (!out->is_exclusive || ask_complete(store) == S3_YES)
		return complete_once(store, wanted, out->is_exclusive, etag,
				     err);
	result = claim_take(out, &claim, err);
	if (result < 0)
		return result;
	if (claim.is_held)
		result = complete_claimed(store, wanted, etag, err);
	else
		result = complete_once(store, wanted, false, etag, err);
	claim_end(store, wanted->key, &claim, result);
	return result;
}
