/* SPDX-License-Identifier: MIT */
/* Names and keys: the vectors of django-storages and of Django, and limits. */
#include "name.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "text.h"

static void only_what_the_kernel_and_s3_both_take_is_a_name(void **state)
{
	static const struct {
		const char *name;
		size_t len;
		int rc;
	} cases[] = {
		{ "", 0, -EINVAL },
		{ ".", 1, -EINVAL },
		{ "..", 2, -EINVAL },
		{ "a/b", 3, -EINVAL },
		{ "a\0b", 3, -EINVAL },
		{ "a\xff", 2, -EILSEQ },
		{ "\xed\xa0\x80", 3, -EILSEQ },
		{ "...", 3, 0 },
		{ ".a", 2, 0 },
		{ " a ", 3, 0 },
		{ "a\\b:~%2e\n\t", 10, 0 },
		{ "na\xc3\xafve", 6, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(name_check(cases[i].name, cases[i].len),
				 cases[i].rc);
		assert_int_equal(name_is_showable(cases[i].name, cases[i].len),
				 cases[i].rc == 0);
	}
}

static void names_end_at_255_bytes_and_keys_at_1024(void **state)
{
	char name[NAME_SIZE + 1];

	memset(name, 'a', sizeof(name));
	assert_int_equal(name_check(name, 255), 0);
	assert_int_equal(name_check(name, 256), -ENAMETOOLONG);
	assert_int_equal(name_key_check(1024), 0);
	assert_int_equal(name_key_check(1025), -ENAMETOOLONG);
}

/* "?" in pattern stands for one letter or digit. */
static bool matches(const char *pattern, const char *s)
{
	for (; *pattern && *s; pattern++, s++) {
		if (*pattern == '?' ? !isalnum((unsigned char)*s) :
				      *pattern != *s)
			return false;
	}
	return !*pattern && !*s;
}

/* The examples of Django 3.2's get_available_name, the name being taken. */
static const struct {
	const char *name;
	const char *unique;
} taken[] = {
	{ "a.txt", "a_???????.txt" }, { "d/p.tar.gz", "d/p.tar_???????.gz" },
	{ "noext", "noext_???????" }, { ".hid", ".hid_???????" },
	{ "..hid", "..hid_???????" }, { ".hid.x", ".hid_???????.x" },
	{ "d.d/f", "d.d/f_???????" }, { "a.", "a_???????." },
};

static void a_taken_name_gets_seven_characters_before_its_suffix(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(taken); i++) {
		AUTO_BUF struct buf path = BUF_INIT(4096);
		const char *slash = strrchr(taken[i].name, '/');
		size_t dir = slash ? (size_t)(slash + 1 - taken[i].name) : 0;
		char name[NAME_SIZE];

		assert_int_equal(name_unique(name, taken[i].name + dir, 1024,
					     SIZE_MAX),
				 0);
		assert_true(matches(taken[i].unique + dir, name));
		assert_int_equal(name_unique_path(&path, taken[i].name, 0), 0);
		assert_true(matches(taken[i].unique, path.data));
	}
}

static void each_new_name_is_another(void **state)
{
	char one[NAME_SIZE], other[NAME_SIZE];
	bool seen[256] = { false };
	unsigned letters = 0;

	for (int i = 0; i < 1000; i++) {
		assert_int_equal(name_unique(one, "a", 1024, SIZE_MAX), 0);
		assert_int_equal(name_unique(other, "a", 1024, SIZE_MAX), 0);
		assert_string_not_equal(one, other);
		for (int n = 2; n < 9; n++)
			seen[(unsigned char)one[n]] = true;
	}
	for (int i = 0; i < 256; i++)
		letters += seen[i];
	assert_int_equal(letters, 62);
}

static void a_long_name_is_shortened_between_characters(void **state)
{
	char name[NAME_SIZE], out[NAME_SIZE];

	memset(name, 'a', 255);
	name[255] = '\0';
	assert_int_equal(name_unique(out, name, 1024, SIZE_MAX), 0);
	assert_int_equal(strlen(out), 255);
	memcpy(name + 245, "\xe2\x82\xac\xe2\x82\xac.txt", 10);
	for (size_t room = 13; room <= 255; room++) {
		assert_int_equal(name_unique(out, name, room, SIZE_MAX), 0);
		assert_true(strlen(out) <= room && strlen(out) + 3 > room);
		assert_int_equal(name_check(out, strlen(out)), 0);
		assert_string_equal(out + strlen(out) - 4, ".txt");
	}
	assert_int_equal(name_unique(out, name, 12, SIZE_MAX), -ENAMETOOLONG);
	assert_int_equal(name_unique(out, "\xe2\x82\xac", 10, SIZE_MAX),
			 -ENAMETOOLONG);
	assert_int_equal(name_unique(out, "\xe2\x82\xac", 11, SIZE_MAX), 0);
}

