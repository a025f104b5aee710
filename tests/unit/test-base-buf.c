/* SPDX-License-Identifier: MIT */
/* Growing bytes: the maximum, the sticky error, the NUL, who owns what. */
#include "buf.h"

#include <setjmp.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void check(const struct buf *b, const char *text)
{
	assert_int_equal(b->error, 0);
	assert_int_equal(b->len, strlen(text));
	assert_string_equal(buf_str(b), text);
}

static void an_untouched_buffer_reads_as_an_empty_text(void **state)
{
	struct buf b = BUF_INIT(10);

	assert_null(b.data);
	check(&b, "");
	assert_null(buf_detach(&b));
	buf_release(&b);
}

static void adds_append_in_order(void **state)
{
	AUTO_BUF struct buf b = BUF_INIT(100);

	buf_add_str(&b, "prefix=");
	buf_add_fmt(&b, "%d/%s", 42, "x");
	buf_add_char(&b, '&');
	buf_add(&b, "abcdef", 3);
	buf_add(&b, NULL, 0);
	buf_add_str(&b, "");
	check(&b, "prefix=42/x&abc");
}

static void bytes_after_a_nul_count(void **state)
{
	AUTO_BUF struct buf b = BUF_INIT(100);

	buf_add(&b, "a\0b", 3);
	buf_add_char(&b, '\0');
	assert_int_equal(b.len, 4);
	assert_memory_equal(b.data, "a\0b\0\0", 5);
}

static void every_length_up_to_the_maximum_ends_in_a_nul(void **state)
{
	for (size_t max = 0; max < 300; max++) {
		AUTO_BUF struct buf b = BUF_INIT(max);

		for (size_t i = 0; i < max; i++) {
			buf_add_char(&b, 'x');
			assert_int_equal(b.len, i + 1);
			assert_int_equal(b.data[b.len], '\0');
		}
		assert_int_equal(b.error, 0);
		buf_add_char(&b, 'y');
		assert_int_equal(b.error, -EMSGSIZE);
		assert_int_equal(b.len, max);
		assert_int_equal(strspn(buf_str(&b), "x"), max);
	}
}

static void the_maximum_does_not_count_the_nul(void **state)
{
	AUTO_BUF struct buf b = BUF_INIT(5);

	buf_add_str(&b, "12345");
	check(&b, "12345");
	buf_clear(&b);
	buf_add_fmt(&b, "%s", "abcde");
	check(&b, "abcde");
	buf_clear(&b);
	buf_add_fmt(&b, "%s", "abcdef");
	assert_int_equal(b.error, -EMSGSIZE);
}

static void a_failed_add_leaves_the_contents_and_stops_later_ones(void **state)
{
	AUTO_BUF struct buf b = BUF_INIT(6);

	buf_add_str(&b, "1234");
	buf_add_str(&b, "567");
	assert_int_equal(b.error, -EMSGSIZE);
	buf_add_char(&b, '5');
	buf_add_fmt(&b, "%d", 5);
	buf_add(&b, "5", 1);
	buf_add_str(&b, "");
	assert_int_equal(buf_reserve(&b, 1), -EMSGSIZE);
	assert_int_equal(buf_reserve(&b, 0), -EMSGSIZE);
	assert_int_equal(b.error, -EMSGSIZE);
	assert_int_equal(b.len, 4);
	assert_string_equal(buf_str(&b), "1234");
}

static void a_failed_format_leaves_no_part_of_itself(void **state)
{
	AUTO_BUF struct buf b = BUF_INIT(6);

	buf_add_str(&b, "abc");
	buf_add_fmt(&b, "%s", "defg");
	assert_int_equal(b.error, -EMSGSIZE);
	assert_string_equal(buf_str(&b), "abc");
	assert_int_equal(b.len, 3);
}

static void the_first_error_is_the_one_that_stays(void **state)
{
	const wchar_t no_character[] = { 0x7fffffff, 0 };
	AUTO_BUF struct buf b = BUF_INIT(1);

	buf_add_str(&b, "too long");
	buf_add_fmt(&b, "%ls", no_character);
	assert_int_equal(b.error, -EMSGSIZE);
}

