/* SPDX-License-Identifier: MIT */
/*
 * A request becomes a transfer: one of curl's easy handles, taken from a
 * small cache, with every option set again. On the loop thread only.
 */
#include "transfer.h"

#include <string.h>
#include <strings.h>

#include "clock.h"
#include "metrics.h"
#include "response.h"

enum {
	IDLE_LIMIT = 16, /* easy handles kept; some 8 KiB each */
	BUFFER_BYTES = 256 * 1024,
	BUFFER_LEAST = 1024,    /* curl's own bound */
	LINE_LIMIT = 64 * 1024, /* of one request header */
	URL_SHOWN = 100,        /* bytes of it in a message */
	STALL_BYTES_PER_S = 1024,
	/*
	 * Bodies above this ask first (Expect: 100-continue): a server that
	 * says 412 or 503 to a part usually closes after it, and a body on
	 * its way then turns the answer into a reset. A server that stays
	 * silent costs CONTINUE_MS once a request.
	 */
	EXPECT_ABOVE = 1024 * 1024,
	CONTINUE_MS = 300
};

static const struct {
	CURLoption option;
	long value;
} fixed_options[] = {
	{ CURLOPT_NOSIGNAL, 1 },
	{ CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1 },
	{ CURLOPT_BUFFERSIZE, BUFFER_BYTES },
	{ CURLOPT_UPLOAD_BUFFERSIZE, 512 * 1024 },
	{ CURLOPT_FOLLOWLOCATION, 0 },
	{ CURLOPT_NETRC, CURL_NETRC_IGNORED },
	{ CURLOPT_DISALLOW_USERNAME_IN_URL, 1 },
	{ CURLOPT_PATH_AS_IS, 1 }, /* keys hold .. and // */
	{ CURLOPT_HTTP_CONTENT_DECODING, 0 },
	{ CURLOPT_SUPPRESS_CONNECT_HEADERS, 1 },
	{ CURLOPT_EXPECT_100_TIMEOUT_MS, CONTINUE_MS },
	{ CURLOPT_LOW_SPEED_LIMIT, STALL_BYTES_PER_S },
	{ CURLOPT_TCP_KEEPALIVE, 1 },
	{ CURLOPT_DNS_CACHE_TIMEOUT, 5 },
	{ CURLOPT_DNS_SHUFFLE_ADDRESSES, 1 }, /* S3's names have many */
	{ CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2 },
	{ CURLOPT_PROXY_SSLVERSION, CURL_SSLVERSION_TLSv1_2 },
};

static void transfer_note(struct http_transfer *t, CURLcode code)
{
	if (t->setup == CURLE_OK)
		t->setup = code;
}

static void transfer_set_long(struct http_transfer *t, CURLoption option,
			      long value)
{
	transfer_note(t, curl_easy_setopt(t->easy, option, value));
}

static void transfer_set_text(struct http_transfer *t, CURLoption option,
			      const char *text)
{
	transfer_note(t, curl_easy_setopt(t->easy, option, text));
}

static struct http_transfer *transfer_get(struct http *http)
{
	struct list_link *link = list_pop(&http->idle);
	struct http_transfer *t;

	if (link) {
		http->idle_count--;
		return container_of(link, struct http_transfer, link);
	}
	t = calloc(1, sizeof(*t));
	if (!t)
		return NULL;
	t->easy = curl_easy_init();
	if (!t->easy) {
		free(t);
		return NULL;
	}
	list_init(&t->link);
	return t;
}

static void transfer_free(struct http_transfer *t)
{
	curl_slist_free_all(t->headers);
	curl_easy_cleanup(t->easy);
	free(t);
}

/*
 * Keeps the easy handle for the next request, if all went well: after some
 * failures (curl 7.88: before a connection) it would not take its buffer
 * size again. Connections and TLS sessions live in the multi and the share.
 */
static void transfer_put(struct http *http, struct http_transfer *t,
			 bool is_good)
{
	CURL *easy = t->easy;

	if (!is_good || http->idle_count >= IDLE_LIMIT) {
		transfer_free(t);
		return;
	}
	curl_slist_free_all(t->headers);
	curl_easy_reset(easy);
	*t = (struct http_transfer){ .easy = easy };
	list_push(http->idle.next, &t->link); /* the warmest goes first */
	http->idle_count++;
}

void http_transfers_release(struct http *http)
{
	struct list_link *link;

	while ((link = list_pop(&http->idle)))
		transfer_free(container_of(link, struct http_transfer, link));
}

