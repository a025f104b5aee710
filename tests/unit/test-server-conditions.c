/* SPDX-License-Identifier: MIT */
/* The test server's ranges, ETag lists and checksums. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "conditions.h"
#include "sums.h"

static void check_range(const char *text, enum s3_error error, bool is_range,
			uint64_t off, uint64_t len)
{
	uint64_t got_off, got_len;
	bool got;

	assert_int_equal(conditions_range(text, 100, &got, &got_off, &got_len),
			 error);
	if (error)
		return;
	assert_int_equal(got, is_range);
	assert_int_equal(got_off, off);
	assert_int_equal(got_len, len);
}

static void a_range_is_what_rfc_9110_says(void **state)
{
	check_range("bytes=10-19", S3_OK, true, 10, 10);
	check_range("bytes=90-", S3_OK, true, 90, 10);
	check_range("bytes=-5", S3_OK, true, 95, 5);
	check_range("bytes=-500", S3_OK, true, 0, 100);
	check_range("bytes=95-200", S3_OK, true, 95, 5);
	check_range("bytes=100-", S3_INVALID_RANGE, false, 0, 0);
	check_range("bytes=-0", S3_INVALID_RANGE, false, 0, 0);
}

static void what_is_no_range_means_all(void **state)
{
	check_range(NULL, S3_OK, false, 0, 100);
	check_range("bytes=5-3", S3_OK, false, 0, 100);
	check_range("bytes=-", S3_OK, false, 0, 100);
	check_range("bytes=1-2,4-5", S3_OK, false, 0, 100);
	check_range("bytes=99999999999999999999-", S3_OK, false, 0, 100);
	check_range("lines=1-2", S3_OK, false, 0, 100);
}

static void an_etag_is_found_in_a_list_quoted_or_not(void **state)
{
	assert_true(condition_etag_in("\"abc\"", "abc"));
	assert_true(condition_etag_in("abc", "abc"));
	assert_true(condition_etag_in("\"x\", W/\"abc\"", "abc"));
	assert_true(condition_etag_in("*", "abc"));
	assert_false(condition_etag_in("\"ab\"", "abc"));
	assert_false(condition_etag_in("\"", "abc"));
	assert_false(condition_etag_in("", "abc"));
}

/* The check values of the catalogue of CRCs, and of FIPS 180. */
static void checksums_of_123456789_are_the_published_ones(void **state)
{
	static const char *const want[SUM_KINDS] = {
		"JfnnlDI7RTiF9RgfG2JNCw==",
		"98O8HYCOBHMq32eZZczDTKeuNEE=",
		"FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU=",
		"y/Q5Jg==",
		"4waSgw==",
		"rosUhgp5mIg="
	};
	struct sums s;

	assert_int_equal(sums_start(&s, SUM_BIT(SUM_KINDS) - 1), 0);
	assert_int_equal(sums_add(&s, "1234", 4), 0);
	assert_int_equal(sums_add(&s, "56789", 5), 0);
	assert_int_equal(sums_finish(&s), 0);
	for (enum sum_kind k = 0; k < SUM_KINDS; k++) {
		AUTO_BUF struct buf text = BUF_INIT(64);

		sums_text(&s, k, &text);
		assert_string_equal(buf_str(&text), want[k]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_range_is_what_rfc_9110_says),
		cmocka_unit_test(what_is_no_range_means_all),
		cmocka_unit_test(an_etag_is_found_in_a_list_quoted_or_not),
		cmocka_unit_test(checksums_of_123456789_are_the_published_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
