/* SPDX-License-Identifier: MIT */
/*
 * Waiting without a thread for each: a suspended connection is resumed at
 * its time by one timer thread.
 */
#ifndef SERVER_TIMER_H
#define SERVER_TIMER_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>

struct timer;

/* NULL if there is no memory or no thread. */
struct timer *timer_new(void);

/*
 * Suspends connection for that many nanoseconds; from its handler or its
 * content reader only. After timer_stop it does nothing, so a caller that
 * waits in a loop asks timer_is_stopped.
 */
void timer_suspend(struct timer *timer, struct MHD_Connection *connection,
		   int64_t ns);

/* The clock it goes by, in nanoseconds; never goes back. */
int64_t timer_now_ns(void);

bool timer_is_stopped(struct timer *timer);

/* Resumes all and suspends none from here on: before the daemon stops. */
void timer_stop(struct timer *timer);

void timer_free(struct timer *timer);

#endif
