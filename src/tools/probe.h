/* SPDX-License-Identifier: MIT */
/*
 * What a server can do, found out with small objects under a name of their
 * own, which are removed again. Texts are "yes", "no: ..." and the like, for
 * people. One thread.
 */
#ifndef TOOLS_PROBE_H
#define TOOLS_PROBE_H

#include "s3.h"
#include "traits.h"

#define PROBE_TEXT 240 /* bytes, NUL included */

struct probe {
	const char *location; /* in */
	char write[PROBE_TEXT];
	char remove[PROBE_TEXT];
	/* Why the client has not learned it, if it has not. */
	char unknown[S3_TRAIT_COUNT][PROBE_TEXT];
};

/* Reads only: whether a missing name is told from a forbidden one. */
void probe_missing(struct s3_client *s3, struct probe *probe);

/* Also leaves what it finds in the client's traits. */
void probe_run(struct s3_client *s3, struct probe *probe);

#endif
