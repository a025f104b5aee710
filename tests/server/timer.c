/* SPDX-License-Identifier: MIT */
/* One thread that resumes suspended connections; see timer.h. */
#include "timer.h"

#include <stdlib.h>

#include "lock.h"

struct entry {
	int64_t due_ns; /* CLOCK_MONOTONIC */
	struct MHD_Connection *connection;
};

struct timer {
	struct lock lock;
	pthread_cond_t changed;
	pthread_t thread;
	bool stopped;
	struct entry *heap; /* a binary heap, the earliest first */
	size_t count;
	size_t room;
};

int64_t timer_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static void heap_up(struct entry *heap, size_t i)
{
	struct entry e = heap[i];

	while (i > 0 && heap[(i - 1) / 2].due_ns > e.due_ns) {
		heap[i] = heap[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	heap[i] = e;
}

static struct entry heap_pop(struct timer *t)
{
	struct entry first = t->heap[0], last = t->heap[--t->count];
	size_t i = 0, child;

	while ((child = 2 * i + 1) < t->count) {
		if (child + 1 < t->count &&
		    t->heap[child + 1].due_ns < t->heap[child].due_ns)
			child++;
		if (last.due_ns <= t->heap[child].due_ns)
			break;
		t->heap[i] = t->heap[child];
		i = child;
	}
	t->heap[i] = last;
	return first;
}

static void *timer_run(void *arg)
{
	struct timer *t = arg;

	LOCK(&t->lock);
	while (!t->stopped) {
		int64_t due;

		if (t->count == 0) {
			lock_wait(&t->lock, &t->changed);
			continue;
		}
		due = t->heap[0].due_ns;
		if (due <= timer_now_ns()) {
			MHD_resume_connection(heap_pop(t).connection);
			continue;
		}
		struct timespec until = { due / 1000000000, due % 1000000000 };
		lock_wait_until(&t->lock, &t->changed, &until);
	}
	return NULL;
}

struct timer *timer_new(void)
{
	struct timer *t = calloc(1, sizeof(*t));
	pthread_condattr_t attr;

	if (!t)
		return NULL;
	t->lock = (struct lock)LOCK_INIT(LOCK_UNRANKED);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&t->changed, &attr);
	pthread_condattr_destroy(&attr);
	if (pthread_create(&t->thread, NULL, timer_run, t) != 0) {
		pthread_cond_destroy(&t->changed);
		free(t);
		return NULL;
	}
	return t;
}

void timer_suspend(struct timer *t, struct MHD_Connection *connection,
		   int64_t ns)
{
	LOCK(&t->lock);

	if (t->stopped)
		return;
	if (t->count == t->room) {
		size_t room = t->room ? t->room * 2 : 64;
		struct entry *heap = realloc(t->heap, room * sizeof(*heap));

		if (!heap)
			return;
		t->heap = heap;
		t->room = room;
	}
	MHD_suspend_connection(connection);
	t->heap[t->count] = (struct entry){ timer_now_ns() + ns, connection };
	heap_up(t->heap, t->count++);
	if (t->heap[0].connection == connection)
		pthread_cond_signal(&t->changed);
}

bool timer_is_stopped(struct timer *t)
{
	LOCK(&t->lock);

	return t->stopped;
}

void timer_stop(struct timer *t)
{
	LOCK(&t->lock);

	t->stopped = true;
	while (t->count > 0)
		MHD_resume_connection(t->heap[--t->count].connection);
	pthread_cond_signal(&t->changed);
}

void timer_free(struct timer *t)
{
	pthread_join(t->thread, NULL);
	pthread_cond_destroy(&t->changed);
	free(t->heap);
	free(t);
}
