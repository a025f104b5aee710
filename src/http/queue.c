/* SPDX-License-Identifier: MIT */
/* Requests that wait; see queue.h. */
#include "queue.h"

#include <sys/eventfd.h>

#include "clock.h"
#include "metrics.h"

int http_queue_init(struct http_queue *q, unsigned limit)
{
	*q = (struct http_queue){
		.limit = limit,
		.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
		.lock = LOCK_INIT(LOCK_HTTP_QUEUE),
		.locked.delayed_due_ms = INT64_MAX,
		.locked.ready_expiry_ms = INT64_MAX,
	};
	if (q->wake_fd < 0)
		return errno == EMFILE || errno == ENFILE ? -EMFILE : -ENOMEM;
	for (int i = 0; i < HTTP_PRIORITIES; i++)
		list_init(&q->locked.ready[i]);
	list_init(&q->locked.delayed);
	list_init(&q->locked.aborts);
	list_init(&q->locked.resumes);
	list_init(&q->locked.ending);
	return 0;
}

void http_queue_release(struct http_queue *q)
{
	close_fd(&q->wake_fd);
}

/* One write wakes the loop, however much comes in before it looks. */
static void queue_wake_locked(struct http_queue *q)
{
	lock_assert_held(&q->lock);
	if (!q->locked.is_asleep)
		return;
	q->locked.is_asleep = false;
	eventfd_write(q->wake_fd, 1);
}

static void queue_make_ready_locked(struct http_queue *q,
				    struct http_request *req)
{
	req->state = HTTP_REQUEST_READY;
	list_push(&q->locked.ready[req->priority], &req->link);
	if (req->deadline_at_ms < q->locked.ready_expiry_ms)
		q->locked.ready_expiry_ms = req->deadline_at_ms;
}

static int64_t queue_due_ms(const struct http_request *req)
{
	return req->start_ms < req->deadline_at_ms ? req->start_ms :
						     req->deadline_at_ms;
}

static void queue_make_delayed_locked(struct http_queue *q,
				      struct http_request *req)
{
	req->state = HTTP_REQUEST_DELAYED;
	list_push(&q->locked.delayed, &req->link);
	if (queue_due_ms(req) < q->locked.delayed_due_ms)
		q->locked.delayed_due_ms = queue_due_ms(req);
}

/* For a request that never ran. */
static void queue_make_ending_locked(struct http_queue *q,
				     struct http_request *req, int result)
{
	list_remove(&req->link);
	req->state = HTTP_REQUEST_ENDING;
	req->result = result;
	list_push(&q->locked.ending, &req->link);
	q->locked.queued--;
}

void http_queue_add(struct http_queue *q, struct http_request *req,
		    int delay_ms)
{
	int64_t now = clock_now_ms();

	req->start_ms = now + delay_ms;
	req->deadline_at_ms =
		req->deadline_ms > 0 ? now + req->deadline_ms : INT64_MAX;
	list_init(&req->link);

	LOCK(&q->lock);
	q->locked.queued++;
	if (q->locked.is_stopping)
		queue_make_ending_locked(q, req, -ECANCELED);
	else if (delay_ms > 0)
		queue_make_delayed_locked(q, req);
	else
		queue_make_ready_locked(q, req);
	queue_wake_locked(q);
}

bool http_queue_hasten(struct http_queue *q, struct http_request *req,
		       int delay_ms)
{
	int64_t start_ms = clock_now_ms() + delay_ms;
	LOCK(&q->lock);

	if (req->state != HTTP_REQUEST_DELAYED || req->start_ms <= start_ms)
		return false;
	req->start_ms = start_ms;
	list_remove(&req->link);
	queue_make_delayed_locked(q, req);
	queue_wake_locked(q);
	return true;
}

void http_queue_cancel(struct http_queue *q, struct http_request *req)
{
	LOCK(&q->lock);
	switch ((enum http_request_state)req->state) {
	case HTTP_REQUEST_DELAYED:
	case HTTP_REQUEST_READY:
		queue_make_ending_locked(q, req, -ECANCELED);
		break;
	case HTTP_REQUEST_RUNNING:
		list_remove(&req->link);
		list_push(&q->locked.aborts, &req->link);
		break;
	case HTTP_REQUEST_IDLE:
	case HTTP_REQUEST_ENDING:
		return;
	}
	queue_wake_locked(q);
}

void http_queue_resume(struct http_queue *q, struct http_request *req)
{
	LOCK(&q->lock);
	if (req->state != HTTP_REQUEST_RUNNING || !list_is_empty(&req->link))
		return;
	list_push(&q->locked.resumes, &req->link);
	queue_wake_locked(q);
}

static void queue_end_all_locked(struct http_queue *q, struct list_link *list)
{
	list_for_each_safe(link, list)
		queue_make_ending_locked(
			q, container_of(link, struct http_request, link),
			-ECANCELED);
}

