/* SPDX-License-Identifier: MIT */
/*
 * Who writes and finds neither memory nor disk waits here, parked and on no
 * thread, for what is on its way to the bucket.
 *
 *   moves = room_moves(store);
 *   ... looks for room in all places, in vain ...
 *   if (room_park(store, &waiter, moves))
 *           return;                             its job will run again
 *   switch (room_borrow(store, file, bytes, most)) ...
 *
 * If nothing is on its way, nobody would ever go on: all files may be waiting
 * for the rest of a part. So one of them at a time may go over the budget,
 * until something of it has gone to the bucket. The others wait for it, but
 * not for long once it stands still.
 */
#ifndef STORE_ROOM_H
#define STORE_ROOM_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "list.h"
#include "lock.h"
#include "pool.h"

struct file;
struct store;

struct room {
	struct lock lock; /* a leaf, but for the pool's */
	pthread_cond_t moved;
	struct {
		struct list_link parked;
		uint64_t moves;   /* + 1 with all that may have made room */
		unsigned sending; /* what is on its way to make some */
		const struct file *debtor; /* goes over the budget; or NULL */
		uint64_t debt;             /* bytes it was lent */
		int64_t lent_ms;           /* last */
		bool has_watcher;
	} locked;
};

void room_init(struct room *room);
void room_release(struct room *room);

/* Something is on its way that will make room, or not: room_end. Any lock. */
void room_begin(struct store *store);
/* It is over. file is who did it, and owes nothing any more. */
void room_end(struct store *store, const struct file *file);
/* There may be more room: bytes were cut off, a file is gone. */
void room_gained(struct store *store, const struct file *file);

uint64_t room_moves(struct store *store);

/*
 * Has job run on the store's pool when there may be more room than at moves;
 * at once if that is now. False: nothing is on its way.
 */
bool room_park(struct store *store, struct pool_job *job, uint64_t moves);

enum room_loan {
	ROOM_LENT,    /* file may take bytes over the budget */
	ROOM_LATER,   /* another file may: job runs when that is over */
	ROOM_REFUSED, /* file had most already, or the other stands still */
};

/* As room_park, when nothing is on its way. On the pool; it may wait. */
enum room_loan room_borrow(struct store *store, const struct file *file,
			   uint64_t bytes, uint64_t most, struct pool_job *job,
			   uint64_t moves);

#endif
