/* SPDX-License-Identifier: MIT */
/* See scenarios.h. */
#include "scenarios.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alloc.h"
#include "clock.h"

#define COMPLAINTS_MAX 20 /* a list is more helpful than the first */
#define SECONDS_MAX    30 /* of one run */

struct errinfo words;

static unsigned complaints;
static bool is_failing;

bool scenario_lacks_memory(void)
{
	return is_failing && alloc_has_failed();
}

static void complain(const struct scenario *s, unsigned n, const char *what,
		     int result)
{
	alloc_report_refused();
	fprintf(stderr, "%s, failure %u: %s (%d, %s) %s\n", s->name, n, what,
		result, strerror(-result), words.text);
	if (++complaints >= COMPLAINTS_MAX)
		exit(1);
}

/* Where it was, and which allocation had failed. */
static void on_crash(int sig)
{
	alloc_report_here();
	alloc_report_refused();
	signal(sig, SIG_DFL);
	raise(sig);
}

static bool is_one_line(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ')
			return false;
	return true;
}

/* Words are of the result, if there are any. */
static bool words_are_sound(int result)
{
	/* The text may have a key in it, and so any byte. */
	if (!memchr(words.text, '\0', sizeof(words.text)) ||
	    !memchr(words.cause, '\0', sizeof(words.cause)) ||
	    !is_one_line(words.cause))
		return false;
	return result == 0 || words.code == 0 ||
	       (words.code == result && words.text[0]);
}

static int run_once(const struct scenario *s)
{
	words = (struct errinfo)ERRINFO_INIT;
	alarm(SECONDS_MAX);
	return s->run();
}

static void run_failing(const struct scenario *s, unsigned n)
{
	int result;

	is_failing = true;
	alloc_fail_next();
	result = run_once(s);
	alloc_stop();
	if (result < 0 &&
	    (!alloc_has_failed() || (result != -ENOMEM && result != s->other)))
		complain(s, n, "failed", result);
	if (!words_are_sound(result))
		complain(s, n, words.text, words.code);
	is_failing = false;
}

static void run_with_memory(const struct scenario *s, unsigned n)
{
	int result = run_once(s);

	if (result < 0)
		complain(s, n, "failed with memory", result);
}

/* n 0: all is given. False: no allocation was left to fail. */
static bool try_failing(const struct scenario *s, unsigned n)
{
	int result;

	alloc_count();
	result = s->world ? s->world->begin(s->world->options) : 0;
	if (result < 0) {
		complain(s, n, "begin", result);
		exit(1);
	}
	if (n > 0)
		run_failing(s, n);
	run_with_memory(s, n);
	if (s->world)
		s->world->end();
	if (n > 0 && alloc_counted() > 0) {
		alloc_report_counted();
		complain(s, n, "a leak", 0);
	}
	return n == 0 || alloc_has_failed();
}

static void run_scenario(const struct scenario *s)
{
	int64_t began_ms = clock_now_ms();
	unsigned before = complaints, n = 0;

	if (s->prepare)
		s->prepare();
	alloc_begin(s->alike_max ? s->alike_max : 2);
	/* What is wrong with memory need not be tried without. */
	while (try_failing(s, n) && (n > 0 || complaints == before))
		n++;
	printf("%s: %u failures, %lld ms\n", s->name, n ? n - 1 : 0,
	       (long long)(clock_now_ms() - began_ms));
	fflush(stdout);
}

int scenarios_run(const struct scenario *scenarios, size_t count)
{
	const char *only = getenv("ALLOC_SCENARIO");

	signal(SIGSEGV, on_crash);
	signal(SIGABRT, on_crash);
	signal(SIGALRM, on_crash);
	for (size_t i = 0; i < count; i++)
		if (!only || strcmp(only, scenarios[i].name) == 0)
			run_scenario(&scenarios[i]);
	alarm(0);
	return (int)complaints;
}
