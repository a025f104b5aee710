/* SPDX-License-Identifier: MIT */
/* One request as one of curl's easy handles, from start to end. */
#ifndef HTTP_TRANSFER_H
#define HTTP_TRANSFER_H

#include "internal.h"

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

#endif
