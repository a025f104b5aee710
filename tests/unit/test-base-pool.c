/* SPDX-License-Identifier: MIT */
/*
 * The pool: every job runs once, up to the limit side by side, and nothing
 * is left behind by pool_free. Run it under ThreadSanitizer, too.
 */
#include "clock.h"
#include "pool.h"

#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "lock.h"

#define WAIT_SECONDS 20 /* a hang fails; slow machines do not */

/* Where the jobs of a test meet. */
struct shared {
	struct lock lock;
	pthread_cond_t changed;
	struct pool *pool;
	unsigned started;
	unsigned running;
	unsigned most_running;
	unsigned done;
	unsigned wanted; /* how many must have started before any goes on */
	bool timed_out;
	bool signals_open;
};

struct job {
	struct pool_job base;
	struct shared *shared;
	unsigned children; /* jobs to submit, each on the heap */
	pthread_t thread;
};

#define SHARED_INIT                                                 \
	{                                                           \
		.lock = LOCK_INIT(LOCK_UNRANKED),                   \
		.changed = (pthread_cond_t)PTHREAD_COND_INITIALIZER \
	}

static void begin(struct job *job)
{
	struct shared *s = job->shared;

	LOCK(&s->lock);
	job->thread = pthread_self();
	s->started++;
	if (++s->running > s->most_running)
		s->most_running = s->running;
	pthread_cond_broadcast(&s->changed);
}

static void end(struct job *job)
{
	struct shared *s = job->shared;

	LOCK(&s->lock);
	s->running--;
	s->done++;
	pthread_cond_broadcast(&s->changed);
}

static void await_locked(struct shared *s, const unsigned *figure,
			 unsigned wanted)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += WAIT_SECONDS;
	while (*figure < wanted && !s->timed_out) {
		if (lock_wait_until(&s->lock, &s->changed, &until) != 0)
			s->timed_out = true;
	}
}

static void run_quick(struct pool_job *base)
{
	struct job *job = container_of(base, struct job, base);

	begin(job);
	end(job);
}

/* Goes on only when as many jobs as wanted have started. */
static void run_meeting(struct pool_job *base)
{
	struct job *job = container_of(base, struct job, base);
	struct shared *s = job->shared;

	begin(job);
	{
		LOCK(&s->lock);
		await_locked(s, &s->started, s->wanted);
	}
	end(job);
}

static void run_slow(struct pool_job *base)
{
	const struct timespec pause = { .tv_nsec = 2000000 };
	struct job *job = container_of(base, struct job, base);

	begin(job);
	nanosleep(&pause, NULL);
	end(job);
}

/* A job that frees itself after submitting its children, which do so, too. */
static void run_parent(struct pool_job *base)
{
	AUTO_FREE struct job *job = container_of(base, struct job, base);

	begin(job);
	for (unsigned i = 0; i < job->children; i++) {
		struct job *child = calloc(1, sizeof(*child));

		if (!child)
			abort();
		child->base.run = run_parent;
		child->shared = job->shared;
		child->children = job->children - 1;
		pool_submit(job->shared->pool, &child->base);
	}
	end(job);
}

static void run_look_at_signals(struct pool_job *base)
{
	struct job *job = container_of(base, struct job, base);
	sigset_t blocked;

	begin(job);
	pthread_sigmask(SIG_SETMASK, NULL, &blocked);
	if (!sigismember(&blocked, SIGTERM) || !sigismember(&blocked, SIGINT))
		job->shared->signals_open = true;
	end(job);
}

static void submit(struct shared *s, struct job *jobs, size_t count,
		   void (*run)(struct pool_job *))
{
	for (size_t i = 0; i < count; i++) {
		jobs[i] = (struct job){ .base.run = run, .shared = s };
		pool_submit(s->pool, &jobs[i].base);
	}
}

static unsigned count_threads(void)
{
	DIR *dir = opendir("/proc/self/task");
	const struct dirent *entry;
	unsigned count = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir)))
		count += entry->d_name[0] != '.';
	closedir(dir);
	return count;
}

