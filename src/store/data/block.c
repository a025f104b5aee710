/* SPDX-License-Identifier: MIT */
#include "data/block.h"

#include <stdlib.h>

#include "data/budget.h"

struct block *block_get(struct block *block)
{
	block->refs++;
	return block;
}

void block_put(struct block *block)
{
	struct budget *budget;

	if (!block || --block->refs > 0)
		return;
	budget = block->budget;
	budget_spare(budget, block);
	budget_give(budget, BLOCK_BYTES);
}

struct block *block_new(struct budget *budget)
{
	struct block *block = budget_take_spare(budget);

	if (!block)
		block = malloc(sizeof(*block) + BLOCK_BYTES);
	if (!block) {
		budget_give(budget, BLOCK_BYTES);
		return NULL;
	}
	block->refs = 1;
	block->budget = budget;
	return block;
}
