/* SPDX-License-Identifier: MIT */
/*
 * The bytes of one file that this program holds: in memory in blocks of
 * BLOCK_BYTES, or in a spool file at the same offset. Blocks are counted,
 * so that a reader or an upload keeps what it saw (pieces.h) while writers go
 * on: a write into a shared block makes a copy first.
 *
 * Which bytes are held is the owner's knowledge (struct file's extents);
 * here is only where they are: in the spool if spilled says so, else in a
 * block. The owner's lock protects a struct blocks.
 *
 * The disk is never waited for with that lock held: functions that do leave
 * it meanwhile, and are for threads that may wait. So that no older bytes
 * come after newer ones, one thread at a time changes a file's spool; it has
 * taken the disk (is_disk_taken). What somebody is still to read from there is
 * pinned, and stays as it is.
 */
#ifndef STORE_BLOCKS_H
#define STORE_BLOCKS_H

#include <stddef.h>
#include <stdint.h>

#include "data/block.h"
#include "data/budget.h"
#include "data/extents.h"
#include "list.h"
#include "lock.h"
#include "macros.h"

/* A range of the spool; its memory is whose who pins it. */
struct pin {
	struct list_link link;
	uint64_t start, end;
};

struct blocks {
	struct block ***chunks; /* two levels, so that a sparse file is cheap */
	size_t chunk_count;
	struct budget *budget;
	_Atomic uint64_t memory_bytes; /* of blocks; others look, too */
	struct extents spilled;        /* bytes whose place is the spool */
	int spool_fd;                  /* -1: none yet */
	uint64_t spool_bytes;          /* that it has, in budget->spool */
	bool is_disk_taken;
	const char *temp_dir;
	struct lock pins_lock; /* a leaf */
	struct list_link pins;
	struct lock *lock;       /* the owner's */
	pthread_cond_t *changed; /* told when the disk is free again */
};

void blocks_init(struct blocks *b, struct budget *budget, const char *temp_dir,
		 struct lock *lock, pthread_cond_t *changed);
void blocks_release(struct blocks *b);

/* How a write pays for the memory it needs. */
enum blocks_pay {
	BLOCKS_TRY,   /* from the budget, or -EAGAIN with nothing written */
	BLOCKS_FORCE, /* over the limit if need be */
};

/*
 * Copies data to memory. Returns 0, -EAGAIN (budget), -ENOMEM; these leave
 * all as it was. *ticket, if ticket is not NULL, pays first: it is lessened
 * by what was used of it.
 */
MUST_USE int blocks_write(struct blocks *b, uint64_t offset, const void *data,
			  size_t len, enum blocks_pay pay, uint64_t *ticket);

/* Takes the disk, waiting while somebody else has it; the lock is left then. */
void blocks_disk_enter_locked(struct blocks *b);
void blocks_disk_leave_locked(struct blocks *b);

/*
 * Writes data to the spool, which is made when missing: unlinked, 0600, in
 * temp_dir. The disk is taken; the lock is left meanwhile. It is the caller
 * who then knows whether these bytes still count, and adds them to spilled.
 * Returns 0, -EAGAIN (some of it is pinned), -ENOSPC, another error of the
 * disk, or -ENOMEM.
 */
MUST_USE int blocks_write_disk_locked(struct blocks *b, uint64_t offset,
				      const void *data, size_t len);

/*
 * Moves the bytes of have that are in memory, in blocks that lie in
 * [start, end) as a whole, to the spool, but for those that are pinned there.
 * Takes the disk. Errors as above.
 */
MUST_USE int blocks_spill_locked(struct blocks *b, const struct extents *have,
				 uint64_t start, uint64_t end);

/* Keeps [start, end) of the spool as it is until blocks_unpin. */
void blocks_pin(struct blocks *b, struct pin *pin, uint64_t start,
		uint64_t end);
/* Needs no lock. */
void blocks_unpin(struct blocks *b, struct pin *pin);
bool blocks_is_pinned(struct blocks *b, uint64_t start, uint64_t end);

/*
 * Forgets [start, end): frees whole blocks, and the room on the disk, which
 * is taken and not pinned; the lock is left meanwhile. -ENOMEM: nothing was
 * done.
 */
MUST_USE int blocks_let_go_locked(struct blocks *b, uint64_t start,
				  uint64_t end);

/* Frees every block that lies in [start, end) as a whole. */
void blocks_drop(struct blocks *b, uint64_t start, uint64_t end);

/* The block in memory where the byte at offset is, not counted; or NULL. */
struct block *blocks_find(const struct blocks *b, uint64_t offset);

/*
 * Reads from the spool: without any lock, for who has pinned it. Returns 0 or
 * the disk's error.
 */
MUST_USE int blocks_read_disk(const struct blocks *b, uint64_t offset, void *to,
			      size_t len);

#endif
