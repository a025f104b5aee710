/* SPDX-License-Identifier: MIT */
/* close(2) and fsync(2) of an open file. */
#ifndef STORE_FLUSH_H
#define STORE_FLUSH_H

struct file;

/*
 * A handle is closed, with nobody to tell: what is dirty is published, and
 * what cannot be is said in the log. Cannot fail, does not wait; file.lock
 * is held.
 */
void file_close_locked(struct file *file);

#endif
