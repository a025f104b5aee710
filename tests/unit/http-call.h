/* SPDX-License-Identifier: MIT */
/*
 * A request that a test waits for.
 *
 *   struct call call;
 *   call_init(&call, "GET", server, "/key");
 *   http_submit(http, &call.req);
 *   call_wait(&call);
 *   call_release(&call);
 */
#ifndef HTTP_CALL_H
#define HTTP_CALL_H

#include <pthread.h>
#include <string.h>

#include "http.h"
#include "lock.h"
#include "raw-server.h"

struct call {
	struct http_request req;
	char url[5000];
	struct lock lock;
	pthread_cond_t ended;
	unsigned done_count;
	unsigned order; /* 1: ended first of all since call_orders was 0 */
};

static atomic_uint call_orders;

static inline void call_done(struct http_request *req)
{
	struct call *call = container_of(req, struct call, req);

	LOCK(&call->lock);
	call->done_count++;
	call->order = ++call_orders;
	pthread_cond_broadcast(&call->ended);
}

static inline void call_init(struct call *call, const char *method,
			     const struct raw_server *server, const char *path)
{
	*call = (struct call){ .req = { .method = method, .done = call_done },
			       .lock = LOCK_INIT(LOCK_UNRANKED),
			       .ended = PTHREAD_COND_INITIALIZER };
	if (server)
		raw_server_url(server, path, call->url, sizeof(call->url));
	else
		strncat(call->url, path, sizeof(call->url) - 1);
	call->req.url = call->url;
}

static inline void call_wait(struct call *call)
{
	LOCK(&call->lock);
	while (call->done_count == 0)
		lock_wait(&call->lock, &call->ended);
}

static inline void call_release(struct call *call)
{
	http_request_release(&call->req);
}

/* Sends it and returns its result. */
static inline int call_run(struct http *http, struct call *call)
{
	call->done_count = 0;
	http_submit(http, &call->req);
	call_wait(call);
	return call->req.result;
}

#endif
