/* SPDX-License-Identifier: MIT */
/* s3storefs status: what a mount does and has done, from its daemon. */
#include <inttypes.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>

#include "clock.h"
#include "mounted.h"
#include "tool.h"

#define VALUE_MAX 65536 /* of an attribute: xattr(7) */
#define ROWS_MAX  10    /* of each table: all fit on a screen */

static const char help[] =
	"usage: s3storefs status [--json] MOUNTPOINT\n"
	"\n"
	"Shows what a mount is doing and has done since it began: memory, files,\n"
	"the network, and how long requests and calls of programs took. Half of\n"
	"them, and 99 of 100, took no longer than the times shown. Only who\n"
	"mounted, and root, may see it.\n"
	"\n"
	"      --json   all of it: counters, gauges and histograms, by names that stay\n"
	"\n"
	"Exit status: 0, 1 there is no such mount or it does not answer, 2 wrong usage.\n";

static const struct command_own options[] = { { .name = "json" }, { 0 } };

static uint64_t status_number(const json_t *status, const char *name)
{
	return (uint64_t)json_integer_value(json_object_get(status, name));
}

struct shown {
	char text[24];
};

static struct shown status_bytes(const json_t *status, const char *name)
{
	static const char *const units[] = { "B",   "KiB", "MiB", "GiB",
					     "TiB", "PiB", "EiB" };
	double size = (double)status_number(status, name);
	struct shown out;
	size_t unit = 0;

	for (; size >= 1024 && unit < ARRAY_SIZE(units) - 1; unit++)
		size /= 1024;
	snprintf(out.text, sizeof(out.text), "%.*f %s",
		 unit > 0 && size < 10 ? 1 : 0, size, units[unit]);
	return out;
}

static struct shown status_seconds(double s)
{
	struct shown out;

	if (s < 0.001)
		snprintf(out.text, sizeof(out.text), "%.0f us", s * 1e6);
	else if (s < 1)
		snprintf(out.text, sizeof(out.text), "%.3g ms", s * 1e3);
	else
		snprintf(out.text, sizeof(out.text), "%.3g s", s);
	return out;
}

static struct shown status_since(int64_t started_s)
{
	int64_t s = clock_wall_ns() / 1000000000 - started_s;
	struct shown out;

	if (s >= 86400)
		snprintf(out.text, sizeof(out.text), "%" PRId64 " d %d h",
			 s / 86400, (int)(s % 86400 / 3600));
	else if (s >= 3600)
		snprintf(out.text, sizeof(out.text), "%d h %d min",
			 (int)(s / 3600), (int)(s % 3600 / 60));
	else if (s >= 60)
		snprintf(out.text, sizeof(out.text), "%d min", (int)(s / 60));
	else
		snprintf(out.text, sizeof(out.text), "%d s", (int)s);
	return out;
}

/* What this share of the calls took at most: the bound of a bucket. */
static struct shown status_within(const json_t *status, const json_t *times,
				  double share)
{
	const json_t *bounds = json_object_get(status, "le");
	const json_t *counts = json_object_get(times, "buckets");
	double left = share * (double)status_number(times, "count");
	size_t i = 0;

	for (; i < json_array_size(counts); i++) {
		left -= (double)json_integer_value(json_array_get(counts, i));
		if (left <= 0)
			break;
	}
	if (i < json_array_size(bounds))
		return status_seconds(
			json_real_value(json_array_get(bounds, i)));
	return (struct shown){ "minutes" };
}

static int status_by_count(const void *a, const void *b)
{
	uint64_t x = status_number(*(json_t *const *)a, "count");
	uint64_t y = status_number(*(json_t *const *)b, "count");

	return (x < y) - (x > y);
}

/* The most frequent first. */
static void status_print_times(const json_t *status, const char *title,
			       const char *name)
{
	const json_t *list = json_object_get(status, name);
	size_t count = json_array_size(list);
	AUTO_FREE const json_t **rows = calloc(count + 1, sizeof(*rows));

	if (count == 0 || !rows)
		return;
	for (size_t i = 0; i < count; i++)
		rows[i] = json_array_get(list, i);
	qsort(rows, count, sizeof(*rows), status_by_count);
	printf("\n%-26s %-8s %10s %12s %12s\n", title, "", "count",
	       "half within", "99% within");
	for (size_t i = 0; i < count && i < ROWS_MAX; i++)
		printf("  %-24s %-8s %10" PRIu64 " %12s %12s\n",
		       json_string_value(json_object_get(rows[i], "operation")),
		       json_string_value(json_object_get(rows[i], "outcome")),
		       status_number(rows[i], "count"),
		       status_within(status, rows[i], 0.5).text,
		       status_within(status, rows[i], 0.99).text);
	if (count > ROWS_MAX)
		printf("  and %zu more, see --json\n", count - ROWS_MAX);
}

