/* SPDX-License-Identifier: MIT */
/* What is mounted where, as /proc/self/mountinfo tells it (proc(5)). */
#ifndef MOUNTED_H
#define MOUNTED_H

#include <stdbool.h>

#include "macros.h"

struct mounted {
	char *source; /* owned */
	bool is_fuse; /* of anybody's */
	bool is_ours; /* of this program, though its end may be near */
};

/*
 * The topmost mount right at path, which is absolute and has no links in it.
 * Asks nothing of the mount. Returns 0, -ENOENT (none), -ENOMEM or another
 * -errno of reading the table; mounted_release is due after 0.
 */
MUST_USE int mounted_find(const char *path, struct mounted *out);

void mounted_release(struct mounted *mounted);

#endif
