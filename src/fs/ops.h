/* SPDX-License-Identifier: MIT */
/* The callbacks, by subject; mount.c puts them in one table. */
#ifndef FS_OPS_H
#define FS_OPS_H

struct fuse_lowlevel_ops;

void names_ops(struct fuse_lowlevel_ops *ops);

void files_ops(struct fuse_lowlevel_ops *ops);

void dirs_ops(struct fuse_lowlevel_ops *ops);

void tree_ops(struct fuse_lowlevel_ops *ops);

void xattr_ops(struct fuse_lowlevel_ops *ops);

#endif
