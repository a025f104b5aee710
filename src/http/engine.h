/* SPDX-License-Identifier: MIT */
/* The loop that runs it all: sockets, timers and the queue. */
#ifndef HTTP_ENGINE_H
#define HTTP_ENGINE_H

#include "internal.h"

/* Returns 0, -EMFILE, -ENOMEM; release is due in any case. */
MUST_USE int http_loop_init(struct http *http);
void http_loop_release(struct http *http);
/* A thread; arg is the struct http. */
void *http_loop_main(void *arg);

#endif
