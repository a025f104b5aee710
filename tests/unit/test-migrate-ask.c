/* SPDX-License-Identifier: MIT */
/* The project's Python as a child (src/migrate/migrate_ask.c). */
#include "migrate_ask.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#define LONG_MS 60000

static char script[] = "/tmp/s3storefs-ask-XXXXXX";
static struct errinfo err;
static json_t *answer;

/* Asks a shell script in place of Python. */
static int ask(const char *text, int64_t limit_ms)
{
	const char *words[] = { "mysite.settings" };
	FILE *file = fopen(script, "w");

	assert_non_null(file);
	fprintf(file, "#!/bin/sh\n%s\n", text);
	fclose(file);
	json_decref(answer);
	answer = NULL;
	memset(&err, 0, sizeof(err));
	return migrate_ask(script, words, 1, limit_ms, &answer, &err);
}

static void an_answer_is_taken_whatever_the_status(void **state)
{
	assert_int_equal(ask("echo '{\"a\": 1}'; exit 1", LONG_MS), 0);
	assert_int_equal(json_integer_value(json_object_get(answer, "a")), 1);
}

static void the_program_and_the_words_are_given(void **state)
{
	assert_int_equal(ask("printf '{\"%s\": \"%s\", \"n\": %d}' $1 $3 $#",
			     LONG_MS),
			 0);
	assert_string_equal(json_string_value(json_object_get(answer, "-c")),
			    "mysite.settings");
	assert_int_equal(json_integer_value(json_object_get(answer, "n")), 3);
}

static void no_answer_is_told_with_the_status(void **state)
{
	assert_int_equal(ask("echo '[1]'; exit 3", LONG_MS), -EBADMSG);
	assert_non_null(strstr(err.text, "ended with status 3"));
	assert_int_equal(ask("kill -9 $$", LONG_MS), -EBADMSG);
	assert_non_null(strstr(err.text, "ended with signal 9"));
}

static void no_interpreter_is_told_with_the_mend(void **state)
{
	assert_int_equal(migrate_ask("/no/python", NULL, 0, LONG_MS, &answer,
				     &err),
			 -ENOENT);
	assert_non_null(strstr(err.text, "/no/python"));
	assert_non_null(strstr(err.text, "--python venv/bin/python"));
}

static void too_large_an_answer_is_refused(void **state)
{
	assert_int_equal(ask("head -c 9000000 /dev/zero", LONG_MS), -EMSGSIZE);
	assert_null(answer);
}

/* Nothing holds the pipe any more that all of the script's processes had. */
static void nothing_of_it_is_left(void **state)
{
	static const struct {
		const char *text;
		int64_t limit_ms;
		int due;
	} runs[] = {
		{ "sleep 1000 & sleep 1000", 100, -ETIMEDOUT },
		{ "sleep 1000 & echo '{}'", LONG_MS, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(runs); i++) {
		struct pollfd end;
		int ends[2];

		assert_int_equal(pipe(ends), 0);
		assert_int_equal(ask(runs[i].text, runs[i].limit_ms),
				 runs[i].due);
		close(ends[1]);
		end = (struct pollfd){ ends[0], POLLIN, 0 };
		assert_int_equal(poll(&end, 1, LONG_MS), 1);
		assert_true(end.revents & POLLHUP);
		close(ends[0]);
	}
}

static int setup(void **state)
{
	int fd = mkstemp(script);

	if (fd < 0 || fchmod(fd, 0700) < 0)
		return -1;
	close(fd);
	return 0;
}

static int teardown(void **state)
{
	json_decref(answer);
	return unlink(script);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_is_taken_whatever_the_status),
		cmocka_unit_test(the_program_and_the_words_are_given),
		cmocka_unit_test(no_answer_is_told_with_the_status),
		cmocka_unit_test(no_interpreter_is_told_with_the_mend),
		cmocka_unit_test(too_large_an_answer_is_refused),
		cmocka_unit_test(nothing_of_it_is_left),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
