/* SPDX-License-Identifier: MIT */
/*
 * The headers of a file's object: content type and the like, metadata,
 * storage class. Where they come from, the stronger one first:
 *
 *   set by hand   an extended attribute, through this mount: kept with the
 *                 node, so it is also in what is saved again (O_TRUNC)
 *   stored        what the object has: kept over edits, appends, renames
 *   automatic     a rule of the settings, else a guess from the name; with
 *                 the settings of 1.7 the guess first
 *
 * A new name has other automatic values: a stored one that is the old name's
 * follows, another one stays. The storage class goes by the rules, and only
 * if these name none stays what it was.
 */
#ifndef STORE_HEADERS_H
#define STORE_HEADERS_H

#include "internal.h"

/* What is known of a node's object. Under tree.lock. */
struct headers {
	int64_t until_ms;    /* stored is believed so long; 0: not known */
	struct pairs stored; /* all that HEAD tells */
	struct pairs wanted; /* set by hand; "": taken away by hand */
	unsigned changes;    /* + 1 with each change of wanted */
	bool is_pending;     /* wanted is not all in the bucket yet */
};

#define HEADERS_AUTOMATIC 7

/* The automatic values of one name, NULL: none. Borrowed from the rules. */
struct header_defaults {
	const char *value[HEADERS_AUTOMATIC];
	bool has_class; /* the rules name a storage class */
};

void headers_defaults(const struct store *store, const char *key,
		      struct header_defaults *out);

/* A file of that name has this header without anybody's doing. */
bool headers_is_default(const struct header_defaults *defaults,
			const struct pair *header);

struct headers_plan {
	const struct pairs *stored; /* NULL: nothing is kept */
	const struct pairs *wanted; /* NULL: none */
	bool applies_wanted;        /* else stored has them already */
	bool is_copy;               /* the bytes are those that are stored */
	const struct header_defaults *before, *after; /* old and new name's */
};

/*
 * The headers to send, S3_NOT_SENT where a rule is not to give one: what was
 * taken away by hand and, of a copy, what the object has not. Pure. Returns 0
 * or -ENOMEM.
 */
MUST_USE int headers_compose(const struct headers_plan *plan,
			     struct pairs *out);

/* True if a copy cannot leave the headers as they are. */
bool headers_must_change(const struct headers_plan *plan);

/* The bytes of user-defined metadata: S3 takes HEADERS_METADATA_MAX. */
#define HEADERS_METADATA_MAX 2048
size_t headers_metadata_bytes(const struct pairs *headers);

#define HEADERS_TAGGING "x-amz-tagging"

/* ------------------------------------------------------- of a node */

/* What HEAD or GET told of the node's object, if it is this version. */
void headers_learn_locked(struct store *store, struct node *node,
			  const struct s3_object *object);
/* The object is another one; by us: what was set by hand stays. */
void headers_forget_locked(struct node *node, bool is_by_us);
/* Sets (value "": takes away) by hand. */
MUST_USE int headers_want_locked(struct node *node, const char *name,
				 const char *value);
/* What memory has of all this. Returns 0, -ENODATA, -ENOMEM. */
MUST_USE int headers_known(struct store *store, const struct node *node,
			   struct pairs *out);
/* wanted of a node that may have none: borrowed under the lock. */
const struct pairs *headers_wanted_locked(const struct node *node);
bool headers_is_pending_locked(const struct node *node);
/* How often headers were set by hand. */
unsigned headers_changes_locked(const struct node *node);
void headers_free(struct headers *headers);

/*
 * What the object of this key has: from memory if the node's is fresh, else
 * by HEAD. Waits; on the pool. Returns 0, -ENOENT, ...
 */
MUST_USE int headers_ask(struct store *store, struct node *node,
			 const char *key, struct pairs *out,
			 struct errinfo *err);

#endif
