/* SPDX-License-Identifier: MIT */
/*
 * Whether and when to retry a request, and how long a try may take:
 * arithmetic over a small state, no clock, no random source, no I/O.
 *
 * One bound in time holds for the operation with all its tries. An outage,
 * of whatever kind, is ridden through as long as there is time; other
 * answers that may change are asked for again a few times. Pauses are
 * exponential with full jitter (Marc Brooker, "Exponential Backoff And
 * Jitter", AWS Architecture Blog, 2015). What can be corrected at once
 * (credentials, clock, region, redirect, an idle connection that was closed)
 * is tried again without a pause, once each, not counted.
 */
#ifndef S3_RETRY_H
#define S3_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#include "client/errcode.h"

#define RETRY_ATTEMPTS      5
#define RETRY_FIRST_MS      100
#define RETRY_PAUSE_MAX_MS  5000  /* between answers that ask for patience */
#define RETRY_SILENT_MAX_MS 1000  /* while nobody answers */
#define RETRY_AFTER_MAX_MS  20000 /* the most a server may ask for */
#define RETRY_TIMEOUT_MS    30000
#define RETRY_TRY_LEAST_MS  1000
#define RETRY_LEAST_MS      100 /* with less left, there is none more */
#define RETRY_BYTES_PER_S   (256 * 1024)

struct retry {
	int attempts; /* the caller's; 0: RETRY_ATTEMPTS, outages uncounted */
	int64_t deadline_ms;
	int tried;     /* counted ones so far */
	int paused;    /* pauses so far */
	bool is_spent; /* time has ended it, and not the answers */
	bool had_stale, had_credentials, had_clock, had_region;
};

struct retry_event {
	enum error_action action;
	bool was_stale;   /* http_request.was_stale_connection */
	bool is_answered; /* a server says so: it is spared longer */
	/*
	 * The server has answered before. One that never did may not be there
	 * at all, and whoever starts should hear of it soon.
	 */
	bool is_known;
	int64_t retry_after_ms; /* -1: not told */
	int64_t now_ms;
	uint32_t random;
};

/* Milliseconds that so many bytes may take. */
int64_t retry_bytes_ms(uint64_t bytes);

/*
 * Milliseconds a try may take that begins at now_ms: half of what is left, so
 * that one that hangs leaves time for another.
 */
int64_t retry_try_ms(const struct retry *r, int64_t now_ms);

/*
 * What follows on a failed try: milliseconds to wait before the next, or -1
 * if there is none. Counts it.
 */
int retry_next(struct retry *r, const struct retry_event *event);

/* Retry-After in seconds (RFC 9110, 10.2.3) or as a date; -1 if neither. */
int64_t retry_after_ms(const char *value, int64_t server_unix_s);

#endif
