/* SPDX-License-Identifier: MIT */
/* Threads as every part of the program starts them. */
#ifndef BASE_THREAD_H
#define BASE_THREAD_H

#include <pthread.h>
#include <stddef.h>

#include "macros.h"

/*
 * Starts a thread that takes no signals: they are for the main thread.
 * stack_bytes 0: the usual. Returns 0, -EAGAIN or -ENOMEM.
 */
MUST_USE int thread_start(pthread_t *thread, size_t stack_bytes,
			  void *(*run)(void *arg), void *arg);

#endif
