/* SPDX-License-Identifier: MIT */
/*
 * Some memory for bytes of a file: counted, and paid for from the budget. Any
 * thread; who is not the only one that has a block does not write into it.
 */
#ifndef STORE_BLOCK_H
#define STORE_BLOCK_H

#include <stdatomic.h>

#include "data/budget.h"

#define BLOCK_BYTES (256u * 1024)

struct block {
	_Atomic unsigned refs;
	struct budget *budget;
	struct block *next; /* until it has a place */
	char data[];
};

/*
 * Its memory must have been taken from the budget. NULL: no memory, and the
 * budget has it back.
 */
struct block *block_new(struct budget *budget);

/* The bytes of all blocks that a range touches. */
static inline uint64_t block_span(uint64_t start, uint64_t end)
{
	return (end + BLOCK_BYTES - 1) / BLOCK_BYTES * BLOCK_BYTES -
	       start / BLOCK_BYTES * BLOCK_BYTES;
}

struct block *block_get(struct block *block);
/* Gives the memory back when nobody has block any more; it may be NULL. */
void block_put(struct block *block);

#endif
