/* SPDX-License-Identifier: MIT */
/* What a new version is sent with, by what was there and what is wanted. */
#include "facts/headers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum {
	TYPE,
	ENCODING,
	CACHE
};

struct fixture {
	struct header_defaults before, after;
	struct pairs stored, wanted, out;
	struct headers_plan plan;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f)
		return -1;
	f->before.value[TYPE] = "text/css";
	f->after.value[TYPE] = "text/css";
	f->plan = (struct headers_plan){
		.stored = &f->stored,
		.wanted = &f->wanted,
		.before = &f->before,
		.after = &f->after,
	};
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	pairs_release(&f->stored);
	pairs_release(&f->wanted);
	pairs_release(&f->out);
	free(f);
	return 0;
}

static void set(struct pairs *p, const char *name, const char *value)
{
	assert_int_equal(pairs_set(p, name, value), 0);
}

static void check(struct fixture *f, const char *name, const char *value)
{
	const char *got;

	pairs_release(&f->out);
	assert_int_equal(headers_compose(&f->plan, &f->out), 0);
	got = pairs_get(&f->out, name);
	assert_string_equal(got ? got : "(none)", value ? value : "(none)");
}

static void a_new_file_has_what_its_name_gives(void **state)
{
	struct fixture *f = *state;

	f->plan.stored = NULL;
	f->plan.applies_wanted = true;
	f->after.value[ENCODING] = "gzip";
	check(f, "content-type", "text/css");
	check(f, "content-encoding", "gzip");
	assert_int_equal(f->out.count, 2);
	set(&f->wanted, "content-type", "text/mine");
	set(&f->wanted, "content-encoding", "");
	set(&f->wanted, "x-amz-meta-a", "b");
	check(f, "content-type", "text/mine");
	check(f, "content-encoding", S3_NOT_SENT);
	check(f, "x-amz-meta-a", "b");
}

