/* SPDX-License-Identifier: MIT */
/* Monotonic time for time-outs and caches, wall time for signatures. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdatomic.h>
#include <stdint.h>
#include <time.h>

/* By how much a test has moved the clock; nothing in the program writes it. */
extern _Atomic int64_t clock_moved_ms;

/* Milliseconds since some fixed moment; never goes back. */
static inline int64_t clock_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000 +
	       atomic_load_explicit(&clock_moved_ms, memory_order_relaxed);
}

/* The moment in that many milliseconds, for a wait on CLOCK_MONOTONIC. */
static inline struct timespec clock_in_ms(int64_t ms)
{
	int64_t at_ms = clock_now_ms() + ms;

	return (struct timespec){ .tv_sec = at_ms / 1000,
				  .tv_nsec = at_ms % 1000 * 1000000 };
}

/* Microseconds since some fixed moment, to measure by; no test moves them. */
static inline uint64_t clock_now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

/* Nanoseconds since 1970-01-01 UTC. */
static inline int64_t clock_wall_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

#endif
