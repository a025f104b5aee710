/* SPDX-License-Identifier: MIT */
/*
 * What is looked at before the daemon goes to the background. Each check
 * returns 0 or -errno, and why is then one sentence: cause and mend. They
 * block; any thread but a loop thread.
 */
#ifndef CHECKS_H
#define CHECKS_H

#include "buf.h"
#include "config.h"
#include "errinfo.h"
#include "macros.h"

struct s3_client;

/* A folder, no mount of this kind yet; *out is its absolute path, owned. */
MUST_USE int check_mountpoint(const char *path, char **out, struct buf *why);

/* /dev/fuse is there and may be opened. */
MUST_USE int check_fuse_device(struct buf *why);

/*
 * Appends why a request failed, cause and mend; right: what a key needs for
 * it, such as "s3:GetObject".
 */
void check_explain(struct s3_client *client, int code,
		   const struct errinfo *err, const char *right,
		   struct buf *why);

/*
 * One listing of one key: credentials, bucket, region, clock. A missing
 * bucket is made if the settings say so.
 */
MUST_USE int check_bucket(struct s3_client *client, const struct config *config,
			  struct buf *why);

#endif
