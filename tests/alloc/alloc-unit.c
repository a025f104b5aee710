/* SPDX-License-Identifier: MIT */
/*
 * Takes the place of cmocka's runner in a program of unit tests: runs its
 * tests again and again, each time with another allocation failing. A test
 * may then fail, as its assertions know nothing of that; but nothing else
 * may come of it: no signal, no word of a sanitizer, no standstill. Each run
 * is a process of its own, for what a failed assertion leaves behind.
 */
#include <execinfo.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "alloc.h"

#define SECONDS_MAX 20 /* of one run */

enum {
	RUN_PASSED = 0,
	RUN_ASSERTED = 255, /* cmocka's exit, as its runner does not run */
	RUN_HAD_ALL = 100,  /* nothing was left to fail */
};

int __wrap__cmocka_run_group_tests(const char *group,
				   const struct CMUnitTest *tests, size_t count,
				   CMFixtureFunction setup,
				   CMFixtureFunction teardown);

/* Where it was, and which allocation had failed. */
static void on_crash(int sig)
{
	void *callers[32];

	backtrace_symbols_fd(callers, backtrace(callers, 32), STDERR_FILENO);
	alloc_report_refused();
	signal(sig, SIG_DFL);
	raise(sig);
}

/* In a process of its own. */
static void run_failing(const struct CMUnitTest *test)
{
	void *state = test->initial_state;

	alarm(SECONDS_MAX);
	signal(SIGSEGV, on_crash);
	signal(SIGABRT, on_crash);
	signal(SIGALRM, on_crash);
	if (!freopen("/dev/null", "w", stdout))
		_exit(1);
	if (test->setup_func && test->setup_func(&state) != 0)
		_exit(1);
	alloc_fail_next();
	test->test_func(&state);
	alloc_stop();
	if (test->teardown_func && test->teardown_func(&state) != 0)
		_exit(1);
	_exit(alloc_has_failed() ? RUN_PASSED : RUN_HAD_ALL);
}

/* Exit status of the run, or -1 for what must not be. */
static int run_apart(const struct CMUnitTest *test)
{
	int status;
	pid_t child;

	fflush(NULL);
	child = fork();
	if (child == 0)
		run_failing(test);
	if (child < 0 || waitpid(child, &status, 0) < 0)
		return -1;
	if (!WIFEXITED(status))
		fprintf(stderr, "%s: signal %d\n", test->name,
			WTERMSIG(status));
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int __wrap__cmocka_run_group_tests(const char *group,
				   const struct CMUnitTest *tests, size_t count,
				   CMFixtureFunction setup,
				   CMFixtureFunction teardown)
{
	unsigned runs = 0;
	int failed = 0;

	(void)group;
	if (setup && setup(NULL) != 0)
		return 1;
	alloc_begin(1);
	for (size_t i = 0; i < count; i++) {
		int status;

		do {
			status = run_apart(&tests[i]);
			runs++;
			if (status != RUN_PASSED && status != RUN_ASSERTED &&
			    status != RUN_HAD_ALL) {
				fprintf(stderr, "%s: status %d\n",
					tests[i].name, status);
				failed++;
			}
		} while (status == RUN_PASSED || status == RUN_ASSERTED);
	}
	if (teardown)
		(void)teardown(NULL);
	printf("%u runs\n", runs);
	return failed;
}
