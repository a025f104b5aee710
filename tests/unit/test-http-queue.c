/* SPDX-License-Identifier: MIT */
/* The queue's rules, without a network: order, delays, deadlines, ends. */
#include "queue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/eventfd.h>

#include <cmocka.h>

#include "clock.h"
#include "metrics.h"

static struct http_request *next(struct http_queue *q, int64_t now_ms,
				 enum http_step wanted)
{
	enum http_step step = HTTP_STEP_START;
	struct http_request *req = http_queue_next(q, now_ms, &step);

	if (req)
		assert_int_equal(step, wanted);
	return req;
}

static bool was_woken(struct http_queue *q)
{
	eventfd_t count = 0;

	return eventfd_read(q->wake_fd, &count) == 0;
}

static void first_priority_then_first_come(void **state)
{
	struct http_request r[4] = { { .priority = HTTP_PREFETCH },
				     { .priority = HTTP_METADATA },
				     { .priority = HTTP_FOREGROUND },
				     { .priority = HTTP_METADATA } };
	int64_t now = clock_now_ms();
	struct http_queue q;

	assert_int_equal(http_queue_init(&q, 10), 0);
	for (int i = 0; i < 4; i++)
		http_queue_add(&q, &r[i], 0);
	assert_ptr_equal(next(&q, now, HTTP_STEP_START), &r[2]);
	assert_ptr_equal(next(&q, now, HTTP_STEP_START), &r[1]);
	assert_ptr_equal(next(&q, now, HTTP_STEP_START), &r[3]);
	assert_ptr_equal(next(&q, now, HTTP_STEP_START), &r[0]);
	assert_null(next(&q, now, HTTP_STEP_START));
	http_queue_release(&q);
}

static void no_more_than_limit_run(void **state)
{
	struct http_request r[3] = { 0 };
	int64_t now = clock_now_ms();
	uint64_t values[METRICS] = { 0 };
	struct http_queue q;

	assert_int_equal(http_queue_init(&q, 2), 0);
	for (int i = 0; i < 3; i++)
		http_queue_add(&q, &r[i], 0);
	assert_ptr_equal(next(&q, now, HTTP_STEP_START), &r[0]);
	assert_ptr_equal(next(&q, now, HTTP_STEP_START), &r[1]);
	assert_null(next(&q, now, HTTP_STEP_START));
	http_queue_gauges(&q, values);
	assert_int_equal(values[METRIC_HTTP_IN_FLIGHT], 2);
	assert_int_equal(values[METRIC_HTTP_QUEUED], 1);
	http_queue_leave(&q, &r[0], true);
	assert_ptr_equal(next(&q, now, HTTP_STEP_START), &r[2]);
	http_queue_release(&q);
}

static void a_delayed_one_comes_when_due_and_behind_others(void **state)
{
	struct http_request r[2] = { 0 };
	int64_t now = clock_now_ms();
	struct http_queue q;

	assert_int_equal(http_queue_init(&q, 10), 0);
	http_queue_add(&q, &r[0], 5000);
	assert_null(next(&q, now + 4000, HTTP_STEP_START));
	assert_in_range(http_queue_wake_at(&q), now + 5000, now + 5900);
	http_queue_add(&q, &r[1], 0);
	assert_ptr_equal(next(&q, now + 5900, HTTP_STEP_START), &r[1]);
	assert_ptr_equal(next(&q, now + 5900, HTTP_STEP_START), &r[0]);
	assert_int_equal(http_queue_wake_at(&q), INT64_MAX);
	http_queue_release(&q);
}

static void a_delayed_one_is_hastened_and_no_other(void **state)
{
	struct http_request r[2] = { 0 };
	int64_t now = clock_now_ms();
	struct http_queue q;

	assert_int_equal(http_queue_init(&q, 10), 0);
	http_queue_add(&q, &r[0], 500000);
	http_queue_add(&q, &r[1], 0);
	assert_ptr_equal(next(&q, now, HTTP_STEP_START), &r[1]);
	assert_false(http_queue_hasten(&q, &r[1], 0));
	assert_false(http_queue_hasten(&q, &r[0], 600000));
	assert_true(http_queue_hasten(&q, &r[0], 1000));
	assert_in_range(http_queue_wake_at(&q), now + 1000, now + 1900);
	assert_ptr_equal(next(&q, now + 1900, HTTP_STEP_START), &r[0]);
	http_queue_release(&q);
}

static void a_deadline_ends_ready_and_delayed_ones(void **state)
{
	struct http_request r[4] = { { .deadline_ms = 1000 },
				     { .deadline_ms = 1000 },
				     { .deadline_ms = 9000 },
				     { 0 } };
	int64_t now = clock_now_ms();
	struct http_queue q;

	assert_int_equal(http_queue_init(&q, 0), 0);
	http_queue_add(&q, &r[0], 0);
	http_queue_add(&q, &r[1], 3000);
	http_queue_add(&q, &r[2], 0);
	http_queue_add(&q, &r[3], 0);
	assert_null(next(&q, now + 900, HTTP_STEP_END));
	assert_in_range(http_queue_wake_at(&q), now + 1000, now + 1900);
	assert_ptr_equal(next(&q, now + 1900, HTTP_STEP_END), &r[1]);
	assert_ptr_equal(next(&q, now + 1900, HTTP_STEP_END), &r[0]);
	assert_int_equal(r[0].result, -ETIMEDOUT);
	assert_int_equal(r[1].result, -ETIMEDOUT);
	assert_null(next(&q, now + 1900, HTTP_STEP_END));
	assert_in_range(http_queue_wake_at(&q), now + 9000, now + 9900);
	http_queue_release(&q);
}