static void transfer_add_header(struct http_transfer *t, const char *line)
{
	struct curl_slist *longer = curl_slist_append(t->headers, line);

	if (longer)
		t->headers = longer;
	else
		transfer_note(t, CURLE_OUT_OF_MEMORY);
}

static void transfer_set_headers(struct http_transfer *t)
{
	AUTO_BUF struct buf line = BUF_INIT(LINE_LIMIT);
	const struct pairs *headers = &t->req->headers;

	for (size_t i = 0; i < headers->count; i++) {
		const char *value = headers->items[i].value;

		buf_clear(&line);
		buf_add_str(&line, headers->items[i].name);
		/* "Name:" alone would make curl leave the header out. */
		if (value[strspn(value, " \t")] == '\0')
			buf_add_char(&line, ';');
		else
			buf_add_fmt(&line, ": %s", value);
		if (line.error)
			transfer_note(t, CURLE_OUT_OF_MEMORY);
		else
			transfer_add_header(t, line.data);
	}
	if (t->req->body.length > 0 && t->req->body.length <= EXPECT_ABOVE)
		transfer_add_header(t, "Expect:");
	transfer_note(t, curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER,
					  t->headers));
}

/*
 * The caller has no more of the body yet. curl would take the silence for a
 * stall; nothing else than its limit tells it not to.
 */
static size_t transfer_pause(struct http_transfer *t)
{
	curl_easy_setopt(t->easy, CURLOPT_LOW_SPEED_LIMIT, 0L);
	t->is_paused = true;
	return CURL_READFUNC_PAUSE;
}

/* curl begins to measure again. */
void http_transfer_resume(struct http_transfer *t)
{
	if (!t->is_paused)
		return;
	t->is_paused = false;
	curl_easy_setopt(t->easy, CURLOPT_LOW_SPEED_LIMIT,
			 (long)STALL_BYTES_PER_S);
	curl_easy_pause(t->easy, CURLPAUSE_CONT);
}

/* Fills curl's buffer from the caller's body. */
static size_t transfer_on_body_wanted(char *to, size_t size, size_t count,
				      void *arg)
{
	struct http_transfer *t = arg;
	const struct http_body *body = &t->req->body;
	uint64_t left = body->length - t->body_offset;
	size_t room = size * count < left ? size * count : (size_t)left;
	ssize_t got;

	if (room == 0)
		return 0;
	got = body->read(body->arg, t->body_offset, to, room);
	if (got == -EAGAIN)
		return transfer_pause(t);
	if (got <= 0 || (size_t)got > room) {
		t->failure = got < 0 ? (int)got : -EIO;
		return CURL_READFUNC_ABORT;
	}
	t->body_offset += (uint64_t)got;
	return (size_t)got;
}

/*
 * curl retries a request by itself when a connection it used again was dead.
 * Version 7.88 rewinds the body only if some of it left, not if it was read
 * and none left; so every try begins at 0.
 */
static int transfer_on_try(void *arg, char *to_address, char *from_address,
			   int to_port, int from_port)
{
	struct http_transfer *t = arg;

	(void)to_address, (void)from_address, (void)to_port, (void)from_port;
	t->req->sends++;
	t->body_offset = 0;
	http_response_restart(t);
	return CURL_PREREQFUNC_OK;
}

/* Needed all the same, or curl fails where it does rewind. */
static int transfer_on_body_rewind(void *arg, curl_off_t offset, int origin)
{
	struct http_transfer *t = arg;

	if (origin != SEEK_SET || offset < 0)
		return CURL_SEEKFUNC_FAIL;
	t->body_offset = (uint64_t)offset;
	return CURL_SEEKFUNC_OK;
}

/* An empty PUT or POST still says Content-Length: 0. */
static bool transfer_has_body(const struct http_request *req)
{
	return req->body.length > 0 || strcmp(req->method, "PUT") == 0 ||
	       strcmp(req->method, "POST") == 0;
}

