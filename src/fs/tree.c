/* SPDX-License-Identifier: MIT */
/* Callbacks that change the tree: make, remove, rename. */
#include <fcntl.h>

#include "attr.h"
#include "call.h"
#include "internal.h"
#include "ops.h"

static const struct call_kind mkdir_kind = {
	.name = "mkdir",
	.interrupt = CALL_KILLABLE,
	.reply = call_reply_entry,
	.drop = call_drop_node,
};

static void tree_mkdir(fuse_req_t req, fuse_ino_t parent, const char *name,
		       mode_t mode)
{
	struct call *call = call_new(req, &mkdir_kind, parent, name);
	struct store_attr attr;

	if (!call)
		return;
	attr_of_creator(call, mode, &attr);
	attr.is_dir = true;
	store_mkdir(call->fs->store, call->node, call->name, &attr,
		    &call->io.op);
}

static void mknod_drop(struct call *call, int result)
{
	store_release(STEAL(call->io.op.handle));
	call_drop_node(call, result);
}

static void mknod_reply(struct call *call, int result)
{
	store_release(STEAL(call->io.op.handle));
	call_reply_entry(call, result);
}

static const struct call_kind mknod_kind = {
	.name = "mknod",
	.interrupt = CALL_KILLABLE,
	.reply = mknod_reply,
	.drop = mknod_drop,
};

static void mknod_flushed(struct store_op *op, int result)
{
	if (result < 0)
		mknod_drop(call_of(op), result);
	call_done(op, result);
}

/* A file made without being opened is there when mknod(2) returns. */
static void mknod_created(struct store_op *op, int result)
{
	if (result < 0) {
		call_done(op, result);
		return;
	}
	op->done = mknod_flushed;
	store_flush(op->handle, true, op);
}

static void tree_mknod(fuse_req_t req, fuse_ino_t parent, const char *name,
		       mode_t mode, dev_t rdev)
{
	struct store_attr attr;
	struct call *call;

	if (!S_ISREG(mode)) {
		call_refuse(req, "mknod", parent, -EPERM);
		return;
	}
	call = call_new(req, &mknod_kind, parent, name);
	if (!call)
		return;
	attr_of_creator(call, mode, &attr);
	call->io.op.done = mknod_created;
	store_create(call->fs->store, call->node, call->name,
		     O_CREAT | O_EXCL | O_WRONLY, &attr, &call->io.op);
}

/* EPERM: "the filesystem does not support it", symlink(2) and link(2). */
static void tree_symlink(fuse_req_t req, const char *target, fuse_ino_t parent,
			 const char *name)
{
	call_refuse(req, "symlink", parent, -EPERM);
}

static void tree_link(fuse_req_t req, fuse_ino_t ino, fuse_ino_t parent,
		      const char *name)
{
	call_refuse(req, "link", ino, -EPERM);
}

static const struct call_kind unlink_kind = {
	.name = "unlink",
	.interrupt = CALL_KILLABLE,
	.reply = call_reply_ok,
};

static void tree_unlink(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct call *call = call_new(req, &unlink_kind, parent, name);

	if (call)
		store_unlink(call->fs->store, call->node, call->name,
			     &call->io.op);
}

static const struct call_kind rmdir_kind = {
	.name = "rmdir",
	.interrupt = CALL_KILLABLE,
	.reply = call_reply_ok,
};

static void tree_rmdir(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct call *call = call_new(req, &rmdir_kind, parent, name);

	if (call)
		store_rmdir(call->fs->store, call->node, call->name,
			    &call->io.op);
}

static const struct call_kind rename_kind = {
	.name = "rename",
	.interrupt = CALL_KILLABLE,
	.reply = call_reply_ok,
};

static void tree_rename(fuse_req_t req, fuse_ino_t parent, const char *name,
			fuse_ino_t to_parent, const char *to_name,
			unsigned flags)
{
	struct call *call = call_new_pair(req, &rename_kind, parent, name,
					  to_parent, to_name);

	if (call)
		store_rename(call->fs->store, call->node, call->name,
			     call->to_node, call->to_name, flags, &call->io.op);
}

void tree_ops(struct fuse_lowlevel_ops *ops)
{
	ops->mkdir = tree_mkdir;
	ops->mknod = tree_mknod;
	ops->symlink = tree_symlink;
	ops->link = tree_link;
	ops->unlink = tree_unlink;
	ops->rmdir = tree_rmdir;
	ops->rename = tree_rename;
}