static void a_pool_without_jobs_is_freed_at_once(void **state)
{
	struct pool *pool = pool_new(4);

	assert_non_null(pool);
	pool_free(pool);
	pool_free(NULL);
}

static void more_jobs_than_threads_all_run_inside_the_limit(void **state)
{
	struct shared s = SHARED_INIT;
	struct job jobs[200];

	s.pool = pool_new(3);
	assert_non_null(s.pool);
	submit(&s, jobs, ARRAY_SIZE(jobs), run_slow);
	pool_free(s.pool);
	assert_int_equal(s.started, 200);
	assert_int_equal(s.done, 200);
	assert_int_equal(s.most_running, 3);
}

static void jobs_run_side_by_side_up_to_the_limit(void **state)
{
	struct shared s = SHARED_INIT;
	struct job jobs[8];

	s.wanted = 8;
	s.pool = pool_new(8);
	assert_non_null(s.pool);
	submit(&s, jobs, 8, run_meeting);
	pool_free(s.pool);
	assert_false(s.timed_out);
	assert_int_equal(s.done, 8);
}

/* One idle thread must not be counted upon twice. */
static void
jobs_that_come_at_once_do_not_queue_for_one_idle_thread(void **state)
{
	for (int round = 0; round < 50; round++) {
		struct shared s = SHARED_INIT;
		struct job first, jobs[3];

		s.pool = pool_new(3);
		assert_non_null(s.pool);
		submit(&s, &first, 1, run_quick);
		{
			LOCK(&s.lock);
			await_locked(&s, &s.done, 1);
			s.started = 0;
			s.wanted = 3;
		}
		submit(&s, jobs, 3, run_meeting);
		pool_free(s.pool);
		assert_false(s.timed_out);
		assert_int_equal(s.done, 4);
	}
}

static void one_thread_runs_its_jobs_in_order(void **state)
{
	struct shared s = SHARED_INIT;
	struct job jobs[50];

	s.pool = pool_new(1);
	assert_non_null(s.pool);
	submit(&s, jobs, ARRAY_SIZE(jobs), run_quick);
	pool_free(s.pool);
	assert_int_equal(s.done, 50);
	assert_int_equal(s.most_running, 1);
	for (size_t i = 1; i < ARRAY_SIZE(jobs); i++)
		assert_true(pthread_equal(jobs[i].thread, jobs[0].thread));
	assert_false(pthread_equal(jobs[0].thread, pthread_self()));
}

static void jobs_may_submit_jobs_even_while_the_pool_is_freed(void **state)
{
	for (unsigned limit = 1; limit <= 4; limit++) {
		struct shared s = SHARED_INIT;
		struct job *root = calloc(1, sizeof(*root));

		assert_non_null(root);
		s.pool = pool_new(limit);
		assert_non_null(s.pool);
		root->base.run = run_parent;
		root->shared = &s;
		root->children = 6;
		pool_submit(s.pool, &root->base);
		pool_free(s.pool);
		/* 1 + 6 (1 + 5 (1 + 4 (1 + 3 (1 + 2 (1 + 1))))) */
		assert_int_equal(s.done, 1957);
		assert_true(s.most_running <= limit);
	}
}

/* RLIMIT_NPROC counts a user's threads; root's are not counted. */
static void become_nobody_without_more_threads(void)
{
	struct rlimit none = { 0, 0 };

	if (geteuid() == 0 && (setgid(65534) || setuid(65534)))
		_exit(2);
	if (setrlimit(RLIMIT_NPROC, &none))
		_exit(3);
}

static void jobs_run_when_no_more_threads_can_be_made(void **state)
{
	int status = 0;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		struct shared s = SHARED_INIT;
		struct job jobs[20];

		s.pool = pool_new(4);
		become_nobody_without_more_threads();
		submit(&s, jobs, ARRAY_SIZE(jobs), run_quick);
		pool_free(s.pool);
		_exit(s.done == 20 && s.most_running == 1 &&
				      !pthread_equal(jobs[0].thread,
						     pthread_self()) ?
			      0 :
			      1);
	}
	waitpid(child, &status, 0);
	assert_int_equal(status, 0);
}

