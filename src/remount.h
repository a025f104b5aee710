/* SPDX-License-Identifier: MIT */
/* mount -o remount: what the kernel can change of a mount that stands. */
#ifndef REMOUNT_H
#define REMOUNT_H

#include "buf.h"
#include "config.h"
#include "macros.h"

/*
 * Gives the mount at config->mountpoint those of ro, noexec, dev, suid and
 * noatime, or their opposites, that were given; its daemon lives on and keeps
 * its settings. Returns 0, with a line in why if there were others, or -errno
 * and what went wrong. Needs root.
 */
MUST_USE int remount(const struct config *config, struct buf *why);

#endif