static void transfer_set_method(struct http_transfer *t)
{
	const struct http_request *req = t->req;

	if (strcmp(req->method, "HEAD") == 0) {
		transfer_set_long(t, CURLOPT_NOBODY, 1);
		return;
	}
	transfer_set_text(t, CURLOPT_CUSTOMREQUEST, req->method);
	if (!transfer_has_body(req))
		return;
	transfer_set_long(t, CURLOPT_UPLOAD, 1);
	transfer_note(t, curl_easy_setopt(t->easy, CURLOPT_INFILESIZE_LARGE,
					  (curl_off_t)req->body.length));
	transfer_note(t, curl_easy_setopt(t->easy, CURLOPT_READFUNCTION,
					  transfer_on_body_wanted));
	transfer_note(t, curl_easy_setopt(t->easy, CURLOPT_READDATA, t));
	transfer_note(t, curl_easy_setopt(t->easy, CURLOPT_SEEKFUNCTION,
					  transfer_on_body_rewind));
	transfer_note(t, curl_easy_setopt(t->easy, CURLOPT_SEEKDATA, t));
}

static int transfer_within_ms(int ms, int bound_ms)
{
	return bound_ms > 0 && bound_ms < ms ? bound_ms : ms;
}

static void transfer_set_times(struct http_transfer *t,
			       const struct http_options *options)
{
	const struct http_request *req = t->req;
	int64_t left_ms = INT64_MAX;

	if (req->deadline_at_ms != INT64_MAX)
		left_ms = req->deadline_at_ms - clock_now_ms();
	if (req->try_ms > 0 && req->try_ms < left_ms)
		left_ms = req->try_ms;
	if (left_ms != INT64_MAX)
		transfer_set_long(t, CURLOPT_TIMEOUT_MS,
				  left_ms > 1 ? left_ms : 1);
	transfer_set_long(t, CURLOPT_CONNECTTIMEOUT_MS,
			  transfer_within_ms(options->connect_timeout_ms,
					     req->silence_ms));
	/* curl takes whole seconds of it. */
	if (!req->is_slow)
		transfer_set_long(t, CURLOPT_LOW_SPEED_TIME,
				  (transfer_within_ms(options->stall_timeout_ms,
						      req->silence_ms) +
				   999L) / 1000);
}

/* Only what was set counts: an empty text keeps curl off the environment. */
static void transfer_set_proxy(struct http_transfer *t, const struct http *http)
{
	const char *proxy = proxy_rules_find(&http->proxies, t->req->url);

	transfer_set_text(t, CURLOPT_PROXY, proxy ? proxy : "");
	transfer_set_text(t, CURLOPT_NOPROXY,
			  http->no_proxy ? http->no_proxy : "");
}

/*
 * curl looks at a limit after a hundred buffers: together they must not be
 * more than half a second's.
 */
static void transfer_set_buffer(struct http_transfer *t,
				const struct http *http)
{
	uint64_t limit = http->options.max_bytes_per_s;
	long bytes = (long)(limit / 200);

	if (limit > 0 && limit / 200 < BUFFER_BYTES)
		transfer_set_long(t, CURLOPT_BUFFERSIZE,
				  bytes < BUFFER_LEAST ? BUFFER_LEAST : bytes);
}

static void transfer_set_tls(struct http_transfer *t, const struct http *http)
{
	bool verify = !http->options.skip_verify;

	transfer_set_long(t, CURLOPT_SSL_VERIFYPEER, verify ? 1 : 0);
	transfer_set_long(t, CURLOPT_SSL_VERIFYHOST,
			  verify && !http->options.skip_host_name ? 2 : 0);
	transfer_set_text(t, CURLOPT_CAINFO, http->ca_file);
	transfer_set_text(t, CURLOPT_CAPATH, http->ca_folder);
	transfer_set_text(t, CURLOPT_PROXY_CAINFO, http->ca_file);
	transfer_set_text(t, CURLOPT_PROXY_CAPATH, http->ca_folder);
}

static void transfer_set_up(struct http *http, struct http_transfer *t)
{
	for (size_t i = 0; i < ARRAY_SIZE(fixed_options); i++)
		transfer_set_long(t, fixed_options[i].option,
				  fixed_options[i].value);
	transfer_set_text(t, CURLOPT_PROTOCOLS_STR, "http,https");
	transfer_set_text(t, CURLOPT_USERAGENT, http->user_agent);
	transfer_set_text(t, CURLOPT_URL, t->req->url);
	transfer_note(t, curl_easy_setopt(t->easy, CURLOPT_SHARE, http->share));
	transfer_note(t, curl_easy_setopt(t->easy, CURLOPT_PRIVATE, t));
	transfer_note(t,
		      curl_easy_setopt(t->easy, CURLOPT_ERRORBUFFER, t->error));
	transfer_note(t, curl_easy_setopt(t->easy, CURLOPT_PREREQFUNCTION,
					  transfer_on_try));
	transfer_note(t, curl_easy_setopt(t->easy, CURLOPT_PREREQDATA, t));
	transfer_set_method(t);
	transfer_set_headers(t);
	transfer_set_times(t, &http->options);
	transfer_set_proxy(t, http);
	transfer_set_tls(t, http);
	transfer_set_buffer(t, http);
	http_response_begin(t);
}