static void max_length_counts_characters_of_the_path(void **state)
{
	static const struct {
		const char *path;
		size_t max;
		const char *unique;
		const char *shorter;
	} cases[] = {
		{ "longfreename.txt", 15, "lon_???????.txt",
		  "longfreenam.txt" },
		{ "a.txt", 13, "a_???????.txt", "a.txt" },
		{ "a.txt", 12, NULL, "a.txt" },
		{ "free.txt", 7, NULL, "fre.txt" },
		{ "free.txt", 8, NULL, "free.txt" },
		{ "free.txt", 4, NULL, NULL },
		{ "d/free.txt", 15, "d/f_???????.txt", "d/free.txt" },
		{ "\xc3\xa9t\xc3\xa9.txt", 14, "\xc3\xa9t_???????.txt",
		  "\xc3\xa9t\xc3\xa9.txt" },
		{ "\xc3\xa9t\xc3\xa9.txt", 6, NULL, "\xc3\xa9t.txt" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO_BUF struct buf out = BUF_INIT(4096);
		int rc = name_unique_path(&out, cases[i].path, cases[i].max);

		assert_int_equal(rc, cases[i].unique ? 0 : -ENAMETOOLONG);
		if (rc == 0)
			assert_true(matches(cases[i].unique, out.data));
		buf_clear(&out);
		rc = name_shorten_path(&out, cases[i].path, cases[i].max);
		assert_int_equal(rc, cases[i].shorter ? 0 : -ENAMETOOLONG);
		if (rc == 0)
			assert_string_equal(out.data, cases[i].shorter);
	}
}

static void a_location_is_a_normalised_relative_path(void **state)
{
	static const struct {
		const char *location;
		int rc;
		const char *hint;
	} cases[] = {
		{ "", 0, NULL },
		{ "media", 0, NULL },
		{ "media/", 0, NULL },
		{ "media//", 0, NULL },
		{ "a b/\xc3\xa9", 0, NULL },
		{ "..", 0, NULL },
		{ " ", 0, NULL },
		{ "/x", -EINVAL, "Use 'x' instead" },
		{ "///x", -EINVAL, "Use 'x' instead" },
		{ "/", -EINVAL, "Use '' instead" },
		{ "./m", -EINVAL, "Use 'm' instead" },
		{ "m/../n", -EINVAL, "Use 'n' instead" },
		{ "m//n", -EINVAL, "Use 'm/n' instead" },
		{ ".", -EINVAL, "Use '' instead" },
		{ "\xff", -EILSEQ, "UTF-8" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct errinfo err = ERRINFO_INIT;

		assert_int_equal(name_location_check(cases[i].location, &err),
				 cases[i].rc);
		assert_int_equal(err.code, cases[i].rc);
		if (cases[i].hint)
			assert_non_null(strstr(err.text, cases[i].hint));
	}
}

static void a_location_leaves_room_for_a_name(void **state)
{
	char location[1024];

	memset(location, 'a', sizeof(location));
	location[1023] = '\0';
	assert_int_equal(name_location_check(location, NULL), -ENAMETOOLONG);
	location[1022] = '\0';
	assert_int_equal(name_location_check(location, NULL), 0);
}

/* What django-storages 1.14 gives; NULL where it refuses. */
static const struct {
	const char *name;
	const char *clean;
	const char *key;
	const char *media_key;
} keys[] = {
	{ "", "", "", "media/" },
	{ ".", "", "", "media/" },
	{ "/", "/", "", NULL },
	{ "..", "..", "", NULL },
	{ "../", "../", "", NULL },
	{ "a", "a", "a", "media/a" },
	{ "a/.", "a", "a", "media/a" },
	{ "./a", "a", "a", "media/a" },
	{ "a/", "a/", "a/", "media/a/" },
	{ "a//", "a/", "a/", "media/a/" },
	{ "a/../b", "b", "b", "media/b" },
	{ "a/..", "", "", "media/" },
	{ "../a", "../a", "a", NULL },
	{ "/a", "/a", "a", NULL },
	{ "///a", "/a", "a", NULL },
	{ "//a", "//a", "a", NULL },
	{ "a//b", "a/b", "a/b", "media/a/b" },
	{ "a\\b", "a/b", "a/b", "media/a/b" },
	{ "a\\..\\b", "a/../b", "b", "media/b" },
	{ "..\\b", "../b", "b", NULL },
	{ "\\a", "/a", "a", NULL },
	{ " a ", " a ", " a ", "media/ a " },
	{ "a:b", "a:b", "a:b", "media/a:b" },
	{ "~", "~", "~", "media/~" },
	{ "%2e%2e/x", "%2e%2e/x", "%2e%2e/x", "media/%2e%2e/x" },
	{ "\t\n", "\t\n", "\t\n", "media/\t\n" },
	{ "../media2/x", "../media2/x", "media2/x", NULL },
	{ "../media/x", "../media/x", "media/x", "media/x" },
	{ "../../a", "../../a", "a", NULL },
};

static void check_key(const char *location, const char *name, const char *key)
{
	AUTO_BUF struct buf out = BUF_INIT(4096);
	struct errinfo err = ERRINFO_INIT;
	int rc = name_to_key(&out, location, name, &err);

	assert_int_equal(rc, key ? 0 : -EACCES);
	assert_int_equal(err.code, rc);
	assert_string_equal(buf_str(&out), key ? key : "");
}

static void keys_are_those_of_django_storages(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		AUTO_BUF struct buf clean = BUF_INIT(4096);

		assert_int_equal(name_clean(&clean, keys[i].name), 0);
		assert_string_equal(buf_str(&clean), keys[i].clean);
		check_key("", keys[i].name, keys[i].key);
		check_key("media", keys[i].name, keys[i].media_key);
		check_key("media//", keys[i].name, keys[i].media_key);
	}
	check_key("..", "x", "../x");
	check_key(" ", "x", " /x");
	check_key("m//n", "x", NULL);
}

static void a_key_over_the_limit_or_not_utf8_is_refused(void **state)
{
	AUTO_BUF struct buf out = BUF_INIT(4096);
	static char name[8192];

	assert_int_equal(name_to_key(&out, "", "\xff", NULL), -EILSEQ);
	memset(name, 'a', sizeof(name) - 1);
	assert_int_equal(name_to_key(&out, "", name, NULL), -ENAMETOOLONG);
	name[1025] = '\0';
	assert_int_equal(name_to_key(&out, "", name, NULL), -ENAMETOOLONG);
	name[1024] = '\0';
	assert_int_equal(name_to_key(&out, "", name, NULL), 0);
	buf_clear(&out);
	assert_int_equal(name_to_key(&out, "m", name, NULL), -ENAMETOOLONG);
}

static void paths_join_in_order(void **state)
{
	static const struct {
		const char *base;
		const char *paths[5];
		const char *joined;
	} cases[] = {
		{ "",
		  { "path/./somewhere/../other", "..", ".", "to/./somewhere" },
		  "path/to/somewhere" },
		{ "base_url", { "" }, "base_url/" },
		{ "base_url", { "." }, "base_url/" },
		{ "base_url/",
		  { "path/to/", "somewhere/" },
		  "base_url/path/to/somewhere/" },
		{ "base_url/",
		  { "path/to", "..", "somewhere" },
		  "base_url/path/somewhere" },
		{ "base_url", { "a:b", "c" }, "base_url/a:b/c" },
		{ "base_url", { "..", "base_url2" }, NULL },
		{ "base_url", { "/etc" }, NULL },
		{ "base_url", { NULL }, "base_url/" },
		{ "", { NULL }, "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO_BUF struct buf out = BUF_INIT(4096);
		size_t count = 0;

		while (count < 5 && cases[i].paths[count])
			count++;
		assert_int_equal(name_safe_join(&out, cases[i].base,
						cases[i].paths, count),
				 cases[i].joined ? 0 : -EACCES);
		assert_string_equal(buf_str(&out),
				    cases[i].joined ? cases[i].joined : "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			only_what_the_kernel_and_s3_both_take_is_a_name),
		cmocka_unit_test(names_end_at_255_bytes_and_keys_at_1024),
		cmocka_unit_test(
			a_taken_name_gets_seven_characters_before_its_suffix),
		cmocka_unit_test(each_new_name_is_another),
		cmocka_unit_test(a_long_name_is_shortened_between_characters),
		cmocka_unit_test(max_length_counts_characters_of_the_path),
		cmocka_unit_test(a_location_is_a_normalised_relative_path),
		cmocka_unit_test(a_location_leaves_room_for_a_name),
		cmocka_unit_test(keys_are_those_of_django_storages),
		cmocka_unit_test(a_key_over_the_limit_or_not_utf8_is_refused),
		cmocka_unit_test(paths_join_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
