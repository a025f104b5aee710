/* SPDX-License-Identifier: MIT */
/* Requests that are waited for; see creds_http.h. */
#include "creds/creds_http.h"

#include <fcntl.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "creds/creds_answer.h"
#include "io.h"

#define LOOK_MS    100  /* between two looks whether the context is over */
#define PAUSE_MS   1000 /* botocore's, before a container is asked again */
#define USER_AGENT "s3storefs/" PACKAGE_VERSION

int creds_http_direct(int timeout_ms, struct http **out, struct errinfo *err)
{
	const struct http_options options = {
		.connection_limit = 1,
		.connect_timeout_ms = timeout_ms,
		.user_agent = USER_AGENT,
	};

	return http_new(&options, out, err);
}

static void creds_call_on_done(struct http_request *req)
{
	struct creds_call *call = container_of(req, struct creds_call, req);

	LOCK(&call->lock);
	call->locked.is_done = true;
	pthread_cond_signal(&call->is_over);
}

/* Waits for at most LOOK_MS. */
static bool creds_call_is_done_soon(struct creds_call *call)
{
	int64_t until_ns = clock_wall_ns() + LOOK_MS * 1000000ll;
	const struct timespec until = { until_ns / 1000000000,
					until_ns % 1000000000 };
	int rc = 0;

	LOCK(&call->lock);
	while (!call->locked.is_done && rc == 0)
		rc = lock_wait_until(&call->lock, &call->is_over, &until);
	return call->locked.is_done;
}

int creds_call_send(struct creds_call *call,
		    const struct creds_context *context, struct http *http,
		    struct errinfo *err)
{
	call->locked.is_done = false;
	call->req.done = creds_call_on_done;
	call->req.body_limit = CREDS_ANSWER_MAX;
	http_submit(http, &call->req);
	while (!creds_call_is_done_soon(call)) {
		if (atomic_load(&context->is_over))
			http_cancel(http, &call->req);
	}
	if (call->req.result < 0)
		return errinfo_set(err, call->req.result, "%s",
				   call->req.err.text);
	return 0;
}

static bool creds_call_is_temporary(int result, int status)
{
	if (result < 0)
		return result != -ECANCELED && result != -ENOMEM;
	return status == 429 || status >= 500;
}

/* False: the context is over. */
static bool creds_call_pause(const struct creds_context *context, int ms)
{
	const struct timespec step = { 0, LOOK_MS * 1000000l };

	for (; ms > 0 && !atomic_load(&context->is_over); ms -= LOOK_MS)
		nanosleep(&step, NULL);
	return !atomic_load(&context->is_over);
}

int creds_call_insist(struct creds_call *call,
		      const struct creds_context *context, struct http *http,
		      int attempts, struct errinfo *err)
{
	int rc = creds_call_send(call, context, http, err);

	while (--attempts > 0 &&
	       creds_call_is_temporary(rc, call->req.status) &&
	       creds_call_pause(context, PAUSE_MS))
		rc = creds_call_send(call, context, http, err);
	return rc;
}

void creds_call_release(struct creds_call *call)
{
	creds_token_wipe(&call->req.response_body);
	for (size_t i = 0; i < call->req.headers.count; i++) {
		char *value = call->req.headers.items[i].value;

		explicit_bzero(value, strlen(value));
	}
	http_request_release(&call->req);
}

int creds_token_read(const char *path, struct buf *out)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	return fd < 0 ? -errno : io_read_all(fd, out);
}

void creds_token_wipe(struct buf *text)
{
	if (text->data)
		explicit_bzero(text->data, text->cap);
	buf_release(text);
}
