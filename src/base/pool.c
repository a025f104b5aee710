/* SPDX-License-Identifier: MIT */
/* Threads for work that has to wait; see pool.h. */
#include "pool.h"

#include <limits.h>
#include <stdint.h>

#include "clock.h"
#include "lock.h"
#include "thread.h"

#define IDLE_MS     10000
#define STACK_BYTES (256u * 1024)

struct pool {
	struct lock lock;
	pthread_cond_t work; /* a job came, or it is time to go */
	pthread_cond_t gone; /* a thread left */
	unsigned thread_limit;
	struct {
		struct list_link jobs;
		unsigned queued; /* jobs that no thread has yet */
		unsigned threads;
		unsigned idle;
		bool is_growing; /* a new thread has not begun yet */
		bool is_closing;
		bool has_leaver;
		pthread_t leaver; /* the last thread that left, to be joined */
	} locked;
};

/* The next job, or NULL when this thread should leave. */
static struct list_link *pool_next_job_locked(struct pool *pool)
{
	struct timespec until = clock_in_ms(IDLE_MS);
	struct list_link *link;
	bool is_late = false;

	pool->locked.idle++;
	while (!(link = list_pop(&pool->locked.jobs)) &&
	       !pool->locked.is_closing) {
		/* One stays: a job must not depend on a new thread. */
		if (pool->locked.threads == 1)
			lock_wait(&pool->lock, &pool->work);
		else if (is_late)
			break;
		else
			is_late = lock_wait_until(&pool->lock, &pool->work,
						  &until) != 0;
	}
	pool->locked.idle--;
	if (link)
		pool->locked.queued--;
	return link;
}

static void *pool_thread_main(void *arg);

static int pool_start_thread(struct pool *pool)
{
	pthread_t thread; /* joined by who leaves after it */

	return thread_start(&thread, STACK_BYTES, pool_thread_main, pool);
}

/*
 * One more thread if jobs have to wait. Only one comes at a time, and it calls
 * the next: where jobs are short, those that are there have done them by then.
 */
static void pool_grow_locked(struct pool *pool)
{
	/* An idle thread that was called for another job is taken. */
	if (pool->locked.queued <= pool->locked.idle ||
	    pool->locked.is_growing ||
	    pool->locked.threads >= pool->thread_limit ||
	    pool_start_thread(pool) < 0)
		return;
	pool->locked.threads++;
	pool->locked.is_growing = true;
}

static void *pool_thread_main(void *arg)
{
	struct pool *pool = arg;
	struct list_link *link;
	pthread_t leaver;
	bool has_leaver;

	thread_become(THREAD_POOL);
	lock_enter(&pool->lock);
	pool->locked.is_growing = false;
	while ((link = pool_next_job_locked(pool))) {
		struct pool_job *job =
			container_of(link, struct pool_job, link);

		pool_grow_locked(pool);
		lock_leave(&pool->lock);
		job->run(job);
		lock_assert_none_held();
		lock_enter(&pool->lock);
	}
	/* Each joins the one before, so that none outlives pool_free. */
	has_leaver = pool->locked.has_leaver;
	leaver = pool->locked.leaver;
	pool->locked.has_leaver = true;
	pool->locked.leaver = pthread_self();
	pool->locked.threads--;
	pthread_cond_broadcast(&pool->gone);
	lock_leave(&pool->lock);
	if (has_leaver)
		pthread_join(leaver, NULL);
	return NULL;
}

struct pool *pool_new(unsigned thread_limit)
{
	struct pool *pool = calloc(1, sizeof(*pool));
	pthread_condattr_t attr;

	if (!pool)
		return NULL;
	pool->lock = (struct lock)LOCK_INIT(LOCK_POOL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&pool->work, &attr);
	pthread_cond_init(&pool->gone, &attr);
	pthread_condattr_destroy(&attr);
	pool->thread_limit = thread_limit > 0 ? thread_limit : 1;
	list_init(&pool->locked.jobs);
	pool->locked.threads = 1;
	pool->locked.is_growing = true;
	if (pool_start_thread(pool) < 0) {
		pool->locked.threads = 0;
		pool_free(pool);
		return NULL;
	}
	return pool;
}

void pool_submit(struct pool *pool, struct pool_job *job)
{
	LOCK(&pool->lock);

	list_init(&job->link);
	list_push(&pool->locked.jobs, &job->link);
	pool->locked.queued++;
	pool_grow_locked(pool);
	pthread_cond_signal(&pool->work);
}

void pool_free(struct pool *pool)
{
	if (!pool)
		return;
	{
		LOCK(&pool->lock);
		pool->locked.is_closing = true;
		pthread_cond_broadcast(&pool->work);
		while (pool->locked.threads > 0)
			lock_wait(&pool->lock, &pool->gone);
	}
	if (pool->locked.has_leaver)
		pthread_join(pool->locked.leaver, NULL);
	pthread_cond_destroy(&pool->work);
	pthread_cond_destroy(&pool->gone);
	pthread_mutex_destroy(&pool->lock.mutex);
	free(pool);
}
