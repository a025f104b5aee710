/* SPDX-License-Identifier: MIT */
/* One part of an upload. */
#ifndef STORE_UPLOAD_PART_H
#define STORE_UPLOAD_PART_H

#include <stdbool.h>
#include <stdint.h>

#include "data/plan.h"
#include "macros.h"

struct file;
struct upload;

/* Whether one more part may be in the air; of parts from disk few may. */
bool upload_may_launch(const struct file *file, const struct upload *up,
		       enum plan_kind kind, uint64_t offset, uint64_t length);

/*
 * Of parts from the disk few may be in the air, of all files together: has
 * file.changed told when one has landed. False: there is room for one now.
 */
bool upload_await_slot_locked(struct file *file);

/*
 * Starts part index; file.lock is held and given up meanwhile. -ENOMEM, -EIO.
 */
MUST_USE int upload_launch_locked(struct file *file, struct upload *up,
				  unsigned index);

#endif
