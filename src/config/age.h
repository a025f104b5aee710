/* SPDX-License-Identifier: MIT */
/*
 * An age as s3fs writes it: 1Y6M10D12h30m30s, or some of that in this order;
 * a month has 30 days, a year 365. Pure functions; any thread.
 */
#ifndef AGE_H
#define AGE_H

#include <stdint.h>

#include "macros.h"

#define AGE_HOUR_S 3600
#define AGE_DAY_S  (24 * AGE_HOUR_S)
#define AGE_MAX_S  (INT64_C(1000) * 365 * AGE_DAY_S) /* ours */

/*
 * All of text; "0" and "all" are 0. Returns 0, -EINVAL (no age) or -ERANGE
 * (above AGE_MAX_S).
 */
MUST_USE int age_parse(const char *text, int64_t *seconds);

#endif
