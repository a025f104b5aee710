/* SPDX-License-Identifier: MIT */
/* A call of the store that is waited for. */
#ifndef STORE_CALL_H
#define STORE_CALL_H

#include "lock.h"
#include "store.h"

struct call {
	struct store_read read; /* its op is that of the other calls, too */
	struct lock lock;
	pthread_cond_t over;
	bool is_over;
	int result;
};

static inline void call_answered(struct store_op *op, int result)
{
	struct call *call = container_of(op, struct call, read.op);

	LOCK(&call->lock);
	call->result = result;
	call->is_over = true;
	pthread_cond_signal(&call->over);
}

#define CALL_INIT                                 \
	{                                         \
		.read.op.done = call_answered,    \
		.lock = LOCK_INIT(LOCK_UNRANKED), \
		.over = PTHREAD_COND_INITIALIZER, \
	}

static inline int await(struct call *call)
{
	LOCK(&call->lock);
	while (!call->is_over)
		lock_wait(&call->lock, &call->over);
	return call->result;
}

#endif