static void freeing_waits_for_jobs_and_leaves_no_thread(void **state)
{
	unsigned before = count_threads();

	for (int round = 0; round < 20; round++) {
		struct shared s = SHARED_INIT;
		struct job jobs[12];

		s.pool = pool_new(6);
		assert_non_null(s.pool);
		submit(&s, jobs, ARRAY_SIZE(jobs), run_slow);
		pool_free(s.pool);
		assert_int_equal(s.done, 12);
	}
	/* A joined thread's entry may outlast the join by a moment. */
	for (int i = 0; i < 1000 && count_threads() > before; i++)
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	assert_int_equal(count_threads(), before);
}

static void idle_threads_leave_after_ten_seconds_but_one(void **state)
{
	unsigned before = count_threads();
	struct shared s = SHARED_INIT;
	struct job slow[3], later;

	/* They wait from a moment that was 9.9 seconds ago. */
	clock_moved_ms -= 9900;
	s.pool = pool_new(4);
	assert_non_null(s.pool);
	submit(&s, slow, ARRAY_SIZE(slow), run_slow);
	/* A thread comes after the submit that called it. */
	for (int i = 0; i < 1000 && count_threads() <= before + 1; i++)
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	assert_true(count_threads() > before + 1);
	for (int i = 0; i < 5000 && count_threads() > before + 1; i++)
		nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
	clock_moved_ms += 9900;
	assert_int_equal(count_threads(), before + 1);
	submit(&s, &later, 1, run_quick);
	pool_free(s.pool);
	assert_int_equal(s.done, 4);
}

struct submitter {
	struct shared *shared;
	struct job jobs[100];
};

static void *submit_all(void *arg)
{
	struct submitter *mine = arg;

	submit(mine->shared, mine->jobs, ARRAY_SIZE(mine->jobs), run_quick);
	return NULL;
}

static void any_thread_may_submit(void **state)
{
	static struct submitter submitters[4];
	struct shared s = SHARED_INIT;
	pthread_t threads[4];

	s.pool = pool_new(3);
	assert_non_null(s.pool);
	for (size_t i = 0; i < 4; i++) {
		submitters[i].shared = &s;
		assert_int_equal(pthread_create(&threads[i], NULL, submit_all,
						&submitters[i]),
				 0);
	}
	for (size_t i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	pool_free(s.pool);
	assert_int_equal(s.done, 400);
	assert_true(s.most_running <= 3);
}

static void signals_stay_with_the_main_thread(void **state)
{
	struct shared s = SHARED_INIT;
	sigset_t blocked;
	struct job job;

	s.pool = pool_new(1);
	assert_non_null(s.pool);
	submit(&s, &job, 1, run_look_at_signals);
	pool_free(s.pool);
	assert_int_equal(s.done, 1);
	assert_false(s.signals_open);
	pthread_sigmask(SIG_SETMASK, NULL, &blocked);
	assert_false(sigismember(&blocked, SIGTERM));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pool_without_jobs_is_freed_at_once),
		cmocka_unit_test(
			more_jobs_than_threads_all_run_inside_the_limit),
		cmocka_unit_test(jobs_run_side_by_side_up_to_the_limit),
		cmocka_unit_test(
			jobs_that_come_at_once_do_not_queue_for_one_idle_thread),
		cmocka_unit_test(one_thread_runs_its_jobs_in_order),
		cmocka_unit_test(
			jobs_may_submit_jobs_even_while_the_pool_is_freed),
		cmocka_unit_test(jobs_run_when_no_more_threads_can_be_made),
		cmocka_unit_test(freeing_waits_for_jobs_and_leaves_no_thread),
		cmocka_unit_test(idle_threads_leave_after_ten_seconds_but_one),
		cmocka_unit_test(any_thread_may_submit),
		cmocka_unit_test(signals_stay_with_the_main_thread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
