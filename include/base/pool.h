/* SPDX-License-Identifier: MIT */
/*
 * A pool of threads for work that has to wait: straight-line code of several
 * requests, the disk. Threads are made as work arrives, up to a limit, and
 * all but one leave after ten idle seconds.
 *
 *   struct job { struct pool_job base; ... } *job;
 *   job->base.run = work;
 *   pool_submit(pool, &job->base);
 *
 * A job's memory is the caller's; it is not touched after run was called.
 */
#ifndef BASE_POOL_H
#define BASE_POOL_H

#include "list.h"

struct pool;

struct pool_job {
	struct list_link link; /* the pool's */
	void (*run)(struct pool_job *job);
};

/* One thread is there from the start. NULL: no memory, or no thread. */
struct pool *pool_new(unsigned thread_limit);

/* Runs job soon, on a thread of the pool. Any thread. */
void pool_submit(struct pool *pool, struct pool_job *job);

/* Waits until all jobs have run, then frees. No submit at the same time. */
void pool_free(struct pool *pool);

#endif
