/* SPDX-License-Identifier: MIT */
/* Receiving requests, and the signals that end it. */
#ifndef FS_LOOP_H
#define FS_LOOP_H

struct fs;

void loop_catch_signals(struct fs *fs);

void loop_forget_signals(void);

#endif
