/* SPDX-License-Identifier: MIT */
/* What comes back, from servers that mean well and others. */
#include "http-call.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum {
	BODY_LIMIT = 1000
};

static struct http *http;

static int start_http(void **state)
{
	struct http_options options = { .stall_timeout_ms = 1000 };

	return http_new(&options, &http, NULL);
}

static int stop_http(void **state)
{
	http_free(http);
	return 0;
}

/* The server says arg and closes. */
static enum raw_then say_and_close(struct raw_exchange *x)
{
	raw_say(x, x->server->arg);
	return RAW_CLOSE;
}

static enum raw_then say_and_keep(struct raw_exchange *x)
{
	raw_say(x, x->server->arg);
	return RAW_KEEP;
}

static int get_from(struct call *call, raw_answer_fn answer, const char *text,
		    const char *method)
{
	AUTO_FREE char *copy = strdup(text);
	struct raw_server *server = raw_server_new(answer, copy);
	int result;

	call_init(call, method, server, "/key");
	call->req.body_limit = BODY_LIMIT;
	result = call_run(http, call);
	raw_server_free(server);
	return result;
}

static int get(struct call *call, const char *text)
{
	return get_from(call, say_and_close, text, "GET");
}

static void status_headers_and_body_arrive(void **state)
{
	struct call call;

	assert_int_equal(get(&call, "HTTP/1.1 404 Not Found\r\n"
				    "ETag:  \"x y\" \t\r\n"
				    "x-amz-meta-empty:\r\n"
				    "Content-Length: 5\r\n\r\nhello"),
			 0);
	assert_int_equal(call.req.status, 404);
	assert_int_equal(call.req.response_headers.count, 3);
	assert_string_equal(pairs_get(&call.req.response_headers, "etag"),
			    "\"x y\"");
	assert_string_equal(
		pairs_get(&call.req.response_headers, "X-Amz-Meta-Empty"), "");
	assert_string_equal(buf_str(&call.req.response_body), "hello");
	assert_int_equal(call.req.err.code, 0);
	call_release(&call);
}

static void
a_chunked_body_is_put_together_and_trailers_are_left_out(void **state)
{
	struct call call;

	assert_int_equal(get(&call, "HTTP/1.1 200 OK\r\n"
				    "Transfer-Encoding: chunked\r\n"
				    "Trailer: x-late\r\n\r\n"
				    "3\r\nabc\r\n2\r\nde\r\n0\r\n"
				    "x-late: 1\r\n\r\n"),
			 0);
	assert_string_equal(buf_str(&call.req.response_body), "abcde");
	assert_null(pairs_get(&call.req.response_headers, "x-late"));
	call_release(&call);
}

static void headers_of_1xx_are_not_mixed_with_the_answers(void **state)
{
	struct call call;

	assert_int_equal(get(&call, "HTTP/1.1 103 Early Hints\r\n"
				    "x-early: 1\r\n\r\n"
				    "HTTP/1.1 200 OK\r\nx-final: 1\r\n"
				    "Content-Length: 0\r\n\r\n"),
			 0);
	assert_int_equal(call.req.status, 200);
	assert_null(pairs_get(&call.req.response_headers, "x-early"));
	assert_non_null(pairs_get(&call.req.response_headers, "x-final"));
	call_release(&call);
}

static void a_redirect_is_an_answer_like_others(void **state)
{
	struct call call;

	assert_int_equal(get(&call, "HTTP/1.1 307 Go\r\n"
				    "Location: http://127.0.0.1:1/\r\n"
				    "Content-Length: 0\r\n\r\n"),
			 0);
	assert_int_equal(call.req.status, 307);
	assert_string_equal(pairs_get(&call.req.response_headers, "location"),
			    "http://127.0.0.1:1/");
	call_release(&call);
}

static void a_compressed_body_stays_as_it_is(void **state)
{
	struct call call;

	assert_int_equal(get(&call, "HTTP/1.1 200 OK\r\n"
				    "Content-Encoding: gzip\r\n"
				    "Content-Length: 4\r\n\r\nabcd"),
			 0);
	assert_string_equal(buf_str(&call.req.response_body), "abcd");
	call_release(&call);
}

static void a_head_has_a_length_and_no_body(void **state)
{
	struct call call;

	assert_int_equal(get_from(&call, say_and_keep,
				  "HTTP/1.1 200 OK\r\n"
				  "Content-Length: 1000000\r\n\r\n",
				  "HEAD"),
			 0);
	assert_string_equal(pairs_get(&call.req.response_headers,
				      "Content-Length"),
			    "1000000");
	call_release(&call);
}

