/* SPDX-License-Identifier: MIT */
/* A file that was written goes into the bucket. */
#ifndef STORE_PUBLISH_H
#define STORE_PUBLISH_H

#include <stdbool.h>
#include <stdint.h>

#include "macros.h"

struct errinfo;
struct file;
struct node;
struct store;

/* What is dirty into the bucket, waiting; on the pool; no lock held. */
MUST_USE int file_publish(struct file *file, struct errinfo *err);

/*
 * Before its key changes: what is in an upload of that key alone is stored
 * under it. An error stays with the file. Waits; on the pool; no lock held.
 */
void file_save_gone(struct file *file);

/*
 * The file of node, counted, with nobody else using its key until it is
 * unclaimed; waits, on the pool. One is made if there is none, for somebody
 * may open and write it meanwhile. NULL: no memory.
 */
struct file *file_claim(struct store *store, struct node *node, bool *is_dirty);
void file_unclaim(struct file *file);
/* As file_publish, by who has claimed the file; that is over with it. */
MUST_USE int file_publish_claimed(struct file *file, struct errinfo *err);
/* The object was copied onto itself, to have other headers. -ENOMEM. */
MUST_USE int file_learn_copy(struct file *file, const char *etag,
			     int64_t mtime_ns);

#endif
