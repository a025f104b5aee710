/* SPDX-License-Identifier: MIT */
/* Bodies that are not there yet when curl wants them. */
#include "http-call.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "clock.h"
#include "crc32c.h"

enum {
	MIB = 1024 * 1024,
	STALL_MS = 1000
};

static struct http *http;
static atomic_ullong last_length;
static atomic_uint last_crc32c;

static int start_http(void **state)
{
	struct http_options options = { .stall_timeout_ms = STALL_MS };

	return http_new(&options, &http, NULL);
}

static int stop_http(void **state)
{
	http_free(http);
	return 0;
}

static enum raw_then take_all(struct raw_exchange *x)
{
	raw_take_body(x, UINT64_MAX);
	last_length = x->body_taken;
	last_crc32c = x->body_crc32c;
	raw_say_ok(x, "");
	return RAW_KEEP;
}

/* A call whose body comes as the test says: byte i is i mod 251. */
struct late {
	struct call call;
	struct raw_server *server;
	atomic_ullong here; /* bytes that are */
	atomic_uint asked;  /* how often there were none */
	atomic_int error;   /* instead of bytes */
	uint64_t step;      /* of feed */
	pthread_t thread;
};

static ssize_t late_read(void *arg, uint64_t offset, void *to, size_t room)
{
	struct late *late = arg;
	unsigned char *bytes = to;
	uint64_t here = late->here;

	if (late->error)
		return late->error;
	if (offset >= here) {
		late->asked++;
		return -EAGAIN;
	}
	if (room > here - offset)
		room = (size_t)(here - offset);
	for (size_t i = 0; i < room; i++)
		bytes[i] = (unsigned char)((offset + i) % 251);
	return (ssize_t)room;
}

static void late_init(struct late *late, raw_answer_fn answer, uint64_t length)
{
	*late = (struct late){ .step = 1 };
	late->server = raw_server_new(answer, late);
	call_init(&late->call, "PUT", late->server, "/");
	late->call.req.body = (struct http_body){
		.length = length,
		.read = late_read,
		.arg = late,
	};
}

static void late_release(struct late *late)
{
	call_release(&late->call);
	raw_server_free(late->server);
}

static void late_wait_for_pause(struct late *late, unsigned count)
{
	int64_t until = clock_now_ms() + 20000;

	while (late->asked < count && clock_now_ms() < until)
		poll(NULL, 0, 1);
	assert_true(late->asked >= count);
}

static void late_give(struct late *late, uint64_t here)
{
	late->here = here;
	http_resume(http, &late->call.req);
}

static void assert_whole(struct late *late)
{
	uint64_t length = late->call.req.body.length;
	unsigned char byte;
	uint32_t crc = 0;

	for (uint64_t i = 0; i < length; i++) {
		byte = (unsigned char)(i % 251);
		crc = crc32c(crc, &byte, 1);
	}
	assert_int_equal(late->call.req.result, 0);
	assert_int_equal(last_length, length);
	assert_int_equal(last_crc32c, crc);
}

/* Never waits for the pause: resumes come before, in between and after. */
static void *feed(void *arg)
{
	struct late *late = arg;

	while (late->here < late->call.req.body.length)
		late_give(late, late->here + late->step);
	return NULL;
}

static void a_body_goes_on_where_it_was_paused(void **state)
{
	static const uint64_t lengths[] = { 5000, 3 * MIB };
	struct late late;

	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		late_init(&late, take_all, lengths[i]);
		http_submit(http, &late.call.req);
		for (unsigned part = 1; part <= 4; part++) {
			late_wait_for_pause(&late, part);
			late_give(&late, part * lengths[i] / 4);
		}
		call_wait(&late.call);
		assert_whole(&late);
		assert_int_equal(late.asked, 4);
		late_release(&late);
	}
}

static void feeders_and_loop_race_and_no_byte_is_lost(void **state)
{
	struct late late[8];

	for (unsigned i = 0; i < 8; i++) {
		late_init(&late[i], take_all, 256 * 1024);
		late[i].step = 512u << i;
		http_submit(http, &late[i].call.req);
		pthread_create(&late[i].thread, NULL, feed, &late[i]);
	}
	for (unsigned i = 0; i < 8; i++) {
		pthread_join(late[i].thread, NULL);
		call_wait(&late[i].call);
		assert_int_equal(late[i].call.req.result, 0);
		late_release(&late[i]);
	}
}