static void status_print(const json_t *s)
{
	uint64_t known = status_number(s, "store_lookups_memory_total");
	uint64_t lookups =
		known + status_number(s, "store_lookups_asked_total");

	printf("Memory     %s of %s, %s on disk\n",
	       status_bytes(s, "store_memory_bytes").text,
	       status_bytes(s, "store_memory_limit_bytes").text,
	       status_bytes(s, "store_spool_bytes").text);
	printf("Files      %" PRIu64 " open, %" PRIu64
	       " inodes known to the kernel\n",
	       status_number(s, "fs_open_files"),
	       status_number(s, "fs_inodes"));
	printf("Changes    %" PRIu64 " files stored, %" PRIu64
	       " failed; %" PRIu64 " removals wait\n",
	       status_number(s, "store_publishes_total"),
	       status_number(s, "store_publish_failures_total"),
	       status_number(s, "store_waiting_removals"));
	printf("Lookups    %" PRIu64 ", %" PRIu64 "%% of them from memory\n",
	       lookups, lookups ? known * 100 / lookups : 0);
	printf("Programs   read %s, wrote %s; %" PRIu64 " calls wait\n",
	       status_bytes(s, "fs_read_bytes_total").text,
	       status_bytes(s, "fs_written_bytes_total").text,
	       status_number(s, "fs_parked_calls"));
	printf("Network    received %s, sent %s\n",
	       status_bytes(s, "http_received_bytes_total").text,
	       status_bytes(s, "http_sent_bytes_total").text);
	printf("Requests   %" PRIu64 " on %" PRIu64 " connections, %" PRIu64
	       " retries; %" PRIu64 " under way, %" PRIu64 " queued\n",
	       status_number(s, "http_requests_total"),
	       status_number(s, "http_connections_total"),
	       status_number(s, "s3_retries_total"),
	       status_number(s, "http_in_flight_requests"),
	       status_number(s, "http_queued_requests"));
	status_print_times(s, "S3 requests", "s3_request_seconds");
	status_print_times(s, "Calls of programs", "fs_call_seconds");
}

static int status_fail(const struct tool_call *call, const char *path, int code)
{
	if (code == EACCES)
		return tool_fail(call, TOOL_NO,
				 "%s: only who mounted it, and root, may see "
				 "its status",
				 path);
	if (code == ENOTCONN)
		return tool_fail(call, TOOL_NO,
				 "%s: the daemon is gone; clear the mount "
				 "with: s3storefs umount %s",
				 path, path);
	if (code == ENODATA)
		return tool_fail(call, TOOL_NO,
				 "%s: its daemon is of an older version, "
				 "without a status: mount it again",
				 path);
	return tool_fail(call, TOOL_NO, "%s: %s", path, strerrordesc_np(code));
}

/* value has room for VALUE_MAX and a NUL. Returns an exit status. */
static int status_fetch(const struct tool_call *call, const char *word,
			char *value)
{
	CLEANUP(mounted_release) struct mounted mounted = { 0 };
	char path[PATH_MAX];
	ssize_t len;

	if (!realpath(word, path))
		return status_fail(call, word, errno);
	if (mounted_find(path, &mounted) || !mounted.is_ours)
		return tool_fail(call, TOOL_NO, "no bucket is mounted on %s",
				 path);
	len = getxattr(path, "user.s3.status", value, VALUE_MAX);
	if (len < 0)
		return status_fail(call, path, errno);
	value[len] = '\0';
	if (!tool_option(call, "json"))
		printf("%s on %s", mounted.source, path);
	return TOOL_OK;
}

static int tool_status_run(const struct tool_call *call)
{
	const struct command_line *line = &call->line;
	AUTO_FREE char *value = malloc(VALUE_MAX + 1);
	json_t *status;
	int rc;

	if (line->word_count != 1 || line->option_count || line->config_path)
		return tool_usage(call);
	if (!value)
		return tool_fail(call, TOOL_NO, "out of memory");
	rc = status_fetch(call, line->words[0], value);
	if (rc)
		return rc;
	if (tool_option(call, "json")) {
		puts(value);
		return TOOL_OK;
	}
	status = json_loads(value, 0, NULL);
	if (!status)
		return tool_fail(call, TOOL_NO, "the answer is no JSON");
	printf(", for %s, process %" PRIu64 ", version %s\n\n",
	       status_since((int64_t)status_number(status, "started")).text,
	       status_number(status, "pid"),
	       json_string_value(json_object_get(status, "version")));
	status_print(status);
	json_decref(status);
	return TOOL_OK;
}

const struct tool tool_status = { "status", help, options, tool_status_run };
