/* SPDX-License-Identifier: MIT */
/*
 * A mutex held for a scope, and its condition.
 *
 *   LOCK(&file->lock);             until the end of this block
 *   while (!ready)
 *           lock_wait(&file->lock, &file->changed);
 *
 * lock_assert_held() is for functions whose name ends in _locked.
 */
#ifndef BASE_LOCK_H
#define BASE_LOCK_H

#include <assert.h>
#include <pthread.h>
#include <stdbool.h>

#include "macros.h"

struct lock {
	pthread_mutex_t mutex;
	pthread_t owner; /* while held */
	bool held;
};

#define LOCK_INIT                                  \
	{                                          \
		.mutex = PTHREAD_MUTEX_INITIALIZER \
	}

static inline struct lock *lock_enter(struct lock *lock)
{
	pthread_mutex_lock(&lock->mutex);
	lock->owner = pthread_self();
	lock->held = true;
	return lock;
}

/* Enters if nobody is in, this thread included. */
static inline bool lock_try(struct lock *lock)
{
	if (pthread_mutex_trylock(&lock->mutex) != 0)
		return false;
	lock->owner = pthread_self();
	lock->held = true;
	return true;
}

static inline void lock_leave(struct lock *lock)
{
	lock->held = false;
	pthread_mutex_unlock(&lock->mutex);
}

static inline void lock_leave_scope(struct lock **lock)
{
	lock_leave(*lock);
}

static inline void lock_wait(struct lock *lock, pthread_cond_t *cond)
{
	lock->held = false;
	pthread_cond_wait(cond, &lock->mutex);
	lock->owner = pthread_self();
	lock->held = true;
}

/* until is in the condition's clock. Returns 0 or ETIMEDOUT. */
static inline int lock_wait_until(struct lock *lock, pthread_cond_t *cond,
				  const struct timespec *until)
{
	int rc;

	lock->held = false;
	rc = pthread_cond_timedwait(cond, &lock->mutex, until);
	lock->owner = pthread_self();
	lock->held = true;
	return rc;
}

static inline void lock_assert_held(const struct lock *lock)
{
	assert(lock->held && pthread_equal(lock->owner, pthread_self()));
}

#define LOCK_NAME_(line) scope_lock_##line
#define LOCK_NAME(line)  LOCK_NAME_(line)
#define LOCK(which)                                                \
	CLEANUP(lock_leave_scope)                                  \
	__attribute__((unused)) struct lock *LOCK_NAME(__LINE__) = \
		lock_enter(which)

#endif