static void a_resume_without_a_pause_changes_nothing(void **state)
{
	struct late late;

	late_init(&late, take_all, 5000);
	http_resume(http, &late.call.req);
	http_submit_after(http, &late.call.req, 20);
	http_resume(http, &late.call.req);
	late_wait_for_pause(&late, 1);
	/* There is nothing yet: it is paused once more. */
	http_resume(http, &late.call.req);
	http_resume(http, &late.call.req);
	late_wait_for_pause(&late, 2);
	late_give(&late, 5000);
	call_wait(&late.call);
	http_resume(http, &late.call.req);
	assert_whole(&late);
	/* The next one begins anew, without a pause. */
	assert_int_equal(call_run(http, &late.call), 0);
	assert_whole(&late);
	late_release(&late);
}

static void a_cancel_ends_a_paused_request(void **state)
{
	struct late late;

	late_init(&late, take_all, 5000);
	http_submit(http, &late.call.req);
	late_wait_for_pause(&late, 1);
	late_give(&late, 100);
	late_wait_for_pause(&late, 2);
	http_resume(http, &late.call.req);
	http_cancel(http, &late.call.req);
	http_resume(http, &late.call.req);
	call_wait(&late.call);
	assert_int_equal(late.call.req.result, -ECANCELED);
	late_release(&late);
}

static void an_error_after_the_pause_ends_it(void **state)
{
	struct late late;

	late_init(&late, take_all, 5000);
	http_submit(http, &late.call.req);
	late_wait_for_pause(&late, 1);
	late.error = -EIO;
	http_resume(http, &late.call.req);
	call_wait(&late.call);
	assert_int_equal(late.call.req.result, -EIO);
	late_release(&late);
}

static void a_deadline_ends_a_paused_request(void **state)
{
	struct late late;

	late_init(&late, take_all, 5000);
	late.call.req.deadline_ms = 100;
	assert_int_equal(call_run(http, &late.call), -ETIMEDOUT);
	assert_true(late.asked > 0);
	late_release(&late);
}

/* The server is not to blame, and has all of its time after. */
static void a_pause_is_no_stall(void **state)
{
	struct late late;

	late_init(&late, take_all, 5000);
	http_submit(http, &late.call.req);
	late_wait_for_pause(&late, 1);
	poll(NULL, 0, 5 * STALL_MS / 2);
	assert_int_equal(late.call.done_count, 0);
	late_give(&late, 5000);
	call_wait(&late.call);
	assert_whole(&late);
	late_release(&late);
}

static enum raw_then take_none(struct raw_exchange *x)
{
	raw_pause(x, 60000);
	return RAW_CLOSE;
}

static void after_a_pause_a_stall_is_one_again(void **state)
{
	struct late late;

	late_init(&late, take_none, 100);
	http_submit(http, &late.call.req);
	late_wait_for_pause(&late, 1);
	late_give(&late, 100);
	call_wait(&late.call);
	assert_int_equal(late.call.req.result, -ETIMEDOUT);
	late_release(&late);
}

/* Says no when the body has begun to wait. */
static enum raw_then refuse(struct raw_exchange *x)
{
	struct late *late = x->server->arg;

	while (late->asked == 0)
		raw_pause(x, 1);
	raw_say(x, "HTTP/1.1 503 Slow Down\r\nContent-Length: 2\r\n\r\nno");
	return RAW_CLOSE;
}

static void an_answer_ends_the_pause(void **state)
{
	struct late late;

	late_init(&late, refuse, 5000);
	assert_int_equal(call_run(http, &late.call), 0);
	assert_int_equal(late.call.req.status, 503);
	assert_string_equal(buf_str(&late.call.req.response_body), "no");
	late_release(&late);
}

static void the_end_cancels_what_is_paused(void **state)
{
	struct http *old = http;
	struct late late;

	late_init(&late, take_all, 5000);
	http_submit(http, &late.call.req);
	late_wait_for_pause(&late, 1);
	assert_int_equal(start_http(NULL), 0);
	http_free(old);
	assert_int_equal(late.call.req.result, -ECANCELED);
	late_release(&late);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_body_goes_on_where_it_was_paused),
		cmocka_unit_test(feeders_and_loop_race_and_no_byte_is_lost),
		cmocka_unit_test(a_resume_without_a_pause_changes_nothing),
		cmocka_unit_test(a_cancel_ends_a_paused_request),
		cmocka_unit_test(an_error_after_the_pause_ends_it),
		cmocka_unit_test(a_deadline_ends_a_paused_request),
		cmocka_unit_test(a_pause_is_no_stall),
		cmocka_unit_test(after_a_pause_a_stall_is_one_again),
		cmocka_unit_test(an_answer_ends_the_pause),
		cmocka_unit_test(the_end_cancels_what_is_paused),
	};

	return cmocka_run_group_tests(tests, start_http, stop_http);
}
