/* SPDX-License-Identifier: MIT */
/*
 * A credential_process as a source; see creds_source.h. Source: Amazon's CLI
 * guide, "Sourcing credentials with an external process".
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "clock.h"
#include "creds/creds_answer.h"
#include "creds/creds_http.h"
#include "creds/creds_source.h"
#include "creds/creds_words.h"
#include "log.h"

#define TIMEOUT_MS   60000 /* people may have to answer it */
#define LOOK_MS      100   /* between two looks whether to end */
#define SAID_MAX     4096  /* bytes of its error output that are kept */
#define SERVICE_NAME "credential_process"

struct process {
	struct creds_source base;
	struct creds_context *context;
	char *command;
	char name[300];
};

/* One run. */
struct run {
	pid_t pid;          /* 0: none, or it has ended */
	int output, errors; /* its pipes, our ends; -1: at their end */
	struct buf answer, said;
	int status;
};

static void process_end(struct run *r)
{
	close_fd(&r->output);
	close_fd(&r->errors);
	if (r->pid > 0) {
		kill(r->pid, SIGKILL);
		waitpid(r->pid, NULL, 0);
	}
	creds_token_wipe(&r->answer);
	buf_release(&r->said);
}

/* It begins with the signals as a shell's commands have them. */
static int process_start_with(struct run *r, char *const words[], int output,
			      int errors, posix_spawn_file_actions_t *actions,
			      posix_spawnattr_t *attributes)
{
	static const int signals[] = { SIGHUP, SIGINT, SIGPIPE, SIGTERM };
	sigset_t none, standard;
	int rc;

	sigemptyset(&none);
	sigemptyset(&standard);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		sigaddset(&standard, signals[i]);
	rc = posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDONLY,
					      0);
	if (rc == 0)
		rc = posix_spawn_file_actions_adddup2(actions, output, 1);
	if (rc == 0)
		rc = posix_spawn_file_actions_adddup2(actions, errors, 2);
	if (rc == 0)
		rc = posix_spawnattr_setsigmask(attributes, &none);
	if (rc == 0)
		rc = posix_spawnattr_setsigdefault(attributes, &standard);
	if (rc == 0)
		rc = posix_spawnattr_setflags(attributes,
					      POSIX_SPAWN_SETSIGMASK |
						      POSIX_SPAWN_SETSIGDEF);
	if (rc == 0)
		rc = posix_spawnp(&r->pid, words[0], actions, attributes, words,
				  environ);
	if (rc != 0)
		r->pid = 0;
	return -rc;
}

static int process_start(struct run *r, char *const words[])
{
	AUTO_CLOSE int output = -1;
	AUTO_CLOSE int errors = -1;
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int ends[2], rc;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	r->output = ends[0];
	output = ends[1];
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	r->errors = ends[0];
	errors = ends[1];
	if (posix_spawn_file_actions_init(&actions) != 0)
		return -ENOMEM;
	rc = -posix_spawnattr_init(&attributes);
	if (rc == 0) {
		rc = process_start_with(r, words, output, errors, &actions,
					&attributes);
		posix_spawnattr_destroy(&attributes);
	}
	posix_spawn_file_actions_destroy(&actions);
	return rc;
}

/* Takes what is there; what exceeds out is read and dropped. */
static void process_take_output(int *fd, struct buf *out)
{
	char some[4096];
	ssize_t n = read(*fd, some, sizeof(some));

	if (n > 0)
		buf_add(out, some, (size_t)n);
	else if (n == 0 || (errno != EINTR && errno != EAGAIN))
		close_fd(fd);
	explicit_bzero(some, sizeof(some));
}