/*
 * What there may be of bytes a second is shared among all that are on their
 * way. curl looks at these two options again each time it has moved bytes.
 */
static void transfers_share_speed(struct http *http)
{
	uint64_t limit = http->options.max_bytes_per_s;
	curl_off_t share;

	if (limit == 0 || http->active_count == 0)
		return;
	share = (curl_off_t)(limit / http->active_count);
	if (share == 0)
		share = 1;
	list_for_each(link, &http->active) {
		CURL *easy =
			container_of(link, struct http_transfer, link)->easy;

		curl_easy_setopt(easy, CURLOPT_MAX_SEND_SPEED_LARGE, share);
		curl_easy_setopt(easy, CURLOPT_MAX_RECV_SPEED_LARGE, share);
	}
}

int http_transfer_start(struct http *http, struct http_request *req)
{
	struct http_transfer *t = transfer_get(http);

	if (!t)
		return -ENOMEM;
	t->req = req;
	transfer_set_up(http, t);
	if (t->setup == CURLE_OK &&
	    curl_multi_add_handle(http->multi, t->easy) != CURLM_OK)
		t->setup = CURLE_OUT_OF_MEMORY;
	if (t->setup != CURLE_OK) {
		int rc = t->setup == CURLE_OUT_OF_MEMORY ? -ENOMEM : -EINVAL;

		transfer_free(t);
		return rc;
	}
	req->transfer = t;
	list_push(&http->active, &t->link);
	http->active_count++;
	transfers_share_speed(http);
	return 0;
}

/* What it cost, for the request and for the totals. */
static void transfer_count(const struct http_transfer *t)
{
	curl_off_t sent = 0, received = 0, took_us = 0;
	long connections = 0;

	curl_easy_getinfo(t->easy, CURLINFO_SIZE_UPLOAD_T, &sent);
	curl_easy_getinfo(t->easy, CURLINFO_SIZE_DOWNLOAD_T, &received);
	curl_easy_getinfo(t->easy, CURLINFO_TOTAL_TIME_T, &took_us);
	curl_easy_getinfo(t->easy, CURLINFO_NUM_CONNECTS, &connections);
	t->req->bytes_sent = (uint64_t)sent;
	t->req->took_us = (uint64_t)took_us;
	metrics_add(METRIC_HTTP_CONNECTIONS, (uint64_t)connections);
	metrics_add(METRIC_HTTP_SENT, (uint64_t)sent);
	metrics_add(METRIC_HTTP_RECEIVED, (uint64_t)received);
}

void http_transfer_end(struct http *http, struct http_transfer *t,
		       CURLcode code, int failure)
{
	struct http_request *req = t->req;
	char reason[CURL_ERROR_SIZE] = "cancelled";
	int result = failure;

	transfer_count(t);
	if (result == 0) {
		const char *text = http_response_reason(t, code);

		memcpy(reason, text, strnlen(text, sizeof(reason) - 1) + 1);
		reason[sizeof(reason) - 1] = '\0';
		result = http_response_result(t, code);
		if (result == -EACCES)
			req->status = HTTP_PROXY_REFUSES;
		req->was_stale_connection = http_response_is_stale(t, code);
	}
	req->transfer = NULL;
	list_remove(&t->link);
	http->active_count--;
	transfers_share_speed(http);
	curl_multi_remove_handle(http->multi, t->easy);
	transfer_put(http, t, result == 0);
	http_request_end(http, req, result, reason, true);
}

/* What follows the ? may be a signature. */
static int request_url_len_shown(const char *url)
{
	size_t len = strcspn(url, "?");

	return len < URL_SHOWN ? (int)len : URL_SHOWN;
}

void http_request_end(struct http *http, struct http_request *req, int result,
		      const char *reason, bool has_run)
{
	req->result = result;
	if (result < 0) {
		errinfo_set(&req->err, result, "%s %.*s: %s", req->method,
			    request_url_len_shown(req->url), req->url, reason);
		snprintf(req->err.cause, sizeof(req->err.cause), "%s", reason);
		req->err.http_status = req->status;
	}
	http_queue_leave(&http->queue, req, has_run);
	req->done(req);
}
