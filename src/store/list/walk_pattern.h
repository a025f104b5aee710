/* SPDX-License-Identifier: MIT */
/*
 * Which directories are opened one after another as a walk over a tree opens
 * them, and when it pays to list what comes next without delimiter.
 *
 * A walk is seen when two directories were asked for in pre-order, one after
 * the other: a parent and its first child directory, or two siblings, or the
 * last one below a parent and the parent's sibling. Listing ahead goes on as
 * long as what was listed ahead is opened.
 *
 * Directories are paths relative to the location: "" the root, "a/b/". Pure;
 * the caller locks.
 */
#ifndef STORE_WALK_PATTERN_H
#define STORE_WALK_PATTERN_H

#include <stdbool.h>
#include <stdint.h>

#include "s3.h"

#define WALKS_MAX 8

struct walk {
	char top[S3_KEY_MAX + 1]; /* all of the walk is below it */
	char at[S3_KEY_MAX + 8];  /* what was asked for or listed last */
	bool is_known;
	bool is_busy;           /* a page is on its way */
	bool has_more;          /* at is where the last page ended */
	unsigned asked, needed; /* directories before a page */
	uint64_t pages, sealed, opened;
	int64_t last_ms;
};

struct walk_pattern {
	struct walk walks[WALKS_MAX];
};

/* A directory's listing that memory does not have. */
struct walk_question {
	const char *dir;
	const char *after;   /* an entry's key: "f", "d/"; "" at the start */
	bool is_first_child; /* no directory comes before it in its parent */
	int64_t now_ms;
	int64_t ttl_ms; /* how long a page is good */
};

/*
 * The walk whose next page answers the question, below top and behind at,
 * until walk_pattern_answer; or NULL: ask with the delimiter.
 */
struct walk *walk_pattern_ask(struct walk_pattern *p,
			      const struct walk_question *question);

/*
 * A page came: it ended with the path last (NULL: at the end of top), and
 * sealed directories lie in it whole, ahead of them not asked for.
 */
void walk_pattern_answer(struct walk *walk, const char *last, unsigned sealed,
			 unsigned ahead);

/* No page came that is of use. */
void walk_pattern_fail(struct walk *walk);

/* dir is opened, and memory has its beginning. */
void walk_pattern_opened(struct walk_pattern *p, const char *dir,
			 int64_t now_ms);

#endif
