/* SPDX-License-Identifier: MIT */
/*
 * When a source is asked again for keys that end: arithmetic, no clock, no
 * random source.
 *
 * botocore asks 15 minutes before the end, beside the requests, and has them
 * wait from 10 minutes on. Here nobody has to wait, so 15 minutes it is, or the
 * last quarter of keys that live for less than an hour.
 */
#ifndef S3_CREDS_RENEWAL_H
#define S3_CREDS_RENEWAL_H

#include <stdint.h>

#define RENEWAL_AHEAD_S     (15 * 60)
#define RENEWAL_STALE_MIN_S 120 /* botocore's for a metadata service that */
#define RENEWAL_STALE_MAX_S 600 /* gives out keys that have ended */
#define RENEWAL_RETRY_MAX_S 60  /* between two tries that fail */

/*
 * How many milliseconds after now_s, when they came, keys are renewed that end
 * at expiry_s (0: never; -1 is then the answer). random spreads those who
 * started together.
 */
int64_t renewal_after_ms(int64_t now_s, int64_t expiry_s, uint32_t random);

/* The same after a try that failed. */
int64_t renewal_retry_ms(int64_t now_s, int64_t expiry_s, uint32_t random);

#endif
