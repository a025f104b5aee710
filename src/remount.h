/* SPDX-License-Identifier: MIT */
/* mount -o remount: what the kernel can change of a mount that stands. */
#ifndef REMOUNT_H
#define REMOUNT_H

#include "buf.h"
#include "config.h"
#include "macros.h"

/*
 * Gives the mount at config->mountpoint the flags that a new one by config
 * would have: ro, noexec, nodev, nosuid, noatime. Its daemon lives on and
 * keeps its settings. Returns 0, with a line in why if others were given, or
 * -errno and what went wrong. Needs root.
 */
MUST_USE int remount(const struct config *config, struct buf *why);

#endif
