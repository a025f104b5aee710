/* SPDX-License-Identifier: MIT */
/*
 * What every operation does when the server fails: against the test server
 * and its fault plans. Each test says what must hold for the caller: the
 * right bytes, the right errno, and an end within the bound.
 */
#include "fixture.h"
#include "multipart.h"
#include "traits.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "crc32c.h"

#define MIB  (1024 * 1024)
#define SOON 15000 /* ms: what must not be waited for takes longer */

static int64_t begun_ms;

static int fresh(void **state)
{
	fixture_fresh(state);
	begun_ms = clock_now_ms();
	return 0;
}

static void assert_soon(void)
{
	assert_in_range(clock_now_ms() - begun_ms, 0, SOON);
}

static void use_timeout(int timeout_ms, int attempts)
{
	struct s3_options options = fixture.options;

	options.timeout_ms = timeout_ms;
	options.attempts = attempts;
	fixture_use(&options);
}

static int list_all(size_t *count)
{
	struct s3_list list = { .prefix = "" };
	int result;

	s3_list_start(fixture.client, &list);
	result = s3_wait(fixture.client, &list.op);
	*count = list.count;
	s3_list_release(&list);
	return result;
}

static int copy_to(const char *from, const char *to, const char *etag)
{
	struct s3_copy copy = { .source_key = from,
				.source_etag = etag,
				.key = to };
	int result;

	s3_copy_start(fixture.client, &copy);
	result = s3_wait(fixture.client, &copy.op);
	s3_copy_release(&copy);
	return result;
}

static int put_if_free(const char *key, const char *text)
{
	struct bytes bytes = { text, strlen(text) };
	struct s3_put put = { .key = key,
			      .body = bytes_body(&bytes, true),
			      .if_none_match = true };
	int result;

	s3_put_start(fixture.client, &put);
	result = s3_wait(fixture.client, &put.op);
	s3_put_release(&put);
	return result;
}

static void assert_object(const char *key, const char *text)
{
	AUTO_BUF struct buf got = BUF_INIT(MIB);

	assert_int_equal(do_get(key, 0, S3_WHOLE, NULL, &got), 0);
	assert_string_equal(buf_str(&got), text);
}

/* --- refusals that pass ------------------------------------------------- */

static void two_refusals_are_ridden_through(void **state)
{
	static const char *const plans[] = {
		"[{\"op\":\"*\",\"status\":500,\"count\":2}]",
		"[{\"op\":\"*\",\"status\":503,\"code\":\"SlowDown\","
		"\"count\":2}]",
		"[{\"op\":\"*\",\"status\":429,\"count\":2}]",
		"[{\"op\":\"*\",\"status\":502,\"count\":2,\"body\":\"<html>\"}]",
		"[{\"op\":\"*\",\"status\":409,\"code\":\"OperationAborted\","
		"\"count\":2}]",
		"[{\"op\":\"*\",\"reset\":true,\"count\":2}]",
		"[{\"op\":\"*\",\"reset_after\":true,\"count\":2}]",
	};
	size_t count;

	for (size_t i = 0; i < ARRAY_SIZE(plans); i++) {
		begun_ms = clock_now_ms();
		fixture_plan(plans[i]);
		assert_int_equal(do_put("k", "text", 4), 0);
		fixture_plan(plans[i]);
		assert_object("k", "text");
		fixture_plan(plans[i]);
		assert_int_equal(do_head("k", NULL, NULL), 0);
		fixture_plan(plans[i]);
		assert_int_equal(list_all(&count), 0);
		assert_int_equal(count, 1);
		fixture_plan(plans[i]);
		assert_int_equal(copy_to("k", "l", NULL), 0);
		fixture_plan(plans[i]);
		assert_int_equal(do_delete("l"), 0);
		assert_soon();
	}
}

static void
a_refusal_for_ever_is_eio_after_the_tries_that_were_set(void **state)
{
	size_t count;

	use_timeout(0, 5);
	fixture_plan("[{\"op\":\"*\",\"status\":500,\"count\":0}]");
	assert_int_equal(do_put("k", "text", 4), -EIO);
	assert_int_equal(fixture_requests("PutObject"), 5);
	assert_int_equal(do_head("k", NULL, NULL), -EIO);
	assert_int_equal(fixture_requests("HeadObject"), 5);
	assert_int_equal(list_all(&count), -EIO);
	assert_int_equal(copy_to("k", "l", NULL), -EIO);
	assert_int_equal(do_delete("k"), -EIO);
}

/* Of whatever kind: what has answered once is waited for, not counted. */
static void an_outage_is_ridden_through(void **state)
{
	assert_int_equal(do_put("k", "text", 4), 0);
	fixture_plan("[{\"op\":\"GetObject\",\"reset\":true,\"count\":3},"
		     "{\"op\":\"GetObject\",\"cut_after\":0,\"count\":2},"
		     "{\"op\":\"GetObject\",\"status\":502,\"count\":2},"
		     "{\"op\":\"HeadObject\",\"status\":503,\"count\":6}]");
	assert_object("k", "text");
	assert_int_equal(fixture_requests("GetObject"), 8);
	assert_int_equal(do_head("k", NULL, NULL), 0);
	assert_int_equal(fixture_requests("HeadObject"), 7);
}

static void an_outage_for_ever_ends_with_the_bound(void **state)
{
	static const char *const faults[] = { "\"status\":503",
					      "\"reset\":true" };
	char plan[128];
	int result;

	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		use_timeout(1000, 0);
		fixture_plan("[]");
		assert_int_equal(do_head("k", NULL, NULL), -ENOENT);
		snprintf(plan, sizeof(plan), "[{\"op\":\"*\",\"count\":0,%s}]",
			 faults[i]);
		fixture_plan(plan);
		begun_ms = clock_now_ms();
		result = do_put("k", "text", 4);
		assert_true(result == -EIO || result == -ETIMEDOUT);
		assert_in_range(clock_now_ms() - begun_ms, 500, SOON);
	}
}

static unsigned requests_of_a_head(int expected)
{
	unsigned before = fixture_requests("HeadObject");

	assert_int_equal(do_head("k", NULL, NULL), expected);
	return fixture_requests("HeadObject") - before;
}

/* One waits for the bound; others then look for a second, until it is back. */
static void a_server_that_hangs_is_waited_for_once(void **state)
{
	struct bytes bytes = { "text", 4 };
	struct s3_put put = { .op.priority = S3_COMMIT,
			      .key = "k",
			      .body = bytes_body(&bytes, true) };

	use_timeout(3000, 0);
	assert_int_equal(do_put("k", "text", 4), 0);
	fixture_plan("[{\"op\":\"*\",\"count\":0,\"delay_ms\":60000}]");
	assert_true(requests_of_a_head(-ETIMEDOUT) > 1);
	assert_int_equal(fixture_requests("HeadBucket"), 0);
	assert_int_equal(requests_of_a_head(-ETIMEDOUT), 1);
	assert_int_equal(fixture_requests("HeadBucket"), 1);
	/* What is to be stored may still be. */
	fixture_plan("[{\"op\":\"PutObject\",\"delay_ms\":60000}]");
	s3_put_start(fixture.client, &put);
	assert_int_equal(s3_wait(fixture.client, &put.op), 0);
	s3_put_release(&put);
	assert_int_equal(fixture_requests("PutObject"), 3);
	assert_int_equal(requests_of_a_head(0), 1);
}

