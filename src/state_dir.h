/* SPDX-License-Identifier: MIT */
/*
 * Where to keep what must outlive a process: S3STOREFS_STATE_DIR, else
 * /var/lib/s3storefs for root, else $XDG_STATE_HOME/s3storefs or
 * ~/.local/state/s3storefs; and, if that cannot be used, the folder of
 * unsaved bytes. Makes nothing. One thread.
 */
#ifndef STATE_DIR_H
#define STATE_DIR_H

#include "config.h"
#include "macros.h"
#include "s3.h"

struct state_dir {
	char *records[S3_RECORD_FOLDERS]; /* owned; the better one first */
};

/* Returns 0, and state_dir_release is due, or -ENOMEM. */
MUST_USE int state_dir_find(const struct config *config, struct state_dir *out);

void state_dir_release(struct state_dir *state);

#endif
