/* SPDX-License-Identifier: MIT */
/* Numbers, hexadecimal, percent-encoding, dates, UTF-8: mostly the edges. */
#include "text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void check_number(const char *s, uint64_t max, int result,
			 uint64_t value)
{
	uint64_t out = 4711;

	assert_int_equal(text_parse_u64(s, max, &out), result);
	assert_true(out == (result == 0 ? value : 4711));
}

static void numbers_are_digits_up_to_the_maximum(void **state)
{
	check_number("0", 0, 0, 0);
	check_number("007", 7, 0, 7);
	check_number("10000", 10000, 0, 10000);
	check_number("10001", 10000, -ERANGE, 0);
	check_number("1", 0, -ERANGE, 0);
	check_number("18446744073709551615", UINT64_MAX, 0, UINT64_MAX);
	check_number("18446744073709551616", UINT64_MAX, -ERANGE, 0);
	check_number("99999999999999999999", UINT64_MAX, -ERANGE, 0);
	check_number("00000000000000000000000000000001", 1, 0, 1);
}

static void what_is_no_number_is_invalid_however_long(void **state)
{
	static const char *const bad[] = {
		"",    " ",    "-1",  "+1",       "1 ",
		" 1",  "0x10", "1e3", "1.0",      "1,000",
		"12a", "\n",   "1\n", "\xd9\xa1", "99999999999999999999999x"
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		check_number(bad[i], UINT64_MAX, -EINVAL, 0);
}

static void hexadecimal_is_lower_case_and_ends_in_a_nul(void **state)
{
	static const unsigned char data[] = { 0x00, 0x0f, 0xf0, 0xff, 0xa5 };
	char out[12];

	memset(out, 'x', sizeof(out));
	text_hex(out, data, sizeof(data));
	assert_memory_equal(out, "000ff0ffa5\0x", 12);
	text_hex(out, data, 0);
	assert_string_equal(out, "");
}

static void only_unreserved_bytes_stand_for_themselves(void **state)
{
	static const char unreserved[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		"0123456789-._~";

	for (int c = 0; c < 256; c++) {
		bool is_plain = c && strchr(unreserved, c);
		AUTO_BUF struct buf out = BUF_INIT(10);
		char byte = (char)c;

		text_percent_encode(&out, &byte, 1, false);
		assert_int_equal(out.len, is_plain ? 1 : 3);
		assert_int_equal(out.data[0], is_plain ? c : '%');
	}
}

static void encoding_writes_upper_case_and_may_keep_slashes(void **state)
{
	AUTO_BUF struct buf out = BUF_INIT(100);

	text_percent_encode(&out, "a/b c\xc3\xa9+\0", 9, false);
	assert_string_equal(buf_str(&out), "a%2Fb%20c%C3%A9%2B%00");
	buf_clear(&out);
	text_percent_encode(&out, "/a/\xff", 4, true);
	assert_string_equal(buf_str(&out), "/a/%FF");
	buf_clear(&out);
	text_percent_encode(&out, "", 0, true);
	assert_string_equal(buf_str(&out), "");
}

static void encoding_never_stores_half_an_escape(void **state)
{
	AUTO_BUF struct buf out = BUF_INIT(4);

	text_percent_encode(&out, "ab ", 3, false);
	assert_int_equal(out.error, -EMSGSIZE);
	assert_string_equal(buf_str(&out), "ab");
}

static void check_decode(const char *in, bool plus_is_blank, int result,
			 const char *out, size_t out_len)
{
	size_t len = strlen(in);
	char s[64];

	memcpy(s, in, len + 1);
	assert_int_equal(text_percent_decode(s, &len, plus_is_blank), result);
	if (result == 0) {
		assert_int_equal(len, out_len);
		assert_memory_equal(s, out, out_len + 1);
	}
}

static void decoding_takes_either_case_and_plus_if_told(void **state)
{
	check_decode("", false, 0, "", 0);
	check_decode("plain", false, 0, "plain", 5);
	check_decode("a%2Fb%2fc", false, 0, "a/b/c", 5);
	check_decode("%C3%a9", false, 0, "\xc3\xa9", 2);
	check_decode("a+b%2B", false, 0, "a+b+", 4);
	check_decode("a+b%2B+", true, 0, "a b+ ", 5);
	check_decode("x%00y", false, 0, "x\0y", 3);
	check_decode("%2525", false, 0, "%25", 3);
	check_decode("%ff", false, 0, "\xff", 1);
}

static void a_broken_escape_is_invalid(void **state)
{
	static const char *const bad[] = { "%",   "%4",   "a%",    "a%4",
					   "%4g", "%g4",  "%%41",  "% 41",
					   "%-1", "%+1",  "%0x41", "%4%41",
					   "ok%", "%41%", "%4\xc3" };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		check_decode(bad[i], false, -EINVAL, NULL, 0);
}

static void an_escape_must_end_inside_the_length(void **state)
{
	char s[] = "ab%41";
	size_t len = 4;

	assert_int_equal(text_percent_decode(s, &len, false), -EINVAL);
	memcpy(s, "ab%41", sizeof(s));
	len = 3;
	assert_int_equal(text_percent_decode(s, &len, false), -EINVAL);
}

static void every_byte_survives_encoding_and_decoding(void **state)
{
	AUTO_BUF struct buf out = BUF_INIT(1000);
	char all[256];
	size_t len;

	for (int i = 0; i < 256; i++)
		all[i] = (char)i;
	text_percent_encode(&out, all, 256, false);
	len = out.len;
	assert_int_equal(out.error, 0);
	assert_int_equal(text_percent_decode(out.data, &len, true), 0);
	assert_int_equal(len, 256);
	assert_memory_equal(out.data, all, 256);
}

static void utf8_edges_are_judged_as_rfc_3629_says(void **state)
{
	static const struct {
		const char *bytes;
		bool is_fine;
	} cases[] = {
		{ "", true },
		{ "\x01", true },
		{ "\x7f", true },
		{ "\x80", false }, /* continuation alone */
		{ "\xbf", false },
		{ "\xc0\x80", false }, /* overlong */
		{ "\xc1\xbf", false },
		{ "\xc2\x80", true }, /* U+0080 */
		{ "\xc2", false },
		{ "\xc2\x7f", false },
		{ "\xc2\xc0", false },
		{ "\xdf\xbf", true },      /* U+07FF */
		{ "\xe0\x80\x80", false }, /* overlong */
		{ "\xe0\x9f\xbf", false },
		{ "\xe0\xa0\x80", true }, /* U+0800 */
		{ "\xe0\xa0", false },
		{ "\xe1\x80\x7f", false },
		{ "\xed\x9f\xbf", true },  /* U+D7FF */
		{ "\xed\xa0\x80", false }, /* surrogates */
		{ "\xed\xaf\xbf", false },
		{ "\xed\xb0\x80", false },
		{ "\xed\xbf\xbf", false },
		{ "\xee\x80\x80", true },      /* U+E000 */
		{ "\xef\xbf\xbe", true },      /* U+FFFE, no character, legal */
		{ "\xef\xbf\xbf", true },      /* U+FFFF */
		{ "\xf0\x80\x80\x80", false }, /* overlong */
		{ "\xf0\x8f\xbf\xbf", false },
		{ "\xf0\x90\x80\x80", true }, /* U+10000 */
		{ "\xf0\x90\x80", false },
		{ "\xf0\x9f\x98\x80x", true },
		{ "\xf4\x8f\xbf\xbf", true }, /* U+10FFFF */
		{ "\xf4\x90\x80\x80", false },
		{ "\xf5\x80\x80\x80", false },
		{ "\xf8\x88\x80\x80\x80", false }, /* five bytes */
		{ "\xfe", false },
		{ "\xff", false },
		{ "good \xc3\xa9 then \xc3", false },
		{ "a\xe2\x82\xac"
		  "b",
		  true },
		{ "a\xe2\x82"
		  "b",
		  false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(text_is_utf8(cases[i].bytes,
					      strlen(cases[i].bytes)),
				 cases[i].is_fine);
	assert_true(text_is_utf8("a\0b", 3));
	/* The length decides, not what lies behind it. */
	assert_false(text_is_utf8("\xe2\x82\xac", 2));
	assert_false(text_is_utf8("\xf0\x9f\x98\x80", 3));
	assert_true(text_is_utf8("\xe2\x82\xac\xff", 3));
}

/* Moments whose three forms are known; the seconds come from date(1). */
static const struct {
	int64_t unix_s;
	const char *http, *basic, *iso;
} moments[] = {
	{ 0, "Thu, 01 Jan 1970 00:00:00 GMT", "19700101T000000Z",
	  "1970-01-01T00:00:00.000Z" },
	{ 1445412480, "Wed, 21 Oct 2015 07:28:00 GMT", "20151021T072800Z",
	  "2015-10-21T07:28:00.000Z" },
	{ 784111777, "Sun, 06 Nov 1994 08:49:37 GMT", "19941106T084937Z",
	  "1994-11-06T08:49:37.000Z" },
	{ -1, "Wed, 31 Dec 1969 23:59:59 GMT", "19691231T235959Z",
	  "1969-12-31T23:59:59.000Z" },
	{ 951782400, "Tue, 29 Feb 2000 00:00:00 GMT", "20000229T000000Z",
	  "2000-02-29T00:00:00.000Z" },
	{ 2147483647, "Tue, 19 Jan 2038 03:14:07 GMT", "20380119T031407Z",
	  "2038-01-19T03:14:07.000Z" },
	{ 2147483648, "Tue, 19 Jan 2038 03:14:08 GMT", "20380119T031408Z",
	  "2038-01-19T03:14:08.000Z" },
	{ 4107542399, "Sun, 28 Feb 2100 23:59:59 GMT", "21000228T235959Z",
	  "2100-02-28T23:59:59.000Z" },
	{ 4107542400, "Mon, 01 Mar 2100 00:00:00 GMT", "21000301T000000Z",
	  "2100-03-01T00:00:00.000Z" },
};

static void dates_are_written_as_the_standards_show(void **state)
{
	char http[TEXT_HTTP_DATE_SIZE], basic[TEXT_BASIC_DATE_SIZE];
	char iso[TEXT_ISO_DATE_SIZE];

	for (size_t i = 0; i < ARRAY_SIZE(moments); i++) {
		text_http_date(http, moments[i].unix_s);
		text_basic_date(basic, moments[i].unix_s);
		text_iso_date(iso, moments[i].unix_s * 1000000000);
		assert_string_equal(http, moments[i].http);
		assert_string_equal(basic, moments[i].basic);
		assert_string_equal(iso, moments[i].iso);
	}
}

static void dates_are_read_as_they_are_written(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(moments); i++) {
		int64_t s = 4711, ns = 4711;

		assert_int_equal(text_parse_http_date(moments[i].http, &s), 0);
		assert_true(s == moments[i].unix_s);
		s = 4711;
		assert_int_equal(text_parse_basic_date(moments[i].basic, &s),
				 0);
		assert_true(s == moments[i].unix_s);
		assert_int_equal(text_parse_iso_date(moments[i].iso, &ns), 0);
		assert_true(ns == moments[i].unix_s * 1000000000);
	}
}

static void years_of_other_than_four_digits_give_the_nearest(void **state)
{
	char http[TEXT_HTTP_DATE_SIZE], basic[TEXT_BASIC_DATE_SIZE];

	text_http_date(http, 253402300799);
	assert_string_equal(http, "Fri, 31 Dec 9999 23:59:59 GMT");
	text_http_date(http, 253402300800);
	assert_string_equal(http, "Fri, 31 Dec 9999 23:59:59 GMT");
	text_http_date(http, INT64_MAX);
	assert_string_equal(http, "Fri, 31 Dec 9999 23:59:59 GMT");
	text_http_date(http, INT64_MIN);
	assert_string_equal(http, "Wed, 01 Jan 1000 00:00:00 GMT");
	text_basic_date(basic, INT64_MAX);
	assert_string_equal(basic, "99991231T235959Z");
	text_basic_date(basic, INT64_MIN);
	assert_string_equal(basic, "10000101T000000Z");
}

static void check_iso(int64_t ns, const char *text)
{
	char out[TEXT_ISO_DATE_SIZE];

	text_iso_date(out, ns);
	assert_string_equal(out, text);
}

static void milliseconds_are_cut_off_before_1970_too(void **state)
{
	check_iso(1445412480123456789, "2015-10-21T07:28:00.123Z");
	check_iso(999999999, "1970-01-01T00:00:00.999Z");
	check_iso(-1, "1969-12-31T23:59:59.999Z");
	check_iso(-1000000, "1969-12-31T23:59:59.999Z");
	check_iso(-1000001, "1969-12-31T23:59:59.998Z");
	check_iso(-1000000000, "1969-12-31T23:59:59.000Z");
	check_iso(INT64_MAX, "2262-04-11T23:47:16.854Z");
	check_iso(INT64_MIN, "1677-09-21T00:12:43.145Z");
}

static void check_fraction(const char *text, int64_t ns)
{
	int64_t out = 4711;

	assert_int_equal(text_parse_iso_date(text, &out), 0);
	assert_true(out == ns);
}

static void a_fraction_may_have_any_number_of_digits(void **state)
{
	check_fraction("1970-01-01T00:00:01Z", 1000000000);
	check_fraction("1970-01-01T00:00:01.5Z", 1500000000);
	check_fraction("1970-01-01T00:00:01.050Z", 1050000000);
	check_fraction("1970-01-01T00:00:01.000001Z", 1000001000);
	check_fraction("1970-01-01T00:00:01.123456789Z", 1123456789);
	check_fraction("1970-01-01T00:00:01.1234567899999999Z", 1123456789);
	check_fraction("1969-12-31T23:59:59.999Z", -1000000);
}

static void nanoseconds_end_in_1677_and_2262(void **state)
{
	int64_t ns = 0;

	check_fraction("2262-04-11T23:47:16.854775807Z", INT64_MAX);
	check_fraction("1677-09-21T00:12:44Z", -9223372036000000000);
	assert_int_equal(text_parse_iso_date("2262-04-11T23:47:16.854775808Z",
					     &ns),
			 -EINVAL);
	assert_int_equal(text_parse_iso_date("2262-04-11T23:47:17Z", &ns),
			 -EINVAL);
	assert_int_equal(text_parse_iso_date("1677-09-21T00:12:42Z", &ns),
			 -EINVAL);
	assert_int_equal(text_parse_iso_date("9999-12-31T23:59:59Z", &ns),
			 -EINVAL);
	assert_int_equal(text_parse_iso_date("0000-01-01T00:00:00Z", &ns),
			 -EINVAL);
}

static void broken_http_dates_are_invalid(void **state)
{
	static const char *const bad[] = {
		"",
		"Wed",
		"Wed, 21 Oct 2015 07:28:00",
		"Wed, 21 Oct 2015 07:28:00 GM",
		"Wed, 21 Oct 2015 07:28:00 UTC",
		"Wed, 21 Oct 2015 07:28:00 GMT ",
		" Wed, 21 Oct 2015 07:28:00 GMT",
		"Wed, 21 Okt 2015 07:28:00 GMT",
		"Wed, 21 oct 2015 07:28:00 GMT",
		"Wed, 00 Oct 2015 07:28:00 GMT",
		"Wed, 32 Oct 2015 07:28:00 GMT",
		"Wed, 31 Sep 2015 07:28:00 GMT",
		"Wed, 29 Feb 2015 07:28:00 GMT",
		"Thu, 29 Feb 1900 07:28:00 GMT",
		"Wed, 21 Oct 2015 24:00:00 GMT",
		"Wed, 21 Oct 2015 07:60:00 GMT",
		"Wed, 21 Oct 2015 07:28:61 GMT",
		"Wed, 21 Oct 2015 07:28:-1 GMT",
		"Wed, +1 Oct 2015 07:28:00 GMT",
		"Wed,  1 Oct 2015 07:28:00 GMT",
		"Wed, 1 Oct 2015 07:28:00 GMT",
		"Wed, 21 Oct -001 07:28:00 GMT",
		"Wednesday, 21-Oct-15 07:28:00 GMT",
		"Wed Oct 21 07:28:00 2015",
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		int64_t s = 4711;

		assert_int_equal(text_parse_http_date(bad[i], &s), -EINVAL);
		assert_int_equal(s, 4711);
	}
}

static void broken_basic_dates_are_invalid(void **state)
{
	static const char *const bad[] = {
		"",
		"20151021",
		"20151021T072800",
		"20151021T072800Z ",
		"20151021T072800z",
		"20151021 072800Z",
		"2015 121T072800Z",
		"2015+121T072800Z",
		"20151321T072800Z",
		"20150021T072800Z",
		"20151000T072800Z",
		"20150229T072800Z",
		"20151021T242800Z",
		"20151021T076000Z",
		"20151021T072861Z",
		"20151021T07280-Z",
		"120151021T072800Z",
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		int64_t s = 4711;

		assert_int_equal(text_parse_basic_date(bad[i], &s), -EINVAL);
		assert_int_equal(s, 4711);
	}
}

static void broken_iso_dates_are_invalid(void **state)
{
	static const char *const bad[] = {
		"",
		"2015-10-21",
		"2015-10-21T07:28:00",
		"2015-10-21T07:28:00.",
		"2015-10-21T07:28:00.Z",
		"2015-10-21T07:28:00.123",
		"2015-10-21T07:28:00.12-Z",
		"2015-10-21T07:28:00Z ",
		"2015-10-21T07:28:00z",
		"2015-10-21T07:28:00+00:00",
		"2015-10-21 07:28:00Z",
		"2015-13-21T07:28:00Z",
		"2015-02-29T07:28:00Z",
		"2015-10-21T24:00:00Z",
		"2015-10-21T07:28:61Z",
		"2015-+1-21T07:28:00Z",
		"2015- 1-21T07:28:00Z",
		"2015-1-21T07:28:00Z",
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		int64_t ns = 4711;

		assert_int_equal(text_parse_iso_date(bad[i], &ns), -EINVAL);
		assert_int_equal(ns, 4711);
	}
}

static void a_distance_counts_bytes_put_in_taken_out_or_changed(void **state)
{
	static const struct {
		const char *a, *b;
		unsigned distance;
	} rows[] = {
		{ "", "", 0 },         { "a", "", 1 },
		{ "", "abc", 3 },      { "kitten", "sitting", 3 },
		{ "flaw", "lawn", 2 }, { "same", "same", 0 },
	};
	char long_a[80], long_b[80];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(text_distance(rows[i].a, rows[i].b),
				 rows[i].distance);
	memset(long_a, 'a', sizeof(long_a));
	memset(long_b, 'b', sizeof(long_b));
	long_a[79] = long_b[79] = '\0';
	assert_int_equal(text_distance(long_a, long_b), TEXT_DISTANCE_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_digits_up_to_the_maximum),
		cmocka_unit_test(what_is_no_number_is_invalid_however_long),
		cmocka_unit_test(hexadecimal_is_lower_case_and_ends_in_a_nul),
		cmocka_unit_test(only_unreserved_bytes_stand_for_themselves),
		cmocka_unit_test(
			encoding_writes_upper_case_and_may_keep_slashes),
		cmocka_unit_test(encoding_never_stores_half_an_escape),
		cmocka_unit_test(decoding_takes_either_case_and_plus_if_told),
		cmocka_unit_test(a_broken_escape_is_invalid),
		cmocka_unit_test(an_escape_must_end_inside_the_length),
		cmocka_unit_test(every_byte_survives_encoding_and_decoding),
		cmocka_unit_test(utf8_edges_are_judged_as_rfc_3629_says),
		cmocka_unit_test(dates_are_written_as_the_standards_show),
		cmocka_unit_test(dates_are_read_as_they_are_written),
		cmocka_unit_test(
			years_of_other_than_four_digits_give_the_nearest),
		cmocka_unit_test(milliseconds_are_cut_off_before_1970_too),
		cmocka_unit_test(a_fraction_may_have_any_number_of_digits),
		cmocka_unit_test(nanoseconds_end_in_1677_and_2262),
		cmocka_unit_test(broken_http_dates_are_invalid),
		cmocka_unit_test(broken_basic_dates_are_invalid),
		cmocka_unit_test(broken_iso_dates_are_invalid),
		cmocka_unit_test(
			a_distance_counts_bytes_put_in_taken_out_or_changed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
