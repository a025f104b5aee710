/* SPDX-License-Identifier: MIT */
/* Counters that tests assert on. Any thread. */
#ifndef SERVER_STATS_H
#define SERVER_STATS_H

#include <jansson.h>
#include <stdatomic.h>

#define STATS_OPS_MAX 64

struct stats {
	atomic_ullong requests[STATS_OPS_MAX]; /* by op number */
	atomic_ullong bytes_in;                /* of bodies, as sent */
	atomic_ullong bytes_out;               /* of bodies */
	atomic_ullong connections;             /* opened */
	atomic_llong in_flight;
	atomic_llong in_flight_max;
};

void stats_request_begins(struct stats *stats);
void stats_request_ends(struct stats *stats);

/* New reference, or NULL. */
json_t *stats_json(struct stats *stats);

void stats_reset(struct stats *stats);

#endif
