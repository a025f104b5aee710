/* SPDX-License-Identifier: MIT */
/* What goes out: lines, bodies, connections, proxies. */
#include "http-call.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "clock.h"
#include "crc32c.h"
#include "metrics.h"

enum {
	MIB = 1024 * 1024
};

static struct http *http;

static int start_http(void **state)
{
	struct http_options options = { .user_agent = "agent/1" };

	return http_new(&options, &http, NULL);
}

static int stop_http(void **state)
{
	http_free(http);
	return 0;
}

/* The last request, for the test to look at when it is over. */
static struct lock last_lock = LOCK_INIT(LOCK_UNRANKED);
static char last_head[32768];
static atomic_ullong last_length;
static atomic_uint last_crc32c;

static void keep(const struct raw_exchange *x)
{
	LOCK(&last_lock);
	memcpy(last_head, x->head, sizeof(last_head));
	last_length = x->body_taken;
	last_crc32c = x->body_crc32c;
}

static enum raw_then take_all(struct raw_exchange *x)
{
	raw_take_body(x, UINT64_MAX);
	keep(x);
	raw_say_ok(x, "");
	return RAW_KEEP;
}

/* Byte i of every body is i mod 251. */
static ssize_t read_pattern(void *arg, uint64_t offset, void *to, size_t room)
{
	unsigned char *bytes = to;

	for (size_t i = 0; i < room; i++)
		bytes[i] = (unsigned char)((offset + i) % 251);
	return (ssize_t)room;
}

static uint32_t pattern_crc32c(uint64_t len)
{
	uint32_t crc = 0;

	for (uint64_t i = 0; i < len; i++) {
		unsigned char byte = (unsigned char)(i % 251);

		crc = crc32c(crc, &byte, 1);
	}
	return crc;
}

static bool was_sent(const char *text)
{
	LOCK(&last_lock);
	return strstr(last_head, text);
}

static void run_with(struct call *call, const char *method, const char *path,
		     uint64_t length, raw_answer_fn answer)
{
	struct raw_server *server = raw_server_new(answer, NULL);

	call_init(call, method, server, path);
	call->req.body.length = length;
	call->req.body.read = read_pattern;
	call_run(http, call);
	raw_server_free(server);
}

static void the_path_goes_out_as_it_is(void **state)
{
	struct call call;

	run_with(&call, "GET", "/b/../a//./%2E%2e/x%20y?versionId=1&x=/../", 0,
		 take_all);
	assert_int_equal(call.req.result, 0);
	assert_true(was_sent(
		"GET /b/../a//./%2E%2e/x%20y?versionId=1&x=/../ HTTP/1.1\r\n"));
	call_release(&call);
}

static void headers_go_out_as_given_empty_ones_too(void **state)
{
	struct raw_server *server = raw_server_new(take_all, NULL);
	struct call call;

	call_init(&call, "GET", server, "/");
	assert_int_equal(pairs_add(&call.req.headers, "x-one", "a: b;c"), 0);
	assert_int_equal(pairs_add(&call.req.headers, "x-empty", ""), 0);
	assert_int_equal(pairs_add(&call.req.headers, "x-blank", "  "), 0);
	assert_int_equal(call_run(http, &call), 0);
	assert_true(was_sent("\r\nx-one: a: b;c\r\n"));
	assert_true(was_sent("\r\nx-empty:\r\n"));
	assert_true(was_sent("\r\nx-blank:\r\n"));
	assert_true(was_sent("\r\nUser-Agent: agent/1\r\n"));
	assert_false(was_sent("Accept-Encoding"));
	assert_false(was_sent("Expect"));
	call_release(&call);
	raw_server_free(server);
}

static void a_method_says_its_length_when_it_has_to(void **state)
{
	static const struct {
		const char *method;
		uint64_t length;
		const char *line; /* NULL: no Content-Length */
	} rows[] = { { "GET", 0, NULL },
		     { "DELETE", 0, NULL },
		     { "HEAD", 0, NULL },
		     { "PUT", 0, "\r\nContent-Length: 0\r\n" },
		     { "POST", 0, "\r\nContent-Length: 0\r\n" },
		     { "PUT", 1000, "\r\nContent-Length: 1000\r\n" },
		     { "POST", 1000, "\r\nContent-Length: 1000\r\n" },
		     { "DELETE", 1000, "\r\nContent-Length: 1000\r\n" } };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct call call;

		run_with(&call, rows[i].method, "/", rows[i].length, take_all);
		assert_int_equal(call.req.result, 0);
		assert_true(was_sent(rows[i].method));
		assert_true(was_sent(rows[i].line ? rows[i].line : ""));
		assert_int_equal(was_sent("Content-Length"),
				 rows[i].line != NULL);
		assert_false(was_sent("Transfer-Encoding"));
		assert_false(was_sent("Content-Type"));
		assert_int_equal(last_length, rows[i].length);
		assert_int_equal(last_crc32c, pattern_crc32c(rows[i].length));
		assert_int_equal(call.req.bytes_sent, rows[i].length);
		call_release(&call);
	}
}

