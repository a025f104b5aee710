/* SPDX-License-Identifier: MIT */
/* The engine's beginning, its end, and its door; see http.h. */
#include "http.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#include "engine.h"
#include "internal.h"
#include "thread.h"
#include "transfer.h"

enum {
	CONNECTION_LIMIT = 64,
	CONNECT_TIMEOUT_MS = 10000,
	STALL_TIMEOUT_MS = 15000
};

static void http_init_curl(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
}

static int http_copy_text(char **to, const char *from)
{
	if (!from)
		return 0;
	*to = strdup(from);
	return *to ? 0 : -ENOMEM;
}

/*
 * The bundle curl was built with, alone: curl keeps a bundle parsed for all
 * connections, but reads it again for each one if there is a folder too.
 */
static int http_choose_default_ca(struct http *http)
{
	CURL *easy = curl_easy_init();
	char *file = NULL, *folder = NULL;
	int rc;

	if (!easy)
		return -ENOMEM;
	curl_easy_getinfo(easy, CURLINFO_CAINFO, &file);
	curl_easy_getinfo(easy, CURLINFO_CAPATH, &folder);
	if (file && access(file, R_OK) == 0)
		rc = http_copy_text(&http->ca_file, file);
	else
		rc = http_copy_text(&http->ca_folder, folder);
	curl_easy_cleanup(easy);
	return rc;
}

static int http_choose_ca(struct http *http, const char *path,
			  struct errinfo *err)
{
	struct stat st;

	if (!path)
		return http_choose_default_ca(http);
	if (stat(path, &st) < 0 || access(path, R_OK) < 0)
		return errinfo_set(err, -errno,
				   "the certificates in %s cannot be read: %s",
				   path, strerrordesc_np(errno));
	return http_copy_text(
		S_ISDIR(st.st_mode) ? &http->ca_folder : &http->ca_file, path);
}

static int http_or_default(int value, int otherwise)
{
	return value ? value : otherwise;
}

static int http_copy_options(struct http *http, const struct http_options *from,
			     struct errinfo *err)
{
	int rc;

	http->options = (struct http_options){
		.connect_timeout_ms = http_or_default(from->connect_timeout_ms,
						      CONNECT_TIMEOUT_MS),
		.stall_timeout_ms = http_or_default(from->stall_timeout_ms,
						    STALL_TIMEOUT_MS),
		.skip_verify = from->skip_verify,
		.skip_host_name = from->skip_host_name,
		.max_bytes_per_s = from->max_bytes_per_s,
	};
	if (http_copy_text(&http->user_agent, from->user_agent) < 0 ||
	    http_copy_text(&http->no_proxy, from->no_proxy) < 0)
		return -ENOMEM;
	rc = proxy_rules_copy(&http->proxies, from->proxies, from->proxy_count,
			      err);
	return rc < 0 ? rc : http_choose_ca(http, from->ca_file, err);
}

static void http_destroy(struct http *http)
{
	http_loop_release(http);
	http_queue_release(&http->queue);
	free(http->user_agent);
	free(http->no_proxy);
	proxy_rules_release(&http->proxies);
	free(http->ca_file);
	free(http->ca_folder);
	free(http);
}

/* SIGPIPE, too, which comes out of TLS, is blocked there. */
static int http_start_thread(struct http *http)
{
	int rc = thread_start(&http->thread, 0, http_loop_main, http);

	if (rc == 0)
		pthread_setname_np(http->thread, "http");
	return rc;
}

static int http_set_up(struct http *http, const struct http_options *options,
		       struct errinfo *err)
{
	unsigned limit = options->connection_limit ? options->connection_limit :
						     CONNECTION_LIMIT;
	int rc = http_queue_init(&http->queue, limit);

	if (rc == 0)
		rc = http_copy_options(http, options, err);
	if (rc == 0)
		rc = http_loop_init(http);
	if (rc == 0)
		rc = http_start_thread(http);
	return rc;
}

int http_new(const struct http_options *options, struct http **out,
	     struct errinfo *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct errinfo why = ERRINFO_INIT;
	struct http *http = calloc(1, sizeof(*http));
	int rc;

	if (!http)
		return errinfo_set(err, -ENOMEM, "no memory for HTTP");
	pthread_once(&once, http_init_curl);
	http->epoll_fd = -1;
	list_init(&http->active);
	list_init(&http->idle);
	rc = http_set_up(http, options, &why);
	if (rc < 0) {
		http_destroy(http);
		if (why.code)
			return errinfo_set(err, rc, "%s", why.text);
		return errinfo_set(err, rc, "HTTP cannot start: %s",
				   strerrordesc_np(-rc));
	}
	*out = http;
	return 0;
}

void http_submit(struct http *http, struct http_request *req)
{
	http_submit_after(http, req, 0);
}

void http_submit_after(struct http *http, struct http_request *req,
		       int delay_ms)
{
	pairs_release(&req->response_headers);
	buf_release(&req->response_body);
	req->result = 0;
	req->status = 0;
	req->err = (struct errinfo)ERRINFO_INIT;
	req->was_stale_connection = false;
	req->bytes_sent = 0;
	req->took_us = 0;
	req->sends = 0;
	http_queue_add(&http->queue, req, delay_ms);
}

bool http_hasten(struct http *http, struct http_request *req, int delay_ms)
{
	return http_queue_hasten(&http->queue, req, delay_ms);
}

void http_cancel(struct http *http, struct http_request *req)
{
	http_queue_cancel(&http->queue, req);
}

void http_resume(struct http *http, struct http_request *req)
{
	http_queue_resume(&http->queue, req);
}

void http_gauges(struct http *http, uint64_t *values)
{
	http_queue_gauges(&http->queue, values);
}

void http_request_release(struct http_request *req)
{
	pairs_release(&req->headers);
	pairs_release(&req->response_headers);
	buf_release(&req->response_body);
}

void http_free(struct http *http)
{
	if (!http)
		return;
	http_queue_stop(&http->queue);
	pthread_join(http->thread, NULL);
	http_destroy(http);
}

static ssize_t http_body_read_text(void *arg, uint64_t offset, void *to,
				   size_t room)
{
	const struct buf *text = arg;
	size_t left = text->len - (size_t)offset;

	if (room > left)
		room = left;
	memcpy(to, text->data + offset, room);
	return (ssize_t)room;
}

struct http_body http_body_of(struct buf *text)
{
	return (struct http_body){
		.length = text->len,
		.read = http_body_read_text,
		.arg = text,
	};
}
