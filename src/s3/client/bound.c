/* SPDX-License-Identifier: MIT */
/* How long an operation and each of its tries may take; see bound.h. */
#include "client/bound.h"

#include <stdatomic.h>

#include "client/client.h"
#include "client/outage.h"
#include "client/request.h"
#include "client/retry.h"
#include "clock.h"
#include "http.h"

#define CHILD_MS 5000 /* for looks at what came of a request */

bool bound_is_cut(const struct s3_request *r)
{
	if (!atomic_load(&r->client->outage.is_on))
		return false;
	switch (r->op->priority) {
	case S3_FOREGROUND:
	case S3_METADATA:
	case S3_PREFETCH:
		return true;
	case S3_COMMIT:
	case S3_UPLOAD:
	case S3_BACKGROUND:
		break;
	}
	return false;
}

static int64_t bound_ms(const struct s3_request *r)
{
	int64_t ms = r->client->options.timeout_ms;

	if (r->action->bound_ms && r->action->bound_ms < ms)
		ms = r->action->bound_ms;
	if (bound_is_cut(r) && ms > OUTAGE_BOUND_MS)
		ms = OUTAGE_BOUND_MS;
	return ms;
}

void bound_begin(struct s3_request *r)
{
	int64_t now_ms = clock_now_ms();
	int64_t at_ms = now_ms + bound_ms(r);
	int64_t least_ms = now_ms + RETRY_TRY_LEAST_MS;
	int64_t until_ms = r->op->until_ms;

	/* What came before may have used it up: one try. */
	if (until_ms != 0 && until_ms < at_ms)
		at_ms = until_ms < least_ms ? least_ms : until_ms;
	r->retry.deadline_ms = at_ms;
	if (!r->action->is_slow)
		return;
	/* The server's work is time of its own, for each half. */
	r->retry.deadline_ms += 2 * retry_bytes_ms(r->bytes);
	r->bytes = 0;
}

void bound_begin_child(struct s3_request *child)
{
	struct s3_request *r = child->parent;
	int64_t most_ms = r->client->options.timeout_ms;
	int64_t until_ms =
		clock_now_ms() + (most_ms < CHILD_MS ? most_ms : CHILD_MS);

	if (!r->has_children && r->retry.deadline_ms < until_ms)
		r->retry.deadline_ms = until_ms;
	r->has_children = true;
	child->retry.deadline_ms = r->retry.deadline_ms;
}

/* What is left of the time that the bytes of r may take. */
static int64_t bound_ungranted_ms(const struct s3_request *r)
{
	return retry_bytes_ms(r->bytes) - r->granted_ms;
}

int64_t bound_until_ms(const struct s3_request *r)
{
	int64_t came_ms = retry_bytes_ms(r->get.got);
	int64_t left_ms = bound_ungranted_ms(r);

	return r->retry.deadline_ms + (came_ms < left_ms ? came_ms : left_ms);
}

static int bound_whole_ms(int64_t ms)
{
	return ms < 1 ? 1 : ms > INT32_MAX ? INT32_MAX : (int)ms;
}

void bound_begin_try(struct s3_request *r, int pause_ms)
{
	struct http_request *h = &r->http;
	int64_t now_ms = clock_now_ms();
	int64_t left_ms = bound_ungranted_ms(r);
	int64_t try_ms;

	r->sent_ms = now_ms + pause_ms;
	try_ms = retry_try_ms(&r->retry, r->sent_ms);
	h->deadline_ms =
		bound_whole_ms(r->retry.deadline_ms - now_ms + left_ms);
	h->try_ms = bound_whole_ms(try_ms + left_ms);
	h->silence_ms = bound_whole_ms(try_ms);
}

void bound_end_try(struct s3_request *r)
{
	int64_t grant_ms = retry_bytes_ms(r->http.bytes_sent + r->get.got);
	int64_t took_ms = clock_now_ms() - r->sent_ms;

	if (grant_ms > took_ms)
		grant_ms = took_ms;
	if (grant_ms > bound_ungranted_ms(r))
		grant_ms = bound_ungranted_ms(r);
	if (grant_ms <= 0)
		return;
	r->granted_ms += grant_ms;
	r->retry.deadline_ms += grant_ms;
}
