/* SPDX-License-Identifier: MIT */
/*
 * The two structs that the files of this layer share. http.c makes and ends it
 * all, engine.c runs the loop, queue.c holds what waits, transfer.c turns a
 * request into one of curl's easy handles, response.c takes what comes back.
 * Once the thread runs, all but the queue belongs to it.
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
	char *ca_file, *ca_folder; /* trusted certificates */
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

#endif