/* Its answers take longer than those look who know that it hangs. */
static void a_server_that_is_slow_after_it_hung_is_found(void **state)
{
	int result = -ETIMEDOUT;

	use_timeout(3000, 0);
	assert_int_equal(do_put("k", "text", 4), 0);
	fixture_plan("[{\"op\":\"*\",\"count\":0,\"delay_ms\":60000}]");
	assert_int_equal(do_head("k", NULL, NULL), -ETIMEDOUT);
	fixture_plan("[{\"op\":\"*\",\"count\":0,\"delay_ms\":1200}]");
	for (int i = 0; i < 4 && result == -ETIMEDOUT; i++)
		result = do_head("k", NULL, NULL);
	assert_int_equal(result, 0);
}

/* However long it was to pause: it cannot be known better than by an answer. */
static void a_retry_goes_on_when_the_server_is_back(void **state)
{
	struct s3_head head = { .key = "k" };
	struct bytes bytes = { "text", 4 };
	struct s3_put put = { .op.priority = S3_COMMIT,
			      .key = "k",
			      .body = bytes_body(&bytes, true) };

	use_timeout(60000, 0);
	assert_int_equal(do_put("k", "text", 4), 0);
	fixture_plan("[{\"op\":\"PutObject\",\"status\":503,"
		     "\"headers\":{\"Retry-After\":\"20\"}},"
		     "{\"op\":\"*\",\"count\":0,\"reset\":true}]");
	s3_put_start(fixture.client, &put);
	head.op.until_ms = clock_now_ms() + 1000;
	s3_head_start(fixture.client, &head);
	assert_true(s3_wait(fixture.client, &head.op) < 0);
	s3_head_release(&head);
	assert_int_equal(fixture_requests("PutObject"), 2);
	fixture_plan("[]");
	assert_int_equal(do_head("k", NULL, NULL), 0);
	assert_int_equal(s3_wait(fixture.client, &put.op), 0);
	s3_put_release(&put);
	assert_soon();
}

static void retry_after_is_obeyed(void **state)
{
	fixture_plan("[{\"op\":\"HeadObject\",\"status\":503,"
		     "\"headers\":{\"Retry-After\":\"1\"}}]");
	assert_int_equal(do_head("k", NULL, NULL), -ENOENT);
	assert_in_range(clock_now_ms() - begun_ms, 1000, SOON);
}

static void a_retry_after_beyond_the_bound_ends_it(void **state)
{
	use_timeout(1000, 5);
	fixture_plan("[{\"op\":\"HeadObject\",\"status\":503,\"count\":0,"
		     "\"headers\":{\"Retry-After\":\"3600\"}}]");
	assert_int_equal(do_head("k", NULL, NULL), -EIO);
	assert_soon();
}

/* --- refusals that stay ------------------------------------------------- */

static const struct {
	const char *refusal;
	int result;
} refusals[] = {
	{ "\"status\":403,\"code\":\"AccessDenied\"", -EACCES },
	{ "\"status\":401,\"code\":\"Unauthorized\"", -EACCES },
	{ "\"status\":404,\"code\":\"NoSuchBucket\"", -ENODEV },
	{ "\"status\":400,\"code\":\"EntityTooLarge\"", -EFBIG },
	{ "\"status\":413,\"code\":\"TooBig\"", -EFBIG },
	{ "\"status\":400,\"code\":\"KeyTooLongError\"", -ENAMETOOLONG },
	{ "\"status\":403,\"code\":\"InvalidObjectState\"", -EACCES },
	{ "\"status\":403,\"code\":\"QuotaExceeded\"", -ENOSPC },
	{ "\"status\":400,\"code\":\"InvalidArgument\"", -EIO },
	{ "\"status\":405,\"code\":\"MethodNotAllowed\"", -ENOTSUP },
};

static void other_refusals_are_told_at_once(void **state)
{
	AUTO_BUF struct buf got = BUF_INIT(MIB);
	char plan[256];

	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
		snprintf(plan, sizeof(plan), "[{\"op\":\"GetObject\",%s}]",
			 refusals[i].refusal);
		fixture_plan(plan);
		if (do_get("k", 0, 1, NULL, &got) != refusals[i].result)
			fail_msg("wrong errno for %s", refusals[i].refusal);
	}
	assert_int_equal(fixture_requests("GetObject"), ARRAY_SIZE(refusals));
}

static void a_bare_403_of_a_head_is_eacces_if_the_key_is_listed(void **state)
{
	assert_int_equal(do_put("k", "", 0), 0);
	assert_int_equal(do_put("k2", "", 0), 0);
	fixture_plan("[{\"op\":\"HeadObject\",\"status\":403,\"count\":0}]");
	assert_int_equal(do_head("k", NULL, NULL), -EACCES);
	assert_int_equal(do_head("k1", NULL, NULL), -ENOENT);
	assert_int_equal(do_head("k3", NULL, NULL), -ENOENT);
	assert_int_equal(fixture_requests("HeadObject"), 3);
	assert_int_equal(fixture_requests("ListObjectsV2"), 3);
	fixture_plan("[{\"op\":\"HeadObject\",\"status\":403,\"count\":0},"
		     "{\"op\":\"ListObjectsV2\",\"status\":403,\"count\":0}]");
	assert_int_equal(do_head("k3", NULL, NULL), -EACCES);
}

static void a_proxys_404_proves_nothing(void **state)
{
	AUTO_BUF struct buf got = BUF_INIT(MIB);

	assert_int_equal(do_put("k", "text", 4), 0);
	fixture_plan("[{\"op\":\"GetObject\",\"status\":404,"
		     "\"body\":\"<html>lost</html>\",\"count\":1}]");
	assert_object("k", "text");
	fixture_plan("[{\"op\":\"GetObject\",\"status\":404,"
		     "\"body\":\"<html>lost</html>\",\"count\":0}]");
	assert_int_equal(do_get("k", 0, 1, NULL, &got), -EBADMSG);
}

/* --- reading ------------------------------------------------------------ */

/* Each of these is tried again, and then the bytes are right. */
static const char *const read_faults[] = {
	"\"cut_after\":0",
	"\"cut_after\":1000",
	"\"cut_after\":700000",
	"\"short_body\":0",
	"\"short_body\":1000",
	"\"no_body\":true",
	"\"status\":200,\"body\":\"\"",
	"\"status\":206,\"body\":\"<Error><Code>InternalError</Code></Error>\"",
	"\"ok_error\":\"InternalError\"",
	"\"stall_after\":5000",
	"\"reset\":true",
	"\"reset_after\":true",
	"\"status\":500",
};