static void only_a_body_over_1_mib_asks_first(void **state)
{
	struct call call;

	run_with(&call, "PUT", "/", MIB, take_all);
	assert_int_equal(call.req.result, 0);
	assert_false(was_sent("Expect"));
	call_release(&call);
	run_with(&call, "PUT", "/", MIB + 1, take_all);
	assert_int_equal(call.req.result, 0);
	assert_true(was_sent("\r\nExpect: 100-continue\r\n"));
	assert_int_equal(last_length, MIB + 1);
	assert_int_equal(last_crc32c, pattern_crc32c(MIB + 1));
	call_release(&call);
}

static enum raw_then refuse_before_body(struct raw_exchange *x)
{
	keep(x);
	raw_say(x, "HTTP/1.1 412 Precondition Failed\r\n"
		   "Content-Length: 2\r\nConnection: close\r\n\r\nno");
	return RAW_CLOSE;
}

static void a_refused_upload_gets_its_answer(void **state)
{
	struct call call;

	run_with(&call, "PUT", "/", 64 * MIB, refuse_before_body);
	assert_int_equal(call.req.result, 0);
	assert_int_equal(call.req.status, 412);
	assert_string_equal(buf_str(&call.req.response_body), "no");
	assert_int_equal(call.req.bytes_sent, 0);
	call_release(&call);
}

static enum raw_then never_say_100(struct raw_exchange *x)
{
	char *expect = strstr(x->head, "Expect");

	if (expect)
		memcpy(expect, "Ignore", 6);
	return take_all(x);
}

static void a_server_that_never_says_100_gets_the_body_soon(void **state)
{
	struct call call;

	run_with(&call, "PUT", "/", 2 * MIB, never_say_100);
	assert_int_equal(call.req.result, 0);
	assert_int_equal(last_length, 2 * MIB);
	call_release(&call);
}

static enum raw_then say_417_first(struct raw_exchange *x)
{
	if (strstr(x->head, "Expect")) {
		raw_say(x, "HTTP/1.1 417 Expectation Failed\r\n"
			   "x-first: 1\r\nContent-Length: 3\r\n\r\nwhy");
		return RAW_KEEP;
	}
	return take_all(x);
}

static void a_server_that_knows_no_100_gets_the_body_at_once(void **state)
{
	struct call call;

	run_with(&call, "PUT", "/", 2 * MIB, say_417_first);
	/* On a busy machine it may come when the body is on its way. */
	for (int i = 0; i < 9 && call.req.status == 417; i++) {
		call_release(&call);
		run_with(&call, "PUT", "/", 2 * MIB, say_417_first);
	}
	assert_int_equal(call.req.result, 0);
	assert_int_equal(call.req.status, 200);
	assert_null(pairs_get(&call.req.response_headers, "x-first"));
	assert_int_equal(call.req.response_body.len, 0);
	assert_int_equal(last_length, 2 * MIB);
	assert_int_equal(last_crc32c, pattern_crc32c(2 * MIB));
	call_release(&call);
}

static enum raw_then say_417_late(struct raw_exchange *x)
{
	raw_take_body(x, MIB);
	raw_say(x, "HTTP/1.1 417 Expectation Failed\r\n"
		   "Content-Length: 3\r\n\r\nwhy");
	raw_pause(x, 60000);
	return RAW_CLOSE;
}

static void a_417_in_the_middle_of_the_body_does_not_hang(void **state)
{
	int64_t start = clock_now_ms();
	struct call call;

	run_with(&call, "PUT", "/", 64 * MIB, say_417_late);
	assert_in_range(clock_now_ms() - start, 0, 10000);
	assert_int_equal(call.req.result, 0);
	assert_int_equal(call.req.status, 417);
	call_release(&call);
}

