/* SPDX-License-Identifier: MIT */
/*
 * Parts of a file that is being written: sent while it grows, kept or evicted
 * once the bucket has them.
 */
#ifndef STORE_UPLOAD_STREAM_H
#define STORE_UPLOAD_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "macros.h"

struct file;
struct store;

/* Looks for full parts of a file that is written from its start. */
void upload_offer_locked(struct file *file);
/* The file's bytes in [start, end) changed again. */
void upload_note_write_locked(struct file *file, uint64_t start, uint64_t end);

/*
 * Moves some memory of parts that were sent to the spool. Returns 1, 0 if
 * there is none, or the disk's error. On the pool; lock given up meanwhile.
 */
MUST_USE int upload_spill_locked(struct file *file);
/* A part is on its way, which is to be had then. */
bool upload_is_coming_locked(const struct file *file);

/*
 * Lets go of what the bucket has: a part that was sent, or clean bytes on
 * the disk. False: nothing is to be had so. On the pool; the lock is given up
 * meanwhile.
 */
bool upload_let_go_locked(struct file *file);
/* upload_let_go_locked of any file. On the pool; no lock held. */
bool store_let_go(struct store *store);

/*
 * Sends a part that was written again as a whole, which without need waits for
 * the close; or all parts again under another name. False: there is none. On
 * the pool; lock given up meanwhile.
 */
bool upload_send_again_locked(struct file *file);

#endif