static void read_with_fault(const char *fault, const char *data, size_t len)
{
	AUTO_BUF struct buf got = BUF_INIT(2 * MIB);
	char plan[256];
	int result;

	snprintf(plan, sizeof(plan), "[{\"op\":\"GetObject\",%s}]", fault);
	fixture_plan(plan);
	result = do_get("big", 0, S3_WHOLE, NULL, &got);
	/* Headers that fit a shorter object: the checksum tells, too late. */
	if (result != -EIO || !strstr(fault, "short_body\":1000")) {
		if (result < 0)
			fail_msg("whole with %s", fault);
		assert_int_equal(got.len, len);
		assert_memory_equal(got.data, data, len);
	}
	fixture_plan(plan);
	if (do_get("big", 10, len - 20, NULL, &got) < 0)
		fail_msg("range with %s", fault);
	assert_int_equal(got.len, len - 20);
	assert_memory_equal(got.data, data + 10, len - 20);
}

static void a_broken_answer_is_fetched_again(void **state)
{
	char *data = make_bytes(MIB, 3);

	assert_int_equal(do_put("big", data, MIB), 0);
	for (size_t i = 0; i < ARRAY_SIZE(read_faults); i++)
		read_with_fault(read_faults[i], data, MIB);
	free(data);
}

static void an_answer_that_stays_broken_is_eio_or_ebadmsg(void **state)
{
	AUTO_BUF struct buf got = BUF_INIT(2 * MIB);
	char *data = make_bytes(MIB, 4);
	char plan[256];

	use_timeout(0, 5);
	assert_int_equal(do_put("big", data, MIB), 0);
	for (size_t i = 0; i < ARRAY_SIZE(read_faults); i++) {
		int result;

		if (strstr(read_faults[i], "stall"))
			continue; /* 2 s each time */
		snprintf(plan, sizeof(plan),
			 "[{\"op\":\"GetObject\",\"count\":0,%s}]",
			 read_faults[i]);
		fixture_plan(plan);
		result = do_get("big", 0, MIB, NULL, &got);
		if (result != -EIO && result != -EBADMSG &&
		    !(result == 0 && strstr(read_faults[i], "cut_after\":7")))
			fail_msg("%d for %s", result, read_faults[i]);
		assert_memory_equal(got.data ? got.data : "", data, got.len);
	}
	free(data);
}

static void the_cut_is_where_reading_goes_on(void **state)
{
	AUTO_BUF struct buf got = BUF_INIT(2 * MIB);
	char *data = make_bytes(MIB, 5);

	assert_int_equal(do_put("big", data, MIB), 0);
	fixture_plan("[{\"op\":\"GetObject\",\"cut_after\":300000,"
		     "\"count\":3}]");
	assert_int_equal(do_get("big", 0, S3_WHOLE, NULL, &got), 0);
	assert_int_equal(fixture_requests("GetObject"), 4);
	assert_memory_equal(got.data, data, MIB);
	free(data);
}

/* A sink that stores another version after the first piece. */
struct swap {
	struct s3_get get;
	struct s3_put put;
	struct bytes bytes;
	size_t got;
	bool is_stored;
};

static int swap_sink(struct s3_get *get, const void *data, size_t len)
{
	struct swap *swap = container_of(get, struct swap, get);

	for (size_t i = 0; i < len; i++)
		if (((const char *)data)[i] != 'a')
			return -EILSEQ;
	swap->got += len;
	if (!swap->is_stored) {
		swap->is_stored = true;
		s3_put_start(fixture.client, &swap->put);
	}
	return 0;
}

static void bytes_of_two_versions_are_never_mixed(void **state)
{
	char *a = malloc(2 * MIB), *b = malloc(2 * MIB);
	struct swap swap = {
		.get = { .key = "big", .length = S3_WHOLE, .sink = swap_sink },
		.put = { .key = "big" },
		.bytes = { b, 2 * MIB },
	};

	memset(a, 'a', 2 * MIB);
	memset(b, 'b', 2 * MIB);
	swap.put.body = bytes_body(&swap.bytes, true);
	assert_int_equal(do_put("big", a, 2 * MIB), 0);
	fixture_plan("[{\"op\":\"GetObject\",\"cut_after\":300000},"
		     "{\"op\":\"GetObject\",\"status\":503,\"code\":"
		     "\"SlowDown\",\"headers\":{\"Retry-After\":\"1\"}}]");
	s3_get_start(fixture.client, &swap.get);
	assert_int_equal(s3_wait(fixture.client, &swap.get.op), -ESTALE);
	assert_int_equal(s3_wait(fixture.client, &swap.put.op), 0);
	assert_in_range(swap.got, 1, 300000);
	s3_get_release(&swap.get);
	s3_put_release(&swap.put);
	free(a);
	free(b);
}

static void another_etag_than_asked_is_estale(void **state)
{
	AUTO_BUF struct buf got = BUF_INIT(MIB);
	char etag[S3_ETAG_MAX];

	assert_int_equal(do_put("k", "text", 4), 0);
	assert_int_equal(do_head("k", NULL, etag), 0);
	fixture_plan("[{\"op\":\"GetObject\",\"etag\":\"wrong\"}]");
	assert_int_equal(do_get("k", 0, 4, etag, &got), -ESTALE);
	assert_int_equal(got.len, 0);
}

static void a_flipped_byte_is_noticed(void **state)
{
	AUTO_BUF struct buf got = BUF_INIT(MIB);

	assert_int_equal(do_put("k", "some text", 9), 0);
	use_timeout(1000, 2);
	fixture_plan("[{\"op\":\"GetObject\",\"flip_byte\":3}]");
	assert_int_equal(do_get("k", 0, S3_WHOLE, NULL, &got), 0);
	assert_string_equal(buf_str(&got), "some text");
	buf_clear(&got);
	fixture_plan("[{\"op\":\"GetObject\",\"flip_byte\":3,\"count\":0}]");
	assert_int_equal(do_get("k", 0, S3_WHOLE, NULL, &got), -EBADMSG);
	assert_int_equal(got.len, 0);
}

static void a_flipped_byte_of_what_was_given_out_is_noticed(void **state)
{
	AUTO_BUF struct buf got = BUF_INIT(3 * MIB);
	char *data = make_bytes(2 * MIB, 6);

	assert_int_equal(do_put("big", data, 2 * MIB), 0);
	fixture_plan("[{\"op\":\"GetObject\",\"flip_byte\":3}]");
	assert_int_equal(do_get("big", 0, S3_WHOLE, NULL, &got), -EIO);
	free(data);
}

