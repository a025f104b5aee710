/* SPDX-License-Identifier: MIT */
/*
 * What a server can do, found out with small objects under a name of their
 * own, which are removed again. Texts are "yes", "no: ..." and the like, for
 * people. One thread.
 */
#ifndef TOOLS_PROBE_H
#define TOOLS_PROBE_H

#include "s3.h"

#define PROBE_TEXT 240 /* bytes, NUL included */

struct probe {
	const char *location; /* in */
	char write[PROBE_TEXT];
	char conditional[PROBE_TEXT]; /* If-None-Match: * */
	char part_copy[PROBE_TEXT];   /* UploadPartCopy */
	char checksum[PROBE_TEXT];    /* x-amz-checksum-crc32c, kept */
	char remove[PROBE_TEXT];
};

void probe_run(struct s3_client *s3, struct probe *probe);

#endif
