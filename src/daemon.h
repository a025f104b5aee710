/* SPDX-License-Identifier: MIT */
/*
 * Going to the background.
 *
 *   daemon_fork(&d, &err);   before any thread is there
 *   ... only the child comes here: checks, mount ...
 *   daemon_ready(&d);        the parent exits with 0
 *   ... or ...
 *   daemon_fail(&d, 1, "the bucket does not exist");
 *
 * Until then the parent waits on a pipe, and its exit status and its one
 * line on stderr are what the child says, or that the child died. In the
 * foreground, without daemon_fork, the same calls do what is left of it.
 */
#ifndef DAEMON_H
#define DAEMON_H

#include "errinfo.h"

struct daemon {
	int pipe_fd; /* to the parent; -1: foreground, or all is said */
};

#define DAEMON_FOREGROUND      \
	{                      \
		.pipe_fd = -1, \
	}

/*
 * Returns 0 in the child, which has nothing open but stdin, stdout, stderr
 * and the pipe; the parent never returns. -errno: no child.
 */
MUST_USE int daemon_fork(struct daemon *d, struct errinfo *err);

/*
 * Leaves terminal and working folder, and lets the parent go, which prints
 * the sentence, if any, where the user is.
 */
void daemon_ready(struct daemon *d, const char *sentence);

/* Prints sentence where the user is; the parent exits with status. */
void daemon_fail(struct daemon *d, int status, const char *sentence);

/* No core dumps, no debugger (the process holds keys), no SIGPIPE. */
void daemon_harden(void);

#endif
