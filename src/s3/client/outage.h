/* SPDX-License-Identifier: MIT */
/*
 * Whether the server is out. It is when an operation has spent its whole
 * bound and nobody got an answer meanwhile; it is back with the first answer
 * to anybody that is no refusal for the moment. Who pauses between two tries
 * goes on then (running.h).
 *
 * While it is out, who wants to read gets a second instead of the whole bound,
 * so that a program that looks at a hundred files waits once. What commits
 * keeps its bound: a close that waits may still succeed. A server whose
 * answers take longer than a second is found by one question that has all the
 * time (client.c), asked when somebody else asks.
 *
 * Any thread.
 */
#ifndef S3_OUTAGE_H
#define S3_OUTAGE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define OUTAGE_BOUND_MS 1000

struct outage {
	atomic_llong answered_ms; /* when the last answer came */
	atomic_bool is_on;
};

/* An answer came. True if that ends an outage. */
bool outage_answered(struct outage *o, int64_t now_ms);

/* An operation ends that had begun then. True if that begins an outage. */
bool outage_spent(struct outage *o, int64_t began_ms);

#endif
