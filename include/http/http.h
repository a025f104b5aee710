/* SPDX-License-Identifier: MIT */
/*
 * HTTP requests on event-loop threads over libcurl's multi interface.
 *
 *   struct http_request req = { .method = "GET", .url = url, .done = done };
 *   http_submit(http, &req);
 *   ... done(&req) is called once, on a loop thread ...
 *   http_request_release(&req);
 *
 * A request's memory is the caller's; from submit to done it is lent to the
 * engine and touched by nobody else (but by http_cancel, http_resume and
 * http_hasten).
 * Requests wait in our own queue by priority until a connection is free.
 * This layer knows no buckets, signatures or retries; it follows no
 * redirect and reads no netrc.
 */
#ifndef HTTP_HTTP_H
#define HTTP_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "buf.h"
#include "errinfo.h"
#include "list.h"
#include "pairs.h"

struct http;

/* Who goes first when connections are scarce. */
enum http_priority {
	HTTP_FOREGROUND, /* a reader waits for these bytes */
	HTTP_METADATA,   /* HEAD, LIST */
	HTTP_COMMIT,     /* what a close or fsync waits for */
	HTTP_UPLOAD,     /* parts of files still being written */
	HTTP_PREFETCH,   /* read-ahead */
	HTTP_BACKGROUND, /* deletes, copies, aborts */
	HTTP_PRIORITIES
};

#define HTTP_PROXIES_MAX 32 /* ours */

/* What goes through a proxy: see struct http_options. */
struct http_proxy {
	const char *target; /* "https", "https://host", "https://host:port" */
	const char *proxy;  /* "[http://][user:password@]host[:port]" */
};

struct http_options {
	unsigned connection_limit; /* 0: 64; parallel requests in all */
	int connect_timeout_ms;    /* 0: 10,000 */
	int stall_timeout_ms;      /* 0: 15,000; under 1 KiB/s for so long */
	bool skip_verify;          /* TLS: take any certificate */
	const char *ca_file; /* TLS: bundle or folder; NULL: the system's */
	const char *user_agent;
	bool skip_host_name;      /* TLS: take one made out for another */
	uint64_t max_bytes_per_s; /* of all bodies, each way; 0: no limit */
	/*
	 * The most specific target wins; a URL that none is for goes without
	 * proxy, as do the hosts of no_proxy (curl's syntax, or NULL). The
	 * environment does not count.
	 */
	struct http_proxy proxies[HTTP_PROXIES_MAX];
	size_t proxy_count;
	const char *no_proxy;
};

/* The body of a request. */
struct http_body {
	uint64_t length;
	/*
	 * Copies up to room bytes from offset on. Returns their number (at
	 * least 1 while offset < length), -EAGAIN if they are not here yet
	 * (http_resume says when), or another negative errno, which ends the
	 * request. Called on a loop thread, offsets rising, perhaps again
	 * from 0; must not wait.
	 */
	ssize_t (*read)(void *arg, uint64_t offset, void *to, size_t room);
	void *arg;
};

/* A body of text, which is borrowed, to the request's end. */
struct http_body http_body_of(struct buf *text);

struct http_request {
	/* Set by the caller; zero means none. */
	const char *method;
	const char *url; /* percent-encoded already; borrowed until done */
	struct pairs headers;
	struct http_body body;
	enum http_priority priority;
	int deadline_ms; /* from submit to done; 0: none */
	int try_ms;      /* from leaving the queue to done; 0: none */
	int silence_ms;  /* bounds the engine's two time-outs; 0: does not */
	bool is_slow;    /* answers take minutes: no stall time-out */
	/*
	 * Takes a 2xx body piece by piece, on a loop thread, status and
	 * response_headers being complete; must not wait. A negative errno
	 * ends the request with it. Without a sink the body is kept in
	 * response_body, as is the body of every other status; both end the
	 * request with -EMSGSIZE past body_limit (0: 64 KiB).
	 */
	int (*sink)(struct http_request *req, const void *data, size_t len);
	size_t body_limit;
	void (*done)(struct http_request *req);

	/*
	 * Set by the engine; valid in done. result is 0 if a whole response
	 * came, whatever its status, else: -ETIMEDOUT (connect, stall,
	 * deadline), -EHOSTUNREACH (no address, refused), -ECONNRESET (lost
	 * in the middle, cut body), -EPROTO (TLS or HTTP broken),
	 * -EKEYREJECTED (certificate not trusted), -EACCES (the proxy wants
	 * other credentials, status is its 407), -ECANCELED, -EMSGSIZE,
	 * -ENOMEM, -EINVAL (no http URL), or what body.read or sink gave.
	 */
	int result;
	int status;
	struct pairs response_headers; /* of the final response */
	struct buf response_body;
	struct errinfo err;
	/*
	 * Nothing of an answer came, the connection had served before and
	 * was found dead: the server closed it while idle. A retry of
	 * that request is no second try.
	 */
	bool was_stale_connection;
	uint64_t bytes_sent; /* of the body, this time */
	uint64_t took_us;    /* without the time in the queue */
	/*
	 * How often it went out: 0 if no connection came about, 2 if curl
	 * sent it again because a connection that had served before was
	 * dead. The server may have done it each time.
	 */
	unsigned sends;

	/* The engine's own. */
	struct list_link link;
	struct http_transfer *transfer;
	int64_t start_ms, deadline_at_ms;
	int state;
};

/*
 * Starts the loop thread. options and its texts are copied. Returns 0,
 * -ENOMEM, -EAGAIN, -EMFILE, -EINVAL (a proxy), or why ca_file cannot be used
 * (-ENOENT, -EACCES).
 * After fork only.
 */
MUST_USE int http_new(const struct http_options *options, struct http **out,
		      struct errinfo *err);

/*
 * Lends req to the engine, freeing what an earlier answer left in it. Any
 * thread, also from done. Never fails here.
 */
void http_submit(struct http *http, struct http_request *req);

/* As http_submit, but not before delay_ms have passed (back-off). */
void http_submit_after(struct http *http, struct http_request *req,
		       int delay_ms);

/*
 * One that still waits for its delay waits no longer than delay_ms more. Any
 * thread, as http_cancel. False: nothing has changed.
 */
bool http_hasten(struct http *http, struct http_request *req, int delay_ms);

/*
 * Asks for the end of a submitted request: its done comes soon, with
 * -ECANCELED unless it was over already. Any thread. req must not be freed
 * by its done at the same time: the caller makes sure of that.
 */
void http_cancel(struct http *http, struct http_request *req);

/*
 * More of the body is here: it is read on from where read said -EAGAIN. Called
 * too often it does no harm. Until then, or an answer, the request is paused:
 * the stall time-out does not count, all other bounds do. Any thread; req
 * must not be freed meanwhile, as with http_cancel.
 */
void http_resume(struct http *http, struct http_request *req);

/* Requests under way and waiting are added to values[METRICS]. Any thread. */
void http_gauges(struct http *http, uint64_t *values);

/* Frees headers and response; not what the caller lent. Keeps nothing. */
void http_request_release(struct http_request *req);

/* Cancels what is left, waits for every done, stops the threads. */
void http_free(struct http *http);

#endif
