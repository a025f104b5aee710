/* SPDX-License-Identifier: MIT */
/* Many requests at once: order, deadlines, cancelling, the end. */
#include "http-call.h"

#include <arpa/inet.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "clock.h"
#include "metrics.h"

enum {
	THREADS = 8,
	PER_THREAD = 64,
	LATE_MS = 60000
};

static void assert_load(struct http *http, unsigned in_flight, unsigned queued)
{
	uint64_t values[METRICS] = { 0 };

	http_gauges(http, values);
	assert_int_equal(values[METRIC_HTTP_IN_FLIGHT], in_flight);
	assert_int_equal(values[METRIC_HTTP_QUEUED], queued);
}

static struct http *new_http(unsigned connection_limit)
{
	struct http_options options = { .connection_limit = connection_limit,
					.connect_timeout_ms = 300 };
	struct http *http;

	assert_int_equal(http_new(&options, &http, NULL), 0);
	return http;
}

/* /wait never gets an answer; others echo their path. */
static enum raw_then answer(struct raw_exchange *x)
{
	if (strcmp(x->path, "/wait") == 0)
		raw_pause(x, LATE_MS);
	else
		raw_say_ok(x, x->path);
	return RAW_KEEP;
}

/* Until the server has as many requests; it never has more. */
static void wait_for_requests(struct raw_server *server, unsigned count)
{
	int64_t until = clock_now_ms() + 20000;

	while (server->requests < count && clock_now_ms() < until)
		poll(NULL, 0, 1);
	assert_int_equal(server->requests, count);
}

static void with_one_connection_priority_is_the_order(void **state)
{
	static const enum http_priority priorities[] = {
		HTTP_BACKGROUND, HTTP_PREFETCH,   HTTP_UPLOAD,   HTTP_COMMIT,
		HTTP_METADATA,   HTTP_FOREGROUND, HTTP_METADATA, HTTP_BACKGROUND
	};
	static const unsigned orders[] = { 7, 6, 5, 4, 2, 1, 3, 8 };
	struct raw_server *server = raw_server_new(answer, NULL);
	struct http *http = new_http(1);
	struct call first, calls[ARRAY_SIZE(priorities)];

	call_init(&first, "GET", server, "/wait");
	http_submit(http, &first.req);
	wait_for_requests(server, 1);
	for (size_t i = 0; i < ARRAY_SIZE(priorities); i++) {
		call_init(&calls[i], "GET", server, "/");
		calls[i].req.priority = priorities[i];
		http_submit(http, &calls[i].req);
	}
	call_orders = 0;
	http_cancel(http, &first.req);
	call_wait(&first);
	call_release(&first);
	for (size_t i = 0; i < ARRAY_SIZE(priorities); i++) {
		call_wait(&calls[i]);
		assert_int_equal(calls[i].req.result, 0);
		assert_int_equal(calls[i].order, orders[i] + 1);
		call_release(&calls[i]);
	}
	http_free(http);
	raw_server_free(server);
}

static void a_deadline_ends_a_request_wherever_it_is(void **state)
{
	struct raw_server *server = raw_server_new(answer, NULL);
	struct http *http = new_http(1);
	int64_t start = clock_now_ms();
	struct call running, queued, delayed;

	call_init(&running, "GET", server, "/wait");
	call_init(&queued, "GET", server, "/");
	call_init(&delayed, "GET", server, "/");
	running.req.deadline_ms = 300;
	queued.req.deadline_ms = 100;
	delayed.req.deadline_ms = 200;
	call_orders = 0;
	http_submit(http, &running.req);
	http_submit(http, &queued.req);
	http_submit_after(http, &delayed.req, LATE_MS);
	call_wait(&running);
	assert_in_range(clock_now_ms() - start, 299, 10000);
	assert_int_equal(running.req.result, -ETIMEDOUT);
	assert_int_equal(queued.req.result, -ETIMEDOUT);
	assert_int_equal(delayed.req.result, -ETIMEDOUT);
	assert_int_equal(queued.order, 1);
	assert_int_equal(delayed.order, 2);
	assert_int_equal(server->requests, 1);
	call_release(&running);
	call_release(&queued);
	call_release(&delayed);
	http_free(http);
	raw_server_free(server);
}

