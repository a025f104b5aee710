/* SPDX-License-Identifier: MIT */
/*
 * Removals on their way: answered at once, sent as DeleteObjects of up to
 * 1000 keys, 20 ms after the last one came or 200 ms after the first.
 *
 * From deletes_add on the tree holds an absence of SEQ_PENDING; it gets its
 * number when the removal is done, or goes when it failed: the entry is then
 * back, the log says so, and the next fsync of the directory returns the
 * error. Whoever writes a key calls deletes_wait first.
 *
 * A key has one removal at a time, which several may hold (a name that was
 * removed, made again and removed again): it is sent when all have released it.
 */
#ifndef STORE_DELETES_H
#define STORE_DELETES_H

#include <stdbool.h>
#include <stddef.h>

#include "macros.h"

struct deletes;
struct node;
struct store;

/* NULL: no memory or no thread. */
struct deletes *deletes_new(struct store *store);

/*
 * Queues the removal of key, which is name below parent. held: it stays
 * until deletes_let_go. Returns 0 or -ENOMEM, with nothing queued.
 */
MUST_USE int deletes_add(struct deletes *d, struct node *parent,
			 const char *name, const char *key, bool held);

/* Gives up one hold; must_send: there is an object to remove. */
void deletes_let_go(struct deletes *d, const char *key, bool must_send);

/*
 * What name stood for could not be removed and is there still: the log has
 * said so, the next fsync of parent returns result. tree.lock is held.
 */
void deletes_bring_back_locked(struct store *store, struct node *parent,
			       const char *name, int result);

/* Returns when no removal of key is under way. On the pool. */
void deletes_wait(struct deletes *d, const char *key);

/* Returns when no removal that began before is under way. On the pool. */
void deletes_wait_all(struct deletes *d);

/* How many removals are under way, or held. Any thread. */
size_t deletes_count(struct deletes *d);

/* Waits for all, stops the thread. */
void deletes_free(struct deletes *d);

#endif
