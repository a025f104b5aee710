/* SPDX-License-Identifier: MIT */
/*
 * What went wrong, for people.
 *
 * Code decides by the return value (0 or a negative errno) and never by
 * what is in here. The place that first sees a failure fills it in; layers
 * above pass it on as it is; src/fs/call.c writes it to the log, once.
 */
#ifndef BASE_ERRINFO_H
#define BASE_ERRINFO_H

#include "macros.h"

struct errinfo {
	int code;            /* negative errno; 0 while nothing is set */
	int http_status;     /* 0 unless a server answered */
	char s3_code[40];    /* "SlowDown"; "" unless a server said so */
	char request_id[40]; /* x-amz-request-id, "" if unknown */
	char text[280];      /* what was tried, and on what: for the log */
	/*
	 * What the server or the network said, alone and in plain words: for
	 * a person who knows what was tried. "" if text is all there is.
	 */
	char cause[120];
};

#define ERRINFO_INIT \
	{            \
		0    \
	}

/* Sets the text and the code, and no cause, unless err is NULL. Returns code. */
int errinfo_set(struct errinfo *err, int code, const char *fmt, ...)
	PRINTF_LIKE(3, 4);

#endif
