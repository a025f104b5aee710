/* SPDX-License-Identifier: MIT */
/* When a request is sent again. */
#include "client/retry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct retry_event event_of(enum error_action action)
{
	return (struct retry_event){ .action = action,
				     .retry_after_ms = -1,
				     .random = UINT32_MAX };
}

static void pauses_double_and_end(void **state)
{
	struct retry r = { .attempts = 5, .deadline_ms = 30000 };
	struct retry_event e = event_of(ERROR_RETRY);
	int limit = RETRY_FIRST_MS;

	for (int i = 1; i < 5; i++, limit *= 2) {
		struct retry again = r;

		for (e.random = 0; e.random < 10000; e.random += 7) {
			r = again;
			assert_in_range(retry_next(&r, &e), 1, limit);
		}
	}
	assert_int_equal(retry_next(&r, &e), -1);
}

static void jitter_is_full(void **state)
{
	struct retry first = { .attempts = 5, .deadline_ms = 30000 }, r = first;
	struct retry_event e = event_of(ERROR_RETRY);

	e.random = 0;
	assert_int_equal(retry_next(&r, &e), 1);
	r = first;
	e.random = RETRY_FIRST_MS - 1;
	assert_int_equal(retry_next(&r, &e), RETRY_FIRST_MS);
}

static void pauses_do_not_grow_for_ever(void **state)
{
	struct retry r = { .attempts = 1000, .deadline_ms = 30000 };
	struct retry_event e = event_of(ERROR_RETRY);

	for (e.random = 0; e.random < 900; e.random++)
		assert_in_range(retry_next(&r, &e), 1, RETRY_PAUSE_MAX_MS);
}

static void nothing_starts_behind_the_deadline(void **state)
{
	struct retry r = { .attempts = 5, .deadline_ms = 1000 };
	struct retry_event e = event_of(ERROR_RETRY);

	e.now_ms = 999;
	assert_int_equal(retry_next(&r, &e), -1);
	assert_true(r.is_spent);
	e = event_of(ERROR_REGION);
	e.now_ms = 1000;
	assert_int_equal(retry_next(&r, &e), -1);
	/* What the server asks for is not cut to what is left. */
	e = event_of(ERROR_OUTAGE);
	e.retry_after_ms = 1000;
	assert_int_equal(retry_next(&r, &e), -1);
}

static void retry_after_is_obeyed_within_reason(void **state)
{
	struct retry r = { .attempts = 5, .deadline_ms = 300000 };
	struct retry_event e = event_of(ERROR_RETRY);

	e.retry_after_ms = 7000;
	assert_int_equal(retry_next(&r, &e), 7000);
	e.retry_after_ms = 3600000;
	assert_int_equal(retry_next(&r, &e), RETRY_AFTER_MAX_MS);
}

static void what_can_be_mended_is_tried_once_at_once(void **state)
{
	static const enum error_action actions[] = { ERROR_CREDENTIALS,
						     ERROR_CLOCK,
						     ERROR_REGION };
	struct retry r = { .attempts = 1, .deadline_ms = 1000 };

	for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
		struct retry_event e = event_of(actions[i]);

		assert_int_equal(retry_next(&r, &e), 0);
		assert_int_equal(retry_next(&r, &e), -1);
	}
	assert_int_equal(r.tried, 0);
}

static void a_closed_idle_connection_is_not_counted_once(void **state)
{
	struct retry r = { .attempts = 2, .deadline_ms = 10000 };
	struct retry_event e = event_of(ERROR_RETRY);

	e.was_stale = true;
	assert_int_equal(retry_next(&r, &e), 0);
	assert_in_range(retry_next(&r, &e), 1, RETRY_FIRST_MS);
	assert_int_equal(retry_next(&r, &e), -1);
}

static void an_outage_is_ridden_through_for_the_bound(void **state)
{
	struct retry r = { .deadline_ms = 30000 };
	struct retry_event e = event_of(ERROR_OUTAGE);
	int pause, tries = 0;

	e.is_known = true;
	while ((pause = retry_next(&r, &e)) >= 0) {
		assert_in_range(pause, 1, RETRY_SILENT_MAX_MS);
		e.now_ms += pause;
		tries++;
	}
	assert_true(r.is_spent);
	assert_true(tries > 20);
	/* No time is given away, but for the last pauses' luck. */
	assert_true(e.now_ms > 30000 - RETRY_SILENT_MAX_MS);
	assert_int_equal(r.tried, 0);
}

