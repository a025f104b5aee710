/* SPDX-License-Identifier: MIT */
/* Threads that take no signals, and what each is for; see thread.h. */
#include "thread.h"

#include <assert.h>
#include <signal.h>

#include "lock.h"

static _Thread_local enum thread_kind thread_kind;

void thread_become(enum thread_kind kind)
{
	thread_kind = kind;
}

#ifndef NDEBUG
void thread_assert_may_wait(void)
{
	assert(thread_kind != THREAD_LOOP && thread_kind != THREAD_RECEIVE);
	lock_assert_none_held();
}

void thread_assert_may_use_disk(void)
{
	assert(thread_kind != THREAD_LOOP);
	lock_assert_none_held();
}
#endif

int thread_start(pthread_t *thread, size_t stack_bytes, void *(*run)(void *arg),
		 void *arg)
{
	pthread_attr_t attr;
	sigset_t all, before;
	int rc = pthread_attr_init(&attr);

	if (rc)
		return -rc;
	if (stack_bytes)
		rc = pthread_attr_setstacksize(&attr, stack_bytes);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	if (!rc)
		rc = pthread_create(thread, &attr, run, arg);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	return -rc;
}
