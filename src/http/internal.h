/* SPDX-License-Identifier: MIT */
/*
 * What the files of this layer share. http.c makes and ends it all, engine.c
 * runs the loop, queue.c holds what waits, transfer.c turns a request into
 * one of curl's easy handles, response.c takes what comes back. Once the
 * thread runs, all but the queue belongs to it.
 */
#ifndef HTTP_INTERNAL_H
#define HTTP_INTERNAL_H

#include <curl/curl.h>

#include "http.h"
#include "proxy.h"
#include "queue.h"

struct http {
	struct http_queue queue;
	struct http_options options; /* numbers and flags; texts follow */
	char *user_agent;            /* owned, like those below, or NULL */
	char *no_proxy;
	struct proxy_rules proxies;
	char *ca_file, *ca_folder; /* whom to trust */
	CURLM *multi;
	CURLSH *share; /* TLS sessions */
	int epoll_fd;
	int64_t timer_at_ms; /* curl's; INT64_MAX: off */
	struct list_link active;
	unsigned active_count;
	struct list_link idle; /* easy handles to use again */
	unsigned idle_count;
	pthread_t thread;
};

/* One request on its way. */
struct http_transfer {
	struct list_link link; /* http.active or http.idle */
	struct http_request *req;
	CURL *easy;
	struct curl_slist *headers;
	CURLcode setup; /* the first option that failed */
	uint64_t body_offset;
	size_t header_bytes; /* received, of all responses */
	bool has_final_headers;
	bool has_fed_sink;
	bool is_paused; /* its body is not here yet */
	int failure;    /* why a callback of ours stopped it; negative errno */
	char error[CURL_ERROR_SIZE];
};

/* engine.c */

/* Returns 0, -EMFILE, -ENOMEM; release is due in any case. */
MUST_USE int http_loop_init(struct http *http);
void http_loop_release(struct http *http);
/* A thread; arg is the struct http. */
void *http_loop_main(void *arg);

/* transfer.c */

/* Returns 0, -ENOMEM or -EINVAL. */
MUST_USE int http_transfer_start(struct http *http, struct http_request *req);

/* Its body is read on, if it was paused. */
void http_transfer_resume(struct http_transfer *t);

/* Ends it with what curl said; or early with a failure, if that is not 0. */
void http_transfer_end(struct http *http, struct http_transfer *t,
		       CURLcode code, int failure);
void http_transfers_release(struct http *http);

/* Sets result and err, hands the request back. has_run: it was started. */
void http_request_end(struct http *http, struct http_request *req, int result,
		      const char *reason, bool has_run);

/* response.c */
#define HTTP_PROXY_REFUSES 407 /* RFC 9110, 15.5.8 */

void http_response_begin(struct http_transfer *t);

/* Forgets what came: the request goes out once more. */
void http_response_restart(struct http_transfer *t);

/* 0 or a negative errno for how the transfer ended. */
int http_response_result(const struct http_transfer *t, CURLcode code);
const char *http_response_reason(const struct http_transfer *t, CURLcode code);
bool http_response_is_stale(const struct http_transfer *t, CURLcode code);

#endif
