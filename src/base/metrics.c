/* SPDX-License-Identifier: MIT */
/* Counters and times; see metrics.h. */
#include "metrics.h"

#include "lock.h"

#define CELLS 256u        /* kinds of times */
#define SLOTS (2 * CELLS) /* of the table that finds them; a power of two */

const struct metric_row metric_rows[METRICS] = {
#define X(id, kind, name, help) { name, METRIC_##kind, help },
	METRICS_TABLE(X)
#undef X
};

_Atomic uint64_t metric_counters[METRICS];

/* One kind of times. It is never given back, so readers need no lock. */
struct cell {
	enum metric metric;
	const char *operation, *outcome;
	_Atomic uint64_t sum_us;
	_Atomic uint64_t buckets[METRIC_BUCKETS];
};

static struct cell cells[CELLS];
static _Atomic(struct cell *) slots[SLOTS];
static struct lock grow_lock = LOCK_INIT(LOCK_METRICS);
static _Atomic size_t cell_count; /* rises under grow_lock */

static size_t cell_slot(enum metric metric, const char *operation,
			const char *outcome)
{
	uint64_t mix = (uintptr_t)operation * 31 + (uintptr_t)outcome + metric;

	return (mix * 0x9e3779b97f4a7c15u) >> 32;
}

/* Its cell, or the empty slot where it may have one. */
static struct cell *cell_find(enum metric metric, const char *operation,
			      const char *outcome, size_t *at)
{
	struct cell *c;

	for (*at = cell_slot(metric, operation, outcome) % SLOTS;;
	     *at = (*at + 1) % SLOTS) {
		c = atomic_load_explicit(&slots[*at], memory_order_acquire);
		if (!c || (c->metric == metric && c->operation == operation &&
			   c->outcome == outcome))
			return c;
	}
}

/* NULL: there are too many. */
static struct cell *cell_add(enum metric metric, const char *operation,
			     const char *outcome)
{
	size_t at, count;
	struct cell *c;

	LOCK(&grow_lock);
	c = cell_find(metric, operation, outcome, &at);
	count = atomic_load(&cell_count);
	if (c || count == CELLS)
		return c;
	c = &cells[count];
	c->metric = metric;
	c->operation = operation;
	c->outcome = outcome;
	atomic_store(&cell_count, count + 1);
	atomic_store_explicit(&slots[at], c, memory_order_release);
	return c;
}

unsigned metrics_bucket(uint64_t us)
{
	unsigned i;

	if (us <= METRIC_FIRST_US)
		return 0;
	i = 64 - (unsigned)__builtin_clzll((us - 1) / METRIC_FIRST_US);
	return i < METRIC_BUCKETS ? i : METRIC_BUCKETS - 1;
}

void metrics_time(enum metric times, const char *operation, const char *outcome,
		  uint64_t us)
{
	size_t at;
	struct cell *c = cell_find(times, operation, outcome, &at);

	if (!c)
		c = cell_add(times, operation, outcome);
	if (!c)
		return;
	atomic_fetch_add_explicit(&c->sum_us, us, memory_order_relaxed);
	atomic_fetch_add_explicit(&c->buckets[metrics_bucket(us)], 1,
				  memory_order_relaxed);
}

bool metrics_times(size_t number, struct metric_times *out)
{
	const struct cell *c;

	if (number >= atomic_load(&cell_count))
		return false;
	c = &cells[number];
	*out = (struct metric_times){
		.metric = c->metric,
		.operation = c->operation,
		.outcome = c->outcome,
		.sum_us = c->sum_us,
	};
	for (size_t i = 0; i < METRIC_BUCKETS; i++) {
		out->buckets[i] = c->buckets[i];
		out->count += out->buckets[i];
	}
	return true;
}
