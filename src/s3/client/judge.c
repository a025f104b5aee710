/* SPDX-License-Identifier: MIT */
/*
 * What came of a try: its result, whether a retry may help, and the words
 * for people. On the request's thread.
 */
#include "client/judge.h"

#include <stdio.h>
#include <string.h>

#include "client/client.h"
#include "client/errcode.h"
#include "client/message.h"
#include "client/outage.h"
#include "client/request.h"
#include "client/running.h"
#include "clock.h"
#include "creds/creds.h"
#include "log.h"
#include "text.h"

/* A signature is good for 15 minutes by the server's clock; S3 API. */
#define SKEW_MAX_S (15 * 60)

/* How far the Date of the answer is from what we signed by. */
bool request_server_time(const struct s3_request *r, int64_t *unix_s)
{
	const char *date = request_answer(r, "date");

	return date && text_parse_http_date(date, unix_s) == 0;
}

static bool judge_is_skewed(struct s3_request *r)
{
	int64_t theirs, ours = client_now_s(r->client);

	return request_server_time(r, &theirs) &&
	       (theirs > ours + SKEW_MAX_S || theirs < ours - SKEW_MAX_S);
}

/*
 * A HEAD is refused without a body, so that the reason has to be guessed:
 * another region is told in a header; an expired token is a bare 400; a
 * clock that is wrong shows in Date.
 */
static void judge_guess_bare(struct s3_request *r, struct error_class *class)
{
	const char *region = request_answer(r, "x-amz-bucket-region");
	int status = r->http.status;

	if ((status == 400 || status == 403) && region &&
	    strcmp(region, r->endpoint->region) != 0)
		class->action = ERROR_REGION;
	else if ((status == 400 || status == 403) && judge_is_skewed(r))
		class->action = ERROR_CLOCK;
	else if (status == 400 && r->creds && creds_token(r->creds))
		*class = (struct error_class){ -EACCES, ERROR_CREDENTIALS };
}

static void judge_copy_text(char *to, size_t room, const char *from)
{
	snprintf(to, room, "%.*s", (int)room - 1, from ? from : "");
}

/* what is for the log, cause for people. */
static void judge_set_error(struct s3_request *r, int result, const char *what,
			    const char *cause)
{
	struct errinfo *err = &r->op->err;

	errinfo_set(err, result, "%s: %s%s%s", r->action->name, what,
		    r->key ? " key=" : "", r->key ? r->key : "");
	judge_copy_text(err->cause, sizeof(err->cause), cause);
}

static struct error_class judge_answer(struct s3_request *r)
{
	struct buf *body = &r->http.response_body;
	struct error_class class;
	char what[300], cause[300];
	const char *mend;
	bool is_foreign;

	is_foreign = error_parse(body, &r->error) < 0 && body->len > 0;
	class = error_of_answer(r->http.status, r->error.code, is_foreign);
	if (!r->error.code[0])
		judge_guess_bare(r, &class);
	if (class.result == -ENOENT && !r->key)
		class.result = -ENODEV;
	mend = error_mend(r->http.status, r->error.code);
	snprintf(what, sizeof(what), "status %d %s %s", r->http.status,
		 r->error.code, mend ? mend : r->error.message);
	snprintf(cause, sizeof(cause), "%s (%d%s%s)",
		 mend                ? mend :
		 r->error.message[0] ? r->error.message :
				       "the server says no",
		 r->http.status, r->error.code[0] ? " " : "", r->error.code);
	judge_set_error(r, class.result, what, cause);
	return class;
}

/* A 2xx answer, as far as it came. result 0 is success. */
static struct error_class judge_success(struct s3_request *r)
{
	struct error_class class = { 0, ERROR_FINAL };
	char what[300];

	class.result = r->action->parse ? r->action->parse(r) : 0;
	if (class.result == 0)
		return class;
	if (class.result == -ENOMEM) {
		judge_set_error(r, class.result, "no memory for the answer",
				"out of memory");
		return class;
	}
	if (class.result == -EBADMSG)
		class.action = ERROR_RETRY;
	else if (class.result == -EAGAIN)
		class = (struct error_class){ -EIO, ERROR_OUTAGE };
	if (error_parse(&r->http.response_body, &r->error) == 0)
		class = error_of_code(r->error.code);
	snprintf(what, sizeof(what), "status %d with no right answer %s %s",
		 r->http.status, r->error.code, r->error.message);
	if (r->op->err.code != class.result)
		judge_set_error(r, class.result, what,
				r->error.message[0] ?
					r->error.message :
					"that is no answer of S3");
	return class;
}

static struct error_class judge_transport(struct s3_request *r)
{
	int result = r->http.result;
	struct error_class class = error_of_transport(result);

	if (r->sink_result)
		class = (struct error_class){ r->sink_result, ERROR_FINAL };
	else if (result == -EBADMSG && r->action->sink)
		class = (struct error_class){ result, ERROR_RETRY };
	if (r->op->err.code != class.result)
		judge_set_error(r, class.result, r->http.err.text,
				r->http.err.cause);
	return class;
}

/* Some proxy's page: its status says enough. */
static bool judge_is_long_refusal(const struct s3_request *r)
{
	return r->http.result == -EMSGSIZE && r->http.status >= 300;
}

static void judge_note_answer(struct s3_request *r)
{
	struct s3_client *c = r->client;
	int64_t theirs;

	atomic_store(&c->has_answered, true);
	if (!request_server_time(r, &theirs))
		return;
	atomic_store(&c->skew_s, theirs - clock_wall_ns() / 1000000000);
	atomic_store(&c->has_skew, true);
}

static void judge_note_life(struct s3_client *c)
{
	if (!outage_answered(&c->outage, clock_now_ms()))
		return;
	log_warn("s3", "%s answers again", c->url);
	running_hasten(c);
}

struct error_class request_judge(struct s3_request *r)
{
	struct errinfo *err = &r->op->err;
	bool has_answer = r->http.result == 0 || judge_is_long_refusal(r);
	struct error_class class;

	if (r->http.result == 0)
		judge_note_answer(r);
	if (!has_answer)
		class = judge_transport(r);
	else if (r->http.status >= 200 && r->http.status <= 299)
		class = judge_success(r);
	else
		class = judge_answer(r);
	/* One that asks for patience is no sign of life: see outage.h. */
	if (has_answer && class.action != ERROR_OUTAGE)
		judge_note_life(r->client);
	if (class.result == 0)
		return class;
	err->http_status = r->http.status;
	judge_copy_text(err->s3_code, sizeof(err->s3_code), r->error.code);
	judge_copy_text(err->request_id, sizeof(err->request_id),
			r->error.request_id[0] ?
				r->error.request_id :
				request_answer(r, "x-amz-request-id"));
	return class;
}
