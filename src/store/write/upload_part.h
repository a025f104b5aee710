/* SPDX-License-Identifier: MIT */
/* One part of an upload. */
#ifndef STORE_UPLOAD_PART_H
#define STORE_UPLOAD_PART_H

#include <stdbool.h>
#include <stdint.h>

#include "data/plan.h"
#include "macros.h"

struct errinfo;
struct file;
struct upload;

/* Whether one more part may be in the air. */
bool upload_may_launch(const struct file *file, const struct upload *up,
		       enum plan_kind kind);

/*
 * Starts part index, once its bytes are here. On the pool; file.lock is held
 * and given up meanwhile. Errors as of body_new_locked.
 */
MUST_USE int upload_launch_locked(struct file *file, struct upload *up,
				  unsigned index, struct errinfo *err);

#endif