static void clear_forgets_the_error_and_keeps_the_memory(void **state)
{
	AUTO_BUF struct buf b = BUF_INIT(4);
	const char *before;

	buf_add_str(&b, "abcd");
	before = b.data;
	buf_add_str(&b, "e");
	assert_int_equal(b.error, -EMSGSIZE);
	buf_clear(&b);
	check(&b, "");
	assert_ptr_equal(b.data, before);
	buf_add_str(&b, "wxyz");
	check(&b, "wxyz");
	assert_ptr_equal(b.data, before);
}

static void reserve_promises_the_room_that_it_was_asked_for(void **state)
{
	AUTO_BUF struct buf b = BUF_INIT(100000);
	const char *before;

	buf_add_str(&b, "ab");
	assert_int_equal(buf_reserve(&b, 99998), 0);
	check(&b, "ab");
	before = b.data;
	for (int i = 0; i < 99998; i++)
		buf_add_char(&b, 'c');
	assert_int_equal(b.error, 0);
	assert_ptr_equal(b.data, before);
	assert_int_equal(buf_reserve(&b, 0), 0);
	assert_int_equal(buf_reserve(&b, 1), -EMSGSIZE);
}

static void an_absurd_size_is_refused_and_does_not_wrap(void **state)
{
	AUTO_BUF struct buf b = BUF_INIT(SIZE_MAX);

	buf_add_str(&b, "ab");
	assert_int_equal(buf_reserve(&b, SIZE_MAX), -EMSGSIZE);
	buf_clear(&b);
	buf_add_str(&b, "ab");
	assert_int_equal(buf_reserve(&b, SIZE_MAX - 2), -EMSGSIZE);
	assert_string_equal(buf_str(&b), "ab");
	buf_clear(&b);
	b.max = 1;
	assert_int_equal(buf_reserve(&b, SIZE_MAX), -EMSGSIZE);
}

static void detached_bytes_are_the_callers(void **state)
{
	AUTO_BUF struct buf b = BUF_INIT(10);
	AUTO_FREE char *first = NULL;
	AUTO_FREE char *second = NULL;

	buf_add_str(&b, "first");
	first = buf_detach(&b);
	check(&b, "");
	buf_add_str(&b, "second");
	second = buf_detach(&b);
	assert_non_null(first);
	assert_non_null(second);
	assert_string_equal(first, "first");
	assert_string_equal(second, "second");
	assert_null(buf_detach(&b));
}

static void a_released_buffer_may_be_used_again(void **state)
{
	struct buf b = BUF_INIT(3);

	buf_add_str(&b, "abcd");
	buf_release(&b);
	buf_release(&b);
	assert_null(b.data);
	buf_add_str(&b, "abc");
	check(&b, "abc");
	buf_add_char(&b, 'd');
	assert_int_equal(b.error, -EMSGSIZE);
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_untouched_buffer_reads_as_an_empty_text),
		cmocka_unit_test(adds_append_in_order),
		cmocka_unit_test(bytes_after_a_nul_count),
		cmocka_unit_test(every_length_up_to_the_maximum_ends_in_a_nul),
		cmocka_unit_test(the_maximum_does_not_count_the_nul),
		cmocka_unit_test(
			a_failed_add_leaves_the_contents_and_stops_later_ones),
		cmocka_unit_test(a_failed_format_leaves_no_part_of_itself),
		cmocka_unit_test(the_first_error_is_the_one_that_stays),
		cmocka_unit_test(clear_forgets_the_error_and_keeps_the_memory),
		cmocka_unit_test(
			reserve_promises_the_room_that_it_was_asked_for),
		cmocka_unit_test(an_absurd_size_is_refused_and_does_not_wrap),
		cmocka_unit_test(detached_bytes_are_the_callers),
		cmocka_unit_test(a_released_buffer_may_be_used_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
