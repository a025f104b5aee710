/* SPDX-License-Identifier: MIT */
/*
 * A mutex held for a scope, and its condition.
 *
 *   LOCK(&file->lock);             until the end of this block
 *   while (!ready)
 *           lock_wait(&file->lock, &file->changed);
 *
 * Each has a rank (lock_order.h). Where assertions are compiled, a thread that
 * takes one out of order, waits while it holds another, or calls a function
 * whose name ends in _locked without the lock (lock_assert_held) is stopped.
 */
#ifndef BASE_LOCK_H
#define BASE_LOCK_H

#include <assert.h>
#include <pthread.h>
#include <stdbool.h>

#include "lock_order.h"
#include "macros.h"

struct lock {
	pthread_mutex_t mutex;
	enum lock_rank rank;
};

#define LOCK_INIT(order)                                            \
	{                                                           \
		.mutex = PTHREAD_MUTEX_INITIALIZER, .rank = (order) \
	}

#ifdef NDEBUG
#define lock_note_entering(lock) ((void)0)
#define lock_note_entered(lock)  ((void)0)
#define lock_note_leaving(lock)  ((void)0)
#define lock_note_waiting(lock)  ((void)0)
#define lock_assert_held(lock)   ((void)0)
#define lock_assert_none_held()  ((void)0)
#else
/* For the functions below. */
void lock_note_entering(const struct lock *lock);
void lock_note_entered(const struct lock *lock);
void lock_note_leaving(const struct lock *lock);
void lock_note_waiting(const struct lock *lock);

/* This thread holds it. */
void lock_assert_held(const struct lock *lock);
/* This thread holds none: it may wait, use the disk, call back. */
void lock_assert_none_held(void);
#endif

static inline struct lock *lock_enter(struct lock *lock)
{
	lock_note_entering(lock);
	pthread_mutex_lock(&lock->mutex);
	lock_note_entered(lock);
	return lock;
}

/* Enters if nobody is in, this thread included; in any order. */
static inline bool lock_try(struct lock *lock)
{
	if (pthread_mutex_trylock(&lock->mutex) != 0)
		return false;
	lock_note_entered(lock);
	return true;
}

static inline void lock_leave(struct lock *lock)
{
	lock_note_leaving(lock);
	pthread_mutex_unlock(&lock->mutex);
}

static inline void lock_leave_scope(struct lock **lock)
{
	lock_leave(*lock);
}

/* Gives the lock up until cond is signalled, or for nothing. */
static inline void lock_wait(struct lock *lock, pthread_cond_t *cond)
{
	lock_note_waiting(lock);
	pthread_cond_wait(cond, &lock->mutex);
}

/* until is in the condition's clock. Returns 0 or ETIMEDOUT. */
static inline int lock_wait_until(struct lock *lock, pthread_cond_t *cond,
				  const struct timespec *until)
{
	lock_note_waiting(lock);
	return pthread_cond_timedwait(cond, &lock->mutex, until);
}

#define LOCK_NAME_(line) scope_lock_##line
#define LOCK_NAME(line)  LOCK_NAME_(line)
#define LOCK(which)                                                \
	CLEANUP(lock_leave_scope)                                  \
	__attribute__((unused)) struct lock *LOCK_NAME(__LINE__) = \
		lock_enter(which)

#endif