static void a_trickle_ends_at_the_bound(void **state)
{
	AUTO_BUF struct buf got = BUF_INIT(2 * MIB);
	char *data = make_bytes(MIB, 6);

	assert_int_equal(do_put("big", data, MIB), 0);
	use_timeout(1500, 5);
	fixture_plan("[{\"op\":\"GetObject\",\"trickle\":20000,\"count\":0}]");
	assert_int_equal(do_get("big", 0, S3_WHOLE, NULL, &got), -ETIMEDOUT);
	assert_soon();
	free(data);
}

static void a_hang_ends_at_the_bound(void **state)
{
	size_t count;

	use_timeout(1000, 5);
	fixture_plan("[{\"op\":\"*\",\"delay_ms\":60000,\"count\":0}]");
	assert_int_equal(do_head("k", NULL, NULL), -ETIMEDOUT);
	assert_in_range(clock_now_ms() - begun_ms, 900, SOON);
	assert_int_equal(list_all(&count), -ETIMEDOUT);
	assert_in_range(clock_now_ms() - begun_ms, 1900, SOON);
}

/* --- writing ------------------------------------------------------------ */

/* Several that are one to whoever waits: the first has used up the time. */
static void an_operation_may_be_given_an_end(void **state)
{
	struct s3_head head = { .key = "k" };

	use_timeout(20000, 0);
	assert_in_range(s3_until_ms(fixture.client) - clock_now_ms(), 10000,
			20000);
	fixture_plan("[{\"op\":\"*\",\"delay_ms\":60000,\"count\":0}]");
	head.op.until_ms = clock_now_ms() + 10;
	s3_head_start(fixture.client, &head);
	assert_int_equal(s3_wait(fixture.client, &head.op), -ETIMEDOUT);
	assert_int_equal(fixture_requests("HeadObject"), 1);
	assert_soon();
	s3_head_release(&head);
}

static void a_put_without_etag_is_sent_again(void **state)
{
	fixture_plan("[{\"op\":\"PutObject\",\"status\":200}]");
	assert_int_equal(do_put("k", "text", 4), 0);
	assert_int_equal(fixture_requests("PutObject"), 2);
	fixture_plan("[{\"op\":\"PutObject\",\"status\":200,\"count\":0}]");
	assert_int_equal(do_put("k", "more", 4), -EBADMSG);
	assert_object("k", "text");
}

static void a_put_without_etag_that_is_stored_is_sent_once(void **state)
{
	fixture_plan("[{\"op\":\"PutObject\",\"etag\":\"none\",\"count\":0}]");
	assert_int_equal(do_put("k", "text", 4), 0);
	assert_int_equal(put_if_free("l", "text"), 0);
	assert_int_equal(put_if_free("l", "more"), -EEXIST);
	assert_int_equal(fixture_requests("PutObject"), 3);
	assert_int_equal(fixture_requests("HeadObject"), 2);
}

static void our_own_first_try_does_not_take_the_key(void **state)
{
	fixture_plan("[{\"op\":\"PutObject\",\"reset_after\":true}]");
	assert_int_equal(put_if_free("k", "mine"), 0);
	assert_object("k", "mine");
	assert_int_equal(put_if_free("k", "more"), -EEXIST);
	/* The first try is lost on the way in, and another has the key. */
	fixture_plan("[{\"op\":\"PutObject\",\"reset\":true}]");
	assert_int_equal(put_if_free("k", "late"), -EEXIST);
	assert_object("k", "mine");
}

/* ------------------------------------------ bodies that come when they can */

/* A body of which nothing is there until the other thread has seen the ask. */
struct late {
	struct bytes bytes;
	struct s3_put put;
	int scan_error;
	int error; /* of a read from the middle on */
	atomic_bool is_here, is_over;
	atomic_uint asked, rewinds;
};

static ssize_t late_read(void *arg, uint64_t offset, void *to, size_t room)
{
	struct late *late = arg;

	if (!atomic_exchange(&late->is_here, false)) {
		late->asked++;
		return -EAGAIN;
	}
	if (offset == 0)
		late->rewinds++;
	if (offset >= late->bytes.len / 2 && late->error)
		return late->error;
	return bytes_read(&late->bytes, offset, to,
			  room < 64 * 1024 ? room : 64 * 1024);
}

static int late_scan(void *arg, s3_take_fn take, void *to)
{
	struct late *late = arg;

	return late->scan_error ? late->scan_error :
				  take(to, late->bytes.data, late->bytes.len);
}

static void *late_bring(void *arg)
{
	struct late *late = arg;
	unsigned seen = 0;

	while (!late->is_over) {
		unsigned asked = late->asked;

		if (asked == seen) {
			poll(NULL, 0, 1);
			continue;
		}
		seen = asked;
		late->is_here = true;
		s3_resume(fixture.client, &late->put.op);
	}
	return NULL;
}

static int late_put(struct late *late)
{
	pthread_t thread;
	int result;

	late->put.key = "k";
	late->put.body = (struct s3_body){
		.length = late->bytes.len,
		.read = late_read,
		.scan = late_scan,
		.arg = late,
	};
	assert_int_equal(pthread_create(&thread, NULL, late_bring, late), 0);
	s3_put_start(fixture.client, &late->put);
	result = s3_wait(fixture.client, &late->put.op);
	late->is_over = true;
	pthread_join(thread, NULL);
	s3_put_release(&late->put);
	return result;
}

static void a_late_body_is_waited_for_in_every_try(void **state)
{
	char *data = make_bytes(MIB, 1);
	struct late late = { .bytes = { data, MIB } };
	AUTO_BUF struct buf got = BUF_INIT(MIB);

	fixture_plan("[{\"op\":\"PutObject\",\"status\":500}]");
	assert_int_equal(late_put(&late), 0);
	assert_int_equal(late.rewinds, 2);
	assert_true(late.asked >= 2 * 16);
	assert_int_equal(late.put.body.crc32c, crc32c(0, data, MIB));
	assert_int_equal(do_get("k", 0, S3_WHOLE, NULL, &got), 0);
	assert_int_equal(got.len, MIB);
	assert_memory_equal(got.data, data, MIB);
	free(data);
}

static void a_body_that_fails_in_the_middle_is_sent_once(void **state)
{
	char *data = make_bytes(MIB, 2);
	struct late late = { .bytes = { data, MIB }, .error = -EIO };

	assert_int_equal(late_put(&late), -EIO);
	assert_int_equal(late.rewinds, 1);
	assert_int_equal(do_head("k", NULL, NULL), -ENOENT);
	free(data);
}

static void a_body_that_cannot_be_summed_is_not_sent(void **state)
{
	struct late late = { .bytes = { "text", 4 }, .scan_error = -EIO };

	assert_int_equal(late_put(&late), -EIO);
	assert_int_equal(late.asked, 0);
	assert_int_equal(fixture_requests("PutObject"), 0);
	assert_non_null(strstr(late.put.op.err.text, "PutObject"));
}

