/* SPDX-License-Identifier: MIT */
/* Requests under way, reached from the side; see running.h. */
#include "client/running.h"

#include "client/client.h"
#include "client/request.h"
#include "clock.h"
#include "http.h"
#include "list.h"

#define HASTEN_STEP_MS 5
#define HASTEN_STEPS   50 /* so all within a quarter of a second */

static void running_cancel_locked(struct s3_client *c, struct s3_request *r)
{
	r->locked.is_cancelled = true;
	if (r->locked.is_submitted)
		http_cancel(c->http, &r->http);
	if (r->locked.child && r->locked.child->request)
		running_cancel_locked(c, r->locked.child->request);
}

void s3_cancel(struct s3_client *c, struct s3_op *op)
{
	LOCK(&c->lock);
	if (op->request)
		running_cancel_locked(c, op->request);
}

void s3_resume(struct s3_client *c, struct s3_op *op)
{
	struct s3_request *r;
	LOCK(&c->lock);

	r = op->request;
	if (r && r->locked.is_submitted)
		http_resume(c->http, &r->http);
}

void s3_cancel_reads(struct s3_client *c)
{
	LOCK(&c->lock);
	list_for_each(link, &c->locked.running) {
		struct s3_request *r =
			container_of(link, struct s3_request, locked.link);

		switch (r->op->priority) {
		case S3_FOREGROUND:
		case S3_METADATA:
		case S3_PREFETCH:
			running_cancel_locked(c, r);
			break;
		case S3_COMMIT:
		case S3_UPLOAD:
		case S3_BACKGROUND:
			break;
		}
	}
}

void running_hasten(struct s3_client *c)
{
	int number = 0;
	LOCK(&c->lock);

	list_for_each(link, &c->locked.running) {
		struct s3_request *r =
			container_of(link, struct s3_request, locked.link);
		int delay_ms = number % HASTEN_STEPS * HASTEN_STEP_MS;

		if (!r->locked.is_submitted ||
		    !http_hasten(c->http, &r->http, delay_ms))
			continue;
		/* Its thread reads it after the end, which takes the lock. */
		r->sent_ms = clock_now_ms() + delay_ms;
		number++;
	}
}
