/* SPDX-License-Identifier: MIT */
/*
 * What is noted of multipart uploads, and what a client aborts of those that
 * another one has left. A client that is freed stands for a process that
 * died: its lock is gone.
 */
#include "fixture.h"
#include "multipart.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static char dir[64];
static char folder[96];

/* Names in the folder; with forget they are removed. */
static unsigned notes(bool forget)
{
	DIR *open = opendir(folder);
	struct dirent *entry;
	unsigned count = 0;

	while (open && (entry = readdir(open))) {
		if (entry->d_name[0] == '.')
			continue;
		if (forget)
			unlinkat(dirfd(open), entry->d_name, 0);
		count++;
	}
	if (open)
		closedir(open);
	return count;
}

static struct s3_client *new_client(void)
{
	struct s3_options options = fixture.options;
	struct errinfo err = ERRINFO_INIT;
	struct s3_client *client = NULL;

	options.record_folders[0] = folder;
	options.attempts = 2;
	if (s3_client_new(fixture.http, &options, &client, &err) < 0)
		fail_msg("%s", err.text);
	return client;
}

static char *begin(struct s3_client *client, const char *key)
{
	struct s3_create_upload create = { .key = key };
	char *id;

	s3_create_upload_start(client, &create);
	assert_int_equal(s3_wait(client, &create.op), 0);
	id = STEAL(create.upload_id);
	s3_create_upload_release(&create);
	return id;
}

static int give_up(struct s3_client *client, const char *key, const char *id)
{
	struct s3_abort_upload up = { .key = key, .upload_id = id };
	int result;

	s3_abort_upload_start(client, &up);
	result = s3_wait(client, &up.op);
	s3_abort_upload_release(&up);
	return result;
}

static int finish(struct s3_client *client, const char *key, const char *id)
{
	struct bytes bytes = { "data", 4 };
	struct s3_upload_part part = { .key = key,
				       .upload_id = id,
				       .number = 1,
				       .body = bytes_body(&bytes, false) };
	struct s3_part done = { .number = 1 };
	struct s3_complete_upload complete = {
		.key = key, .upload_id = id, .parts = &done, .count = 1
	};
	int result;

	s3_upload_part_start(client, &part);
	assert_int_equal(s3_wait(client, &part.op), 0);
	memcpy(done.etag, part.etag, sizeof(done.etag));
	s3_upload_part_release(&part);
	s3_complete_upload_start(client, &complete);
	result = s3_wait(client, &complete.op);
	s3_complete_upload_release(&complete);
	return result;
}

/* Uploads that the server has. */
static size_t uploads(void)
{
	struct s3_list_uploads list = { 0 };
	size_t count;

	s3_list_uploads_start(fixture.client, &list);
	assert_int_equal(s3_wait(fixture.client, &list.op), 0);
	count = list.count;
	s3_list_uploads_release(&list);
	return count;
}

/* As a process that dies with count uploads under way. */
static void leave(unsigned count)
{
	struct s3_client *dead = new_client();

	for (unsigned i = 0; i < count; i++) {
		char key[16];

		snprintf(key, sizeof(key), "k%u", i);
		free(begin(dead, key));
	}
	s3_client_free(dead);
}

static void sweep(void)
{
	struct s3_client *client = new_client();

	s3_sweep_start(client);
	s3_sweep_wait(client);
	s3_client_free(client);
}

