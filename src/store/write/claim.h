/* SPDX-License-Identifier: MIT */
/* Who may use the key of an open file: one publish, or one who claims it. */
#ifndef STORE_CLAIM_H
#define STORE_CLAIM_H

#include <stdbool.h>

struct file;
struct node;
struct store;

/* Waits until no publish, claim or move of a parent is under way. */
void claim_await_locked(struct file *file);

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
void file_unclaim_locked(struct file *file);

#endif
