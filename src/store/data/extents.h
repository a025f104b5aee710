/* SPDX-License-Identifier: MIT */
/*
 * A set of byte ranges [start, end), sorted and coalesced: what of a file is
 * dirty, what is in memory.
 *
 *   struct extents dirty = EXTENTS_INIT;
 *   rc = extents_add(&dirty, 0, 4096);
 *   ...
 *   extents_release(&dirty);
 *
 * A range with end <= start is empty; adding or removing it does nothing.
 * Everything is a binary search, and a move of the ranges behind where their
 * number changes: nothing at all for sequential writing. One
 * thread at a time.
 */
#ifndef STORE_EXTENTS_H
#define STORE_EXTENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "macros.h"

struct extent {
	uint64_t start;
	uint64_t end;
};

struct extents {
	struct extent *items; /* rising; a gap between any two */
	size_t count;
	size_t cap;
	uint64_t total; /* bytes in all */
};

#define EXTENTS_INIT \
	{            \
		0    \
	}

/* Both return 0, or -ENOMEM and leave the set as it was. */
MUST_USE int extents_add(struct extents *set, uint64_t start, uint64_t end);
MUST_USE int extents_remove(struct extents *set, uint64_t start, uint64_t end);

/* True if every byte of the range is in the set; so it is of an empty one. */
bool extents_contains(const struct extents *set, uint64_t start, uint64_t end);

/* How many bytes of the range are in the set. */
uint64_t extents_overlap(const struct extents *set, uint64_t start,
			 uint64_t end);

/*
 * The first range that ends behind from, whole: *start may be before from.
 * False, and the outputs untouched, if there is none.
 */
bool extents_next(const struct extents *set, uint64_t from, uint64_t *start,
		  uint64_t *end);

/*
 * The first stretch of [from, limit) that is not in the set, cut to these
 * bounds. False, and the outputs untouched, if there is none.
 */
bool extents_next_gap(const struct extents *set, uint64_t from, uint64_t limit,
		      uint64_t *start, uint64_t *end);

uint64_t extents_total(const struct extents *set);

/* Takes everything out; keeps the memory. */
void extents_clear(struct extents *set);

/* Takes out what lies at size and behind. */
void extents_truncate(struct extents *set, uint64_t size);

void extents_release(struct extents *set);

#endif