/* Until its output ends, then until it does. Returns 0 or a negative errno. */
static int process_follow(const struct creds_context *context, struct run *r)
{
	int64_t until_ms = clock_now_ms() + TIMEOUT_MS;

	while (r->pid > 0) {
		struct pollfd fds[] = { { r->output, POLLIN, 0 },
					{ r->errors, POLLIN, 0 } };
		bool was_over = r->output < 0;

		if (atomic_load(&context->is_over))
			return -ECANCELED;
		if (clock_now_ms() >= until_ms)
			return -ETIMEDOUT;
		poll(fds, ARRAY_SIZE(fds), was_over ? LOOK_MS / 10 : LOOK_MS);
		if (fds[0].revents)
			process_take_output(&r->output, &r->answer);
		if (fds[1].revents)
			process_take_output(&r->errors, &r->said);
		/* What it started may keep its pipes. */
		if (was_over && waitpid(r->pid, &r->status, WNOHANG) == r->pid)
			r->pid = 0;
	}
	return 0;
}

/* A line each. */
static void process_log_said(const char *said)
{
	while (*said) {
		size_t len = strcspn(said, "\n");

		if (len > 0)
			log_warn("creds", SERVICE_NAME " says: %.*s", (int)len,
				 said);
		said += len + (said[len] == '\n');
	}
}

static int process_judge(const struct process *s, const struct run *r,
			 struct s3_creds **out, struct errinfo *err)
{
	if (!WIFEXITED(r->status) || WEXITSTATUS(r->status) != 0)
		return errinfo_set(err, -EACCES,
				   "%.80s: it ended with %s %d: %.*s", s->name,
				   WIFEXITED(r->status) ? "status" : "signal",
				   WIFEXITED(r->status) ?
					   WEXITSTATUS(r->status) :
					   WTERMSIG(r->status),
				   (int)strcspn(buf_str(&r->said), "\n"),
				   buf_str(&r->said));
	if (r->answer.error == -ENOMEM)
		return r->answer.error;
	if (r->answer.error)
		return errinfo_set(err, -EBADMSG, "%.80s: more than %d bytes",
				   s->name, CREDS_ANSWER_MAX);
	return creds_answer_read(CREDS_JSON_PROCESS, buf_str(&r->answer),
				 r->answer.len, s->name, out, err);
}

static int process_run(struct process *s, char *const words[],
		       struct s3_creds **out, struct errinfo *err)
{
	CLEANUP(process_end)
	struct run r = {
		.output = -1,
		.errors = -1,
		.answer = BUF_INIT(CREDS_ANSWER_MAX),
		.said = BUF_INIT(SAID_MAX),
	};
	int rc = process_start(&r, words);

	if (rc < 0)
		return errinfo_set(err, rc == -ENOMEM ? rc : -EINVAL,
				   "%.80s: cannot start %.60s: %s", s->name,
				   words[0], strerrordesc_np(-rc));
	rc = process_follow(s->context, &r);
	process_log_said(buf_str(&r.said));
	if (rc < 0)
		return errinfo_set(err, rc, "%.80s: %s", s->name,
				   rc == -ETIMEDOUT ?
					   "it did not end in a minute" :
					   "given up");
	return process_judge(s, &r, out, err);
}

static int process_fetch(struct creds_source *source, struct s3_creds **out,
			 struct errinfo *err)
{
	struct process *s = container_of(source, struct process, base);
	CLEANUP(creds_words_release) struct creds_words words;
	int rc = creds_words_split(s->command, &words);

	if (rc < 0)
		return errinfo_set(err, rc,
				   "%.80s: the command cannot be taken apart: "
				   "a quote or a word is missing",
				   s->name);
	return process_run(s, words.words, out, err);
}

static const char *process_name(struct creds_source *source)
{
	return container_of(source, struct process, base)->name;
}

static void process_free(struct creds_source *source)
{
	struct process *s = container_of(source, struct process, base);

	free(s->command);
	free(s);
}

int creds_process_new(struct creds_context *context, const char *command,
		      const char *from, struct creds_source **out)
{
	struct process *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->base = (struct creds_source){
		.fetch = process_fetch,
		.name = process_name,
		.free = process_free,
	};
	s->context = context;
	s->command = strdup(command);
	if (!s->command) {
		process_free(&s->base);
		return -ENOMEM;
	}
	snprintf(s->name, sizeof(s->name), SERVICE_NAME " of %s", from);
	*out = &s->base;
	return 0;
}
