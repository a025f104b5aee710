/* SPDX-License-Identifier: MIT */
/*
 * One row of the table of extended attributes in xattr.c. All names begin
 * with "user.s3.". A name may have a query behind it ("url?expire=60").
 */
#ifndef STORE_XATTR_H
#define STORE_XATTR_H

#include "internal.h"

struct xattr_row;

/* What a row is asked for. */
struct xattr_ask {
	struct store *store;
	struct node *node; /* counted while it is asked */
	const struct xattr_row *row;
	const char *rest;  /* NAME of meta.NAME, else "" */
	const char *query; /* behind the '?'; NULL if there is none */
};

struct xattr_row {
	const char *name;   /* a dot at the end: anything may follow it */
	const char *header; /* whose value it is, or begins with; or NULL */
	bool is_instant;    /* get asks nobody, and runs where it is called */
	bool of_dirs;       /* directories have it too */
	/* Appends the value; else on the pool. -ENODATA: there is none. */
	int (*get)(const struct xattr_ask *ask, struct buf *value,
		   struct errinfo *err);
	/*
	 * NULL: it cannot be set. Else 0 if a header can have this value,
	 * or -EINVAL.
	 */
	int (*check)(const char *value);
};

/*
 * The headers of the node's object or, if it is not stored as it is now, of
 * what will be. may_ask: else only what memory knows. Waits, on the pool, if
 * may_ask. -ENODATA: memory does not know.
 */
MUST_USE int xattr_headers(struct store *store, struct node *node, bool may_ask,
			   struct pairs *out, struct errinfo *err);

/*
 * Gives the header another value, "": takes it away. flags: XATTR_CREATE,
 * XATTR_REPLACE. Waits; on the pool. -ENODATA, -EEXIST, -ENOSPC, ...
 */
MUST_USE int xattr_change(struct store *store, struct node *node,
			  const char *header, const char *value, int flags,
			  struct errinfo *err);

/*
 * user.s3.url: appends the URL of a file by the client's options. What stands
 * in ask->query changes it: expire=SECONDS, method=HEAD, and parameters by
 * their names in boto3, values percent-encoded, joined by "&". -EAGAIN while
 * the file is being written or stored, -ENODATA for a directory unless there
 * is a custom domain, -EINVAL for what cannot be. No URL for PUT: who may
 * read a file must not get the right to replace it.
 */
MUST_USE int url_get(const struct xattr_ask *ask, struct buf *value,
		     struct errinfo *err);

#endif
