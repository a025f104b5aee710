/* SPDX-License-Identifier: MIT */
/*
 * Requests that wait: for a connection, for a back-off to pass, for their
 * end. Knows no sockets, so that its rules can be tested by themselves.
 *
 * Any thread adds and cancels; one thread (the loop) takes:
 *
 *   http_queue_awake(q);
 *   ... answers arrive: http_queue_leave(q, req), then req->done(req) ...
 *   while ((req = http_queue_next(q, now, &step)))
 *           ... do step ...
 *   sleep until http_queue_wake_at(q) or until wake_fd is readable
 */
#ifndef HTTP_QUEUE_H
#define HTTP_QUEUE_H

#include "http.h"
#include "lock.h"

/*
 *   state    req->link            a cancel           who may touch the rest
 *   IDLE     nobody's             does nothing       the caller
 *   DELAYED  in delayed           to ending          nobody
 *   READY    in ready[priority]   to ending          nobody
 *   RUNNING  alone, in aborts     to aborts          the loop
 *            or in resumes
 *   ENDING   in ending, or alone  does nothing       the loop
 *
 * A resume puts a RUNNING one that is alone in resumes, and is nothing to
 * others: their bodies are read from the start.
 */
enum http_request_state {
	HTTP_REQUEST_IDLE,
	HTTP_REQUEST_DELAYED,
	HTTP_REQUEST_READY,
	HTTP_REQUEST_RUNNING,
	HTTP_REQUEST_ENDING
};

/* What the loop has to do with a request. */
enum http_step {
	HTTP_STEP_START,
	HTTP_STEP_RESUME, /* more of its body is here */
	HTTP_STEP_ABORT,  /* it runs, and shall not */
	HTTP_STEP_END     /* it never ran; result says why */
};

struct http_queue {
	unsigned limit; /* requests that may run at once */
	int wake_fd;    /* eventfd */
	struct lock lock;
	struct {
		struct list_link ready[HTTP_PRIORITIES];
		struct list_link delayed;
		struct list_link aborts;
		struct list_link resumes;
		struct list_link ending;
		int64_t delayed_due_ms;  /* no delayed one is due before */
		int64_t ready_expiry_ms; /* no ready one's deadline is before */
		unsigned queued, in_flight;
		bool is_asleep; /* the loop is, or goes to sleep now */
		bool is_stopping;
	} locked;
};

/* Returns 0 or -EMFILE, -ENOMEM. */
MUST_USE int http_queue_init(struct http_queue *q, unsigned limit);
void http_queue_release(struct http_queue *q);

/* Any thread. */
void http_queue_add(struct http_queue *q, struct http_request *req,
		    int delay_ms);
/* One that is delayed longer is delayed so long from now; else false. */
bool http_queue_hasten(struct http_queue *q, struct http_request *req,
		       int delay_ms);
void http_queue_cancel(struct http_queue *q, struct http_request *req);
void http_queue_resume(struct http_queue *q, struct http_request *req);
void http_queue_stop(struct http_queue *q);
/* As http_gauges. */
void http_queue_gauges(struct http_queue *q, uint64_t *values);

/* The loop only. */

/* Until http_queue_next returns NULL nobody needs to wake the loop. */
void http_queue_awake(struct http_queue *q);

/* The next request to do something about; NULL: none by now. */
struct http_request *http_queue_next(struct http_queue *q, int64_t now_ms,
				     enum http_step *step);

/* When there will be something to do without a wake-up; INT64_MAX: never. */
int64_t http_queue_wake_at(struct http_queue *q);

/* Hands req, which ended, back to its caller; has_run: it was started. */
void http_queue_leave(struct http_queue *q, struct http_request *req,
		      bool has_run);

/* Stopped, and nothing is left. */
bool http_queue_is_drained(struct http_queue *q);
bool http_queue_is_stopping(struct http_queue *q);

#endif
