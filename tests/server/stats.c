/* SPDX-License-Identifier: MIT */
/* Counters; see stats.h. */
#include "stats.h"

#include "ops.h"

void stats_request_begins(struct stats *stats)
{
	long long now = atomic_fetch_add(&stats->in_flight, 1) + 1;
	long long max = stats->in_flight_max;

	while (now > max &&
	       !atomic_compare_exchange_weak(&stats->in_flight_max, &max, now))
		;
}

void stats_request_ends(struct stats *stats)
{
	atomic_fetch_sub(&stats->in_flight, 1);
}

json_t *stats_json(struct stats *stats)
{
	json_t *requests = json_object();
	unsigned count;
	const struct op *ops = op_table(&count);
	json_int_t total = 0;

	for (unsigned i = 0; i < count; i++) {
		json_int_t n = (json_int_t)stats->requests[i];

		json_object_set_new(requests, ops[i].name, json_integer(n));
		total += n;
	}
	return json_pack("{so sI sI sI sI sI sI}", "requests", requests,
			 "total", total, "bytes_in",
			 (json_int_t)stats->bytes_in, "bytes_out",
			 (json_int_t)stats->bytes_out, "connections",
			 (json_int_t)stats->connections, "in_flight",
			 (json_int_t)stats->in_flight, "in_flight_max",
			 (json_int_t)stats->in_flight_max);
}

void stats_reset(struct stats *stats)
{
	for (unsigned i = 0; i < STATS_OPS_MAX; i++)
		stats->requests[i] = 0;
	stats->bytes_in = 0;
	stats->bytes_out = 0;
	stats->connections = 0;
	stats->in_flight_max = (long long)stats->in_flight;
}
