/* SPDX-License-Identifier: MIT */
/* What the status of a mount is given out as. */
#ifndef STATUS_JSON_H
#define STATUS_JSON_H

#include <stdint.h>

#include "buf.h"

/*
 * Appends one JSON object: version, pid, started (Unix seconds), then each
 * row of metrics_table.h by its name. Of times it is a list of objects:
 * {"operation": "PutObject", "outcome": "2xx", "count": 3, "sum": 0.25,
 * "buckets": [0, 1, 2]}; bucket i has what took at most le[i] seconds and more
 * than le[i - 1]; what no bucket has took longer than the last of le. gauges
 * [METRICS] are the layers'. A receive thread. out->error is -ENOMEM or
 * -EMSGSIZE.
 */
void status_json(const uint64_t *gauges, int64_t started_s, struct buf *out);

#endif
