/* SPDX-License-Identifier: MIT */
/* What dir.c and dir_entry.c share: an open directory and its pages. */
#ifndef STORE_DIR_H
#define STORE_DIR_H

#include "internal.h"
#include "list/walk.h"

struct page {
	struct segment *segment;
	size_t first, count;
	uint64_t start; /* the place of its first entry */
	uint64_t seq;
};

struct stream {
	struct store *store;
	struct node *dir; /* counted */
	struct node **created;
	size_t created_count;
	struct strmap shown; /* names of created */
	struct page *pages;
	size_t page_count, page_cap;
	uint64_t end;     /* the place behind the last known entry */
	struct buf after; /* the key the next page follows */
	bool is_begun, is_complete;
	struct walk_op walk;
	struct store_op *op; /* while a page is on its way, */
	uint64_t cookie;     /* to make sure of this one */
};

#endif
