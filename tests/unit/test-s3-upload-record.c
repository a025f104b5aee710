/* SPDX-License-Identifier: MIT */
/* The record of uploads under way: what stands in its folder, and when. */
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "buf.h"
#include "notes/upload_note.h"
#include "notes/upload_record.h"

#define PLACE "http://h/b"

struct fixture {
	char dir[64];
	char folder[128];
	const char *folders[2];
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	strcpy(f->dir, "/tmp/s3storefs-record-XXXXXX");
	if (!mkdtemp(f->dir))
		return -1;
	snprintf(f->folder, sizeof(f->folder), "%s/state/uploads", f->dir);
	f->folders[0] = f->folder;
	*state = f;
	return 0;
}

/* Calls see for each name in the folder; their number, -1 without a folder. */
static int each(const char *folder, void (*see)(const char *path))
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	int count = 0;

	while (dir && (entry = readdir(dir))) {
		char path[512];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		if (see)
			see(path);
		count++;
	}
	if (dir)
		closedir(dir);
	return dir ? count : -1;
}

static void forget(const char *path)
{
	unlink(path);
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	char path[128];

	each(f->folder, forget);
	rmdir(f->folder);
	snprintf(path, sizeof(path), "%s/state", f->dir);
	rmdir(path);
	rmdir(f->dir);
	free(f);
	return 0;
}

static int count(const struct fixture *f)
{
	return each(f->folder, NULL);
}

static char *found_lock;

static void find_lock(const char *path)
{
	if (strstr(path, UPLOAD_LOCK)) {
		free(found_lock);
		found_lock = strdup(path);
	}
}

/* Whether somebody holds the lock that is there. */
static bool is_held(const struct fixture *f)
{
	int fd;
	bool held;

	each(f->folder, find_lock);
	fd = open(found_lock, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	held = flock(fd, LOCK_EX | LOCK_NB) < 0;
	close(fd);
	free(found_lock);
	found_lock = NULL;
	return held;
}

static void an_upload_is_noted_until_it_is_over(void **state)
{
	struct fixture *f = *state;
	struct upload_record *record = upload_record_new(f->folders, PLACE);

	assert_int_equal(count(f), -1);
	upload_record_remove(record, "never noted");
	assert_int_equal(count(f), -1);
	upload_record_add(record, "a", "1");
	upload_record_add(record, "a", "2");
	assert_int_equal(count(f), 3);
	assert_true(is_held(f));
	upload_record_remove(record, "1");
	upload_record_remove(record, "1");
	assert_int_equal(count(f), 2);
	upload_record_remove(record, "2");
	assert_int_equal(count(f), 1);
	upload_record_free(record);
	assert_int_equal(count(f), 0);
}

static void what_is_left_at_the_end_stays_without_a_lock_on_it(void **state)
{
	struct fixture *f = *state;
	struct upload_record *record = upload_record_new(f->folders, PLACE);

	upload_record_add(record, "a", "1");
	upload_record_free(record);
	assert_int_equal(count(f), 2);
	assert_false(is_held(f));
}

static void the_lock_goes_with_a_killed_process(void **state)
{
	struct fixture *f = *state;
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		struct upload_record *record =
			upload_record_new(f->folders, PLACE);

		upload_record_add(record, "a", "1");
		kill(getpid(), SIGKILL);
	}
	waitpid(child, &status, 0);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(count(f), 2);
	assert_false(is_held(f));
}

static void two_records_do_not_meet(void **state)
{
	struct fixture *f = *state;
	struct upload_record *one = upload_record_new(f->folders, PLACE);
	struct upload_record *two = upload_record_new(f->folders, PLACE);

	upload_record_add(one, "a", "1");
	upload_record_add(two, "a", "1");
	assert_int_equal(count(f), 4);
	upload_record_remove(one, "1");
	upload_record_free(one);
	assert_int_equal(count(f), 2);
	assert_true(is_held(f));
	upload_record_free(two);
}

static void a_folder_that_others_may_write_to_is_not_used(void **state)
{
	struct fixture *f = *state;
	struct upload_record *record = upload_record_new(f->folders, PLACE);
	int fd = upload_folder_open(f->folder, true);

	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(chmod(f->folder, 0770), 0);
	assert_int_equal(upload_folder_open(f->folder, true), -EPERM);
	upload_record_add(record, "a", "1");
	assert_int_equal(count(f), 0);
	upload_record_free(record);
}

static void a_link_is_no_folder(void **state)
{
	struct fixture *f = *state;
	char path[128];
	int fd = upload_folder_open(f->folder, true);

	assert_true(fd >= 0);
	close(fd);
	snprintf(path, sizeof(path), "%s/link", f->dir);
	assert_int_equal(symlink(f->folder, path), 0);
	assert_true(upload_folder_open(path, true) < 0);
	unlink(path);
}

static void looking_makes_no_folder(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(upload_folder_open(f->folder, false), -ENOENT);
	assert_int_equal(count(f), -1);
}

static void the_second_folder_serves_when_the_first_cannot(void **state)
{
	struct fixture *f = *state;
	struct upload_record *record;

	f->folders[1] = f->folder;
	f->folders[0] = "/proc/none/uploads";
	record = upload_record_new(f->folders, PLACE);
	upload_record_add(record, "a", "1");
	assert_int_equal(count(f), 2);
	upload_record_free(record);
}

#define EACH 200

static void *note_many(void *arg)
{
	struct upload_record *record = arg;

	for (int i = 0; i < EACH; i++) {
		char id[64];

		snprintf(id, sizeof(id), "%lx-%d",
			 (unsigned long)pthread_self(), i);
		upload_record_add(record, "key", id);
		if (i % 2)
			upload_record_remove(record, id);
	}
	return NULL;
}

static void threads_share_a_record(void **state)
{
	struct fixture *f = *state;
	struct upload_record *record = upload_record_new(f->folders, PLACE);
	pthread_t threads[4];

	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, note_many,
						record),
				 0);
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(count(f), (int)ARRAY_SIZE(threads) * EACH / 2 + 1);
	upload_record_free(record);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_upload_is_noted_until_it_is_over),
		TEST(what_is_left_at_the_end_stays_without_a_lock_on_it),
		TEST(the_lock_goes_with_a_killed_process),
		TEST(two_records_do_not_meet),
		TEST(a_folder_that_others_may_write_to_is_not_used),
		TEST(a_link_is_no_folder),
		TEST(looking_makes_no_folder),
		TEST(the_second_folder_serves_when_the_first_cannot),
		TEST(threads_share_a_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