static int set_up(void **state)
{
	snprintf(dir, sizeof(dir), "/tmp/s3storefs-sweep-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(folder, sizeof(folder), "%s/uploads", dir);
	return fixture_fresh(state);
}

static int tear_down(void **state)
{
	notes(true);
	rmdir(folder);
	return rmdir(dir);
}

static void an_upload_is_noted_until_it_is_complete_or_aborted(void **state)
{
	struct s3_client *client = new_client();
	AUTO_FREE char *one = begin(client, "one");
	AUTO_FREE char *two = begin(client, "two");

	assert_int_equal(notes(false), 3);
	assert_int_equal(finish(client, "one", one), 0);
	assert_int_equal(notes(false), 2);
	assert_int_equal(give_up(client, "two", two), 0);
	assert_int_equal(notes(false), 1);
	s3_client_free(client);
	assert_int_equal(notes(false), 0);
}

static void an_upload_that_the_server_has_lost_is_no_longer_noted(void **state)
{
	struct s3_client *client = new_client();
	AUTO_FREE char *id = begin(client, "k");
	struct s3_part part = { .number = 1, .etag = "e" };
	struct s3_complete_upload complete = {
		.key = "k", .upload_id = id, .parts = &part, .count = 1
	};

	assert_int_equal(give_up(fixture.client, "k", id), 0);
	assert_int_equal(notes(false), 2);
	s3_complete_upload_start(client, &complete);
	assert_int_equal(s3_wait(client, &complete.op), -ESRCH);
	s3_complete_upload_release(&complete);
	assert_int_equal(notes(false), 1);
	s3_client_free(client);
}

static void an_abort_that_failed_leaves_the_note(void **state)
{
	struct s3_client *client = new_client();
	AUTO_FREE char *id = begin(client, "k");

	fixture_plan("[{\"op\": \"AbortMultipartUpload\", \"status\": 403, "
		     "\"code\": \"AccessDenied\", \"count\": 0}]");
	assert_int_equal(give_up(client, "k", id), -EACCES);
	s3_client_free(client);
	assert_int_equal(notes(false), 2);
	fixture_plan("[]");
	sweep();
	assert_int_equal(notes(false), 0);
	assert_int_equal(uploads(), 0);
}

static void what_a_dead_one_has_left_is_aborted_and_nothing_else(void **state)
{
	struct s3_client *alive = new_client();
	AUTO_FREE char *theirs = begin(fixture.client, "k0");
	AUTO_FREE char *ours = begin(alive, "k0");

	leave(2);
	leave(1);
	assert_int_equal(uploads(), 5);
	sweep();
	assert_int_equal(uploads(), 2);
	assert_int_equal(notes(false), 2);
	assert_int_equal(finish(alive, "k0", ours), 0);
	assert_int_equal(give_up(fixture.client, "k0", theirs), 0);
	s3_client_free(alive);
}

static void a_sweep_does_not_touch_its_own_clients_uploads(void **state)
{
	struct s3_client *client = new_client();
	AUTO_FREE char *id = begin(client, "k");

	leave(1);
	s3_sweep_start(client);
	s3_sweep_wait(client);
	assert_int_equal(uploads(), 1);
	assert_int_equal(finish(client, "k", id), 0);
	s3_client_free(client);
}

static void without_the_dead_nothing_is_sent(void **state)
{
	sweep();
	assert_int_equal(fixture_requests("AbortMultipartUpload"), 0);
}

static void sweeps_at_the_same_time_share_the_work(void **state)
{
	struct s3_client *clients[4];

	leave(3);
	leave(3);
	for (size_t i = 0; i < ARRAY_SIZE(clients); i++) {
		clients[i] = new_client();
		s3_sweep_start(clients[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(clients); i++)
		s3_sweep_wait(clients[i]);
	for (size_t i = 0; i < ARRAY_SIZE(clients); i++)
		s3_client_free(clients[i]);
	assert_int_equal(uploads(), 0);
	assert_int_equal(notes(false), 0);
	assert_int_equal(fixture_requests("AbortMultipartUpload"), 6);
}

/* A sweep takes what is not locked yet for a dead one's. */
static void uploads_begin_while_others_sweep(void **state)
{
	for (unsigned i = 0; i < 50; i++) {
		struct s3_client *sweeper = new_client();
		struct s3_client *client = new_client();
		AUTO_FREE char *id = NULL;

		leave(1);
		s3_sweep_start(sweeper);
		id = begin(client, "k");
		s3_sweep_wait(sweeper);
		assert_int_equal(finish(client, "k", id), 0);
		s3_client_free(client);
		s3_client_free(sweeper);
	}
	assert_int_equal(uploads(), 0);
	assert_int_equal(notes(false), 0);
}

static void a_client_ends_in_the_middle_of_a_sweep(void **state)
{
	struct s3_client *client;

	leave(3);
	fixture_plan("[{\"op\": \"AbortMultipartUpload\", \"delay_ms\": 60000, "
		     "\"count\": 0}]");
	client = new_client();
	s3_sweep_start(client);
	fixture_await("AbortMultipartUpload", 1);
	s3_client_free(client);
	assert_int_equal(notes(false), 4);
	fixture_plan("[]");
	sweep();
	assert_int_equal(notes(false), 0);
}

static void an_outage_ends_a_sweep(void **state)
{
	leave(4);
	fixture_plan("[{\"op\": \"AbortMultipartUpload\", \"status\": 503, "
		     "\"count\": 0}]");
	sweep();
	assert_int_equal(fixture_requests("AbortMultipartUpload"), 2);
	assert_int_equal(notes(false), 5);
	fixture_plan("[]");
	sweep();
	assert_int_equal(notes(false), 0);
}

static void a_refused_abort_does_not_keep_the_others(void **state)
{
	leave(4);
	fixture_plan("[{\"op\": \"AbortMultipartUpload\", \"key\": \"k1\", "
		     "\"status\": 403, \"code\": \"AccessDenied\", "
		     "\"count\": 0},"
		     "{\"op\": \"AbortMultipartUpload\", \"key\": \"k2\", "
		     "\"status\": 400, \"code\": \"InvalidRequest\", "
		     "\"count\": 0}]");
	sweep();
	assert_int_equal(notes(false), 3);
	assert_int_equal(uploads(), 2);
	fixture_plan("[]");
	sweep();
	assert_int_equal(notes(false), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_upload_is_noted_until_it_is_complete_or_aborted),
		TEST(an_upload_that_the_server_has_lost_is_no_longer_noted),
		TEST(an_abort_that_failed_leaves_the_note),
		TEST(what_a_dead_one_has_left_is_aborted_and_nothing_else),
		TEST(a_sweep_does_not_touch_its_own_clients_uploads),
		TEST(without_the_dead_nothing_is_sent),
		TEST(sweeps_at_the_same_time_share_the_work),
		TEST(uploads_begin_while_others_sweep),
		TEST(a_client_ends_in_the_middle_of_a_sweep),
		TEST(an_outage_ends_a_sweep),
		TEST(a_refused_abort_does_not_keep_the_others),
	};

	return cmocka_run_group_tests(tests, fixture_begin, fixture_end);
}
