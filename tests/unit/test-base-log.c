/* SPDX-License-Identifier: MIT */
/* Lines of the log in a file. */
#include "log.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

static char folder[] = "/tmp/test-base-log.XXXXXX";
static char path[64], moved[64];

static int setup(void **state)
{
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/log", folder);
	snprintf(moved, sizeof(moved), "%s/log.1", folder);
	return 0;
}

static int teardown(void **state)
{
	unlink(path);
	unlink(moved);
	return rmdir(folder);
}

/* What is in the file behind "TIME ", with the NUL that is not there. */
static const char *text_of(const char *name, char text[4096])
{
	AUTO_CLOSE int fd = open(name, O_RDONLY | O_CLOEXEC);
	ssize_t len = read(fd, text, 4095);

	assert_true(len >= 0);
	text[len] = '\0';
	return strstr(text, "Z ") ? strstr(text, "Z ") + 2 : text;
}

static void
a_line_has_level_area_and_nothing_that_could_forge_another(void **state)
{
	char text[4096];

	assert_int_equal(log_setup_file(LOG_LEVEL_INFO, path), 0);
	log_info("here", "a key with a line\nends");
	log_debug("here", "not said");
	assert_string_equal(text_of(path, text),
			    "info here: a key with a line\\x0aends\n");
}

/* And the path is not the caller's any more. */
static void a_file_that_was_moved_away_gets_a_successor(void **state)
{
	char own[64], text[4096];
	struct stat st;

	memcpy(own, path, sizeof(own));
	assert_int_equal(log_setup_file(LOG_LEVEL_INFO, own), 0);
	memset(own, 'x', sizeof(own) - 1);
	log_info("here", "first");
	assert_int_equal(rename(path, moved), 0);
	while (stat(path, &st) < 0) {
		log_info("here", "between");
		usleep(10000);
	}
	log_info("here", "last");
	text_of(moved, text);
	assert_non_null(strstr(text, "info here: first\n"));
	assert_null(strstr(text, "last"));
	assert_non_null(strstr(text_of(path, text), "info here: last\n"));
}

static void what_cannot_be_opened_is_told(void **state)
{
	assert_int_equal(log_setup_file(LOG_LEVEL_INFO, "/no/such/folder/log"),
			 -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_line_has_level_area_and_nothing_that_could_forge_another),
		cmocka_unit_test(a_file_that_was_moved_away_gets_a_successor),
		cmocka_unit_test(what_cannot_be_opened_is_told),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
