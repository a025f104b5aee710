/* SPDX-License-Identifier: MIT */
/* Which paths a pattern stands for (src/s3/params/pattern.c). */
#include "params/pattern.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "macros.h"

static const struct {
	const char *pattern, *path;
	bool is_match;
} rows[] = {
	/* Without a slash: the last component. */
	{ "*.css", "a.css", true },
	{ "*.css", "deep/in/a.css", true },
	{ "*.css", ".css", true },
	{ "*.css", "a.css.gz", false },
	{ "*.css", "a.css/b", false },
	{ "*.CSS", "a.css", false },
	{ "a.css", "b/a.css", true },
	{ "?.c", "a.c", true },
	{ "?.c", "ab.c", false },
	{ "?.c", "\xc3\xbc.c", true },
	{ "a?b", "a/b", false },
	{ "[ab].c", "x/b.c", true },
	{ "[ab].c", "c.c", false },
	{ "[!ab].c", "c.c", true },
	{ "[^ab].c", "a.c", false },
	{ "[a-c]x", "bx", true },
	{ "[a-c]x", "dx", false },
	{ "[a-]x", "-x", true },
	{ "[]]x", "]x", true },
	{ "[!]]x", "]x", false },
	{ "[x", "[x", true },
	{ "[", "[", true },
	{ "[!]", "[!]", true },
	{ "x[a-", "x[a-", true },
	{ "*", "any/thing", true },
	{ "**", "any/thing", true },
	{ "a*b*c", "aXbYc", true },
	{ "a*b*c", "abcbc", true },
	{ "a*b*c", "aXc", false },
	{ "*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false },
	{ "img", "img/", true }, /* a folder's marker */
	{ "*.d", "conf.d/", true },

	/* With one: all of the path. */
	{ "img/*.png", "img/a.png", true },
	{ "img/*.png", "x/img/a.png", false },
	{ "img/*.png", "img/b/a.png", false },
	{ "/a.css", "a.css", true },
	{ "/a.css", "b/a.css", false },
	{ "img/**.png", "img/b/c/a.png", true },
	{ "img/**.png", "img/a.png", true },
	{ "img/**.png", "img.png", false },
	{ "img/**", "img/b/c", true },
	{ "img/**", "img/", true },
	{ "img/**", "img", false },
	{ "img/", "img/a", true },
	{ "img/", "img/a/b", true },
	{ "img/", "img/", true },
	{ "img/", "image/a", false },
	{ "*/thumbs/", "a/thumbs/b/c", true },
	{ "*/thumbs/", "a/b/thumbs/c", false },
	{ "/", "a/b", true },
	{ "**/a", "a", true },
	{ "**/a", "b/a", true },
	{ "**/a", "b/c/a", true },
	{ "**/a", "ba", false },
	{ "x/**/y", "x/y", true },
	{ "x/**/y", "x/1/2/y", true },
	{ "x/**/y", "x/1y", false },
	{ "**/a/**/b", "1/a/2/a/3/b", true },
	{ "**/a/*/b", "a/1/2/a/3/b", true },
	{ "**/*x/b", "ax/cx/b", true },
	{ "a**z/b", "a/q/z/b", true },
	{ "a/[!/]b", "a//b", false },
	{ "a/b", "a/b/", true },
	{ "", "", true },
	{ "", "a", false },
};

static void each_pattern_stands_for_its_paths(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (pattern_matches(rows[i].pattern, rows[i].path) !=
		    rows[i].is_match)
			fail_msg("%s and %s", rows[i].pattern, rows[i].path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_pattern_stands_for_its_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
