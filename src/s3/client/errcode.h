/* SPDX-License-Identifier: MIT */
/*
 * From a server's refusal to an errno and to what may be done about it: one
 * table of S3's error codes, one of HTTP's statuses. Pure; any thread.
 */
#ifndef S3_ERRCODE_H
#define S3_ERRCODE_H

#include <stdbool.h>

#include "buf.h"

enum error_action {
	ERROR_FINAL,  /* the answer is the answer */
	ERROR_RETRY,  /* again, after a pause, some times */
	ERROR_OUTAGE, /* trouble that passes: again as long as there is time */
	ERROR_CREDENTIALS, /* again with newer ones, once */
	ERROR_CLOCK,       /* again by the server's clock, once */
	ERROR_REGION,      /* again where the answer points, once */
};

struct error_class {
	int result; /* negative errno, should the action not help */
	enum error_action action;
};

/* What an <Error> says; "" for what it does not. */
struct error_body {
	char code[64];
	char message[160]; /* cut */
	char region[64];
	char request_id[40];
	char subject[64]; /* <Header> or <Condition>: what it is about */
};

/*
 * Reads an <Error>. Returns 0, or -EBADMSG if body is none. out is always
 * set.
 */
MUST_USE int error_parse(const struct buf *body, struct error_body *out);

/*
 * Says what an answer means. The code wins over the status. is_foreign: the
 * answer had a body, but no S3 error: a 404 of some proxy is no proof that
 * an object is missing.
 */
struct error_class error_of_answer(int status, const char *code,
				   bool is_foreign);

/* As error_of_answer, for a key of DeleteObjects or a 200 with an <Error>. */
struct error_class error_of_code(const char *code);

/* What http_request.result means. */
struct error_class error_of_transport(int result);

/*
 * What to do about a refusal that comes of a setting, in a few words, or
 * NULL. code is "" where a HEAD was refused.
 */
const char *error_mend(int status, const char *code);

#endif
