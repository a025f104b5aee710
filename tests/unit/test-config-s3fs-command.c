/* SPDX-License-Identifier: MIT */
/* The command lines of s3fs that mount nothing (src/config/s3fs_command.c). */
#include "s3fs_command.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "buf.h"

#define WORDS_MAX 12

/* The words with blanks between them; NULL: it is no line of s3fs's. */
static void check(const char *line, const char *expected)
{
	AUTO_FREE char *copy = strdup(line);
	AUTO_BUF struct buf text = BUF_INIT(1000);
	char *argv[WORDS_MAX + 1] = { NULL }, *rest = copy;
	AUTO_FREE char **words = NULL;
	int argc = 0, count = 0;

	while (rest && argc < WORDS_MAX)
		argv[argc++] = strsep(&rest, " ");
	words = s3fs_command_words(&argc, argv);
	if (!expected) {
		assert_null(words);
		return;
	}
	assert_non_null(words);
	for (; words[count]; count++)
		buf_add_fmt(&text, "%s%s", count ? " " : "", words[count]);
	assert_string_equal(buf_str(&text), expected);
	assert_int_equal(argc, count);
}

static void lines_of_s3fs_become_the_tools(void **state)
{
	check("s -u b", "s uploads b");
	check("s b -u", "s uploads b");
	check("s --incomplete-mpu-list b", "s uploads b");
	check("s --incomplete-mpu-abort b", "s uploads --abort b");
	check("s --incomplete-mpu-abort=all b",
	      "s uploads --abort --older-than all b");
	check("s --incomplete-mpu-abort=1D b -o url=x",
	      "s uploads --abort --older-than 1D b -o url=x");
	check("s --incomplete-mpu-abort= b",
	      "s uploads --abort --older-than  b");
	check("s --incomplete-mpu-abort=1D --incomplete-mpu-abort=2D",
	      "s uploads --abort --older-than 1D --abort --older-than 2D");
	check("s -o a=b -u -- -u", "s uploads -o a=b -- -u");
}

static void other_lines_stay_as_they_are(void **state)
{
	check("s", NULL);
	check("s b /mnt", NULL);
	check("s -- -u /mnt", NULL);
	check("s b /mnt -o -u", NULL);
	check("s -c -u b /mnt", NULL);
	check("s b /mnt -o", NULL);
	check("s --incomplete-mpu-aborted b", NULL);
	check("s --incomplete-mpu-list=1 b", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_of_s3fs_become_the_tools),
		cmocka_unit_test(other_lines_stay_as_they_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
