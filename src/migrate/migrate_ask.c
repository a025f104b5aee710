/* SPDX-License-Identifier: MIT */
/* The project's Python as a child; see migrate_ask.h. */
#include "migrate_ask.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include "buf.h"
#include "clock.h"

#define ANSWER_MAX (8ul * 1024 * 1024) /* bytes; ours */

const char migrate_program[] =
#include "ask.py.inc"
	;

/* One run. */
struct ask {
	const char *python;
	pid_t pid;   /* 0: none */
	int process; /* its pidfd */
	int output;  /* our end of its pipe, which never waits */
	int signals; /* readable when one came that ends us */
	sigset_t before;
	int64_t limit_ms, until_ms;
	struct buf text;
	int status; /* as waitpid tells it, once it ended */
};

/* With all that it started. Of a group that ended so far nothing is hurt. */
static void ask_reap(struct ask *a)
{
	if (a->pid > 0) {
		kill(-a->pid, SIGKILL);
		waitpid(a->pid, &a->status, 0);
	}
	a->pid = 0;
}

/* A signal that is pending ends us here, when nothing of it is left. */
static void ask_end(struct ask *a)
{
	ask_reap(a);
	close_fd(&a->process);
	close_fd(&a->output);
	close_fd(&a->signals);
	if (a->text.data)
		explicit_bzero(a->text.data, a->text.cap);
	buf_release(&a->text);
	pthread_sigmask(SIG_SETMASK, &a->before, NULL);
}

static int ask_catch_signals(struct ask *a)
{
	static const int signals[] = { SIGHUP, SIGINT, SIGTERM };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		sigaddset(&set, signals[i]);
	pthread_sigmask(SIG_BLOCK, &set, &a->before);
	a->signals = signalfd(-1, &set, SFD_CLOEXEC);
	return a->signals < 0 ? -errno : 0;
}

/* A group of its own, so that all of it can be ended. */
static int ask_spawn(struct ask *a, char *const argv[], int output)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int rc = posix_spawn_file_actions_init(&actions);

	if (rc)
		return -rc;
	rc = posix_spawnattr_init(&attributes);
	if (rc) {
		posix_spawn_file_actions_destroy(&actions);
		return -rc;
	}
	rc = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null",
					      O_RDONLY, 0);
	if (!rc)
		rc = posix_spawn_file_actions_adddup2(&actions, output, 1);
	if (!rc)
		rc = posix_spawnattr_setsigmask(&attributes, &a->before);
	if (!rc)
		rc = posix_spawnattr_setflags(&attributes,
					      POSIX_SPAWN_SETSIGMASK |
						      POSIX_SPAWN_SETPGROUP);
	if (!rc)
		rc = posix_spawnp(&a->pid, argv[0], &actions, &attributes, argv,
				  environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	if (rc)
		a->pid = 0;
	return -rc;
}

static int ask_start(struct ask *a, char *const argv[])
{
	AUTO_CLOSE int output = -1;
	int ends[2], rc;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	a->output = ends[0];
	output = ends[1];
	if (fcntl(a->output, F_SETFL, O_NONBLOCK) < 0)
		return -errno;
	rc = ask_catch_signals(a);
	if (!rc)
		rc = ask_spawn(a, argv, output);
	if (rc)
		return rc;
	a->process = pidfd_open(a->pid, 0);
	return a->process < 0 ? -errno : 0;
}

/* Takes what is there. What exceeds the text is read and dropped. */
static void ask_take(struct ask *a)
{
	char some[16384];
	ssize_t n;

	while (a->output >= 0) {
		n = read(a->output, some, sizeof(some));
		if (n > 0)
			buf_add(&a->text, some, (size_t)n);
		else if (n == 0)
			close_fd(&a->output);
		else if (errno != EINTR)
			break;
	}
	explicit_bzero(some, sizeof(some));
}

