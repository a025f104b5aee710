/* SPDX-License-Identifier: MIT */
/* What comes back for a transfer, and the errno of its end. */
#ifndef HTTP_RESPONSE_H
#define HTTP_RESPONSE_H

#include "internal.h"

#define HTTP_PROXY_REFUSES 407 /* RFC 9110, 15.5.8 */

void http_response_begin(struct http_transfer *t);

/* Forgets what came: curl retries the request. */
void http_response_restart(struct http_transfer *t);

/* 0 or a negative errno for how the transfer ended. */
int http_response_result(const struct http_transfer *t, CURLcode code);
const char *http_response_reason(const struct http_transfer *t, CURLcode code);
bool http_response_is_stale(const struct http_transfer *t, CURLcode code);

#endif
