/* SPDX-License-Identifier: MIT */
/*
 * The one way of every operation: build a try, sign it, send it, see what
 * came, then finish or retry.
 *
 * request_start runs on the caller's thread, all else on a loop thread, or on
 * the credentials' after they were renewed; a request is on one thread at a
 * time. Only running.c comes from the side: what it touches is under the
 * client's lock (r->locked).
 */
#include "client/request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "client/bound.h"
#include "client/client.h"
#include "client/errcode.h"
#include "client/judge.h"
#include "client/message.h"
#include "client/outage.h"
#include "client/retry.h"
#include "clock.h"
#include "creds/creds.h"
#include "creds/creds_chain.h"
#include "log.h"
#include "metrics.h"
#include "names/endpoint.h"
#include "params/rules.h"
#include "text.h"
#include "wire/query.h"

static void request_settle(struct s3_request *r, int result);

static void request_release_try(struct s3_request *r)
{
	r->broken = r->http.status == 500 ? r->broken + 1 : 0;
	http_request_release(&r->http);
	memset(&r->http, 0, sizeof(r->http));
	creds_put(r->creds);
	r->creds = NULL;
	buf_release(&r->url);
	r->query = (struct query)QUERY_INIT;
	memset(&r->error, 0, sizeof(r->error));
}

static void request_free(struct s3_request *r)
{
	request_release_try(r);
	buf_release(&r->get.held);
	if (r->is_redirected)
		endpoint_release(&r->redirect);
	free(r);
}

void request_finish(struct s3_request *r, int result)
{
	struct s3_client *c = r->client;
	struct s3_op *op = r->op;
	void (*done)(struct s3_op *) = op->done;

	if (result == 0)
		memset(&op->err, 0, sizeof(op->err));
	else if (!op->err.text[0])
		errinfo_set(&op->err, result, "%s: %s key=%s", r->action->name,
			    strerrordesc_np(-result), r->key ? r->key : "");
	op->err.code = result; /* request_settle may have found a better one */
	log_debug("s3", "%s result=%d ms=%d key=%s", r->action->name, result,
		  (int)(clock_now_ms() - r->started_ms), r->key ? r->key : "");
	/* From is_done on a waiter may free op, and even c. */
	lock_enter(&c->lock);
	list_remove(&r->locked.link);
	op->request = NULL;
	op->result = result;
	op->is_done = true;
	if (r->locked.waiter)
		pthread_cond_signal(&r->locked.waiter->is_over);
	lock_leave(&c->lock);
	request_free(r);
	if (done)
		done(op);
}

/* Headers that the caller gave, what the action adds, then the rules. */
static int request_build(struct s3_request *r)
{
	int rc = 0;

	r->endpoint =
		r->is_redirected ? &r->redirect : client_endpoint(r->client);
	r->url = (struct buf)BUF_INIT(32 * 1024);
	if (r->headers)
		rc = pairs_merge(&r->http.headers, r->headers);
	if (rc == 0 && r->action->build)
		rc = r->action->build(r);
	if (rc == 0 && r->action->params)
		rc = rules_add(&r->client->rules, r->key, r->action->params,
			       &r->http.headers);
	s3_drop_not_sent(&r->http.headers);
	if (rc < 0 && r->op->err.code != rc)
		errinfo_set(&r->op->err, rc, "%s cannot be built: %s",
			    r->action->name, strerrordesc_np(-rc));
	return rc;
}

static void request_on_done(struct http_request *http);

static int request_on_data(struct http_request *http, const void *data,
			   size_t len)
{
	struct s3_request *r = container_of(http, struct s3_request, http);

	return r->action->sink(r, data, len);
}

static int request_prepare(struct s3_request *r, int pause_ms)
{
	struct http_request *h = &r->http;
	int rc;

	request_release_try(r);
	memset(&r->op->err, 0, sizeof(r->op->err));
	r->sink_result = 0;
	rc = request_build(r);
	if (rc == 0)
		rc = request_sign(r);
	if (rc < 0)
		return rc;
	endpoint_url(r->endpoint, r->key, &r->query, &r->url);
	rc = r->query.error ? r->query.error : r->url.error;
	if (rc < 0)
		return errinfo_set(&r->op->err,
				   rc == -EMSGSIZE ? -ENAMETOOLONG : rc,
				   "%s: the URL cannot be made: %s",
				   r->action->name, strerrordesc_np(-rc));
	h->method = r->action->method;
	h->url = buf_str(&r->url);
	h->priority = (enum http_priority)r->op->priority;
	h->body_limit = r->action->answer_max;
	h->is_slow = r->action->is_slow;
	h->sink = r->action->sink ? request_on_data : NULL;
	h->done = request_on_done;
	bound_begin_try(r, pause_ms);
	log_debug("s3", "%s try=%u pause=%d key=%s", r->action->name,
		  r->tries + 1, pause_ms, r->key ? r->key : "");
	return 0;
}

static bool request_is_cancelled_locked(const struct s3_request *r)
{
	return r->locked.is_cancelled ||
	       (r->parent && r->parent->locked.is_cancelled);
}

