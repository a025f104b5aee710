/* SPDX-License-Identifier: MIT */
/* See apart.h. */
#include "apart.h"

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

int apart_serve(raw_answer_fn answer)
{
	int out[2], port = 0;

	if (pipe(out) < 0)
		return 0;
	if (fork() == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		port = raw_server_new(answer, NULL)->port;
		if (write(out[1], &port, sizeof(port)) != sizeof(port))
			_exit(1);
		for (;;)
			pause();
	}
	close(out[1]);
	if (read(out[0], &port, sizeof(port)) != sizeof(port))
		port = 0;
	close(out[0]);
	return port;
}
