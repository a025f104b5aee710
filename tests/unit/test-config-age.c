/* SPDX-License-Identifier: MIT */
/* Ages as s3fs writes them (src/config/age.c). */
#include "age.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static int64_t seconds_of(const char *text)
{
	int64_t seconds = -1;

	assert_int_equal(age_parse(text, &seconds), 0);
	return seconds;
}

static int error_of(const char *text)
{
	int64_t seconds;

	return age_parse(text, &seconds);
}

static void each_unit_has_its_seconds(void **state)
{
	assert_int_equal(seconds_of("1s"), 1);
	assert_int_equal(seconds_of("1m"), 60);
	assert_int_equal(seconds_of("1h"), 3600);
	assert_int_equal(seconds_of("1D"), 86400);
	assert_int_equal(seconds_of("1M"), 30 * 86400);
	assert_int_equal(seconds_of("1Y"), 365 * 86400);
}

static void units_add_up(void **state)
{
	assert_int_equal(seconds_of("1Y6M10D12h30m30s"),
			 (365 + 6 * 30 + 10) * 86400 + 12 * 3600 + 30 * 60 +
				 30);
	assert_int_equal(seconds_of("2D1s"), 2 * 86400 + 1);
	assert_int_equal(seconds_of("1M1m"), 30 * 86400 + 60);
	assert_int_equal(seconds_of("90m"), 5400);
	assert_int_equal(seconds_of("007s"), 7);
}

static void all_and_nothing_are_0(void **state)
{
	assert_int_equal(seconds_of("0"), 0);
	assert_int_equal(seconds_of("all"), 0);
	assert_int_equal(seconds_of("0D"), 0);
	assert_int_equal(seconds_of("0Y0M0D0h0m0s"), 0);
}

static void what_is_no_age_is_refused(void **state)
{
	static const char *const texts[] = {
		"",    "1",     "00",    "24",   "h",         "1h30", "1 h",
		" 1h", "1h ",   "-1h",   "+1h",  "1.5h",      "1H",   "1y",
		"1d",  "1S",    "1s1h",  "1m1M", "1D1D",      "1hm",  "1x",
		"ALL", "all1h", "1hall", "1h\n", "\xc2\xb2h",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (error_of(texts[i]) != -EINVAL)
			fail_msg("'%s' passed", texts[i]);
}

static void what_does_not_fit_is_out_of_range(void **state)
{
	assert_int_equal(seconds_of("1000Y"), AGE_MAX_S);
	assert_int_equal(seconds_of("31536000000s"), AGE_MAX_S);
	assert_int_equal(error_of("1000Y1s"), -ERANGE);
	assert_int_equal(error_of("31536000001s"), -ERANGE);
	assert_int_equal(error_of("1001Y"), -ERANGE);
	assert_int_equal(error_of("31536000000Y"), -ERANGE);
	/* 2^32, 2^63 and 2^64 seconds, and what times a year passes 2^64. */
	assert_int_equal(seconds_of("4294967296s"), INT64_C(1) << 32);
	assert_int_equal(error_of("9223372036854775808s"), -ERANGE);
	assert_int_equal(error_of("18446744073709551616s"), -ERANGE);
	assert_int_equal(error_of("584942417356Y"), -ERANGE);
	assert_int_equal(error_of("99999999999999999999999999999999"), -ERANGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_unit_has_its_seconds),
		cmocka_unit_test(units_add_up),
		cmocka_unit_test(all_and_nothing_are_0),
		cmocka_unit_test(what_is_no_age_is_refused),
		cmocka_unit_test(what_does_not_fit_is_out_of_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
