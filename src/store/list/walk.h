/* SPDX-License-Identifier: MIT */
/*
 * Recursive listings for walks over a tree: one request for a thousand
 * objects instead of one for each directory. What a page tells of
 * directories goes to their nodes, which are held as long as it is fresh.
 *
 * Any thread; no lock held, but for walks_new and walks_free: one thread.
 */
#ifndef STORE_WALK_H
#define STORE_WALK_H

#include <stdbool.h>

#include "macros.h"

struct node;
struct store;
struct walks;

/* NULL: no memory. */
MUST_USE struct walks *walks_new(void);
/* Nothing is on its way any more. NULL is allowed. */
void walks_free(struct store *store, struct walks *walks);

struct walk_op {
	/*
	 * The listing of the directory now has what the page told of it; if
	 * that is not what was missing, it has to be listed by itself.
	 */
	void (*done)(struct walk_op *op);
};

/*
 * Lists on from the entry after ("": the start) of dir, which the listing in
 * memory does not have, if a walk is going on there. False if not: then
 * nothing was started. dir is the caller's until done.
 */
MUST_USE bool walk_list(struct store *store, struct node *dir,
			const char *after, struct walk_op *op);

/*
 * Lists the whole location, page after page, on its own. walks_free waits
 * for its end, which store_end_reads brings about.
 */
void walk_preload(struct store *store);

/* A stream of dir begins with what memory has. */
void walk_opened(struct store *store, struct node *dir);

#endif
