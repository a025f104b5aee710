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

struct budget {
	_Atomic uint64_t used;
	uint64_t limit;
};

/* The default: 512 MiB or a quarter of RAM or cgroup, the least of them. */
uint64_t budget_default_bytes(void);

/* Takes bytes if that stays inside the limit. */
bool budget_try(struct budget *b, uint64_t bytes);

/* Takes bytes whatever the limit: small sums that progress depends on. */
void budget_force(struct budget *b, uint64_t bytes);

void budget_give(struct budget *b, uint64_t bytes);

#endif