static void an_unknown_condition_is_enotsup(void **state)
{
	fixture_plan("[{\"op\":\"PutObject\",\"status\":501,\"count\":0,"
		     "\"code\":\"NotImplemented\"}]");
	assert_int_equal(put_if_free("k", "text"), -ENOTSUP);
}

static void a_conflict_is_tried_again(void **state)
{
	fixture_plan("[{\"op\":\"PutObject\",\"status\":409,\"count\":2,"
		     "\"code\":\"ConditionalRequestConflict\"}]");
	assert_int_equal(put_if_free("k", "text"), 0);
	assert_object("k", "text");
}

static void an_unwanted_checksum_is_left_out_from_then_on(void **state)
{
	fixture_plan("[{\"op\":\"PutObject\",\"status\":400,\"count\":1,"
		     "\"code\":\"InvalidRequest\",\"message\":\"Unknown "
		     "header x-amz-checksum-crc32c\"}]");
	assert_int_equal(do_put("k", "text", 4), 0);
	assert_int_equal(fixture_requests("PutObject"), 2);
	assert_int_equal(do_put("k", "text", 4), 0);
	assert_int_equal(fixture_requests("PutObject"), 3);
}

/* --- copying and completing --------------------------------------------- */

static void a_copy_is_what_its_body_says(void **state)
{
	static const char *const faults[] = {
		"\"ok_error\":\"InternalError\"",
		"\"ok_error\":\"SlowDown\"",
		"\"no_body\":true",
		"\"cut_after\":20",
		"\"status\":200,\"body\":\"\"",
		"\"status\":200,\"body\":\"<CopyObjectResult/>\"",
		"\"xml\":\"malformed\"",
		"\"reset_after\":true",
	};
	char plan[256];

	use_timeout(0, 5);
	assert_int_equal(do_put("from", "text", 4), 0);
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		snprintf(plan, sizeof(plan), "[{\"op\":\"CopyObject\",%s}]",
			 faults[i]);
		fixture_plan(plan);
		if (copy_to("from", "to", NULL) < 0)
			fail_msg("once %s", faults[i]);
		assert_object("to", "text");
		assert_int_equal(do_delete("to"), 0);
		snprintf(plan, sizeof(plan),
			 "[{\"op\":\"CopyObject\",\"count\":0,%s}]", faults[i]);
		fixture_plan(plan);
		if (copy_to("from", "to", NULL) == 0)
			fail_msg("for ever %s", faults[i]);
	}
}

/* Also onto itself, where something of that name stands in any case. */
static void a_copy_without_etag_that_is_stored_is_sent_once(void **state)
{
	static const char *const targets[] = { "to", "from" };
	static const char of_text[] = "1cb251ec0d568de6a929b520c4aed8d1";

	assert_int_equal(do_put("from", "text", 4), 0);
	for (size_t i = 0; i < ARRAY_SIZE(targets); i++) {
		struct s3_copy copy = { .source_key = "from",
					.key = targets[i],
					.replace_headers = true };

		fixture_plan("[{\"op\":\"CopyObject\",\"etag\":\"none\"}]");
		s3_copy_start(fixture.client, &copy);
		assert_int_equal(s3_wait(fixture.client, &copy.op), 0);
		assert_string_equal(copy.etag, of_text);
		s3_copy_release(&copy);
		assert_int_equal(fixture_requests("CopyObject"), i + 1);
		assert_int_equal(fixture_requests("HeadObject"), i + 1);
		assert_object(targets[i], "text");
	}
}

/* It says yes and has done nothing: what stands there is not ours. */
static void a_copy_without_etag_that_is_not_stored_is_sent_again(void **state)
{
	assert_int_equal(do_put("from", "text", 4), 0);
	fixture_plan("[{\"op\":\"CopyObject\",\"status\":200,"
		     "\"body\":\"<CopyObjectResult/>\"}]");
	assert_int_equal(copy_to("from", "to", NULL), 0);
	assert_int_equal(fixture_requests("CopyObject"), 2);
	assert_object("to", "text");
}

static void a_copy_of_another_version_is_estale(void **state)
{
	assert_int_equal(do_put("from", "text", 4), 0);
	assert_int_equal(copy_to("from", "to",
				 "00000000000000000000000000000000"),
			 -ESTALE);
	assert_int_equal(do_head("to", NULL, NULL), -ENOENT);
}

struct upload {
	char *id;
	struct s3_part part;
};

static void begin(struct upload *up)
{
	struct bytes bytes = { "part", 4 };
	struct s3_create_upload create = { .key = "up" };
	struct s3_upload_part part = { .key = "up",
				       .number = 1,
				       .body = bytes_body(&bytes, true) };

	s3_create_upload_start(fixture.client, &create);
	assert_int_equal(s3_wait(fixture.client, &create.op), 0);
	part.upload_id = up->id = STEAL(create.upload_id);
	s3_upload_part_start(fixture.client, &part);
	assert_int_equal(s3_wait(fixture.client, &part.op), 0);
	up->part = (struct s3_part){ .number = 1,
				     .has_crc32c = true,
				     .crc32c = part.body.crc32c };
	memcpy(up->part.etag, part.etag, S3_ETAG_MAX);
	s3_create_upload_release(&create);
	s3_upload_part_release(&part);
}

static int finish(struct upload *up)
{
	struct s3_complete_upload complete = {
		.key = "up", .upload_id = up->id, .parts = &up->part, .count = 1
	};
	int result;

	s3_complete_upload_start(fixture.client, &complete);
	result = s3_wait(fixture.client, &complete.op);
	if (result == 0)
		assert_string_equal(strrchr(complete.etag, '-'), "-1");
	s3_complete_upload_release(&complete);
	free(up->id);
	return result;
}

static void a_completion_is_what_its_body_says(void **state)
{
	static const char *const faults[] = {
		"\"ok_error\":\"InternalError\"",
		"\"no_body\":true",
		"\"cut_after\":20",
		"\"status\":200,\"body\":\"\"",
		"\"xml\":\"malformed\"",
		"\"reset_after\":true",
		"\"reset\":true",
		"\"status\":500",
	};
	struct upload up;
	char plan[256];

	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		begin(&up);
		snprintf(plan, sizeof(plan),
			 "[{\"op\":\"CompleteMultipartUpload\",%s}]",
			 faults[i]);
		fixture_plan(plan);
		if (finish(&up) < 0)
			fail_msg("once %s", faults[i]);
		assert_object("up", "part");
		assert_int_equal(do_delete("up"), 0);
	}
}