static enum raw_then say_503_late(struct raw_exchange *x)
{
	raw_take_body(x, MIB);
	raw_say(x, "HTTP/1.1 503 Slow Down\r\n"
		   "Content-Length: 4\r\n\r\nslow");
	raw_pause(x, 60000);
	return RAW_CLOSE;
}

static void an_error_in_the_middle_of_the_body_is_the_answer(void **state)
{
	struct call call;

	run_with(&call, "PUT", "/", 64 * MIB, say_503_late);
	assert_int_equal(call.req.result, 0);
	assert_int_equal(call.req.status, 503);
	assert_string_equal(buf_str(&call.req.response_body), "slow");
	assert_in_range(call.req.bytes_sent, 1, 64 * MIB - 1);
	call_release(&call);
}

static ssize_t read_and_fail(void *arg, uint64_t offset, void *to, size_t room)
{
	return offset < 1000 ? read_pattern(arg, offset, to, 100) : -EIO;
}

static void a_body_that_cannot_be_read_ends_the_request(void **state)
{
	struct raw_server *server = raw_server_new(take_all, NULL);
	struct call call;

	call_init(&call, "PUT", server, "/");
	call.req.body.length = 5000;
	call.req.body.read = read_and_fail;
	assert_int_equal(call_run(http, &call), -EIO);
	call_release(&call);
	raw_server_free(server);
}

static void connections_are_used_again(void **state)
{
	struct raw_server *server = raw_server_new(take_all, NULL);
	static const enum metric totals[] = { METRIC_HTTP_CONNECTIONS,
					      METRIC_HTTP_REQUESTS,
					      METRIC_HTTP_SENT };
	uint64_t before[ARRAY_SIZE(totals)];
	struct call call;

	for (size_t i = 0; i < ARRAY_SIZE(totals); i++)
		before[i] = metrics_get(totals[i]);
	for (int i = 0; i < 20; i++) {
		call_init(&call, i % 2 ? "GET" : "PUT", server, "/");
		call.req.body.length = i % 2 ? 0 : 100;
		call.req.body.read = read_pattern;
		assert_int_equal(call_run(http, &call), 0);
		call_release(&call);
	}
	assert_int_equal(server->connections, 1);
	assert_int_equal(metrics_get(METRIC_HTTP_CONNECTIONS) - before[0], 1);
	assert_int_equal(metrics_get(METRIC_HTTP_REQUESTS) - before[1], 20);
	assert_int_equal(metrics_get(METRIC_HTTP_SENT) - before[2], 1000);
	raw_server_free(server);
}

/* Every connection serves one request; the next one on it is broken off. */
static enum raw_then break_second_request(struct raw_exchange *x)
{
	if (x->number > 1) {
		raw_take_body(x, *(uint64_t *)x->server->arg);
		return RAW_RESET;
	}
	return take_all(x);
}

/* curl itself starts anew, or tells; either way the second try is whole. */
static void a_dead_connection_is_replaced_and_the_body_sent_anew(void **state)
{
	uint64_t taken[] = { 0, 10, 300 * 1024, MIB };

	for (size_t i = 0; i < ARRAY_SIZE(taken); i++) {
		int64_t start = clock_now_ms();
		struct raw_server *server =
			raw_server_new(break_second_request, &taken[i]);
		struct call call;

		call_init(&call, "PUT", server, "/");
		call.req.body.length = MIB;
		call.req.body.read = read_pattern;
		assert_int_equal(call_run(http, &call), 0);
		if (call_run(http, &call) < 0) {
			assert_true(call.req.was_stale_connection);
			assert_int_equal(call.req.result, -ECONNRESET);
			assert_int_equal(call_run(http, &call), 0);
		}
		assert_in_range(clock_now_ms() - start, 0, 10000);
		assert_int_equal(server->connections, 2);
		assert_int_equal(last_length, MIB);
		assert_int_equal(last_crc32c, pattern_crc32c(MIB));
		call_release(&call);
		raw_server_free(server);
	}
}

enum {
	MANY = 8
};

/* All first requests are answered together; a second one breaks it off. */
static enum raw_then wait_for_all_then_break(struct raw_exchange *x)
{
	if (x->number > 1)
		return RAW_RESET;
	while (x->server->requests < MANY)
		raw_pause(x, 1);
	raw_say_ok(x, "");
	return RAW_KEEP;
}