/* Sends a try. r may be over when this returns. */
static void request_send(struct s3_request *r, int pause_ms)
{
	struct s3_client *c = r->client;
	int rc = request_prepare(r, pause_ms);

	if (rc < 0) {
		request_settle(r, rc);
		return;
	}
	lock_enter(&c->lock);
	if (request_is_cancelled_locked(r)) {
		rc = -ECANCELED;
	} else {
		/* Under the lock: request_on_done, and so the end of r, waits. */
		r->locked.is_submitted = true;
		http_submit_after(c->http, &r->http, pause_ms);
	}
	lock_leave(&c->lock);
	if (rc < 0)
		request_settle(r, rc);
}

static void request_on_looked(struct creds_waiter *waiter)
{
	struct s3_request *r = container_of(waiter, struct s3_request, renewal);

	request_send(r, r->pause_ms);
}

/* As request_send, once a file with keys was looked at, if that is due. */
static void request_attempt(struct s3_request *r, int pause_ms)
{
	r->pause_ms = pause_ms;
	r->renewal = (struct creds_waiter){ .ready = request_on_looked };
	if (creds_chain_look(r->client->creds, &r->renewal) == 0)
		request_send(r, pause_ms);
}

void request_again(struct s3_request *r)
{
	request_attempt(r, 0);
}

static int request_correct_clock(struct s3_request *r)
{
	struct s3_client *c = r->client;
	int64_t theirs, offset;

	if (!request_server_time(r, &theirs))
		return -EACCES;
	offset = theirs - clock_wall_ns() / 1000000000;
	atomic_store(&c->clock_offset_s, offset);
	log_warn("s3", "this clock and the server's are %lld s apart",
		 (long long)offset);
	return 0;
}

/* Follows a 307 for this operation, a region for good. */
static int request_change_place(struct s3_request *r)
{
	const char *region = request_answer(r, "x-amz-bucket-region");
	const char *location = request_answer(r, "location");
	struct endpoint to;
	int rc;

	if (!region || !region[0])
		region = r->error.region;
	if (region[0] && strcmp(region, r->endpoint->region) != 0)
		return client_move(r->client, region, &r->op->err);
	if (!location || r->is_redirected)
		return -EIO;
	rc = endpoint_redirect(r->endpoint, location, &to, &r->op->err);
	if (rc < 0)
		return rc;
	r->redirect = to;
	r->is_redirected = true;
	log_info("s3", "%s follows to %s", r->action->name, to.host);
	return 0;
}

/* On the thread of the credentials: they were asked for. */
static void request_on_renewed(struct creds_waiter *waiter)
{
	struct s3_request *r = container_of(waiter, struct s3_request, renewal);

	if (waiter->result == 0) {
		metrics_add(METRIC_S3_RETRIES, 1);
		request_attempt(r, 0);
		return;
	}
	log_debug("s3", "%s: %s", r->action->name, waiter->err.text);
	r->op->err = r->refusal;
	request_settle(r, r->refusal.code);
}

/* -EINPROGRESS: r is request_on_renewed's from now on. */
static int request_renew(struct s3_request *r)
{
	r->refusal = r->op->err;
	r->renewal = (struct creds_waiter){
		.used = r->creds,
		.ready = request_on_renewed,
	};
	return creds_chain_refresh(r->client->creds, &r->renewal, &r->op->err);
}

/* Does what makes the next try different. */
static int request_correct(struct s3_request *r, enum error_action action)
{
	switch (action) {
	case ERROR_CREDENTIALS:
		return request_renew(r);
	case ERROR_CLOCK:
		return request_correct_clock(r);
	case ERROR_REGION:
		return request_change_place(r);
	case ERROR_FINAL:
	case ERROR_RETRY:
	case ERROR_OUTAGE:
		break;
	}
	return 0;
}

static void request_settle(struct s3_request *r, int result)
{
	enum s3_next next = S3_FINISH;

	if (r->action->settle)
		next = r->action->settle(r, &result);
	if (next == S3_AGAIN)
		request_attempt(r, 0);
	else if (next == S3_FINISH)
		request_finish(r, result);
}

/* Its time was over, and not its tries. */
static void request_note_spent(struct s3_request *r)
{
	struct s3_client *c = r->client;

	if (r->retry.is_spent && outage_spent(&c->outage, r->started_ms))
		log_warn("s3",
			 "%s has given no answer for %d s: who reads does not "
			 "wait so long until it does: %s",
			 c->url, c->options.timeout_ms / 1000, r->op->err.text);
}