static void a_server_that_asks_for_patience_is_spared_longer(void **state)
{
	struct retry r = { .deadline_ms = INT64_MAX / 2 };
	struct retry_event e = event_of(ERROR_OUTAGE);
	int longest = 0;

	e.is_known = e.is_answered = true;
	for (e.random = 0; e.random < 40000; e.random += 7) {
		int pause = retry_next(&r, &e);

		assert_in_range(pause, 1, RETRY_PAUSE_MAX_MS);
		if (pause > longest)
			longest = pause;
	}
	assert_true(longest > RETRY_SILENT_MAX_MS);
}

/* What somebody set holds for outages, too; and who is nobody is told soon. */
static void
tries_are_counted_where_they_are_set_or_nobody_answered(void **state)
{
	struct retry r = { .attempts = 3, .deadline_ms = 30000 };
	struct retry_event e = event_of(ERROR_OUTAGE);
	int tries = 1;

	e.is_known = true;
	while (retry_next(&r, &e) >= 0)
		tries++;
	assert_int_equal(tries, 3);
	assert_false(r.is_spent);
	r = (struct retry){ .deadline_ms = 30000 };
	e.is_known = false;
	for (tries = 1; retry_next(&r, &e) >= 0; tries++)
		;
	assert_int_equal(tries, RETRY_ATTEMPTS);
}

static void a_try_leaves_time_for_another(void **state)
{
	struct retry r = { .deadline_ms = 30000 };

	assert_int_equal(retry_try_ms(&r, 0), 15000);
	assert_int_equal(retry_try_ms(&r, 20000), 5000);
	assert_int_equal(retry_try_ms(&r, 28500), RETRY_TRY_LEAST_MS);
	assert_int_equal(retry_try_ms(&r, 29500), 500);
	assert_int_equal(retry_try_ms(&r, 31000), 1);
}

static void a_final_answer_is_final(void **state)
{
	struct retry r = { .attempts = 5, .deadline_ms = 1000 };
	struct retry_event e = event_of(ERROR_FINAL);

	assert_int_equal(retry_next(&r, &e), -1);
}

static void bytes_give_time(void **state)
{
	assert_int_equal(retry_bytes_ms(0), 0);
	assert_int_equal(retry_bytes_ms(8 * 1024 * 1024), 32000);
	/* Not known: for ever, and no overflow of what is added to it. */
	assert_in_range(retry_bytes_ms(UINT64_MAX), INT32_MAX, INT64_MAX / 4);
}

static void retry_after_is_seconds_or_a_date(void **state)
{
	static const char date[] = "Wed, 21 Oct 2015 07:28:00 GMT";

	assert_int_equal(retry_after_ms(NULL, 0), -1);
	assert_int_equal(retry_after_ms("3", 0), 3000);
	assert_int_equal(retry_after_ms("-3", 0), -1);
	assert_int_equal(retry_after_ms("soon", 0), -1);
	assert_int_equal(retry_after_ms(date, 1445412480 - 2), 2000);
	assert_int_equal(retry_after_ms(date, 1445412480 + 2), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pauses_double_and_end),
		cmocka_unit_test(jitter_is_full),
		cmocka_unit_test(pauses_do_not_grow_for_ever),
		cmocka_unit_test(nothing_starts_behind_the_deadline),
		cmocka_unit_test(retry_after_is_obeyed_within_reason),
		cmocka_unit_test(what_can_be_mended_is_tried_once_at_once),
		cmocka_unit_test(a_closed_idle_connection_is_not_counted_once),
		cmocka_unit_test(an_outage_is_ridden_through_for_the_bound),
		cmocka_unit_test(
			a_server_that_asks_for_patience_is_spared_longer),
		cmocka_unit_test(
			tries_are_counted_where_they_are_set_or_nobody_answered),
		cmocka_unit_test(a_try_leaves_time_for_another),
		cmocka_unit_test(a_final_answer_is_final),
		cmocka_unit_test(bytes_give_time),
		cmocka_unit_test(retry_after_is_seconds_or_a_date),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