static void a_completion_that_never_happens_fails(void **state)
{
	struct upload up;

	use_timeout(0, 5);
	begin(&up);
	fixture_plan("[{\"op\":\"CompleteMultipartUpload\",\"count\":0,"
		     "\"ok_error\":\"InternalError\"},"
		     "{\"op\":\"HeadObject\",\"status\":404,\"count\":0}]");
	assert_int_equal(finish(&up), -EIO);
	begin(&up);
	fixture_plan("[{\"op\":\"CompleteMultipartUpload\",\"count\":0,"
		     "\"status\":200,\"body\":\"\"}]");
	assert_int_equal(do_put("up", "of another", 10), 0);
	assert_int_equal(finish(&up), -EBADMSG);
}

/* The first is stored, the second sent again, without its answer each time. */
static void a_part_without_etag_that_is_stored_is_sent_once(void **state)
{
	struct upload up;

	fixture_plan("[{\"op\":\"UploadPart\",\"etag\":\"none\"}]");
	begin(&up);
	assert_int_equal(fixture_requests("UploadPart"), 1);
	assert_int_equal(finish(&up), 0);
	fixture_plan("[{\"op\":\"UploadPart\",\"status\":200}]");
	begin(&up);
	assert_int_equal(fixture_requests("UploadPart"), 3);
	assert_int_equal(fixture_requests("ListParts"), 2);
	assert_int_equal(finish(&up), 0);
	assert_object("up", "part");
}

static int copy_a_part(struct upload *up)
{
	struct s3_copy_part part = { .key = "up",
				     .upload_id = up->id,
				     .number = 1,
				     .source_key = "from",
				     .length = 4 };
	int result;

	s3_copy_part_start(fixture.client, &part);
	result = s3_wait(fixture.client, &part.op);
	memcpy(up->part.etag, part.etag, S3_ETAG_MAX);
	s3_copy_part_release(&part);
	return result;
}

static void a_copied_part_without_etag_is_looked_at(void **state)
{
	struct upload up;

	assert_int_equal(do_put("from", "copy", 4), 0);
	begin(&up);
	fixture_plan("[{\"op\":\"UploadPartCopy\",\"etag\":\"none\"}]");
	assert_int_equal(copy_a_part(&up), 0);
	assert_int_equal(fixture_requests("UploadPartCopy"), 1);
	assert_int_equal(fixture_requests("ListParts"), 1);
	assert_int_equal(finish(&up), 0);
	assert_object("up", "copy");
}

static int delete_one_of_many(const char *name)
{
	struct s3_delete_key key = { .key = name };
	struct s3_delete_many del = { .keys = &key, .count = 1 };
	int result;

	s3_delete_many_start(fixture.client, &del);
	result = s3_wait(fixture.client, &del.op);
	s3_delete_many_release(&del);
	return result;
}

/* Of those that may be silent for minutes, too. */
static void a_hung_try_leaves_time_for_another(void **state)
{
	struct s3_copy copy = { .source_key = "from",
				.key = "to",
				.length = 4 };
	struct upload up;

	use_timeout(2000, 0);
	assert_int_equal(do_put("from", "part", 4), 0);
	begin(&up);
	fixture_plan("[{\"op\":\"CopyObject\",\"delay_ms\":60000},"
		     "{\"op\":\"UploadPartCopy\",\"delay_ms\":60000},"
		     "{\"op\":\"CompleteMultipartUpload\",\"delay_ms\":60000},"
		     "{\"op\":\"DeleteObjects\",\"delay_ms\":60000}]");
	s3_copy_start(fixture.client, &copy);
	assert_int_equal(s3_wait(fixture.client, &copy.op), 0);
	s3_copy_release(&copy);
	assert_int_equal(copy_a_part(&up), 0);
	assert_int_equal(finish(&up), 0);
	assert_int_equal(delete_one_of_many("from"), 0);
	assert_object("to", "part");
	assert_object("up", "part");
	assert_int_equal(do_head("from", NULL, NULL), -ENOENT);
}

static void a_hung_completion_is_looked_after(void **state)
{
	struct upload up;

	use_timeout(2000, 0);
	begin(&up);
	fixture_plan("[{\"op\":\"CompleteMultipartUpload\",\"count\":0,"
		     "\"stall_after\":0}]");
	assert_int_equal(finish(&up), 0);
	assert_true(fixture_requests("CompleteMultipartUpload") > 1);
	assert_object("up", "part");
}

static void an_upload_that_is_gone_is_esrch(void **state)
{
	struct upload up;
	struct s3_abort_upload abort = { .key = "up" };

	begin(&up);
	abort.upload_id = up.id;
	s3_abort_upload_start(fixture.client, &abort);
	assert_int_equal(s3_wait(fixture.client, &abort.op), 0);
	assert_int_equal(finish(&up), -ESRCH);
}

/* --- listing ------------------------------------------------------------ */

static void a_broken_listing_is_asked_again(void **state)
{
	static const char *const faults[] = {
		"\"xml\":\"malformed\"", "\"xml\":\"empty\"",
		"\"cut_after\":200",     "\"no_body\":true",
		"\"short_body\":100",    "\"ok_error\":\"InternalError\"",
	};
	char plan[256];
	size_t count;

	assert_int_equal(do_put("a", "", 0), 0);
	assert_int_equal(do_put("b", "", 0), 0);
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		snprintf(plan, sizeof(plan), "[{\"op\":\"ListObjectsV2\",%s}]",
			 faults[i]);
		fixture_plan(plan);
		if (list_all(&count) < 0)
			fail_msg("once %s", faults[i]);
		assert_int_equal(count, 2);
	}
}

static void a_hostile_listing_is_an_error(void **state)
{
	static const char *const faults[] = { "endless", "entities", "deep",
					      "malformed" };
	char plan[256];
	size_t count;

	use_timeout(20000, 2);
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		snprintf(plan, sizeof(plan),
			 "[{\"op\":\"ListObjectsV2\",\"count\":0,"
			 "\"xml\":\"%s\"}]",
			 faults[i]);
		fixture_plan(plan);
		if (list_all(&count) != -EBADMSG)
			fail_msg("no -EBADMSG for %s", faults[i]);
	}
}

static void a_listing_that_never_gets_on_is_an_error(void **state)
{
	struct s3_list list = { .prefix = "", .max_keys = 1 };

	assert_int_equal(do_put("a", "", 0), 0);
	assert_int_equal(do_put("zz", "", 0), 0);
	fixture_plan("[{\"op\":\"ListObjectsV2\",\"count\":0,"
		     "\"xml\":\"same_token\"}]");
	list.start_after = "zz";
	s3_list_start(fixture.client, &list);
	assert_int_equal(s3_wait(fixture.client, &list.op), -EBADMSG);
	s3_list_release(&list);
}

static void a_server_without_v2_is_listed_by_v1(void **state)
{
	size_t count;

	assert_int_equal(do_put("a", "", 0), 0);
	fixture_plan("[{\"op\":\"ListObjectsV2\",\"count\":0,\"status\":501,"
		     "\"code\":\"NotImplemented\"}]");
	assert_int_equal(list_all(&count), 0);
	assert_int_equal(count, 1);
	assert_int_equal(list_all(&count), 0);
	assert_int_equal(fixture_requests("ListObjectsV2"), 1);
}

