/* SPDX-License-Identifier: MIT */
/* Random numbers that are the same everywhere and in every run. */
#ifndef UNIT_RANDOM_H
#define UNIT_RANDOM_H

#include <stdint.h>

/* Not 0; each test sets its own. */
static uint64_t random_state;

/* xorshift64 */
static inline uint64_t random_below(uint64_t limit)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state % limit;
}

#endif
