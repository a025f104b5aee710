/* SPDX-License-Identifier: MIT */
/* The store's attributes as stat(2) tells them. */
#include "attr.h"
#include "internal.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct fs fs = {
	.options = { .uid = 11, .gid = 12, .file_mode = 0640, .dir_mode = 0750 },
	.inodes = { .root_id = 77 },
};

static struct stat stat_of(struct store_attr attr)
{
	struct stat st;

	attr_to_stat(&fs, &attr, &st);
	return st;
}

static void owner_and_mode_come_from_the_options(void **state)
{
	struct stat st = stat_of((struct store_attr){ .id = 5 });

	assert_int_equal(st.st_mode, S_IFREG | 0640);
	assert_int_equal(st.st_uid, 11);
	assert_int_equal(st.st_gid, 12);
	st = stat_of((struct store_attr){ .id = 5, .is_dir = true });
	assert_int_equal(st.st_mode, S_IFDIR | 0750);
	assert_int_equal(st.st_nlink, 1);
}

static void what_was_set_wins_over_the_options(void **state)
{
	struct stat st = stat_of((struct store_attr){
		.id = 5,
		.has_mode = true,
		.has_uid = true,
		.has_gid = true,
		.mode = 04711,
		.uid = 0,
		.gid = 3,
	});

	assert_int_equal(st.st_mode, S_IFREG | 04711);
	assert_int_equal(st.st_uid, 0);
	assert_int_equal(st.st_gid, 3);
}

static void the_root_is_inode_1(void **state)
{
	struct stat st = stat_of((struct store_attr){ .id = 77 });

	assert_int_equal(st.st_ino, 1);
	st = stat_of((struct store_attr){ .id = 78 });
	assert_int_equal(st.st_ino, 78);
}

static void blocks_are_512_bytes_rounded_up(void **state)
{
	struct stat st = stat_of((struct store_attr){ .size = 513 });

	assert_int_equal(st.st_size, 513);
	assert_int_equal(st.st_blocks, 2);
	st = stat_of((struct store_attr){ .size = 0 });
	assert_int_equal(st.st_blocks, 0);
}

static void times_before_1970_have_positive_nanoseconds(void **state)
{
	struct stat st = stat_of((struct store_attr){
		.mtime_ns = -1,
		.atime_ns = 1500000000,
	});

	assert_int_equal(st.st_mtim.tv_sec, -1);
	assert_int_equal(st.st_mtim.tv_nsec, 999999999);
	assert_int_equal(st.st_ctim.tv_sec, -1);
	assert_int_equal(st.st_atim.tv_sec, 1);
	assert_int_equal(st.st_atim.tv_nsec, 500000000);
}

static void a_validity_in_the_past_is_none(void **state)
{
	struct store_attr attr = { .valid_ms = -5 };

	assert_true(attr_seconds(&attr) == 0.0);
	attr.valid_ms = 1500;
	assert_true(attr_seconds(&attr) == 1.5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(owner_and_mode_come_from_the_options),
		cmocka_unit_test(what_was_set_wins_over_the_options),
		cmocka_unit_test(the_root_is_inode_1),
		cmocka_unit_test(blocks_are_512_bytes_rounded_up),
		cmocka_unit_test(times_before_1970_have_positive_nanoseconds),
		cmocka_unit_test(a_validity_in_the_past_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
