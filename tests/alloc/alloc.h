/* SPDX-License-Identifier: MIT */
/*
 * Allocations that fail when told to. The linker leads those of our own code
 * (and of the tests) here, --wrap, and its calls of libraries that give
 * something new; what libraries allocate for themselves is as ever.
 *
 *   alloc_begin(2);
 *   do {
 *           alloc_fail_next();
 *           run();
 *           alloc_stop();
 *   } while (alloc_has_failed());
 *
 * fails one allocation in each run, from the first on; but of those that are
 * asked for in the same way (by the same callers of callers) only the first
 * two of a run, so that a body of many blocks takes no longer than one of
 * three. Any thread.
 */
#ifndef ALLOC_H
#define ALLOC_H

#include <stdbool.h>
#include <stddef.h>

/* Nothing has failed yet; of those alike at most the first few of a run will. */
void alloc_begin(unsigned alike_max);

/* The next allocation that has not failed yet does, and no other. */
void alloc_fail_next(void);

/* None fails any more; what has failed can still be asked for. */
void alloc_stop(void);

/* Whether it has come to that since alloc_fail_next. */
bool alloc_has_failed(void);

/* From now on blocks count, until they are freed. */
void alloc_count(void);
size_t alloc_counted(void);

/* To stderr: who was refused, who calls, and who made the blocks that count. */
void alloc_report_refused(void);
void alloc_report_here(void);
void alloc_report_counted(void);

#endif