void http_queue_stop(struct http_queue *q)
{
	LOCK(&q->lock);
	q->locked.is_stopping = true;
	queue_end_all_locked(q, &q->locked.delayed);
	for (int i = 0; i < HTTP_PRIORITIES; i++)
		queue_end_all_locked(q, &q->locked.ready[i]);
	queue_wake_locked(q);
}

void http_queue_gauges(struct http_queue *q, uint64_t *values)
{
	LOCK(&q->lock);
	values[METRIC_HTTP_IN_FLIGHT] += q->locked.in_flight;
	values[METRIC_HTTP_QUEUED] += q->locked.queued;
}

void http_queue_awake(struct http_queue *q)
{
	LOCK(&q->lock);
	q->locked.is_asleep = false;
}

/* Ends what is too late in a list of ready ones; notes the next deadline. */
static void queue_expire_ready_locked(struct http_queue *q,
				      struct list_link *list, int64_t now_ms)
{
	list_for_each_safe(link, list) {
		struct http_request *req =
			container_of(link, struct http_request, link);

		if (req->deadline_at_ms <= now_ms)
			queue_make_ending_locked(q, req, -ETIMEDOUT);
		else if (req->deadline_at_ms < q->locked.ready_expiry_ms)
			q->locked.ready_expiry_ms = req->deadline_at_ms;
	}
}

static void queue_wake_delayed_locked(struct http_queue *q, int64_t now_ms)
{
	struct list_link all;

	list_init(&all);
	list_splice(&all, &q->locked.delayed);
	q->locked.delayed_due_ms = INT64_MAX;
	list_for_each_safe(link, &all) {
		struct http_request *req =
			container_of(link, struct http_request, link);

		list_remove(link);
		if (req->deadline_at_ms <= now_ms)
			queue_make_ending_locked(q, req, -ETIMEDOUT);
		else if (req->start_ms <= now_ms)
			queue_make_ready_locked(q, req);
		else
			queue_make_delayed_locked(q, req);
	}
}

/*
 * Looks through the lists only when the earliest time noted has come. A
 * request that left early leaves its time behind, which costs one look;
 * sorted lists would cost more on every request.
 */
static void queue_tick_locked(struct http_queue *q, int64_t now_ms)
{
	if (q->locked.delayed_due_ms <= now_ms)
		queue_wake_delayed_locked(q, now_ms);
	if (q->locked.ready_expiry_ms > now_ms)
		return;
	q->locked.ready_expiry_ms = INT64_MAX;
	for (int i = 0; i < HTTP_PRIORITIES; i++)
		queue_expire_ready_locked(q, &q->locked.ready[i], now_ms);
}

static struct list_link *queue_pop_ready_locked(struct http_queue *q)
{
	struct list_link *link = NULL;

	if (q->locked.in_flight >= q->limit)
		return NULL;
	for (int i = 0; i < HTTP_PRIORITIES && !link; i++)
		link = list_pop(&q->locked.ready[i]);
	if (!link)
		return NULL;
	q->locked.queued--;
	q->locked.in_flight++;
	metrics_add(METRIC_HTTP_REQUESTS, 1);
	return link;
}

struct http_request *http_queue_next(struct http_queue *q, int64_t now_ms,
				     enum http_step *step)
{
	struct http_request *req;
	struct list_link *link;

	LOCK(&q->lock);
	queue_tick_locked(q, now_ms);
	if ((link = list_pop(&q->locked.ending)))
		*step = HTTP_STEP_END;
	else if ((link = list_pop(&q->locked.aborts)))
		*step = HTTP_STEP_ABORT;
	else if ((link = list_pop(&q->locked.resumes)))
		*step = HTTP_STEP_RESUME;
	else if ((link = queue_pop_ready_locked(q)))
		*step = HTTP_STEP_START;
	q->locked.is_asleep = !link;
	if (!link)
		return NULL;
	req = container_of(link, struct http_request, link);
	req->state = *step == HTTP_STEP_START || *step == HTTP_STEP_RESUME ?
			     HTTP_REQUEST_RUNNING :
			     HTTP_REQUEST_ENDING;
	return req;
}

int64_t http_queue_wake_at(struct http_queue *q)
{
	LOCK(&q->lock);
	return q->locked.delayed_due_ms < q->locked.ready_expiry_ms ?
		       q->locked.delayed_due_ms :
		       q->locked.ready_expiry_ms;
}

void http_queue_leave(struct http_queue *q, struct http_request *req,
		      bool has_run)
{
	LOCK(&q->lock);
	list_remove(&req->link);
	req->state = HTTP_REQUEST_IDLE;
	if (has_run)
		q->locked.in_flight--;
}

bool http_queue_is_stopping(struct http_queue *q)
{
	LOCK(&q->lock);
	return q->locked.is_stopping;
}

bool http_queue_is_drained(struct http_queue *q)
{
	LOCK(&q->lock);
	return q->locked.is_stopping && q->locked.in_flight == 0 &&
	       list_is_empty(&q->locked.ending);
}