/* s3rver 3.7; a try more and version 1 is asked. */
static void a_server_whose_v2_is_broken_is_listed_by_v1(void **state)
{
	size_t count;

	assert_int_equal(do_put("a", "", 0), 0);
	fixture_plan("[{\"op\":\"ListObjectsV2\",\"count\":0,\"status\":500,"
		     "\"code\":\"InternalError\"}]");
	assert_int_equal(list_all(&count), 0);
	assert_int_equal(count, 1);
	assert_int_equal(s3_trait(fixture.client, S3_TRAIT_LIST_V2), S3_NO);
	assert_int_equal(list_all(&count), 0);
	assert_int_equal(fixture_requests("ListObjectsV2"), 3);
}

static void an_outage_says_nothing_of_v2(void **state)
{
	size_t count;

	use_timeout(2000, 4);
	fixture_plan("[{\"op\":\"*\",\"count\":0,\"status\":500,"
		     "\"code\":\"InternalError\"}]");
	assert_int_equal(list_all(&count), -EIO);
	fixture_plan("[]");
	assert_int_equal(s3_trait(fixture.client, S3_TRAIT_LIST_V2),
			 S3_UNKNOWN);
	assert_int_equal(list_all(&count), 0);
	assert_int_equal(s3_trait(fixture.client, S3_TRAIT_LIST_V2), S3_YES);
}

/* --- deleting many ------------------------------------------------------ */

static void each_key_says_why_it_stays(void **state)
{
	struct s3_delete_key keys[] = { { .key = "a" },
					{ .key = "b" },
					{ .key = "c" },
					{ .key = "\x01" } };
	struct s3_delete_many del = { .keys = keys, .count = 4 };

	for (size_t i = 0; i < 4; i++)
		assert_int_equal(do_put(keys[i].key, "", 0), 0);
	fixture_plan("[{\"op\":\"DeleteObjects\",\"key\":\"b\",\"count\":0,"
		     "\"key_error\":\"AccessDenied\"}]");
	s3_delete_many_start(fixture.client, &del);
	assert_int_equal(s3_wait(fixture.client, &del.op), -EACCES);
	assert_int_equal(keys[0].result, 0);
	assert_int_equal(keys[1].result, -EACCES);
	assert_int_equal(keys[2].result, 0);
	assert_int_equal(keys[3].result, 0);
	assert_int_equal(do_head("b", NULL, NULL), 0);
	assert_int_equal(do_head("\x01", NULL, NULL), -ENOENT);
	s3_delete_many_release(&del);
}

static void a_key_that_fails_for_the_moment_is_tried_again(void **state)
{
	struct s3_delete_key keys[] = { { .key = "a" }, { .key = "b" } };
	struct s3_delete_many del = { .keys = keys, .count = 2 };

	assert_int_equal(do_put("a", "", 0), 0);
	assert_int_equal(do_put("b", "", 0), 0);
	fixture_plan("[{\"op\":\"DeleteObjects\",\"key\":\"b\",\"count\":2,"
		     "\"key_error\":\"InternalError\"}]");
	s3_delete_many_start(fixture.client, &del);
	assert_int_equal(s3_wait(fixture.client, &del.op), 0);
	assert_int_equal(fixture_requests("DeleteObjects"), 3);
	assert_int_equal(do_head("b", NULL, NULL), -ENOENT);
	s3_delete_many_release(&del);
}

static void a_refused_batch_fails_every_key(void **state)
{
	struct s3_delete_key keys[] = { { .key = "a" }, { .key = "\x01" } };
	struct s3_delete_many del = { .keys = keys, .count = 2 };

	fixture_plan("[{\"op\":\"DeleteObjects\",\"status\":403,\"count\":0,"
		     "\"code\":\"AccessDenied\"}]");
	s3_delete_many_start(fixture.client, &del);
	assert_int_equal(s3_wait(fixture.client, &del.op), -EACCES);
	assert_int_equal(keys[0].result, -EACCES);
	assert_int_equal(keys[1].result, -EACCES);
	s3_delete_many_release(&del);
}

/* --- place, clock, keys ------------------------------------------------- */

static void the_bucket_is_followed_to_its_region(void **state)
{
	struct s3_options options = fixture.options;

	options.region = "eu-north-1";
	fixture_use(&options);
	assert_int_equal(do_put("k", "text", 4), 0);
	assert_string_equal(s3_client_region(fixture.client), "us-east-1");
	assert_int_equal(fixture_requests("PutObject"), 2);
	assert_int_equal(do_put("k", "text", 4), 0);
	assert_int_equal(fixture_requests("PutObject"), 3);
	fixture_use(&options);
	assert_int_equal(do_head("k", NULL, NULL), 0);
}

static void a_redirect_to_elsewhere_is_not_followed(void **state)
{
	fixture_plan(
		"[{\"op\":\"PutObject\",\"status\":307,\"count\":0,\"code\":\"TemporaryRedirect\","
		"\"headers\":{\"Location\":\"http://192.0.2.1/x/k\"}}]");
	assert_int_equal(do_put("k", "text", 4), -EIO);
	assert_int_equal(fixture_requests("PutObject"), 1);
	assert_soon();
}

static void a_wrong_clock_is_corrected_by_the_servers(void **state)
{
	fixture_plan("[{\"op\":\"PutObject\",\"status\":403,"
		     "\"code\":\"RequestTimeTooSkewed\"}]");
	assert_int_equal(do_put("k", "text", 4), 0);
	fixture_plan("[{\"op\":\"PutObject\",\"status\":403,\"count\":0,"
		     "\"code\":\"RequestTimeTooSkewed\"}]");
	assert_int_equal(do_put("k", "text", 4), -EACCES);
	assert_int_equal(fixture_requests("PutObject"), 4);
}

static void an_expired_token_without_another_is_eacces(void **state)
{
	fixture_plan("[{\"op\":\"PutObject\",\"status\":400,\"count\":0,"
		     "\"code\":\"ExpiredToken\"}]");
	assert_int_equal(do_put("k", "text", 4), -EACCES);
	assert_int_equal(fixture_requests("PutObject"), 1);
}

static void nobody_there_is_ehostunreach(void **state)
{
	struct s3_options options = fixture.options;

	options.endpoint_url = "http://127.0.0.1:1";
	fixture_use(&options);
	assert_int_equal(do_head("k", NULL, NULL), -EHOSTUNREACH);
	assert_soon();
}

/* --- cancelling --------------------------------------------------------- */