static void an_edit_keeps_what_is_stored(void **state)
{
	static const char *const kept[] = {
		"content-type",
		"cache-control",
		"content-disposition",
		"content-encoding",
		"content-language",
		"expires",
		"x-amz-meta-owner",
		"x-amz-storage-class",
		"x-amz-website-redirect-location",
	};
	static const char *const dropped[] = {
		"x-amz-checksum-crc32c",        "x-amz-version-id",
		"x-amz-server-side-encryption", "x-amz-restore",
		"x-amz-meta-s3storefs-size",
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
		set(&f->stored, kept[i], "v");
	for (size_t i = 0; i < ARRAY_SIZE(dropped); i++)
		set(&f->stored, dropped[i], "v");
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
		check(f, kept[i], "v");
	for (size_t i = 0; i < ARRAY_SIZE(dropped); i++)
		check(f, dropped[i], NULL);
	assert_int_equal(f->out.count, ARRAY_SIZE(kept));
	assert_false(headers_must_change(&f->plan));
}

static void what_an_object_has_not_an_edit_gets_of_the_rules(void **state)
{
	struct fixture *f = *state;

	f->before.value[CACHE] = f->after.value[CACHE] = "by a rule";
	set(&f->stored, "content-type", "text/css");
	check(f, "cache-control", NULL);
	check(f, "x-amz-meta-", NULL);
	f->plan.is_copy = true;
	check(f, "cache-control", S3_NOT_SENT);
	check(f, "x-amz-meta-", S3_NOT_SENT);
	assert_false(headers_must_change(&f->plan));
	f->plan.is_copy = false;
	/* But for what was taken away by hand. */
	set(&f->wanted, "cache-control", "");
	set(&f->wanted, "x-amz-meta-a", "");
	check(f, "cache-control", S3_NOT_SENT);
	check(f, "x-amz-meta-a", S3_NOT_SENT);
	set(&f->stored, "cache-control", "given again");
	check(f, "cache-control", "given again");
	pairs_release(&f->wanted);
	f->plan.stored = NULL;
	check(f, "cache-control", "by a rule");
	check(f, "content-language", NULL);
	f->plan.applies_wanted = true;
	set(&f->wanted, "cache-control", "");
	check(f, "cache-control", S3_NOT_SENT);
}

static void a_type_of_the_old_name_follows_and_another_stays(void **state)
{
	struct fixture *f = *state;

	f->plan.is_copy = true;
	f->after.value[TYPE] = "text/html";
	set(&f->stored, "content-type", "text/css");
	assert_true(headers_must_change(&f->plan));
	check(f, "content-type", "text/html");
	set(&f->stored, "content-type", "text/special");
	assert_false(headers_must_change(&f->plan));
	check(f, "content-type", "text/special");
	set(&f->stored, "content-type", "text/css");
	set(&f->wanted, "content-type", "text/css");
	assert_false(headers_must_change(&f->plan));
	check(f, "content-type", "text/css");
	/* Taken away: guessed again. */
	set(&f->wanted, "content-type", "");
	assert_true(headers_must_change(&f->plan));
	check(f, "content-type", "text/html");
}

static void rules_of_the_new_name_apply_and_the_old_ones_go(void **state)
{
	struct fixture *f = *state;

	f->plan.is_copy = true;
	set(&f->stored, "content-type", "text/css");
	f->after.value[CACHE] = "max-age=1";
	assert_true(headers_must_change(&f->plan));
	check(f, "cache-control", "max-age=1");
	f->before.value[CACHE] = "max-age=1";
	f->after.value[CACHE] = NULL;
	assert_false(headers_must_change(&f->plan));
	set(&f->stored, "cache-control", "max-age=1");
	assert_true(headers_must_change(&f->plan));
	check(f, "cache-control", S3_NOT_SENT);
	set(&f->stored, "cache-control", "max-age=2");
	check(f, "cache-control", "max-age=2");
}

static void without_the_stored_ones_a_change_may_be_needed(void **state)
{
	struct fixture *f = *state;

	f->plan.stored = NULL;
	assert_false(headers_must_change(&f->plan));
	f->after.value[ENCODING] = "gzip";
	assert_true(headers_must_change(&f->plan));
	set(&f->wanted, "content-encoding", "");
	assert_false(headers_must_change(&f->plan));
}

static void the_class_goes_by_hand_then_by_the_rules(void **state)
{
	struct fixture *f = *state;

	set(&f->stored, "x-amz-storage-class", "STANDARD_IA");
	check(f, "x-amz-storage-class", "STANDARD_IA");
	f->after.has_class = true;
	check(f, "x-amz-storage-class", NULL);
	set(&f->wanted, "x-amz-storage-class", "STANDARD_IA");
	check(f, "x-amz-storage-class", "STANDARD_IA");
	set(&f->wanted, "x-amz-storage-class", "");
	check(f, "x-amz-storage-class", S3_NOT_SENT);
	/* A server tells nothing of this one. */
	set(&f->wanted, "x-amz-storage-class", "STANDARD");
	pairs_remove(&f->stored, "x-amz-storage-class");
	check(f, "x-amz-storage-class", "STANDARD");
}

static void what_is_in_the_bucket_already_is_not_set_again(void **state)
{
	struct fixture *f = *state;

	set(&f->stored, "cache-control", "by others, later");
	set(&f->wanted, "cache-control", "by hand");
	set(&f->wanted, "x-amz-acl", "public-read");
	check(f, "cache-control", "by others, later");
	/* But an ACL, which S3 forgets each time. */
	check(f, "x-amz-acl", "public-read");
	f->plan.applies_wanted = true;
	check(f, "cache-control", "by hand");
}

static void compressed_bytes_are_told_by_copies_only(void **state)
{
	struct fixture *f = *state;

	set(&f->stored, "content-encoding", "gzip");
	set(&f->stored, "x-amz-meta-s3storefs-gzip", "1 1048576 0 30");
	check(f, "content-encoding", NULL);
	check(f, "x-amz-meta-s3storefs-gzip", NULL);
	f->plan.is_copy = true;
	check(f, "content-encoding", "gzip");
	check(f, "x-amz-meta-s3storefs-gzip", "1 1048576 0 30");
	f->plan.is_copy = false;
	set(&f->stored, "x-amz-meta-s3storefs-gzip", "raw");
	check(f, "content-encoding", "gzip");
	check(f, "x-amz-meta-s3storefs-gzip", NULL);
}

static void metadata_is_counted_without_its_prefix(void **state)
{
	struct fixture *f = *state;

	set(&f->stored, "content-type", "text/css");
	set(&f->stored, "x-amz-meta-ab", "cde");
	set(&f->stored, "x-amz-meta-f", "");
	set(&f->stored, "x-amz-meta-not-there", S3_NOT_SENT);
	assert_int_equal(headers_metadata_bytes(&f->stored), 6);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_new_file_has_what_its_name_gives),
		TEST(an_edit_keeps_what_is_stored),
		TEST(what_an_object_has_not_an_edit_gets_of_the_rules),
		TEST(a_type_of_the_old_name_follows_and_another_stays),
		TEST(rules_of_the_new_name_apply_and_the_old_ones_go),
		TEST(without_the_stored_ones_a_change_may_be_needed),
		TEST(the_class_goes_by_hand_then_by_the_rules),
		TEST(what_is_in_the_bucket_already_is_not_set_again),
		TEST(compressed_bytes_are_told_by_copies_only),
		TEST(metadata_is_counted_without_its_prefix),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