static void request_fail(struct s3_request *r, struct error_class class)
{
	struct retry_event event = {
		.action = class.action,
		.was_stale = r->http.was_stale_connection,
		.is_answered = r->http.result == 0,
		.is_known = atomic_load(&r->client->has_answered),
		.retry_after_ms =
			retry_after_ms(request_answer(r, "retry-after"),
				       client_now_s(r->client)),
		.now_ms = clock_now_ms(),
	};
	struct errinfo why = r->op->err;
	int pause, rc = -EACCES;

	if (getrandom(&event.random, sizeof(event.random), GRND_NONBLOCK) < 0)
		event.random = (uint32_t)clock_wall_ns();
	pause = retry_next(&r->retry, &event);
	if (pause >= 0)
		rc = request_correct(r, class.action);
	else if (class.action == ERROR_OUTAGE)
		request_note_spent(r);
	if (rc == -EINPROGRESS)
		return;
	if (rc < 0) {
		r->op->err = why;
		request_settle(r, class.result);
		return;
	}
	metrics_add(METRIC_S3_RETRIES, 1);
	log_info("s3", "again in %d ms: %s", pause, why.text);
	request_attempt(r, pause);
}

void request_try_again(struct s3_request *r, int result)
{
	request_fail(r, (struct error_class){ result, ERROR_RETRY });
}

/* A try is over; one that was cancelled in the queue was none. */
static void request_count_try(const struct s3_request *r)
{
	static const char *const classes[] = { "none", "1xx", "2xx",
					       "3xx",  "4xx", "5xx" };
	const struct http_request *h = &r->http;
	size_t class = h->result < 0 ? 0 : (size_t)h->status / 100;

	if (h->result == -ECANCELED && h->sends == 0)
		return;
	metrics_time(METRIC_S3_REQUESTS, r->action->name,
		     classes[class < ARRAY_SIZE(classes) ? class : 0],
		     h->took_us);
}

static void request_on_done(struct http_request *http)
{
	struct s3_request *r = container_of(http, struct s3_request, http);
	struct error_class class;
	bool is_cancelled;

	lock_enter(&r->client->lock);
	r->locked.is_submitted = false;
	is_cancelled = request_is_cancelled_locked(r);
	lock_leave(&r->client->lock);
	request_count_try(r);
	r->tries++;
	r->sends += r->http.sends;
	bound_end_try(r);
	class = request_judge(r);
	if (class.result == 0)
		request_finish(r, 0);
	else if (is_cancelled || class.result == -ECANCELED)
		request_settle(r, -ECANCELED);
	else
		request_fail(r, class);
}

static void request_begin(struct s3_request *r)
{
	lock_enter(&r->client->lock);
	r->op->request = r;
	r->op->is_done = false;
	list_push(&r->client->locked.running, &r->locked.link);
	lock_leave(&r->client->lock);
	r->op->result = 0;
	memset(&r->op->err, 0, sizeof(r->op->err));
	r->started_ms = clock_now_ms();
	r->started_unix_s = client_now_s(r->client);
	r->retry.attempts = r->client->options.attempts;
	request_attempt(r, 0);
}

static void request_fail_start(struct s3_op *op, const struct s3_action *action,
			       int result)
{
	op->request = NULL;
	op->result = errinfo_set(&op->err, result, "%s cannot be started: %s",
				 action->name, strerrordesc_np(-result));
	op->is_done = true;
	if (op->done)
		op->done(op);
}

static struct s3_request *request_new(struct s3_client *c, struct s3_op *op,
				      const struct s3_action *action,
				      const char *key,
				      const struct pairs *headers)
{
	struct s3_request *r;

	lock_assert_none_held();
	r = calloc(1, sizeof(*r));
	if (!r) {
		request_fail_start(op, action, -ENOMEM);
		return NULL;
	}
	r->client = c;
	r->op = op;
	r->action = action;
	r->key = key;
	r->headers = headers;
	return r;
}

/* bytes is what the body moves at most. */
static void request_start_bounded(struct s3_request *r, uint64_t bytes)
{
	r->bytes = bytes;
	bound_begin(r);
	if (bound_is_cut(r))
		client_ask_if_back(r->client);
	request_begin(r);
}

void request_start(struct s3_client *c, struct s3_op *op,
		   const struct s3_action *action, const char *key,
		   const struct pairs *headers, uint64_t bytes)
{
	struct s3_request *r = request_new(c, op, action, key, headers);

	if (r)
		request_start_bounded(r, bytes);
}

void request_start_body(struct s3_client *c, struct s3_op *op,
			const struct s3_action *action, const char *key,
			const struct pairs *headers, struct s3_body *body)
{
	struct s3_request *r = request_new(c, op, action, key, headers);
	int rc;

	if (!r)
		return;
	rc = request_sum_body(r, body, client_signs_bodies(c));
	if (rc == 0) {
		request_start_bounded(r, body->length);
		return;
	}
	request_free(r);
	request_fail_start(op, action, rc);
}

void request_start_child(struct s3_request *r, struct s3_op *child,
			 const struct s3_action *action, const char *key,
			 const struct pairs *headers)
{
	struct s3_request *request =
		request_new(r->client, child, action, key, headers);

	if (!request)
		return;
	request->parent = r;
	bound_begin_child(request);
	child->priority = r->op->priority;
	lock_enter(&r->client->lock);
	r->locked.child = child;
	lock_leave(&r->client->lock);
	request_begin(request);
}

void request_child_done(struct s3_request *r)
{
	LOCK(&r->client->lock);
	r->locked.child = NULL;
}
