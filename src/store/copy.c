/* SPDX-License-Identifier: MIT */
/* One object under another key; see copy.h. */
#include "copy.h"

#include <string.h>

#include "log.h"
#include "mime.h"

/* Parts of a copy that is too large for CopyObject. */
#define COPY_PART_BYTES (S3_PART_MAX / 5)

/* CopyObject's limit is 5 GiB; larger ones are copied in parts. */
static int copy_large(struct store *store, const struct s3_copy *from,
		      uint64_t size, char etag[S3_ETAG_MAX],
		      struct errinfo *err)
{
	struct s3_create_upload create = { .op.priority = S3_COMMIT,
					   .key = from->key };
	struct s3_complete_upload complete = { .op.priority = S3_COMMIT,
					       .key = from->key };
	struct s3_part *parts;
	unsigned count =
		(unsigned)((size + COPY_PART_BYTES - 1) / COPY_PART_BYTES);
	uint64_t at = 0;
	int result;

	parts = calloc(count, sizeof(*parts));
	if (!parts)
		return -ENOMEM;
	s3_create_upload_start(store->s3, &create);
	result = s3_wait(store->s3, &create.op);
	*err = create.op.err;
	for (unsigned i = 0; result == 0 && i < count; i++) {
		uint64_t left = size - at;
		struct s3_copy_part part = {
			.op.priority = S3_COMMIT,
			.key = from->key,
			.upload_id = create.upload_id,
			.number = i + 1,
			.source_key = from->source_key,
			.source_etag = from->source_etag,
			.offset = at,
			.length =
				left < COPY_PART_BYTES ? left : COPY_PART_BYTES,
		};

		s3_copy_part_start(store->s3, &part);
		result = s3_wait(store->s3, &part.op);
		*err = part.op.err;
		parts[i].number = i + 1;
		memcpy(parts[i].etag, part.etag, S3_ETAG_MAX);
		parts[i].has_crc32c = part.has_crc32c;
		parts[i].crc32c = part.crc32c;
		at += part.length;
		s3_copy_part_release(&part);
	}
	if (result == 0) {
		complete.upload_id = create.upload_id;
		complete.parts = parts;
		complete.count = count;
		s3_complete_upload_start(store->s3, &complete);
		result = s3_wait(store->s3, &complete.op);
		*err = complete.op.err;
		memcpy(etag, complete.etag, S3_ETAG_MAX);
		s3_complete_upload_release(&complete);
	}
	if (result < 0 && create.upload_id) {
		struct s3_abort_upload abort = {
			.op.priority = S3_BACKGROUND,
			.key = from->key,
			.upload_id = create.upload_id,
		};

		s3_abort_upload_start(store->s3, &abort);
		if (s3_wait(store->s3, &abort.op) < 0)
			log_warn("rename", "an unfinished copy to %s is left",
				 from->key);
		s3_abort_upload_release(&abort);
	}
	s3_create_upload_release(&create);
	free(parts);
	return result;
}

/* The headers of an object that a copy with new ones has to say again. */
static bool is_restated(const char *name)
{
	static const char *const names[] = {
		"cache-control",       "content-disposition",
		"content-encoding",    "content-language",
		"content-type",        "expires",
		"x-amz-storage-class", "x-amz-website-redirect-location",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(name, names[i]) == 0)
			return true;
	}
	return strncmp(name, "x-amz-meta-", 11) == 0;
}

/*
 * Editors write page.css.tmp and rename it: the type guessed from the old
 * name would stick. If it is the guessed one and the new name has another,
 * copy gets all headers with the new type; a type that was set stays.
 */
static int follow_type(struct store *store, struct s3_copy *copy,
		       struct errinfo *err)
{
	const char *encoding;
	const char *old_type = mime_guess(copy->source_key, &encoding);
	const char *new_type = mime_guess(copy->key, &encoding);
	struct s3_head head = { .op.priority = S3_COMMIT,
				.key = copy->source_key };
	const struct pairs *stored = &head.object.headers;
	const char *type;
	int result;

	if (strcmp(old_type, new_type) == 0)
		return 0;
	s3_head_start(store->s3, &head);
	result = s3_wait(store->s3, &head.op);
	*err = head.op.err;
	type = result == 0 ? pairs_get(stored, "content-type") : NULL;
	if (type && strcmp(type, old_type) == 0) {
		for (size_t i = 0; result == 0 && i < stored->count; i++) {
			if (is_restated(stored->items[i].name))
				result = pairs_set(&copy->headers,
						   stored->items[i].name,
						   stored->items[i].value);
		}
		if (result == 0)
			result = pairs_set(&copy->headers, "content-type",
					   new_type);
		copy->replace_headers = true;
	}
	s3_head_release(&head);
	return result;
}

int copy_object(struct store *store, const struct object_copy *from,
		char etag[S3_ETAG_MAX], struct errinfo *err)
{
	struct s3_copy copy = {
		.op.priority = S3_COMMIT,
		.source_key = from->source_key,
		.source_etag = from->etag && *from->etag ? from->etag : NULL,
		.key = from->key,
		.length = from->size,
	};
	int result;

	if (from->size > S3_COPY_MAX)
		return copy_large(store, &copy, from->size, etag, err);
	result = follow_type(store, &copy, err);
	if (result == 0) {
		s3_copy_start(store->s3, &copy);
		result = s3_wait(store->s3, &copy.op);
		*err = copy.op.err;
	}
	memcpy(etag, copy.etag, S3_ETAG_MAX);
	s3_copy_release(&copy);
	return result;
}