static void a_delay_holds_a_request_back(void **state)
{
	struct raw_server *server = raw_server_new(answer, NULL);
	struct http *http = new_http(0);
	int64_t start = clock_now_ms();
	struct call call;

	call_init(&call, "GET", server, "/");
	http_submit_after(http, &call.req, 200);
	call_wait(&call);
	assert_int_equal(call.req.result, 0);
	assert_in_range(clock_now_ms() - start, 200, 10000);
	call_release(&call);
	http_free(http);
	raw_server_free(server);
}

/* A listener whose queue is full: the kernel answers no further SYN. */
static void a_connect_that_hangs_times_out(void **state)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	int client = socket(AF_INET, SOCK_STREAM, 0);
	struct http *http = new_http(0);
	socklen_t len = sizeof(at);
	struct call call;
	char url[50];

	assert_int_equal(bind(listener, (struct sockaddr *)&at, len), 0);
	assert_int_equal(listen(listener, 0), 0);
	getsockname(listener, (struct sockaddr *)&at, &len);
	assert_int_equal(connect(client, (struct sockaddr *)&at, len), 0);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/", ntohs(at.sin_port));
	call_init(&call, "GET", NULL, url);
	assert_int_equal(call_run(http, &call), -ETIMEDOUT);
	call_release(&call);
	http_free(http);
	close(client);
	close(listener);
}

static void a_cancel_ends_a_request_wherever_it_is(void **state)
{
	struct raw_server *server = raw_server_new(answer, NULL);
	struct http *http = new_http(1);
	struct call calls[3];

	for (int i = 0; i < 3; i++)
		call_init(&calls[i], "GET", server, "/wait");
	http_submit(http, &calls[0].req);
	wait_for_requests(server, 1);
	http_submit(http, &calls[1].req);
	http_submit_after(http, &calls[2].req, LATE_MS);
	assert_load(http, 1, 2);
	for (int i = 2; i >= 0; i--) {
		http_cancel(http, &calls[i].req);
		http_cancel(http, &calls[i].req);
		call_wait(&calls[i]);
		assert_int_equal(calls[i].req.result, -ECANCELED);
		assert_int_equal(calls[i].req.err.code, -ECANCELED);
		http_cancel(http, &calls[i].req);
		call_release(&calls[i]);
	}
	assert_load(http, 0, 0);
	http_free(http);
	raw_server_free(server);
	for (int i = 0; i < 3; i++)
		assert_int_equal(calls[i].done_count, 1);
}

static void a_cancel_after_the_end_changes_nothing(void **state)
{
	struct raw_server *server = raw_server_new(answer, NULL);
	struct http *http = new_http(0);
	struct call call;

	call_init(&call, "GET", server, "/");
	assert_int_equal(call_run(http, &call), 0);
	http_cancel(http, &call.req);
	assert_int_equal(call_run(http, &call), 0);
	assert_int_equal(call.done_count, 1);
	call_release(&call);
	http_free(http);
	raw_server_free(server);
}

struct chain {
	struct call call;
	struct http *http;
	struct call *victim;
	unsigned left;
};

static void submit_again(struct http_request *req)
{
	struct call *call = container_of(req, struct call, req);
	struct chain *chain = container_of(call, struct chain, call);

	if (chain->victim)
		http_cancel(chain->http, &chain->victim->req);
	if (chain->left-- > 0)
		http_submit(chain->http, req);
	else
		call_done(req);
}

static void done_may_submit_and_cancel(void **state)
{
	struct raw_server *server = raw_server_new(answer, NULL);
	struct http *http = new_http(0);
	struct chain chain = { .http = http, .left = 50 };
	struct call victim;

	call_init(&victim, "GET", server, "/wait");
	http_submit(http, &victim.req);
	call_init(&chain.call, "GET", server, "/");
	chain.call.req.done = submit_again;
	chain.victim = &victim;
	http_submit(http, &chain.call.req);
	call_wait(&chain.call);
	call_wait(&victim);
	assert_int_equal(victim.req.result, -ECANCELED);
	assert_int_equal(chain.call.req.result, 0);
	call_release(&victim);
	call_release(&chain.call);
	http_free(http);
	raw_server_free(server);
}

