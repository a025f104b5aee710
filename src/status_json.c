/* SPDX-License-Identifier: MIT */
/* The status of a mount as JSON; see status_json.h. */
#include "status_json.h"

#include <jansson.h>
#include <unistd.h>

#include "metrics.h"

static json_t *status_bounds(void)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < METRIC_BUCKETS - 1; i++)
		json_array_append_new(
			list, json_real((double)(METRIC_FIRST_US << i) / 1e6));
	return list;
}

/* Without the empty ones at the end. */
static json_t *status_buckets(const struct metric_times *times)
{
	json_t *list = json_array();
	unsigned count = METRIC_BUCKETS;

	while (count > 0 && times->buckets[count - 1] == 0)
		count--;
	for (unsigned i = 0; i < count; i++)
		json_array_append_new(
			list, json_integer((json_int_t)times->buckets[i]));
	return list;
}

static json_t *status_times(enum metric metric)
{
	json_t *list = json_array();
	struct metric_times times;

	for (size_t i = 0; metrics_times(i, &times); i++) {
		if (times.metric != metric)
			continue;
		json_array_append_new(
			list,
			json_pack("{ss ss sI sf so}", "operation",
				  times.operation, "outcome", times.outcome,
				  "count", (json_int_t)times.count, "sum",
				  (double)times.sum_us / 1e6, "buckets",
				  status_buckets(&times)));
	}
	return list;
}

static json_t *status_value(enum metric metric, const uint64_t *gauges)
{
	switch (metric_rows[metric].kind) {
	case METRIC_COUNTER:
		return json_integer((json_int_t)metrics_get(metric));
	case METRIC_GAUGE:
		return json_integer((json_int_t)gauges[metric]);
	case METRIC_TIMES:
		return status_times(metric);
	}
	return NULL;
}

static int status_append(const char *text, size_t len, void *arg)
{
	struct buf *out = arg;

	buf_add(out, text, len);
	return out->error;
}

void status_json(const uint64_t *gauges, int64_t started_s, struct buf *out)
{
	json_t *top = json_pack("{ss si sI so}", "version", PACKAGE_VERSION,
				"pid", (int)getpid(), "started",
				(json_int_t)started_s, "le", status_bounds());
	int rc = 0;

	for (unsigned i = 0; i < METRICS; i++)
		rc |= json_object_set_new(top, metric_rows[i].name,
					  status_value(i, gauges));
	if (!rc)
		rc = json_dump_callback(top, status_append, out,
					JSON_COMPACT | JSON_REAL_PRECISION(9));
	if (rc && !out->error)
		out->error = -ENOMEM;
	json_decref(top);
}
