/* SPDX-License-Identifier: MIT */
/* What is negotiated with the kernel. */
#ifndef FS_INIT_H
#define FS_INIT_H

#include "internal.h"

MUST_USE int init_take_device(struct fs *fs);

void init_session(void *userdata, struct fuse_conn_info *conn);

void init_learn_device(struct fs *fs); /* before anything is received */

void init_raise_read_ahead(struct fs *fs);

#endif
