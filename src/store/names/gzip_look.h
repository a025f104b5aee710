/* SPDX-License-Identifier: MIT */
/* How the object of a name reads, by what is known or by its HEAD. */
#ifndef STORE_GZIP_LOOK_H
#define STORE_GZIP_LOOK_H

#include <stdbool.h>

#include "macros.h"

struct errinfo;
struct gzip_layout;
struct node;
struct s3_object;
struct segment_entry;
struct store;

/*
 * How an object reads, from its HEAD. False if it is a foreign one that has
 * to be expanded to know: gzip_count then.
 */
bool gzip_look(struct store *store, const char *key,
	       const struct s3_object *object, struct gzip_layout *out);
/* As gzip_look, but waits for that; on a pool. */
MUST_USE int gzip_look_wait(struct store *store, const char *key,
			    const struct s3_object *object,
			    struct gzip_layout *out, struct errinfo *err);

/*
 * How a listed file reads, if that is known without asking. node is what
 * the tree has of it, or NULL.
 */
bool gzip_listed_locked(struct store *store, struct node *parent,
			const struct node *node,
			const struct segment_entry *entry,
			struct gzip_layout *out);

#endif