/* curl tries five used connections before it gives up: all are dead here. */
static void a_stale_connection_is_told(void **state)
{
	struct raw_server *server =
		raw_server_new(wait_for_all_then_break, NULL);
	struct call calls[MANY];

	for (int i = 0; i < MANY; i++) {
		call_init(&calls[i], "GET", server, "/");
		http_submit(http, &calls[i].req);
	}
	for (int i = 0; i < MANY; i++) {
		call_wait(&calls[i]);
		assert_int_equal(calls[i].req.result, 0);
		call_release(&calls[i]);
	}
	assert_int_equal(call_run(http, &calls[0]), -ECONNRESET);
	assert_true(calls[0].req.was_stale_connection);
	call_release(&calls[0]);
	raw_server_free(server);
}

/* Only the very first request is answered. */
static enum raw_then break_all_but_first(struct raw_exchange *x)
{
	if (x->server->requests > 1)
		return RAW_RESET;
	return take_all(x);
}

static void a_connection_broken_at_once_is_no_stale_one(void **state)
{
	struct raw_server *server = raw_server_new(break_all_but_first, NULL);
	struct call call;

	call_init(&call, "GET", server, "/");
	assert_int_equal(call_run(http, &call), 0);
	assert_int_equal(call_run(http, &call), -ECONNRESET);
	assert_int_equal(server->requests, 3);
	assert_false(call.req.was_stale_connection);
	call_release(&call);
	raw_server_free(server);
}

static enum raw_then be_proxy(struct raw_exchange *x)
{
	keep(x);
	if (strcmp(x->method, "CONNECT") == 0)
		raw_say(x, "HTTP/1.1 403 No\r\nx-proxy: 1\r\n"
			   "Content-Length: 0\r\n\r\n");
	else
		raw_say_ok(x, "from proxy");
	return RAW_KEEP;
}

static void requests_go_through_the_proxy_that_was_set(void **state)
{
	struct raw_server *server = raw_server_new(be_proxy, NULL);
	struct http_options options = { 0 };
	struct http *through;
	struct call call;
	char url[100];

	raw_server_url(server, "", url, sizeof(url));
	options.proxies[0] = (struct http_proxy){ "http", url };
	options.proxies[1] = (struct http_proxy){ "https", url };
	options.proxy_count = 2;
	assert_int_equal(http_new(&options, &through, NULL), 0);
	call_init(&call, "GET", NULL, "http://127.0.0.1:1/key");
	assert_int_equal(call_run(through, &call), 0);
	assert_true(was_sent("GET http://127.0.0.1:1/key HTTP/1.1\r\n"));
	call_release(&call);

	call_init(&call, "GET", NULL, "https://127.0.0.1:1/key");
	assert_int_equal(pairs_add(&call.req.headers, "Authorization", "me"),
			 0);
	assert_int_equal(call_run(through, &call), -EHOSTUNREACH);
	assert_true(was_sent("CONNECT 127.0.0.1:1 HTTP/1.1\r\n"));
	assert_false(was_sent("Authorization"));
	assert_int_equal(call.req.response_headers.count, 0);
	assert_int_equal(call.req.status, 0);
	call_release(&call);
	http_free(through);
	raw_server_free(server);
}

static void the_environments_proxy_does_not_count(void **state)
{
	struct raw_server *server = raw_server_new(be_proxy, NULL);
	struct call call;
	char url[100];

	raw_server_url(server, "", url, sizeof(url));
	setenv("http_proxy", url, 1);
	unsetenv("no_proxy");
	call_init(&call, "GET", NULL, "http://127.0.0.1:1/key");
	assert_int_equal(call_run(http, &call), -EHOSTUNREACH);
	unsetenv("http_proxy");
	call_release(&call);
	raw_server_free(server);
}

static void hosts_of_no_proxy_are_reached_without_it(void **state)
{
	struct raw_server *server = raw_server_new(be_proxy, NULL);
	struct http_options options = { .no_proxy = "localhost,127.0.0.2",
					.proxy_count = 1 };
	struct http *through;
	struct call call;
	char url[100];

	raw_server_url(server, "", url, sizeof(url));
	options.proxies[0] = (struct http_proxy){ "http", url };
	assert_int_equal(http_new(&options, &through, NULL), 0);
	call_init(&call, "GET", NULL, "http://127.0.0.2:1/key");
	assert_int_equal(call_run(through, &call), -EHOSTUNREACH);
	call_release(&call);
	call_init(&call, "GET", NULL, "http://127.0.0.3:1/key");
	assert_int_equal(call_run(through, &call), 0);
	call_release(&call);
	http_free(through);
	raw_server_free(server);
}

