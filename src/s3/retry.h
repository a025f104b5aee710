/* SPDX-License-Identifier: MIT */
/*
 * Whether and when a request is sent again: arithmetic over a small state,
 * no clock, no random source, no I/O.
 *
 * One bound in time holds for the operation with all its tries, and one in
 * their number. Pauses are exponential with full jitter (Marc Brooker,
 * "Exponential Backoff And Jitter", AWS Architecture Blog, 2015). What can be
 * mended at once (credentials, clock, region, redirect, an idle connection
 * that was closed) is tried again without a pause, once each, not counted.
 */
#ifndef S3_RETRY_H
#define S3_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#include "errcode.h"

#define RETRY_ATTEMPTS        5
#define RETRY_FIRST_MS        100
#define RETRY_PAUSE_MAX_MS    5000
#define RETRY_AFTER_MAX_MS    20000 /* the most a server may ask for */
#define RETRY_TIMEOUT_MS      30000
#define RETRY_BYTES_PER_S     (256 * 1024)
#define RETRY_NO_DEADLINE     INT64_MAX
#define RETRY_UNREACH_STEP_MS 1000 /* longest pause while nobody answers */

struct retry {
	int attempts; /* in all */
	int64_t deadline_ms;
	int tried; /* counted ones so far */
	bool had_stale, had_credentials, had_clock, had_region;
};

struct retry_event {
	enum error_action action;
	bool was_stale; /* http_request.was_stale_connection */
	/*
	 * No connection to a server that has answered before: it is being
	 * restarted or the net is down, and the bound in time alone counts.
	 */
	bool is_outage;
	int64_t retry_after_ms; /* -1: not told */
	int64_t now_ms;
	uint32_t random;
};

/* Milliseconds one operation may take that moves bytes. */
int64_t retry_timeout_ms(int option_ms, uint64_t bytes);

/*
 * What follows on a failed try: milliseconds to wait before the next, or -1
 * if there is none. Counts it.
 */
int retry_next(struct retry *r, const struct retry_event *event);

/* Retry-After in seconds (RFC 9110, 10.2.3) or as a date; -1 if neither. */
int64_t retry_after_ms(const char *value, int64_t server_unix_s);

#endif
