/* SPDX-License-Identifier: MIT */
/* src/http without memory, against a server of another process. */
#include <stdio.h>
#include <string.h>

#include "apart.h"
#include "http-call.h"
#include "http.h"
#include "proxy.h"
#include "scenarios.h"

#define BODY "a body"

static int port;
static struct http *http;

/* /KIND; a proxy is asked for a whole URL. */
static enum raw_then answer(struct raw_exchange *x)
{
	raw_take_body(x, x->body_length);
	if (strstr(x->path, "/headers"))
		raw_say(x, "HTTP/1.1 103 Early Hints\r\nA: 0\r\n\r\n"
			   "HTTP/1.1 404 Not Found\r\nA: 1\r\nB: 2\r\n"
			   "Content-Length: 6\r\n\r\n" BODY);
	else
		raw_say_ok(x, BODY);
	return RAW_KEEP;
}

static int http_begin(const void *options)
{
	return http_new(options, &http, &words);
}

static void http_end(void)
{
	http_free(http);
	http = NULL;
}

static int send_call(struct call *call, const char *method, const char *path,
		     int status)
{
	int result;

	call_init(call, method, NULL, "");
	snprintf(call->url, sizeof(call->url), "http://127.0.0.1:%d%s", port,
		 path);
	result = pairs_set(&call->req.headers, "x-one", "1");
	if (result < 0)
		return result;
	result = call_run(http, call);
	words = call->req.err;
	return result < 0 ? result : expect(call->req.status == status);
}

static int run_get(void)
{
	struct call call;
	int result = send_call(&call, "GET", "/", 200);

	if (result == 0)
		result = expect(
			strcmp(buf_str(&call.req.response_body), BODY) == 0);
	call_release(&call);
	return result;
}

static int run_headers(void)
{
	struct call call;
	int result = send_call(&call, "GET", "/headers", 404);

	if (result == 0)
		result = expect(
			call.req.response_headers.count == 3 &&
			!strcmp(pairs_get(&call.req.response_headers, "a"),
				"1"));
	call_release(&call);
	return result;
}

static int run_put(void)
{
	AUTO_BUF struct buf body = BUF_INIT(1024);
	struct call call;
	int result;

	buf_add_str(&body, BODY);
	if (body.error)
		return body.error;
	call_init(&call, "PUT", NULL, "");
	snprintf(call.url, sizeof(call.url), "http://127.0.0.1:%d/", port);
	call.req.body = http_body_of(&body);
	result = call_run(http, &call);
	words = call.req.err;
	call_release(&call);
	return result;
}

static int run_engine(void)
{
	const struct http_options options = { .user_agent = "a",
					      .no_proxy = "b",
					      .proxies = { { "https", "c:1" } },
					      .proxy_count = 1,
					      .ca_file = "/dev/null" };
	int result = http_begin(&options);

	http_end();
	return result;
}

static int run_ca_folder(void)
{
	int result = http_begin(&(struct http_options){ .ca_file = "/" });

	http_end();
	return result;
}

static int run_proxy_rules(void)
{
	const struct http_proxy given[] = { { "https", "u:p@h:1" },
					    { "http://H", "h2" } };
	struct proxy_rules rules = { 0 };
	int result = proxy_rules_copy(&rules, given, 2, &words);
	const char *found;

	if (result == 0) {
		found = proxy_rules_find(&rules, "http://h/x");
		result = expect(found && strcmp(found, "http://h2:80") == 0);
	}
	proxy_rules_release(&rules);
	return result;
}

/* The proxy is the server itself. */
static int run_proxy(void)
{
	char proxy[64];
	struct http_options options = { .proxies = { { "http", proxy } },
					.proxy_count = 1 };
	int result;

	snprintf(proxy, sizeof(proxy), "127.0.0.1:%d", port);
	result = http_begin(&options);
	if (result == 0)
		result = run_get();
	http_end();
	return result;
}

static const struct http_options none;
static const struct http_options tls = { .ca_file = "/dev/null",
					 .skip_host_name = true };
static const struct world usual = { http_begin, http_end, &none };
static const struct world with_tls = { http_begin, http_end, &tls };

static const struct scenario scenarios[] = {
	SCENARIO("engine", run_engine),
	SCENARIO("engine with a folder of certificates", run_ca_folder),
	SCENARIO("get", run_get, .world = &usual),
	SCENARIO("get with TLS options", run_get, .world = &with_tls),
	SCENARIO("headers", run_headers, .world = &usual),
	SCENARIO("put", run_put, .world = &usual),
	SCENARIO("proxy rules", run_proxy_rules),
	SCENARIO("proxy", run_proxy),
};

int main(void)
{
	port = apart_serve(answer);
	return port ? scenarios_run(scenarios, ARRAY_SIZE(scenarios)) : 1;
}