static enum raw_then want_password(struct raw_exchange *x)
{
	raw_say(x, "HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic realm=x\r\n"
		   "Content-Length: 0\r\n\r\n");
	return RAW_CLOSE;
}

static void a_proxy_that_refuses_the_password_is_told_apart(void **state)
{
	struct raw_server *server = raw_server_new(want_password, NULL);
	struct http_options options = { .proxy_count = 2 };
	struct http *through;
	struct call call;
	char url[100];

	raw_server_url(server, "", url, sizeof(url));
	options.proxies[0] = (struct http_proxy){ "https", url };
	options.proxies[1] = (struct http_proxy){ "http", url };
	assert_int_equal(http_new(&options, &through, NULL), 0);
	call_init(&call, "GET", NULL, "https://127.0.0.1:1/key");
	assert_int_equal(call_run(through, &call), -EACCES);
	assert_int_equal(call.req.status, 407);
	call_release(&call);
	call_init(&call, "GET", NULL, "http://127.0.0.1:1/key");
	assert_int_equal(call_run(through, &call), 0);
	assert_int_equal(call.req.status, 407);
	call_release(&call);
	http_free(through);
	raw_server_free(server);
}

static void only_http_urls_are_taken_and_no_name_in_them(void **state)
{
	static const char *urls[] = { "file:///etc/passwd", "ftp://127.0.0.1/",
				      "http://me:secret@127.0.0.1:1/",
				      "http://127.0.0.1:99999/", "" };

	for (size_t i = 0; i < ARRAY_SIZE(urls); i++) {
		struct call call;

		call_init(&call, "GET", NULL, urls[i]);
		assert_int_equal(call_run(http, &call), -EINVAL);
		call_release(&call);
	}
}

static void a_message_never_holds_the_query(void **state)
{
	struct call call;

	call_init(&call, "GET", NULL,
		  "http://127.0.0.1:1/key?X-Amz-Signature=topsecret");
	assert_int_equal(call_run(http, &call), -EHOSTUNREACH);
	assert_non_null(
		strstr(call.req.err.text, "GET http://127.0.0.1:1/key"));
	assert_null(strstr(call.req.err.text, "secret"));
	call_release(&call);
}

static void a_name_without_address_is_unreachable(void **state)
{
	struct call call;

	call_init(&call, "GET", NULL, "http://no-such-name.invalid/");
	assert_int_equal(call_run(http, &call), -EHOSTUNREACH);
	call_release(&call);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_path_goes_out_as_it_is),
		cmocka_unit_test(headers_go_out_as_given_empty_ones_too),
		cmocka_unit_test(a_method_says_its_length_when_it_has_to),
		cmocka_unit_test(only_a_body_over_1_mib_asks_first),
		cmocka_unit_test(a_refused_upload_gets_its_answer),
		cmocka_unit_test(
			a_server_that_never_says_100_gets_the_body_soon),
		cmocka_unit_test(
			a_server_that_knows_no_100_gets_the_body_at_once),
		cmocka_unit_test(a_417_in_the_middle_of_the_body_does_not_hang),
		cmocka_unit_test(
			an_error_in_the_middle_of_the_body_is_the_answer),
		cmocka_unit_test(a_body_that_cannot_be_read_ends_the_request),
		cmocka_unit_test(connections_are_used_again),
		cmocka_unit_test(
			a_dead_connection_is_replaced_and_the_body_sent_anew),
		cmocka_unit_test(a_stale_connection_is_told),
		cmocka_unit_test(a_connection_broken_at_once_is_no_stale_one),
		cmocka_unit_test(requests_go_through_the_proxy_that_was_set),
		cmocka_unit_test(the_environments_proxy_does_not_count),
		cmocka_unit_test(hosts_of_no_proxy_are_reached_without_it),
		cmocka_unit_test(
			a_proxy_that_refuses_the_password_is_told_apart),
		cmocka_unit_test(only_http_urls_are_taken_and_no_name_in_them),
		cmocka_unit_test(a_message_never_holds_the_query),
		cmocka_unit_test(a_name_without_address_is_unreachable),
	};

	return cmocka_run_group_tests(tests, start_http, stop_http);
}
