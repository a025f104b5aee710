/* SPDX-License-Identifier: MIT */
/* Who waits for bytes of a file that are on their way. */
#ifndef STORE_WAITERS_H
#define STORE_WAITERS_H

#include <stdbool.h>
#include <stdint.h>

#include "list.h"
#include "macros.h"

struct errinfo;
struct file;

/* Somebody who waits for bytes; in file.waiters. */
struct waiter {
	struct list_link link;
	uint64_t start, end;
	bool is_reader; /* a read(2): of no use once all have closed */
	/* Called without the lock once the bytes are here, or result < 0. */
	void (*ready)(struct waiter *waiter, int result,
		      const struct errinfo *err);
	int result;
};

/* True if a read of the range needs nothing from the bucket. */
bool file_has_locked(const struct file *file, uint64_t start, uint64_t end);

/*
 * Waits, on the pool, until [start, end) is here; file.lock is held and is
 * given up meanwhile. Returns 0 or the fetch's error.
 */
MUST_USE int fetch_wait_locked(struct file *file, uint64_t start, uint64_t end,
			       struct errinfo *err);
/* Calls ready of each; no lock held. err may be NULL. */
void fetch_tell(struct list_link *waiters, const struct errinfo *err);
/* All: those who are to be told (fetch_tell) move to the list given. */

/* What is held now may be all that somebody waits for. */
void waiters_collect_locked(struct file *file, struct list_link *ready);
/* Who waits for bytes of [start, end). */
void waiters_fail_locked(struct file *file, uint64_t start, uint64_t end,
			 int result, struct list_link *failed);

/*
 * What came first of a fetch can be dropped before its last has come; who
 * asked for it in between, seeing it on its way, has to ask again.
 */
void waiters_forgotten_locked(struct file *file, struct list_link *told);
void waiters_cancel_readers_locked(struct file *file, struct list_link *told);

#endif
