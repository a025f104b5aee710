/* SPDX-License-Identifier: MIT */
/*
 * Allocations that fail when told to. The linker leads those of our own code
 * (and of the tests) here, --wrap; libraries' own are as ever.
 *
 *   for (unsigned n = 1; alloc_fail_at(n), run(), alloc_has_failed(); n++)
 *
 * Any thread.
 */
#ifndef ALLOC_H
#define ALLOC_H

#include <stdbool.h>
#include <stddef.h>

/* The nth allocation from now on fails, and no other; 0: none. */
void alloc_fail_at(unsigned n);

/* Whether it has come to that since. */
bool alloc_has_failed(void);

/* Blocks of our own code that are not freed. */
size_t alloc_live(void);

/* Who made those that are younger than mark, and who was refused, to stderr. */
size_t alloc_mark(void);
void alloc_report(size_t mark);

#endif
