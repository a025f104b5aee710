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
	const char *name; /* a dot at the end: anything may follow it */
	bool is_instant;  /* get asks nobody, and runs where it is called */
	bool of_dirs;     /* directories have it too */
	bool is_unlisted; /* copying programs must not take it along */
	/* Appends the value; else on the pool. -ENODATA: there is none. */
	int (*get)(const struct xattr_ask *ask, struct buf *value,
		   struct errinfo *err);
};

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
