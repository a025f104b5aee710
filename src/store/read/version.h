/* SPDX-License-Identifier: MIT */
/*
 * One inode is one version of an object, for as long as somebody can tell:
 * the kernel has one size and one set of pages for it.
 *
 * When another client replaces an object, the name gets a new node
 * (tree_learn_locked), and who has the old one open reads the old version or
 * hears ESTALE. Only a file of which nobody has seen a byte yet goes over to
 * the new version silently, if that is no shorter: it was opened by what a
 * listing said a while ago.
 */
#ifndef STORE_VERSION_H
#define STORE_VERSION_H

#include "file/file.h"

/* Bytes of the base are given out. */
void version_note_read_locked(struct file *file);

/* True if the file may go over to a newer version. */
bool version_may_switch_locked(const struct file *file);

/*
 * Finds out which version there is and goes over to it, or fails who waits
 * for bytes: -ESTALE. On the pool; base.is_checking was set for it.
 */
MUST_USE int version_check(struct file *file, struct errinfo *err);

/* The bucket has another version: who asks for the name asks the bucket. */
void version_doubt(struct file *file);

#endif
