/* SPDX-License-Identifier: MIT */
/*
 * Bytes of a file on their way to the bucket, as the body of a request. A loop
 * thread reads them, which waits for no disk: what is there is read ahead by
 * threads that may, into a small window, and the request is paused until its
 * next bytes are in memory. What is sent again is read again.
 *
 *   body_new_locked(file, start, end, &body, &err);
 *   ... the lock is left ...
 *   body_attach(body, store->s3, &put.op, &put.body);
 *   s3_put_start(...), and when it is over:
 *   body_detach(body, &err);
 *   body_end(body);
 */
#ifndef STORE_BODY_H
#define STORE_BODY_H

#include <stdint.h>

#include "errinfo.h"
#include "macros.h"
#include "s3.h"

struct body;
struct file;

/*
 * Bytes [start, end) of file as they are now, and stay, whoever writes. What
 * is missing is fetched. Waits, on the pool; lock held, given up meanwhile. A
 * reference to file is held until the end. Returns 0, the fetch's error,
 * -ENOMEM or -EIO (they are nowhere).
 */
MUST_USE int body_new_locked(struct file *file, uint64_t start, uint64_t end,
			     struct body **out, struct errinfo *err);

/* out is the body of op then, read from its start. */
void body_attach(struct body *body, struct s3_op *op, struct s3_body *out);

/* op is over. Says in words why its bytes could not be read, if that is so. */
void body_detach(struct body *body, struct errinfo *err);

/* Gives it up, detached or never attached; NULL: nothing. No lock held. */
void body_end(struct body *body);

#endif
