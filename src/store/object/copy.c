/* SPDX-License-Identifier: MIT */
/* One object under another key; see copy.h. */
#include "object/copy.h"

#include <string.h>

#include "facts/headers.h"
#include "facts/headers_tags.h"
#include "log.h"
#include "multipart.h"
#include "object/object.h"
#include "traits.h"

/* Parts of a copy that is too large for CopyObject. */
#define COPY_PART_BYTES (S3_PART_MAX / 5)
#define PARTS_AT_ONCE   8

#define CLASS "x-amz-storage-class"
#define ACL   "x-amz-acl"
/* "Not copied when using the x-amz-metadata-directive": the API reference. */
#define REDIRECT "x-amz-website-redirect-location"

static const char *source_etag(const struct object_copy *copy)
{
	return copy->etag && *copy->etag ? copy->etag : NULL;
}

/* ------------------------------------------------------------ in parts */

static uint64_t part_bytes(const struct store *store)
{
	uint64_t most = store->options.copy_max_bytes;

	return most < COPY_PART_BYTES ? most : COPY_PART_BYTES;
}

static void start_part(struct store *store, const struct object_copy *copy,
		       const char *upload_id, unsigned number,
		       struct s3_copy_part *part)
{
	uint64_t step = part_bytes(store);
	uint64_t offset = (number - 1) * step, left = copy->size - offset;

	*part = (struct s3_copy_part){
		.op.priority = S3_COMMIT,
		.key = copy->key,
		.upload_id = upload_id,
		.number = number,
		.source_key = copy->source_key,
		.source_etag = source_etag(copy),
		.offset = offset,
		.length = left < step ? left : step,
	};
	s3_copy_part_start(store->s3, part);
}

static int await_part(struct store *store, struct s3_copy_part *part,
		      struct s3_part *out, struct errinfo *err)
{
	int result = s3_wait(store->s3, &part->op);

	if (result < 0)
		*err = part->op.err;
	out->number = part->number;
	memcpy(out->etag, part->etag, S3_ETAG_MAX);
	out->has_crc32c = part->has_crc32c;
	out->crc32c = part->crc32c;
	s3_copy_part_release(part);
	return result;
}

/* count more parts, PARTS_AT_ONCE at most, side by side. */
static int copy_some(struct store *store, const struct object_copy *copy,
		     const char *upload_id, size_t done, size_t count,
		     struct s3_part *parts, struct errinfo *err)
{
	struct s3_copy_part flying[PARTS_AT_ONCE];
	int result = 0;

	for (size_t i = 0; i < count; i++)
		start_part(store, copy, upload_id, (unsigned)(done + i + 1),
			   &flying[i]);
	for (size_t i = 0; i < count; i++) {
		int part_result =
			await_part(store, &flying[i], &parts[done + i], err);

		if (result == 0)
			result = part_result;
	}
	return result;
}

static int copy_parts(struct store *store, struct object_copy *copy,
		      const char *upload_id, struct errinfo *err)
{
	uint64_t step = part_bytes(store);
	size_t count = (size_t)((copy->size + step - 1) / step);
	struct s3_complete_upload complete = { .op.priority = S3_COMMIT,
					       .key = copy->key,
					       .upload_id = upload_id };
	struct s3_part *parts = calloc(count, sizeof(*parts));
	int result = parts ? 0 : -ENOMEM;

	for (size_t done = 0; result == 0 && done < count;
	     done += PARTS_AT_ONCE) {
		size_t left = count - done;

		result = copy_some(store, copy, upload_id, done,
				   left < PARTS_AT_ONCE ? left : PARTS_AT_ONCE,
				   parts, err);
	}
	if (result == 0) {
		complete.parts = parts;
		complete.count = count;
		complete.if_none_match =
			copy->only_if_free &&
			s3_trait(store->s3, S3_TRAIT_CONDITIONAL_COMPLETE) !=
				S3_NO;
		s3_complete_upload_start(store->s3, &complete);
		result = s3_wait(store->s3, &complete.op);
		*err = complete.op.err;
		memcpy(copy->new_etag, complete.etag, S3_ETAG_MAX);
	}
	s3_complete_upload_release(&complete);
	free(parts);
	return result;
}

static void abort_copy(struct store *store, const char *key, const char *id)
{
	struct s3_abort_upload abort = {
		.op.priority = S3_BACKGROUND,
		.key = key,
		.upload_id = id,
	};

	s3_abort_upload_start(store->s3, &abort);
	if (s3_wait(store->s3, &abort.op) < 0)
		log_warn("copy", "an unfinished copy to %s is left", key);
	s3_abort_upload_release(&abort);
}

/* An upload has no headers but those that it is begun with. */
static int copy_large(struct store *store, struct object_copy *copy,
		      const struct pairs *headers, struct errinfo *err)
{
	AUTO_FREE char *id = NULL;
	struct pairs sent = PAIRS_INIT;
	int result = pairs_merge(&sent, headers);

	if (result == 0)
		result =
			object_create_upload(store, copy->key, &sent, &id, err);
	pairs_release(&sent);
	if (result < 0)
		return result;
	result = copy_parts(store, copy, id, err);
	if (result < 0)
		abort_copy(store, copy->key, id);
	return result;
}

/* --------------------------------------------------------- as a whole */

bool copy_is_large(const struct store *store, const struct object_copy *copy)
{
	return copy->size > store->options.copy_max_bytes;
}

/* Both names' automatic values, for plan. */
static void read_defaults(struct store *store, const struct object_copy *copy,
			  struct header_defaults names[2],
			  struct headers_plan *plan)
{
	headers_defaults(store, copy->source_key, &names[0]);
	headers_defaults(store, copy->key, &names[1]);
	plan->before = &names[0];
	plan->after = &names[1];
	plan->wanted = copy->wanted;
	plan->is_copy = true;
}