struct worker {
	pthread_t thread;
	struct http *http;
	struct raw_server *server;
	unsigned number;
	unsigned wrong;
};

/* Each thread keeps 8 in flight and cancels one of 16 at some moment. */
static void run_batch(struct worker *w, struct call *calls, unsigned first)
{
	for (unsigned i = 0; i < 8; i++) {
		char path[50];

		snprintf(path, sizeof(path), "/%u/%u", w->number, first + i);
		call_init(&calls[i], "GET", w->server, path);
		calls[i].req.priority = i % HTTP_PRIORITIES;
		calls[i].req.deadline_ms = LATE_MS;
		http_submit_after(w->http, &calls[i].req, i % 3);
	}
	if (first % 16 == 0)
		http_cancel(w->http, &calls[w->number].req);
	for (unsigned i = 0; i < 8; i++) {
		struct http_request *req = &calls[i].req;

		call_wait(&calls[i]);
		if (req->result == -ECANCELED ?
			    first % 16 || i != w->number :
			    !strstr(req->url, buf_str(&req->response_body)))
			w->wrong++;
		call_release(&calls[i]);
	}
}

static void *worker_main(void *arg)
{
	struct worker *w = arg;
	struct call *calls = calloc(8, sizeof(*calls));

	for (unsigned i = 0; calls && i < PER_THREAD; i += 8)
		run_batch(w, calls, i);
	free(calls);
	return NULL;
}

static void eight_threads_with_64_requests_each(void **state)
{
	struct raw_server *server = raw_server_new(answer, NULL);
	struct http *http = new_http(16);
	uint64_t before = metrics_get(METRIC_HTTP_REQUESTS);
	struct worker workers[THREADS];

	for (unsigned i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){ .http = http,
					      .server = server,
					      .number = i };
		pthread_create(&workers[i].thread, NULL, worker_main,
			       &workers[i]);
	}
	for (unsigned i = 0; i < THREADS; i++) {
		pthread_join(workers[i].thread, NULL);
		assert_int_equal(workers[i].wrong, 0);
	}
	assert_in_range(metrics_get(METRIC_HTTP_REQUESTS) - before,
			THREADS * PER_THREAD - 32, THREADS * PER_THREAD);
	assert_load(http, 0, 0);
	assert_in_range(server->connections, 1, 16 + 32);
	http_free(http);
	raw_server_free(server);
}

static void the_end_cancels_what_is_left(void **state)
{
	struct raw_server *server = raw_server_new(answer, NULL);
	struct http *http = new_http(2);
	struct call calls[6];

	for (int i = 0; i < 6; i++) {
		call_init(&calls[i], "GET", server, "/wait");
		http_submit_after(http, &calls[i].req, i < 4 ? 0 : LATE_MS);
	}
	wait_for_requests(server, 2);
	http_free(http);
	for (int i = 0; i < 6; i++) {
		assert_int_equal(calls[i].done_count, 1);
		assert_int_equal(calls[i].req.result, -ECANCELED);
		call_release(&calls[i]);
	}
	raw_server_free(server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(with_one_connection_priority_is_the_order),
		cmocka_unit_test(a_deadline_ends_a_request_wherever_it_is),
		cmocka_unit_test(a_delay_holds_a_request_back),
		cmocka_unit_test(a_connect_that_hangs_times_out),
		cmocka_unit_test(a_cancel_ends_a_request_wherever_it_is),
		cmocka_unit_test(a_cancel_after_the_end_changes_nothing),
		cmocka_unit_test(done_may_submit_and_cancel),
		cmocka_unit_test(eight_threads_with_64_requests_each),
		cmocka_unit_test(the_end_cancels_what_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
