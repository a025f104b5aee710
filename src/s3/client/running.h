/* SPDX-License-Identifier: MIT */
/*
 * Requests under way, reached from the side: s3_cancel, s3_resume,
 * s3_cancel_reads, and retries that need not wait any longer. Any thread.
 */
#ifndef S3_RUNNING_H
#define S3_RUNNING_H

struct s3_client;

/*
 * The server is back: who pauses before a retry goes on, whatever pause the
 * server had asked for, all within a moment but not all at once.
 */
void running_hasten(struct s3_client *c);

#endif