static void a_cancel_ends_what_waits_and_aborts_what_runs(void **state)
{
	struct http_request r[3] = { 0 };
	int64_t now = clock_now_ms();
	struct http_queue q;

	assert_int_equal(http_queue_init(&q, 1), 0);
	http_queue_add(&q, &r[0], 0);
	http_queue_add(&q, &r[1], 0);
	http_queue_add(&q, &r[2], 1000);
	assert_ptr_equal(next(&q, now, HTTP_STEP_START), &r[0]);
	for (int i = 0; i < 3; i++) {
		http_queue_cancel(&q, &r[i]);
		http_queue_cancel(&q, &r[i]);
	}
	assert_ptr_equal(next(&q, now, HTTP_STEP_END), &r[1]);
	assert_ptr_equal(next(&q, now, HTTP_STEP_END), &r[2]);
	assert_int_equal(r[1].result, -ECANCELED);
	assert_ptr_equal(next(&q, now, HTTP_STEP_ABORT), &r[0]);
	http_queue_cancel(&q, &r[0]);
	http_queue_leave(&q, &r[0], true);
	http_queue_cancel(&q, &r[0]);
	assert_null(next(&q, now, HTTP_STEP_ABORT));
	http_queue_release(&q);
}

static void a_cancelled_one_that_ended_by_itself_is_not_aborted(void **state)
{
	struct http_request r = { 0 };
	int64_t now = clock_now_ms();
	struct http_queue q;

	assert_int_equal(http_queue_init(&q, 1), 0);
	http_queue_add(&q, &r, 0);
	assert_ptr_equal(next(&q, now, HTTP_STEP_START), &r);
	http_queue_cancel(&q, &r);
	http_queue_leave(&q, &r, true);
	assert_null(next(&q, now, HTTP_STEP_ABORT));
	http_queue_release(&q);
}

static void a_resume_is_for_what_runs_and_gives_way_to_a_cancel(void **state)
{
	struct http_request r[2] = { 0 };
	int64_t now = clock_now_ms();
	struct http_queue q;

	assert_int_equal(http_queue_init(&q, 1), 0);
	http_queue_resume(&q, &r[0]);
	http_queue_add(&q, &r[0], 0);
	http_queue_add(&q, &r[1], 0);
	http_queue_resume(&q, &r[0]);
	assert_ptr_equal(next(&q, now, HTTP_STEP_START), &r[0]);
	assert_null(next(&q, now, HTTP_STEP_RESUME));
	for (int i = 0; i < 2; i++) {
		http_queue_resume(&q, &r[0]);
		http_queue_resume(&q, &r[0]);
		http_queue_resume(&q, &r[1]);
		assert_true(was_woken(&q));
		assert_ptr_equal(next(&q, now, HTTP_STEP_RESUME), &r[0]);
		assert_null(next(&q, now, HTTP_STEP_RESUME));
	}
	http_queue_resume(&q, &r[0]);
	http_queue_cancel(&q, &r[0]);
	http_queue_resume(&q, &r[0]);
	assert_ptr_equal(next(&q, now, HTTP_STEP_ABORT), &r[0]);
	assert_null(next(&q, now, HTTP_STEP_RESUME));
	http_queue_leave(&q, &r[0], true);
	assert_ptr_equal(next(&q, now, HTTP_STEP_START), &r[1]);
	http_queue_resume(&q, &r[1]);
	http_queue_leave(&q, &r[1], true);
	assert_null(next(&q, now, HTTP_STEP_RESUME));
	http_queue_release(&q);
}

static void the_loop_is_woken_once_and_only_if_asleep(void **state)
{
	struct http_request r[3] = { 0 };
	int64_t now = clock_now_ms();
	struct http_queue q;

	assert_int_equal(http_queue_init(&q, 10), 0);
	http_queue_add(&q, &r[0], 0);
	assert_false(was_woken(&q));
	assert_ptr_equal(next(&q, now, HTTP_STEP_START), &r[0]);
	assert_null(next(&q, now, HTTP_STEP_START));
	http_queue_add(&q, &r[1], 0);
	assert_true(was_woken(&q));
	http_queue_add(&q, &r[2], 0);
	assert_false(was_woken(&q));
	http_queue_release(&q);
}

static void stopping_ends_what_waits_and_what_comes(void **state)
{
	struct http_request r[3] = { 0 };
	int64_t now = clock_now_ms();
	struct http_queue q;

	assert_int_equal(http_queue_init(&q, 10), 0);
	http_queue_add(&q, &r[0], 0);
	http_queue_add(&q, &r[1], 1000);
	http_queue_stop(&q);
	http_queue_add(&q, &r[2], 0);
	assert_false(http_queue_is_drained(&q));
	for (int i = 0; i < 3; i++) {
		assert_non_null(next(&q, now, HTTP_STEP_END));
		assert_int_equal(r[i].result, -ECANCELED);
	}
	assert_true(http_queue_is_drained(&q));
	http_queue_release(&q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_priority_then_first_come),
		cmocka_unit_test(no_more_than_limit_run),
		cmocka_unit_test(
			a_delayed_one_comes_when_due_and_behind_others),
		cmocka_unit_test(a_delayed_one_is_hastened_and_no_other),
		cmocka_unit_test(a_deadline_ends_ready_and_delayed_ones),
		cmocka_unit_test(a_cancel_ends_what_waits_and_aborts_what_runs),
		cmocka_unit_test(
			a_cancelled_one_that_ended_by_itself_is_not_aborted),
		cmocka_unit_test(
			a_resume_is_for_what_runs_and_gives_way_to_a_cancel),
		cmocka_unit_test(the_loop_is_woken_once_and_only_if_asleep),
		cmocka_unit_test(stopping_ends_what_waits_and_what_comes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
