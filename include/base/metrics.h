/* SPDX-License-Identifier: MIT */
/*
 * What this process has done since it began: counters, gauges, and times in
 * histograms. metrics_table.h names them all.
 *
 *   metrics_add(METRIC_HTTP_SENT, bytes);
 *   metrics_time(METRIC_S3_REQUESTS, "PutObject", "2xx", us);
 *
 * Any thread, no locks, no memory from malloc. One table for the process: it
 * has one mount, or is a tool.
 */
#ifndef BASE_METRICS_H
#define BASE_METRICS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "metrics_table.h"

enum metric {
#define X(id, kind, name, help) METRIC_##id,
	METRICS_TABLE(X)
#undef X
	METRICS
};

enum metric_kind {
	METRIC_COUNTER,
	METRIC_GAUGE,
	METRIC_TIMES,
};

struct metric_row {
	const char *name;
	enum metric_kind kind;
	const char *help;
};

extern const struct metric_row metric_rows[METRICS];

extern _Atomic uint64_t metric_counters[METRICS];

/* Relaxed: a counter orders nothing. */
static inline void metrics_add(enum metric counter, uint64_t more)
{
	atomic_fetch_add_explicit(&metric_counters[counter], more,
				  memory_order_relaxed);
}

static inline uint64_t metrics_get(enum metric counter)
{
	return atomic_load_explicit(&metric_counters[counter],
				    memory_order_relaxed);
}

/* A bucket has twice the time of the one before; the last has no bound. */
#define METRIC_BUCKETS  26
#define METRIC_FIRST_US 4u

struct metric_times {
	enum metric metric;
	const char *operation, *outcome;
	uint64_t count, sum_us;
	uint64_t buckets[METRIC_BUCKETS];
};

/* The bucket of us: bucket i has what is at most METRIC_FIRST_US << i. */
unsigned metrics_bucket(uint64_t us);

/*
 * Something took us. operation and outcome are constants of the program, told
 * apart by their address, and few: of the 257th kind nothing is kept.
 */
void metrics_time(enum metric times, const char *operation, const char *outcome,
		  uint64_t us);

/*
 * The number'th kind of times seen so far, of all metrics. False: there are
 * no more.
 */
bool metrics_times(size_t number, struct metric_times *out);

#endif