bool copy_is_plain(struct store *store, const struct object_copy *copy)
{
	struct header_defaults names[2];
	struct headers_plan plan = { 0 };
	bool knows_class = !copy->has_class ||
			   (copy->wanted && pairs_get(copy->wanted, CLASS));

	read_defaults(store, copy, names, &plan);
	return !copy_is_large(store, copy) && !headers_must_change(&plan) &&
	       (knows_class || names[1].has_class);
}

/* What CopyObject does not keep, whatever it is told of metadata. */
static int set_not_kept(struct pairs *to, const struct pairs *from)
{
	static const char *const names[] = { CLASS, ACL, REDIRECT };
	int result = 0;

	for (size_t i = 0; result == 0 && i < ARRAY_SIZE(names); i++) {
		const char *value = from ? pairs_get(from, names[i]) : NULL;

		if (value)
			result = pairs_set(to, names[i],
					   *value ? value : S3_NOT_SENT);
	}
	return result;
}

int copy_fill(struct store *store, const struct object_copy *copy,
	      const struct pairs *stored, struct s3_copy *s3)
{
	struct header_defaults names[2];
	struct headers_plan plan = { .stored = stored };
	struct pairs headers = PAIRS_INIT;
	int result;

	s3->source_key = copy->source_key;
	s3->source_etag = source_etag(copy);
	s3->expected_etag = copy->expected_etag;
	s3->key = copy->key;
	s3->length = copy->size;
	s3->replace_headers = copy->headers != NULL;
	if (copy->headers) {
		result = pairs_merge(&s3->headers, copy->headers);
		/* Tags are copied; with these S3 wants another directive. */
		pairs_remove(&s3->headers, HEADERS_TAGGING);
		return result;
	}
	if (!stored)
		return set_not_kept(&s3->headers, copy->wanted);
	read_defaults(store, copy, names, &plan);
	s3->replace_headers = headers_must_change(&plan);
	result = headers_compose(&plan, &headers);
	if (result == 0)
		result = s3->replace_headers ?
				 pairs_merge(&s3->headers, &headers) :
				 set_not_kept(&s3->headers, &headers);
	pairs_release(&headers);
	return result;
}

static int copy_once(struct store *store, struct object_copy *copy,
		     const struct pairs *stored, bool is_conditional,
		     struct errinfo *err)
{
	struct s3_copy s3 = { .op.priority = S3_COMMIT,
			      .if_none_match = is_conditional };
	int result = copy_fill(store, copy, stored, &s3);

	if (result == 0) {
		s3_copy_start(store->s3, &s3);
		result = s3_wait(store->s3, &s3.op);
		*err = s3.op.err;
		memcpy(copy->new_etag, s3.etag, S3_ETAG_MAX);
		copy->mtime_ns = s3.mtime_ns;
	}
	s3_copy_release(&s3);
	return result;
}

/*
 * Some servers have no conditions on copies (AWS has them since 2025), and
 * some take a condition for one on the source: a name that is free is refused.
 */
static int copy_small(struct store *store, struct object_copy *copy,
		      const struct pairs *stored, struct errinfo *err)
{
	bool is_conditional =
		copy->only_if_free &&
		s3_trait(store->s3, S3_TRAIT_CONDITIONAL_COPY) != S3_NO;
	int result = copy_once(store, copy, stored, is_conditional, err);

	if (!is_conditional || (result != -ENOTSUP && result != -EEXIST))
		return result;
	if (result == -EEXIST && object_check_free(store, copy->key, err) < 0)
		return result;
	result = copy_once(store, copy, stored, false, err);
	if (result == 0)
		s3_trait_learn(store->s3, S3_TRAIT_CONDITIONAL_COPY, S3_NO,
			       NULL);
	return result;
}

static int copy_large_as(struct store *store, struct object_copy *copy,
			 const struct pairs *stored, struct errinfo *err)
{
	struct header_defaults names[2];
	struct headers_plan plan = { .stored = stored };
	struct pairs headers = PAIRS_INIT;
	int result;

	read_defaults(store, copy, names, &plan);
	result = headers_compose(&plan, &headers);
	if (result == 0)
		result = copy_large(store, copy, &headers, err);
	pairs_release(&headers);
	return result;
}

/* Asks what the source has, and gives the copy what it should have. */
static int copy_restated(struct store *store, struct object_copy *copy,
			 struct errinfo *err)
{
	struct s3_head head = { .op.priority = S3_COMMIT,
				.key = copy->source_key };
	int result;

	s3_head_start(store->s3, &head);
	result = s3_wait(store->s3, &head.op);
	*err = head.op.err;
	if (result == 0 && copy_is_large(store, copy))
		result = headers_add_tags(store, copy->source_key,
					  &head.object.headers, err);
	if (result == 0 && copy_is_large(store, copy))
		result = copy_large_as(store, copy, &head.object.headers, err);
	else if (result == 0)
		result = copy_small(store, copy, &head.object.headers, err);
	s3_head_release(&head);
	return result;
}

int copy_object(struct store *store, struct object_copy *copy,
		struct errinfo *err)
{
	copy->new_etag[0] = '\0';
	copy->mtime_ns = 0;
	if (copy->headers && copy_is_large(store, copy))
		return copy_large(store, copy, copy->headers, err);
	if (copy->headers || copy_is_plain(store, copy))
		return copy_small(store, copy, NULL, err);
	return copy_restated(store, copy, err);
}