/* Answers that are no answer, and what they are taken for. */
static const struct {
	const char *text;
	int result;
} broken[] = {
	{ "", -ECONNRESET },
	{ "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhell", -ECONNRESET },
	{ "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", -ECONNRESET },
	{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe",
	  -ECONNRESET },
	{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
	  -ECONNRESET },
	{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
	  -ECONNRESET },
	{ "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello", -EPROTO },
	{ "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\nhello", -EPROTO },
	{ "HTTP/1.1 200 OK\r\nContent-Le", -ECONNRESET },
	{ "HTTP/1.1 100 Continue\r\n\r\n", -ECONNRESET },
	{ "HTTP/1.1 200 OK\r\nETag: x\r\n", -ECONNRESET },
	{ "HTTP/1.1 200 OK\r\nno colon\r\n\r\n", -EPROTO },
	{ "just text\r\n\r\n", -EPROTO },
	{ "HTTP/7.3 200 OK\r\n\r\n", -EPROTO },
	{ "HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n", -ECONNRESET },
};

static void an_answer_cut_or_broken_is_an_error(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(broken); i++) {
		struct call call;
		int result = get(&call, broken[i].text);

		if (result != broken[i].result)
			fail_msg("answer %zu gave %d (%s)", i, result,
				 call.req.err.text);
		assert_int_equal(call.req.err.code, broken[i].result);
		assert_false(call.req.was_stale_connection);
		call_release(&call);
	}
}

static void bytes_past_the_length_are_not_the_body(void **state)
{
	struct call call;

	assert_int_equal(get(&call, "HTTP/1.1 200 OK\r\n"
				    "Content-Length: 2\r\n\r\nabcdef"),
			 0);
	assert_string_equal(buf_str(&call.req.response_body), "ab");
	call_release(&call);
}

static enum raw_then say_body_of_arg(struct raw_exchange *x)
{
	char body[2 * BODY_LIMIT] = "";
	const char *status = x->path[1] == 'b' ? "404 No" : "200 OK";
	char head[100];
	size_t len = (size_t)atol(strchr(x->path, '=') + 1);

	memset(body, 'x', len);
	snprintf(head, sizeof(head),
		 "HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n", status, len);
	raw_say(x, head);
	raw_say_bytes(x, body, len);
	return RAW_KEEP;
}

static int keep_nothing(struct http_request *req, const void *data, size_t len)
{
	return 0;
}

static void a_body_past_its_limit_is_an_error(void **state)
{
	static const struct {
		const char *path;
		bool has_sink;
		int result;
	} rows[] = { { "/good?n=1000", false, 0 },
		     { "/good?n=1001", false, -EMSGSIZE },
		     { "/bad?n=1000", false, 0 },
		     { "/bad?n=1001", false, -EMSGSIZE },
		     { "/good?n=2000", true, 0 },
		     { "/bad?n=1001", true, -EMSGSIZE } };
	struct raw_server *server = raw_server_new(say_body_of_arg, NULL);

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct call call;

		call_init(&call, "GET", server, rows[i].path);
		call.req.body_limit = BODY_LIMIT;
		if (rows[i].has_sink)
			call.req.sink = keep_nothing;
		assert_int_equal(call_run(http, &call), rows[i].result);
		call_release(&call);
	}
	raw_server_free(server);
}

static enum raw_then say_endless_body(struct raw_exchange *x)
{
	char piece[65536];

	memset(piece, 'x', sizeof(piece));
	raw_say(x, "HTTP/1.1 500 No\r\n\r\n");
	for (int i = 0; i < 64; i++)
		raw_say_bytes(x, piece, sizeof(piece));
	raw_pause(x, 60000);
	return RAW_CLOSE;
}

static void without_a_limit_64_kib_are_kept(void **state)
{
	struct raw_server *server = raw_server_new(say_endless_body, NULL);
	struct call call;

	call_init(&call, "GET", server, "/");
	assert_int_equal(call_run(http, &call), -EMSGSIZE);
	assert_true(call.req.response_body.len <= 65536);
	call_release(&call);
	raw_server_free(server);
}

static enum raw_then say_endless_headers(struct raw_exchange *x)
{
	raw_say(x, "HTTP/1.1 200 OK\r\n");
	for (int i = 0; i < 100000; i++)
		raw_say(x, "x-more: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n");
	raw_pause(x, 60000);
	return RAW_CLOSE;
}

static enum raw_then say_endless_1xx(struct raw_exchange *x)
{
	for (int i = 0; i < 100000; i++)
		raw_say(x, "HTTP/1.1 103 Early Hints\r\n\r\n");
	raw_pause(x, 60000);
	return RAW_CLOSE;
}

static enum raw_then say_endless_line(struct raw_exchange *x)
{
	raw_say(x, "HTTP/1.1 200 OK\r\nx-long: ");
	for (int i = 0; i < 100000; i++)
		raw_say(x, "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy");
	raw_pause(x, 60000);
	return RAW_CLOSE;
}