/* Until it has ended: what it started may keep the pipe. */
static int ask_follow(struct ask *a)
{
	for (;;) {
		struct pollfd fds[] = { { a->process, POLLIN, 0 },
					{ a->signals, POLLIN, 0 },
					{ a->output, POLLIN, 0 } };
		int64_t left_ms = a->until_ms - clock_now_ms();

		if (left_ms <= 0)
			return -ETIMEDOUT;
		if (poll(fds, ARRAY_SIZE(fds), (int)left_ms) < 0 &&
		    errno != EINTR)
			return -errno;
		ask_take(a);
		if (fds[1].revents)
			return -EINTR;
		if (!fds[0].revents)
			continue;
		ask_reap(a);
		ask_take(a);
		return 0;
	}
}

static int ask_judge(const struct ask *a, json_t **answer, struct errinfo *err)
{
	bool has_exited = WIFEXITED(a->status);

	if (a->text.error)
		return errinfo_set(err, a->text.error,
				   "the settings are too large");
	*answer = json_loadb(buf_str(&a->text), a->text.len, 0, NULL);
	if (json_is_object(*answer))
		return 0;
	json_decref(*answer);
	*answer = NULL;
	return errinfo_set(err, -EBADMSG,
			   "%.120s ended with %s %d and did not tell the "
			   "settings: is it a Python 3?",
			   a->python, has_exited ? "status" : "signal",
			   has_exited ? WEXITSTATUS(a->status) :
					WTERMSIG(a->status));
}

static int ask_run(struct ask *a, char *const argv[], json_t **answer,
		   struct errinfo *err)
{
	int rc = ask_start(a, argv);

	if (rc)
		return errinfo_set(err, rc,
				   "cannot start %.120s: %s: name the "
				   "project's own Python, such as --python "
				   "venv/bin/python",
				   a->python, strerrordesc_np(-rc));
	rc = ask_follow(a);
	if (rc == -ETIMEDOUT)
		return errinfo_set(err, rc,
				   "%.120s took more than %lld s over the "
				   "settings, and was ended",
				   a->python, (long long)a->limit_ms / 1000);
	if (rc)
		return errinfo_set(err, rc, "%.120s: %s", a->python,
				   strerrordesc_np(-rc));
	return ask_judge(a, answer, err);
}

static void argv_free(char ***argv)
{
	for (size_t i = 0; *argv && (*argv)[i]; i++)
		free((*argv)[i]);
	free(*argv);
}

/* python -c PROGRAM WORD...; NULL if there is no memory. */
static char **argv_new(const char *python, const char *const words[],
		       size_t count)
{
	CLEANUP(argv_free) char **argv = calloc(count + 4, sizeof(*argv));
	const char *const first[] = { python, "-c", migrate_program };

	for (size_t i = 0; argv && i < count + 3; i++) {
		argv[i] = strdup(i < 3 ? first[i] : words[i - 3]);
		if (!argv[i])
			return NULL;
	}
	return STEAL(argv);
}

int migrate_ask(const char *python, const char *const words[], size_t count,
		int64_t limit_ms, json_t **answer, struct errinfo *err)
{
	CLEANUP(argv_free) char **argv = argv_new(python, words, count);
	CLEANUP(ask_end)
	struct ask a = {
		.python = python,
		.process = -1,
		.output = -1,
		.signals = -1,
		.limit_ms = limit_ms,
		.until_ms = clock_now_ms() + limit_ms,
		.text = BUF_INIT(ANSWER_MAX),
	};

	pthread_sigmask(SIG_SETMASK, NULL, &a.before);
	if (!argv)
		return errinfo_set(err, -ENOMEM, "out of memory");
	return ask_run(&a, argv, answer, err);
}

int migrate_read(const char *path, json_t **answer, struct errinfo *err)
{
	json_error_t why;

	bool is_stdin = strcmp(path, "-") == 0;

	*answer = is_stdin ? json_loadf(stdin, 0, &why) :
			     json_load_file(path, 0, &why);
	if (json_is_object(*answer))
		return 0;
	/* What stands near an error in JSON may be a secret. */
	if (*answer || json_error_code(&why) != json_error_cannot_open_file)
		errinfo_set(err, -EINVAL,
			    "%.120s holds no JSON object of settings, such as "
			    "{\"AWS_STORAGE_BUCKET_NAME\": ...}",
			    is_stdin ? "the standard input" : path);
	else
		errinfo_set(err, -EINVAL, "%s", why.text);
	json_decref(*answer);
	*answer = NULL;
	return -EINVAL;
}
