/* SPDX-License-Identifier: MIT */
/*
 * Going to the background; see daemon.h. What goes through the pipe is the
 * exit status as one byte, then the sentence, then the end of the file.
 */
#include "daemon.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io.h"
#include "log.h"

#if defined(__SANITIZE_ADDRESS__)
#define HAS_LEAK_CHECK 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_LEAK_CHECK 1
#endif
#endif

/* What servers say may be in it: no control character reaches a terminal. */
static void daemon_print_line(const char *text, size_t len)
{
	fputs("s3storefs: ", stderr);
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		fputc(c < 0x20 || c == 0x7f ? '?' : c, stderr);
	}
	fputc('\n', stderr);
}

/* The child ended without a word. */
static void daemon_report_death(pid_t child)
{
	int status = 0;

	waitpid(child, &status, 0);
	if (WIFSIGNALED(status))
		fprintf(stderr,
			"s3storefs: the daemon was ended by signal %d (%s) "
			"while starting\n",
			WTERMSIG(status), sigdescr_np(WTERMSIG(status)));
	else
		fprintf(stderr,
			"s3storefs: the daemon ended with status %d while "
			"starting\n",
			WEXITSTATUS(status));
}

__attribute__((noreturn)) static void wait_for_verdict(pid_t child, int fd)
{
	char message[1024];
	ssize_t len = io_read(fd, message, sizeof(message));

	if (len <= 0) {
		daemon_report_death(child);
		_exit(1);
	}
	if (len > 1)
		daemon_print_line(message + 1, (size_t)len - 1);
	_exit(message[0]);
}

int daemon_fork(struct daemon *d, struct errinfo *err)
{
	int fds[2];
	pid_t child;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return errinfo_set(err, -errno, "no pipe: %s",
				   strerrordesc_np(errno));
	fflush(NULL);
	child = fork();
	if (child < 0) {
		int rc = -errno;

		close(fds[0]);
		close(fds[1]);
		return errinfo_set(err, rc, "no process: %s",
				   strerrordesc_np(-rc));
	}
	if (child > 0) {
		close(fds[1]);
		wait_for_verdict(child, fds[0]);
	}
	/* What the caller had open would live as long as the mount. */
	close_range(3, (unsigned)fds[1] - 1, 0);
	close_range((unsigned)fds[1] + 1, ~0U, 0);
	d->pipe_fd = fds[1];
	return 0;
}

static void daemon_give_verdict(struct daemon *d, int status,
				const char *sentence)
{
	char byte = (char)status;

	/* A parent that is gone does not listen. */
	if (io_write(d->pipe_fd, &byte, 1) == 0)
		(void)!io_write(d->pipe_fd, sentence, strlen(sentence));
	close(d->pipe_fd);
	d->pipe_fd = -1;
}

void daemon_ready(struct daemon *d, const char *sentence)
{
	int null;

	if (d->pipe_fd < 0)
		return;
	setsid();
	if (chdir("/") < 0)
		log_warn("daemon", "cannot leave the working folder: %s",
			 strerrordesc_np(errno));
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int fd = 0; null >= 0 && fd <= 2; fd++)
		dup2(null, fd);
	if (null > 2)
		close(null);
	daemon_give_verdict(d, 0, sentence ? sentence : "");
}

void daemon_fail(struct daemon *d, int status, const char *sentence)
{
	if (d->pipe_fd < 0)
		daemon_print_line(sentence, strlen(sentence));
	else
		daemon_give_verdict(d, status, sentence);
}

void daemon_harden(void)
{
	static const struct rlimit none;

	/* A peer that hangs up is an error of the call, not our end. */
	signal(SIGPIPE, SIG_IGN);
	setrlimit(RLIMIT_CORE, &none);
#ifndef HAS_LEAK_CHECK /* LeakSanitizer works as a debugger does */
	prctl(PR_SET_DUMPABLE, 0);
#endif
}
