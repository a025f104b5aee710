/* SPDX-License-Identifier: MIT */
/*
 * A page of a list: items below a root, each of some texts, and beside them
 * what tells of the page itself. Which elements are items, and what becomes
 * of their texts, is the list's; the shape is the same for all.
 */
#ifndef S3_PAGE_H
#define S3_PAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "macros.h"

/* All return 0, -EBADMSG for what no such page can have, or -ENOMEM. */
struct page_kind {
	const char *root;
	const char *items[2]; /* their elements; the second may be NULL */
	bool is_lenient;      /* as xml.h's */
	bool must_tell;       /* whether more pages follow */
	/* An item opens, items[kind]. */
	int (*begin)(void *arg, unsigned kind);
	/* A text of the open item. */
	int (*text)(void *arg, const char *name, const char *text, size_t len);
	/* The open item is over: is all there that it has to have? */
	int (*end)(void *arg);
	/* A text of the page's own but IsTruncated; or NULL. */
	void (*note)(void *arg, const char *name, const char *text);
};

/* Reads body. *is_truncated: more pages follow. */
MUST_USE int page_read(const struct buf *body, const struct page_kind *kind,
		       void *arg, bool *is_truncated);

/*
 * Room for one more of count items of size bytes; *cap says for how many
 * there is. Returns the items, or NULL and they stay as they were.
 */
void *page_grow(void *items, size_t count, size_t *cap, size_t size);

#endif
