/* SPDX-License-Identifier: MIT */
/*
 * A command line taken apart as a shell does it, without a shell: blanks,
 * both quotes and the backslash count, nothing else does. Python's shlex.split
 * is the rule, as botocore uses it. Pure.
 */
#ifndef S3_CREDS_WORDS_H
#define S3_CREDS_WORDS_H

#include "macros.h"

#define CREDS_WORDS_MAX 256

struct creds_words {
	char *text;                       /* owned; what the words stand in */
	char *words[CREDS_WORDS_MAX + 1]; /* NULL behind the last */
	size_t count;
};

/*
 * Returns 0, -EINVAL (a quote that does not end, a backslash at the end, no
 * word), -E2BIG or -ENOMEM. creds_words_release is due in any case.
 */
MUST_USE int creds_words_split(const char *line, struct creds_words *out);

void creds_words_release(struct creds_words *words);

#endif
