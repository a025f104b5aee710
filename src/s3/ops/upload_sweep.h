/* SPDX-License-Identifier: MIT */
/*
 * Aborts what processes that are dead have left of their uploads, by the
 * record that each kept (upload_record.h). s3.h has what starts it.
 */
#ifndef S3_UPLOAD_SWEEP_H
#define S3_UPLOAD_SWEEP_H

struct upload_sweep;

/* Stops it at once and frees it; NULL does nothing. */
void upload_sweep_free(struct upload_sweep *sweep);

#endif
