/* SPDX-License-Identifier: MIT */
/* Threads as every part of the program starts them. */
#ifndef BASE_THREAD_H
#define BASE_THREAD_H

#include <pthread.h>
#include <stddef.h>

#include "macros.h"

/* What a thread is for decides what it may do; a thread says so itself. */
enum thread_kind {
	THREAD_PLAIN,   /* has its own work: it may wait */
	THREAD_POOL,    /* runs jobs, which may wait */
	THREAD_RECEIVE, /* takes the kernel's requests: it may not wait */
	THREAD_LOOP,    /* moves bytes: it may not wait, nor use the disk */
};
void thread_become(enum thread_kind kind);

/* Both hold only if this thread has no lock. Where assertions are compiled. */
#ifdef NDEBUG
#define thread_assert_may_wait()     ((void)0)
#define thread_assert_may_use_disk() ((void)0)
#else
void thread_assert_may_wait(void);
void thread_assert_may_use_disk(void);
#endif

/*
 * Starts a thread that takes no signals: they are for the main thread.
 * stack_bytes 0: the usual. Returns 0, -EAGAIN or -ENOMEM.
 */
MUST_USE int thread_start(pthread_t *thread, size_t stack_bytes,
			  void *(*run)(void *arg), void *arg);

#endif
