/* SPDX-License-Identifier: MIT */
/*
 * Counters and histograms: the buckets, and that nothing is lost between
 * threads. Run it under ThreadSanitizer, too.
 */
#include "metrics.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "macros.h"

enum {
	THREADS = 8,
	ROUNDS = 5000
};

static void a_bucket_has_what_is_at_most_its_bound(void **state)
{
	unsigned last = METRIC_BUCKETS - 1;

	assert_int_equal(metrics_bucket(0), 0);
	assert_int_equal(metrics_bucket(METRIC_FIRST_US), 0);
	for (unsigned i = 1; i < last; i++) {
		uint64_t bound = (uint64_t)METRIC_FIRST_US << i;

		assert_int_equal(metrics_bucket(bound), i);
		assert_int_equal(metrics_bucket(bound / 2 + 1), i);
	}
	assert_int_equal(
		metrics_bucket(((uint64_t)METRIC_FIRST_US << (last - 1)) + 1),
		last);
	assert_int_equal(metrics_bucket(UINT64_MAX), last);
}

/* Names are ours for good: two alike would be one in every reader's eyes. */
static void names_are_told_apart_and_have_their_units(void **state)
{
	for (size_t i = 0; i < METRICS; i++) {
		const struct metric_row *row = &metric_rows[i];
		const char *end = row->name + strlen(row->name);

		assert_int_equal(
			row->name[strspn(row->name, "abcdefghijklmnopqrstuvwxyz"
						    "0123456789_")],
			'\0');
		assert_int_equal(row->kind == METRIC_COUNTER,
				 strcmp(end - strlen("_total"), "_total") == 0);
		assert_int_equal(row->kind == METRIC_TIMES,
				 strcmp(end - strlen("_seconds"), "_seconds") ==
					 0);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(row->name, metric_rows[k].name);
	}
}

static const char *const whats[] = { "a", "b", "c" };
static const char *const outcomes[] = { "ok", "error" };

static void *count_up(void *arg)
{
	for (unsigned i = 0; i < ROUNDS; i++) {
		metrics_add(METRIC_HTTP_SENT, 3);
		metrics_time(METRIC_FS_CALLS, whats[i % 3], outcomes[i % 2],
			     i % 2 ? 5 : 1000);
	}
	return NULL;
}

/* They begin at once, so that they race for the cells, too. */
static void nothing_is_lost_between_threads(void **state)
{
	uint64_t before = metrics_get(METRIC_HTTP_SENT), total = 0;
	struct metric_times times;
	pthread_t threads[THREADS];
	size_t kinds;

	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(
			pthread_create(&threads[i], NULL, count_up, NULL), 0);
	for (size_t i = 0; metrics_times(i, &times); i++)
		assert_true(times.count <= THREADS * ROUNDS);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(metrics_get(METRIC_HTTP_SENT) - before,
			 3 * THREADS * ROUNDS);
	for (kinds = 0; metrics_times(kinds, &times); kinds++) {
		uint64_t us = times.outcome == outcomes[0] ? 1000 : 5;

		total += times.count;
		assert_int_equal(times.metric, METRIC_FS_CALLS);
		assert_int_equal(times.sum_us, times.count * us);
		assert_int_equal(times.buckets[metrics_bucket(us)],
				 times.count);
	}
	assert_int_equal(kinds, ARRAY_SIZE(whats) * ARRAY_SIZE(outcomes));
	assert_int_equal(total, THREADS * ROUNDS);
}

/* A label that is no constant would fill the table; it must not hang. */
static void too_many_kinds_are_dropped(void **state)
{
	static const char many[1000];
	struct metric_times times;
	size_t kinds = 0;

	for (size_t i = 0; i < sizeof(many); i++)
		metrics_time(METRIC_S3_REQUESTS, &many[i], "ok", 1);
	while (metrics_times(kinds, &times))
		kinds++;
	assert_int_equal(kinds, 256);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bucket_has_what_is_at_most_its_bound),
		cmocka_unit_test(names_are_told_apart_and_have_their_units),
		cmocka_unit_test(nothing_is_lost_between_threads),
		cmocka_unit_test(too_many_kinds_are_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
