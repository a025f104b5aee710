/* SPDX-License-Identifier: MIT */
/* Callers that got a signal. */
#ifndef FS_INTERRUPT_H
#define FS_INTERRUPT_H

#include "internal.h"

struct call;

void interrupt_arrived(fuse_req_t req, void *data);

/* Looks at watched calls again; false if there are none. */
bool interrupt_watch(struct fs *fs);

void interrupt_unwatch_locked(struct call *call);

#define INTERRUPT_WATCH_MS 200

#endif