static void a_cancelled_operation_ends_at_once(void **state)
{
	static const char *const plans[] = {
		"[{\"op\":\"*\",\"delay_ms\":60000,\"count\":0}]",
		"[{\"op\":\"*\",\"status\":503,\"count\":0,"
		"\"headers\":{\"Retry-After\":\"9\"}}]",
	};

	for (size_t i = 0; i < ARRAY_SIZE(plans); i++)
		for (int pause_ms = 0; pause_ms <= 200; pause_ms += 20) {
			struct s3_head head = { .key = "k" };
			struct timespec pause = { 0, pause_ms * 1000000l };

			fixture_plan(plans[i]);
			begun_ms = clock_now_ms();
			s3_head_start(fixture.client, &head);
			nanosleep(&pause, NULL);
			s3_cancel(fixture.client, &head.op);
			assert_int_equal(s3_wait(fixture.client, &head.op),
					 -ECANCELED);
			s3_cancel(fixture.client, &head.op);
			assert_soon();
			s3_head_release(&head);
		}
}

static void cancelling_races_with_the_end(void **state)
{
	assert_int_equal(do_put("k", "text", 4), 0);
	for (int i = 0; i < 200; i++) {
		struct s3_head head = { .key = "k" };
		struct timespec pause = { 0, i * 5000l };
		int result;

		s3_head_start(fixture.client, &head);
		nanosleep(&pause, NULL);
		s3_cancel(fixture.client, &head.op);
		result = s3_wait(fixture.client, &head.op);
		assert_true(result == 0 || result == -ECANCELED);
		s3_head_release(&head);
	}
}

static void a_probe_is_cancelled_with_its_upload(void **state)
{
	struct upload up;
	struct s3_complete_upload complete = { .key = "up",
					       .count = 1,
					       .parts = &up.part };

	begin(&up);
	complete.upload_id = up.id;
	fixture_plan("[{\"op\":\"CompleteMultipartUpload\",\"status\":404,"
		     "\"code\":\"NoSuchUpload\",\"count\":0},"
		     "{\"op\":\"HeadObject\",\"delay_ms\":60000,\"count\":0}]");
	s3_complete_upload_start(fixture.client, &complete);
	fixture_await("HeadObject", 1);
	s3_cancel(fixture.client, &complete.op);
	assert_int_equal(s3_wait(fixture.client, &complete.op), -ECANCELED);
	assert_soon();
	s3_complete_upload_release(&complete);
	free(up.id);
}

static void a_cancelled_batch_says_so_of_every_key(void **state)
{
	struct s3_delete_key keys[] = { { .key = "a" },
					{ .key = "\x01" },
					{ .key = "\x02" } };

	/* In the batch, then in the first of the single ones. */
	for (size_t first = 0; first < 2; first++) {
		struct s3_delete_many del = { .keys = keys + first,
					      .count = 3 - first };

		fixture_plan("[{\"op\":\"*\",\"delay_ms\":60000,"
			     "\"count\":0}]");
		s3_delete_many_start(fixture.client, &del);
		fixture_await(first == 0 ? "DeleteObjects" : "DeleteObject", 1);
		s3_cancel(fixture.client, &del.op);
		assert_int_equal(s3_wait(fixture.client, &del.op), -ECANCELED);
		for (size_t i = first; i < 3; i++)
			assert_int_equal(keys[i].result, -ECANCELED);
		s3_delete_many_release(&del);
	}
	assert_soon();
}

#define TEST(name) cmocka_unit_test_setup(name, fresh)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(two_refusals_are_ridden_through),
		TEST(a_refusal_for_ever_is_eio_after_the_tries_that_were_set),
		TEST(an_outage_is_ridden_through),
		TEST(an_outage_for_ever_ends_with_the_bound),
		TEST(a_server_that_hangs_is_waited_for_once),
		TEST(a_server_that_is_slow_after_it_hung_is_found),
		TEST(a_retry_goes_on_when_the_server_is_back),
		TEST(retry_after_is_obeyed),
		TEST(a_retry_after_beyond_the_bound_ends_it),
		TEST(other_refusals_are_told_at_once),
		TEST(a_bare_403_of_a_head_is_eacces_if_the_key_is_listed),
		TEST(a_proxys_404_proves_nothing),
		TEST(a_broken_answer_is_fetched_again),
		TEST(an_answer_that_stays_broken_is_eio_or_ebadmsg),
		TEST(the_cut_is_where_reading_goes_on),
		TEST(bytes_of_two_versions_are_never_mixed),
		TEST(another_etag_than_asked_is_estale),
		TEST(a_flipped_byte_is_noticed),
		TEST(a_flipped_byte_of_what_was_given_out_is_noticed),
		TEST(a_trickle_ends_at_the_bound),
		TEST(a_hang_ends_at_the_bound),
		TEST(an_operation_may_be_given_an_end),
		TEST(a_put_without_etag_is_sent_again),
		TEST(a_put_without_etag_that_is_stored_is_sent_once),
		TEST(our_own_first_try_does_not_take_the_key),
		TEST(a_late_body_is_waited_for_in_every_try),
		TEST(a_body_that_fails_in_the_middle_is_sent_once),
		TEST(a_body_that_cannot_be_summed_is_not_sent),
		TEST(an_unknown_condition_is_enotsup),
		TEST(a_conflict_is_tried_again),
		TEST(an_unwanted_checksum_is_left_out_from_then_on),
		TEST(a_copy_is_what_its_body_says),
		TEST(a_copy_without_etag_that_is_stored_is_sent_once),
		TEST(a_copy_without_etag_that_is_not_stored_is_sent_again),
		TEST(a_copy_of_another_version_is_estale),
		TEST(a_completion_is_what_its_body_says),
		TEST(a_completion_that_never_happens_fails),
		TEST(a_part_without_etag_that_is_stored_is_sent_once),
		TEST(a_copied_part_without_etag_is_looked_at),
		TEST(a_hung_try_leaves_time_for_another),
		TEST(a_hung_completion_is_looked_after),
		TEST(an_upload_that_is_gone_is_esrch),
		TEST(a_broken_listing_is_asked_again),
		TEST(a_hostile_listing_is_an_error),
		TEST(a_listing_that_never_gets_on_is_an_error),
		TEST(a_server_without_v2_is_listed_by_v1),
		TEST(a_server_whose_v2_is_broken_is_listed_by_v1),
		TEST(an_outage_says_nothing_of_v2),
		TEST(each_key_says_why_it_stays),
		TEST(a_key_that_fails_for_the_moment_is_tried_again),
		TEST(a_refused_batch_fails_every_key),
		TEST(the_bucket_is_followed_to_its_region),
		TEST(a_redirect_to_elsewhere_is_not_followed),
		TEST(a_wrong_clock_is_corrected_by_the_servers),
		TEST(an_expired_token_without_another_is_eacces),
		TEST(nobody_there_is_ehostunreach),
		TEST(a_cancelled_operation_ends_at_once),
		TEST(cancelling_races_with_the_end),
		TEST(a_probe_is_cancelled_with_its_upload),
		TEST(a_cancelled_batch_says_so_of_every_key),
	};

	return cmocka_run_group_tests(tests, fixture_begin, fixture_end);
}
