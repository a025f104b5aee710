/* SPDX-License-Identifier: MIT */
/*
 * Requests of the sources that ask others: one at a time, waited for. On the
 * thread that starts the client and on the chain's own, never on a loop
 * thread.
 */
#ifndef S3_CREDS_HTTP_H
#define S3_CREDS_HTTP_H

#include <stdatomic.h>
#include <stdbool.h>

#include "errinfo.h"
#include "http.h"
#include "lock.h"

/* What all sources of one chain know. Borrowed by them. */
struct creds_context {
	struct http *http;   /* with the settings' proxies and certificates */
	const char *region;  /* to ask STS in; borrowed */
	const char *role;    /* of the instance; NULL: the first there is */
	bool allow_readable; /* files of keys that other users can read */
	atomic_bool is_over; /* nobody waits for keys any more */
};

/*
 * Opens an engine without proxies, for addresses of this machine; http_free
 * it. Returns what http_new does.
 */
MUST_USE int creds_http_direct(int timeout_ms, struct http **out,
			       struct errinfo *err);

/* One request; all of req that http.h has the caller set is his. */
struct creds_call {
	struct http_request req;
	struct lock lock;
	pthread_cond_t is_over;
	struct {
		bool is_done;
	} locked;
};

#define CREDS_CALL_INIT                             \
	{                                           \
		.lock = LOCK_INIT(LOCK_CREDS_CALL), \
		.is_over = PTHREAD_COND_INITIALIZER \
	}

/*
 * Sends call->req, with a deadline_ms, and waits for its end. Returns 0 if an
 * answer came, whatever its status, else what http.h says, -ECANCELED when
 * the context is over; err has the words.
 */
MUST_USE int creds_call_send(struct creds_call *call,
			     const struct creds_context *context,
			     struct http *http, struct errinfo *err);

/*
 * As creds_call_send, and again after a second, up to attempts in all, if no
 * answer came or its status is 429 or from 500 on.
 */
MUST_USE int creds_call_insist(struct creds_call *call,
			       const struct creds_context *context,
			       struct http *http, int attempts,
			       struct errinfo *err);

/* Frees headers and answer; both are wiped: there are keys in them. */
void creds_call_release(struct creds_call *call);

/* Reads the file at path to its end. Returns 0 or -errno. */
MUST_USE int creds_token_read(const char *path, struct buf *out);

/* Wipes and frees. */
void creds_token_wipe(struct buf *text);

#endif
