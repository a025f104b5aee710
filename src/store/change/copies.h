/* SPDX-License-Identifier: MIT */
/*
 * All objects below one prefix copied below another, many at a time. What
 * was sent is remembered, so that it can be removed here or there. On the
 * pool; one thread at a time; no lock held.
 */
#ifndef STORE_COPIES_H
#define STORE_COPIES_H

#include "internal.h"
#include "name.h"

struct copies {
	/* In. */
	struct store *store;
	struct node *dir;      /* whose files' headers go along */
	const char *from, *to; /* each ends in a slash */
	bool has_marker;       /* to is an empty folder already */

	struct list_link pages; /* of what was sent below to, in order */
	size_t count;
	bool has_own_marker; /* to itself is among them, */
	bool is_mere_claim;  /* and from itself is not there */
	struct strmap etags; /* -> struct copied_etag, where a copy's differs */
	/*
	 * Not ours there, or no more here: nothing of it is removed. Without
	 * memory to note one nothing at all is.
	 */
	struct strmap spared;
	bool is_blind;
	bool has_tried; /* a copy on the condition that its key is free */
	size_t found;   /* objects below to, counted at the end */

	struct lock lock;
	pthread_cond_t landed;
	unsigned flying;
	int error;
	struct errinfo err;
};

struct copied_etag {
	char from[S3_ETAG_MAX], to[S3_ETAG_MAX];
};

void copies_init(struct copies *c, struct store *store, struct node *dir);
void copies_release(struct copies *c);

/*
 * Makes the folder at to, and makes sure that nobody else has made it at the
 * same moment: -EEXIST. *is_sure: the server honours the condition for it.
 */
MUST_USE int copies_claim(struct copies *c, bool *is_sure, struct errinfo *err);

/*
 * Copies all. -EEXIST: another host has stored something below to. An object
 * that is removed meanwhile is none of them. err names the key that failed.
 */
MUST_USE int copies_make(struct copies *c, struct errinfo *err);

/* 0 if nothing is below to but what was sent, else -EEXIST. */
MUST_USE int copies_check_alone(struct copies *c, struct errinfo *err);

/* The directory that has the last component of path, name; or NULL. */
struct node *copies_find_dir_locked(struct tree *tree, struct node *dir,
				    const char *path, char name[NAME_SIZE]);
/* What the tree has of the file that is called so below dir, or NULL. */
struct node *copies_find_file_locked(struct tree *tree, struct node *dir,
				     const char *path);

#endif
