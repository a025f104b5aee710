/* SPDX-License-Identifier: MIT */
/*
 * Calls of the store that a thread waits for, one at a time:
 *
 *   struct await a = AWAIT_INIT;
 *   store_flush(handle, true, await_op(&a));
 *   rc = await_end(&a);
 */
#ifndef TOOLS_AWAIT_H
#define TOOLS_AWAIT_H

#include "lock.h"
#include "store.h"

struct await {
	struct store_read read; /* read.op is the op of other calls, too */
	struct lock lock;
	pthread_cond_t over;
	bool is_over;
	int result;
};

#define AWAIT_INIT                                \
	{                                         \
		.lock = LOCK_INIT(LOCK_TOOL),     \
		.over = PTHREAD_COND_INITIALIZER, \
	}

/* The op to begin a call with. */
struct store_op *await_op(struct await *a);

/* What the call gave. */
MUST_USE int await_end(struct await *a);

/* Something else than the store failed: its errno is all that is told. */
void await_fail(struct await *a, int code);

#endif
