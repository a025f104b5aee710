/* SPDX-License-Identifier: MIT */
/* One limit on the memory of all files' bytes; see budget.h. */
#include "data/budget.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define MIB (1024ull * 1024)

/* cgroup v2's memory.max of this process's group; UINT64_MAX if none. */
static uint64_t cgroup_limit(void)
{
	FILE *f = fopen("/sys/fs/cgroup/memory.max", "re");
	unsigned long long bytes;
	uint64_t limit = UINT64_MAX;

	if (!f)
		return limit;
	if (fscanf(f, "%llu", &bytes) == 1)
		limit = bytes;
	fclose(f);
	return limit;
}

uint64_t budget_default_bytes(void)
{
	uint64_t ram = (uint64_t)sysconf(_SC_PHYS_PAGES) *
		       (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t group = cgroup_limit();
	uint64_t bytes = (ram < group ? ram : group) / 4;

	return bytes < 512 * MIB ? bytes : 512 * MIB;
}

void budget_init(struct budget *b, uint64_t limit)
{
	*b = (struct budget){ .limit = limit,
			      .spares_lock = LOCK_INIT(LOCK_SPARES) };
}

void budget_release(struct budget *b)
{
	while (b->spare_count > 0)
		free(b->spares[--b->spare_count]);
}

void budget_spare(struct budget *b, void *memory)
{
	{
		LOCK(&b->spares_lock);
		if (b->spare_count < BUDGET_SPARES) {
			b->spares[b->spare_count++] = memory;
			memory = NULL;
		}
	}
	free(memory);
}

void *budget_take_spare(struct budget *b)
{
	LOCK(&b->spares_lock);
	return b->spare_count > 0 ? b->spares[--b->spare_count] : NULL;
}

bool budget_try(struct budget *b, uint64_t bytes)
{
	uint64_t used = b->used;

	do {
		if (bytes > b->limit || used > b->limit - bytes)
			return false;
	} while (!atomic_compare_exchange_weak(&b->used, &used, used + bytes));
	return true;
}

void budget_force(struct budget *b, uint64_t bytes)
{
	b->used += bytes;
}

void budget_give(struct budget *b, uint64_t bytes)
{
	b->used -= bytes;
}
