/* SPDX-License-Identifier: MIT */
/* What the listings share: their parameters, names and common prefixes. */
#ifndef SERVER_LISTING_H
#define SERVER_LISTING_H

#include <stdbool.h>

#include "errors.h"
#include "store.h"

struct request;
struct buf;

struct listing {
	struct buf *out;
	const char *prefix;
	const char *delimiter; /* "": none */
	bool url_encoded;
	bool wants_owner;
	unsigned max_keys;
	unsigned count; /* keys and prefixes so far */
	bool is_truncated;
	char last[KEY_MAX + 1]; /* the last key or prefix listed */
	bool last_is_prefix;
};

/* Reads prefix, delimiter, encoding-type and max-keys (or max-uploads). */
enum s3_error listing_start(struct request *req, const char *max_param,
			    struct listing *l);

/* Appends a key, a prefix or a marker, encoded as asked. */
void listing_add_name(const struct listing *l, const char *element,
		      const char *name);

/* The elements that repeat what was asked. */
void listing_add_echo(const struct listing *l, const char *bucket,
		      const char *max_element);

/*
 * Length of the common prefix that key belongs to, 0 if it is listed by
 * itself. key starts with the prefix.
 */
size_t listing_common(const struct listing *l, const char *key);

/* The first node behind all keys that start with the prefix, or NULL. */
struct index_node *listing_skip(const struct index *keys, const char *prefix);

void listing_add_owner(struct buf *out, const struct request *req,
		       const struct bucket *bucket, const char *element);

#endif
