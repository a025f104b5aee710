/* SPDX-License-Identifier: MIT */
/* The requests that make a version: a PUT, the end of an upload. */
#ifndef STORE_PUT_H
#define STORE_PUT_H

#include <stdbool.h>

#include "macros.h"
#include "multipart.h"
#include "pool.h"
#include "s3.h"

struct body;
struct errinfo;
struct outgoing;

/*
 * A PUT that no thread waits for: what prepares it makes its body and returns
 * -EINPROGRESS, and who began all of it starts it once its locks are left.
 */
struct parked_put {
	struct outgoing *out;
	struct body *body;
	void (*resume)(struct parked_put *parked);
	struct s3_put put;
	struct pool_job job;
	int result;
};

/* Whether one PUT is all that out takes, and may be left on its way. */
bool put_may_park(const struct outgoing *out);
/*
 * Starts it; resume is called in any case, on the resume pool, by then or
 * after. On a pool; no lock held; parked is not touched after.
 */
void put_park(struct parked_put *parked);
/*
 * The end of it, in resume. -EINPROGRESS: it is to be parked once more, else
 * what it had is freed. -EAGAIN: the server needs several requests, which are
 * waited for.
 */
MUST_USE int put_unpark(struct parked_put *parked, char etag[S3_ETAG_MAX],
			struct errinfo *err);

/*
 * One PUT of body as out says, waiting. Exclusive: -EEXIST if the key is
 * taken, by If-None-Match or, on a server that has none, by a HEAD before.
 * On the pool; no lock held.
 */
MUST_USE int upload_put(struct outgoing *out, struct body *body,
			char etag[S3_ETAG_MAX], struct errinfo *err);

/*
 * Ends a multipart upload: wanted says which; what it says of conditions is
 * not looked at. -EEXIST as above.
 */
MUST_USE int upload_complete(struct outgoing *out,
			     const struct s3_complete_upload *wanted,
			     char etag[S3_ETAG_MAX], struct errinfo *err);

#endif
