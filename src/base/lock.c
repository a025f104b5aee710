/* SPDX-License-Identifier: MIT */
/* What each thread holds, to assert the order; see lock.h. */
#include "lock.h"

#include "thread.h"

#ifndef NDEBUG

#define HELD_MAX 16

static _Thread_local struct {
	const struct lock *locks[HELD_MAX];
	unsigned count;
} held;

void lock_note_entering(const struct lock *lock)
{
	for (unsigned i = 0; i < held.count; i++) {
		const struct lock *other = held.locks[i];

		assert(other != lock);
		assert(other->rank < lock->rank ||
		       other->rank == LOCK_UNRANKED ||
		       lock->rank == LOCK_UNRANKED);
	}
}

void lock_note_entered(const struct lock *lock)
{
	assert(held.count < HELD_MAX);
	held.locks[held.count++] = lock;
}

void lock_note_leaving(const struct lock *lock)
{
	unsigned i = held.count;

	while (i > 0 && held.locks[i - 1] != lock)
		i--;
	assert(i > 0);
	held.locks[i - 1] = held.locks[--held.count];
}

void lock_note_waiting(const struct lock *lock)
{
	assert(held.count == 1 && held.locks[0] == lock);
	held.count = 0;
	thread_assert_may_wait();
	held.count = 1;
}

void lock_assert_held(const struct lock *lock)
{
	unsigned i = held.count;

	while (i > 0 && held.locks[i - 1] != lock)
		i--;
	assert(i > 0);
}

void lock_assert_none_held(void)
{
	assert(held.count == 0);
}

#endif
