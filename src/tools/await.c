/* SPDX-License-Identifier: MIT */
/* Calls of the store that a thread waits for; see await.h. */
#include "await.h"

#include <string.h>

static void await_over(struct store_op *op, int result)
{
	struct await *a = container_of(op, struct await, read.op);

	LOCK(&a->lock);
	a->result = result;
	a->is_over = true;
	pthread_cond_signal(&a->over);
}

struct store_op *await_op(struct await *a)
{
	memset(&a->read, 0, sizeof(a->read));
	a->read.op.done = await_over;
	a->is_over = false;
	return &a->read.op;
}

int await_end(struct await *a)
{
	LOCK(&a->lock);
	while (!a->is_over)
		lock_wait(&a->lock, &a->over);
	return a->result;
}

void await_fail(struct await *a, int code)
{
	a->result = code;
	a->read.op.err = (struct errinfo)ERRINFO_INIT;
}
