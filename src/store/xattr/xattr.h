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

#endif
