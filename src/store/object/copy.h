/* SPDX-License-Identifier: MIT */
/* One object under another key, or with other headers, on the server. */
#ifndef STORE_COPY_H
#define STORE_COPY_H

#include "internal.h"

struct object_copy {
	const char *source_key;
	const char *etag; /* copied only if it still is; NULL or "": any */
	const char *expected_etag; /* as in s3_copy; or NULL */
	uint64_t size;
	const char *key;
	bool only_if_free; /* -EEXIST if key is taken, as far as S3 can tell */
	bool has_class;    /* its storage class may be another than STANDARD */
	const struct pairs *wanted;  /* set by hand: they stay; or NULL */
	const struct pairs *headers; /* all of the copy's; NULL: as they are */
	/* Out. */
	char new_etag[S3_ETAG_MAX];
	int64_t mtime_ns; /* 0: not told */
};

/*
 * By CopyObject, above its limit by parts. Headers go along, but those that
 * the old name gave become those of the new one. On the pool; no lock held.
 */
MUST_USE int copy_object(struct store *store, struct object_copy *copy,
			 struct errinfo *err);

/* True if it goes by parts, which take no headers or tags along. */
bool copy_is_large(const struct store *store, const struct object_copy *copy);

/* True if one CopyObject does it, without asking what the source has. */
bool copy_is_plain(struct store *store, const struct object_copy *copy);

/*
 * Fills s3, which is empty, for a copy that one CopyObject makes; texts stay
 * copy's. stored: what HEAD told of the source, NULL if copy_is_plain.
 */
MUST_USE int copy_fill(struct store *store, const struct object_copy *copy,
		       const struct pairs *stored, struct s3_copy *s3);

#endif
