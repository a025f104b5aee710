/* SPDX-License-Identifier: MIT */
/*
 * One limit on the memory of all files' bytes. Whoever wants memory takes
 * its size first; nobody holds one ticket while waiting for another. A
 * leaf lock-wise; any thread.
 */
#ifndef STORE_BUDGET_H
#define STORE_BUDGET_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "lock.h"

#define BUDGET_SPARES 64

struct budget {
	_Atomic uint64_t used;
	_Atomic uint64_t spool; /* bytes on disk; nothing bounds them */
	uint64_t limit;
	struct lock spares_lock;
	void *spares[BUDGET_SPARES]; /* outside the budget; from malloc */
	unsigned spare_count;
};

/* Zero bytes used of limit. */
void budget_init(struct budget *b, uint64_t limit);
void budget_release(struct budget *b);

/* The default: 512 MiB or a quarter of RAM or cgroup, the least of them. */
uint64_t budget_default_bytes(void);

/* Takes bytes if that stays inside the limit. */
bool budget_try(struct budget *b, uint64_t bytes);

/* Takes bytes whatever the limit: small sums that progress depends on. */
void budget_force(struct budget *b, uint64_t bytes);

void budget_give(struct budget *b, uint64_t bytes);

/*
 * Keeps memory of one size, from malloc, for the next who needs it, or frees
 * it: to have the kernel clear fresh pages costs more than to fill them.
 */
void budget_spare(struct budget *b, void *memory);
/* The caller's now, contents undefined; NULL if there is none. */
void *budget_take_spare(struct budget *b);

#endif
