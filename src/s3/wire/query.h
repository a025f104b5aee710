/* SPDX-License-Identifier: MIT */
/*
 * The query of a request, before and after percent-encoding.
 *
 *   struct query q = QUERY_INIT;
 *   query_add(&q, "list-type", "2");
 *   query_add(&q, "uploads", NULL);
 *   query_write(&q, &url);            ?list-type=2&uploads
 *
 * Names and values go in decoded; they are encoded in query.c and nowhere
 * else. Texts are borrowed for the life of the struct. One thread at a time.
 */
#ifndef S3_QUERY_H
#define S3_QUERY_H

#include <stddef.h>

#include "buf.h"

/* More than any S3 operation has; ListObjectsV2 takes 8. */
#define QUERY_MAX 24

struct query_param {
	const char *name;
	const char *value; /* NULL: a bare name, as in "?acl" */
};

struct query {
	struct query_param params[QUERY_MAX];
	size_t count;
	int error; /* -E2BIG after one too many; kept, as in struct buf */
};

#define QUERY_INIT         \
	{                  \
		.count = 0 \
	}

void query_add(struct query *q, const char *name, const char *value);

/* Appends "?a=b&c" in the order of adding; nothing if there is none. */
void query_write(const struct query *q, struct buf *out);

/*
 * Appends the canonical query string of Signature Version 4: sorted by the
 * encoded name and then value, "a=b&c=", no question mark.
 */
void query_write_canonical(const struct query *q, struct buf *out);

#endif
