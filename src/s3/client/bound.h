/* SPDX-License-Identifier: MIT */
/*
 * How long an operation may take: one bound for all its tries, which stands
 * still while bytes move, for as long as they may take; so silence costs no
 * more than the bound, whatever the size. A try that hangs leaves time for
 * another (retry.h), an outage cuts what readers wait for (outage.h).
 *
 * All on the request's thread.
 */
#ifndef S3_BOUND_H
#define S3_BOUND_H

#include <stdbool.h>
#include <stdint.h>

struct s3_request;

/* Once, of a request that has its action and bytes. */
void bound_begin(struct s3_request *r);

/*
 * The same for a child: inside its parent's bound, to which the first one
 * adds some seconds if it is spent.
 */
void bound_begin_child(struct s3_request *child);

/* It has a second, because the server is out. */
bool bound_is_cut(const struct s3_request *r);

/* Sets the times of r->http, which is to be sent after a pause. */
void bound_begin_try(struct s3_request *r, int pause_ms);

/* The time in which bytes of the try moved is no time of waiting. */
void bound_end_try(struct s3_request *r);

/* Until when, with what came of this try's body: on clock_now_ms. */
int64_t bound_until_ms(const struct s3_request *r);

#endif
