/* SPDX-License-Identifier: MIT */
/* Invalidates what the kernel caches, on a thread that does nothing else. */
#ifndef FS_NOTIFY_H
#define FS_NOTIFY_H

#include "internal.h"

struct notifier *notifier_new(struct fs *fs);

/* The kernel shall ask for the attributes of ino again. */
void notifier_inode(struct notifier *n, fuse_ino_t ino);

/* Tells the kernel no more and ends the thread; what comes later is lost. */
void notifier_stop(struct notifier *n);

void notifier_free(struct notifier *n);

#endif
