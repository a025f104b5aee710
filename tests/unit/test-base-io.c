/* SPDX-License-Identifier: MIT */
/* Whole reads and writes of a descriptor (src/base/io.c). */
#include "io.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* The end to read from, behind which nothing comes after text. */
static int pipe_of(const char *text)
{
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(io_write(ends[1], text, strlen(text)), 0);
	close(ends[1]);
	return ends[0];
}

static void all_is_read_and_an_empty_file_is_a_text(void **state)
{
	AUTO_BUF struct buf all = BUF_INIT(10000), none = BUF_INIT(10);
	AUTO_CLOSE int fd = -1, empty = pipe_of("");
	char text[5001];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	fd = pipe_of(text);
	assert_int_equal(io_read_all(fd, &all), 0);
	assert_string_equal(all.data, text);
	assert_int_equal(io_read_all(empty, &none), 0);
	assert_string_equal(none.data, "");
}

static void a_text_past_the_maximum_is_none(void **state)
{
	AUTO_BUF struct buf small = BUF_INIT(4), exact = BUF_INIT(5);
	AUTO_CLOSE int one = pipe_of("12345"), other = pipe_of("12345");

	assert_int_equal(io_read_all(one, &small), -EMSGSIZE);
	assert_int_equal(io_read_all(other, &exact), 0);
	assert_string_equal(exact.data, "12345");
}

static void a_read_ends_with_its_room_or_the_end(void **state)
{
	AUTO_CLOSE int fd = pipe_of("12345");
	char some[4];

	assert_int_equal(io_read(fd, some, 4), 4);
	assert_memory_equal(some, "1234", 4);
	assert_int_equal(io_read(fd, some, 4), 1);
	assert_int_equal(io_read(fd, some, 4), 0);
	assert_int_equal(io_read(-1, some, 4), -EBADF);
	assert_int_equal(io_write(fd, some, 4), -EBADF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_is_read_and_an_empty_file_is_a_text),
		cmocka_unit_test(a_text_past_the_maximum_is_none),
		cmocka_unit_test(a_read_ends_with_its_room_or_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
