/* SPDX-License-Identifier: MIT */
/* The store's attributes as the kernel wants them. */
#ifndef FS_ATTR_H
#define FS_ATTR_H

#include <sys/stat.h>

#include "internal.h"

struct call;

void attr_to_stat(const struct fs *fs, const struct store_attr *attr,
		  struct stat *st);

double attr_seconds(const struct store_attr *attr);

/* What create, mkdir and mknod ask the store to keep. */
void attr_of_creator(const struct call *call, mode_t mode,
		     struct store_attr *attr);

/*
 * Fills e for op's node and attr and counts the lookup. Takes the node's
 * reference over in any case. Returns 0 or -ENOMEM.
 */
MUST_USE int attr_to_entry(struct fs *fs, struct node *node,
			   const struct store_attr *attr,
			   struct fuse_entry_param *e);

#endif