static void endless_headers_are_an_error(void **state)
{
	struct call call;

	assert_int_equal(get_from(&call, say_endless_headers, "", "GET"),
			 -EMSGSIZE);
	call_release(&call);
	assert_int_equal(get_from(&call, say_endless_1xx, "", "GET"),
			 -EMSGSIZE);
	call_release(&call);
	assert_int_equal(get_from(&call, say_endless_line, "", "GET"),
			 -EMSGSIZE);
	call_release(&call);
}

static enum raw_then stay_silent(struct raw_exchange *x)
{
	raw_pause(x, 60000);
	return RAW_CLOSE;
}

static enum raw_then trickle(struct raw_exchange *x)
{
	raw_say(x, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
	for (int i = 0; i < 600; i++) {
		raw_say(x, "x");
		raw_pause(x, 100);
	}
	return RAW_CLOSE;
}

static void silence_and_trickling_end_in_a_time_out(void **state)
{
	struct call call;

	assert_int_equal(get_from(&call, stay_silent, "", "GET"), -ETIMEDOUT);
	call_release(&call);
	assert_int_equal(get_from(&call, trickle, "", "GET"), -ETIMEDOUT);
	call_release(&call);
}

static enum raw_then answer_after_2500_ms(struct raw_exchange *x)
{
	raw_pause(x, 2500);
	raw_say_ok(x, "late");
	return RAW_KEEP;
}

static void a_request_may_be_given_more_patience(void **state)
{
	struct raw_server *server = raw_server_new(answer_after_2500_ms, NULL);
	struct call call;

	call_init(&call, "GET", server, "/");
	call.req.is_slow = true;
	assert_int_equal(call_run(http, &call), 0);
	call_release(&call);
	raw_server_free(server);
}

struct collect {
	struct call call;
	size_t len, stop_at;
	bool saw_headers;
};

static int collect_piece(struct http_request *req, const void *data, size_t len)
{
	struct call *call = container_of(req, struct call, req);
	struct collect *c = container_of(call, struct collect, call);

	c->saw_headers = req->status == 200 &&
			 pairs_get(&req->response_headers, "content-length");
	c->len += len;
	return c->stop_at && c->len >= c->stop_at ? -ESTALE : 0;
}

static void a_sink_gets_the_body_and_can_end_it(void **state)
{
	struct raw_server *server = raw_server_new(say_body_of_arg, NULL);
	struct collect c = { .stop_at = 0 };

	call_init(&c.call, "GET", server, "/good?n=2000");
	c.call.req.sink = collect_piece;
	assert_int_equal(call_run(http, &c.call), 0);
	assert_int_equal(c.len, 2000);
	assert_true(c.saw_headers);
	assert_int_equal(c.call.req.response_body.len, 0);
	c.len = 0;
	c.stop_at = 1;
	assert_int_equal(call_run(http, &c.call), -ESTALE);
	call_release(&c.call);
	raw_server_free(server);
}

static void an_odd_header_line_is_left_out_alone(void **state)
{
	struct call call;

	assert_int_equal(get(&call, "HTTP/1.1 200 OK\r\n"
				    "bad name: 1\r\n"
				    "x-control: a\x01z\r\n"
				    "x-good: 1\r\n"
				    "  folded\r\n"
				    "Content-Length: 0\r\n\r\n"),
			 0);
	assert_int_equal(call.req.response_headers.count, 2);
	assert_non_null(pairs_get(&call.req.response_headers, "x-good"));
	call_release(&call);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(status_headers_and_body_arrive),
		cmocka_unit_test(
			a_chunked_body_is_put_together_and_trailers_are_left_out),
		cmocka_unit_test(headers_of_1xx_are_not_mixed_with_the_answers),
		cmocka_unit_test(a_redirect_is_an_answer_like_others),
		cmocka_unit_test(a_compressed_body_stays_as_it_is),
		cmocka_unit_test(a_head_has_a_length_and_no_body),
		cmocka_unit_test(an_answer_cut_or_broken_is_an_error),
		cmocka_unit_test(bytes_past_the_length_are_not_the_body),
		cmocka_unit_test(a_body_past_its_limit_is_an_error),
		cmocka_unit_test(without_a_limit_64_kib_are_kept),
		cmocka_unit_test(endless_headers_are_an_error),
		cmocka_unit_test(silence_and_trickling_end_in_a_time_out),
		cmocka_unit_test(a_request_may_be_given_more_patience),
		cmocka_unit_test(a_sink_gets_the_body_and_can_end_it),
		cmocka_unit_test(an_odd_header_line_is_left_out_alone),
	};

	return cmocka_run_group_tests(tests, start_http, stop_http);
}
