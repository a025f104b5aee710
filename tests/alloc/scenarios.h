/* SPDX-License-Identifier: MIT */
/*
 * Scenarios: each does one thing that a module promises, tells what came of
 * it and cleans up. scenarios_run has each run with one allocation failing,
 * the first, the second, ... until all were given, and complains of
 *
 *   - a result that is neither 0 (done all the same) nor -ENOMEM,
 *   - words for people that do not go with the result,
 *   - a block that is not freed,
 *   - a second try, with memory, that does not do right.
 *
 * What fails are the allocations of our own code, and its calls of libraries
 * that give something new (alloc.c has the list). Not covered are those that
 * libraries make for themselves, threads that do not start, and what needs a
 * kernel's mount or is the program itself: fs but for its inode table, the
 * tools but for output, target and settings, daemon, main.
 */
#ifndef SCENARIOS_H
#define SCENARIOS_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

#include "errinfo.h"
#include "macros.h"

/* What a scenario returns if the result is not what is promised. */
#define WRONG (-EBADE)

/* What is there before allocations fail, and is taken down after. */
struct world {
	/* Returns 0, or a negative errno; end is due in any case. */
	int (*begin)(const void *options);
	void (*end)(void);
	const void *options;
};

struct scenario {
	const char *name;
	int (*run)(void); /* 0 or a negative errno; called again and again */
	const struct world *world; /* NULL: none */
	void (*prepare)(void);     /* NULL: nothing; once, before all runs */
	unsigned alike_max;        /* see alloc_begin; 0: 2 */
	int other; /* a promised result for want of memory beside -ENOMEM */
};

/* SCENARIO("list", run_list, .world = &usual) */
#define SCENARIO(what, ...)                       \
	{                                         \
		.name = what, .run = __VA_ARGS__, \
	}

/* Where a scenario has words put; emptied before each run. */
extern struct errinfo words;

/* Something was refused in this run: a best effort may have done less. */
bool scenario_lacks_memory(void);

/* 0 if it is so, else WRONG. */
static inline int expect(bool is_right)
{
	return is_right ? 0 : WRONG;
}

/*
 * Runs all, or that which ALLOC_SCENARIO names. The number of complaints; each
 * is on stderr, with who was refused.
 */
int scenarios_run(const struct scenario *scenarios, size_t count);

#endif
