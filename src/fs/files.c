/* SPDX-License-Identifier: MIT */
/* Callbacks for open files. */
#include <fcntl.h>
#include <unistd.h>

#include "attr.h"
#include "call.h"
#include "internal.h"
#include "metrics.h"
#include "opened.h"
#include "ops.h"
#include "process.h"
#include "setid.h"

/* Until the kernel knows of the handle it is ours to give back. */
static void open_drop_handle(struct call *call, int result)
{
	if (call->io.op.handle)
		store_release(STEAL(call->io.op.handle));
	call_drop_node(call, result);
}

/* Puts op's handle into fi; false: no memory. */
static bool open_adopt_handle(struct call *call, fuse_ino_t ino)
{
	struct fuse_file_info *fi = &call->fi;
	bool only_reads = (fi->flags & O_ACCMODE) == O_RDONLY &&
			  !(fi->flags & (O_TRUNC | O_CREAT));
	struct opened *o = opened_new(call->fs, ino, STEAL(call->io.op.handle),
				      NULL, !only_reads, call->pid);

	if (!o)
		return false;
	fi->fh = (uintptr_t)o;
	fi->noflush = only_reads;
	return true;
}

static void open_reply(struct call *call, int result)
{
	call->fi.keep_cache = store_may_keep_cache(call->io.op.handle);
	if (!open_adopt_handle(call, call->ino))
		call_fail(call, -ENOMEM);
	else if (fuse_reply_open(call->req, &call->fi) < 0)
		opened_close(opened_of(&call->fi));
}

static const struct call_kind open_kind = {
	.name = "open",
	.interrupt = CALL_INTERRUPTIBLE,
	.reply = open_reply,
	.drop = open_drop_handle,
};

/* Who hears EINTR may go on, and would find the file emptied after all. */
static const struct call_kind open_truncate_kind = {
	.name = "open",
	.interrupt = CALL_KILLABLE,
	.reply = open_reply,
	.drop = open_drop_handle,
};

static void open_truncated(struct store_op *op, int result)
{
	setid_clear(call_of(op), result);
}

static void files_open(fuse_req_t req, fuse_ino_t ino,
		       struct fuse_file_info *fi)
{
	bool truncates = (fi->flags & O_TRUNC) != 0;
	struct call *call = call_new(
		req, truncates ? &open_truncate_kind : &open_kind, ino, NULL);

	if (!call)
		return;
	call->fi = *fi;
	if (truncates && call->uid != 0)
		call->io.op.done = open_truncated;
	store_open(call->fs->store, call->node, fi->flags, &call->io.op);
}

static void create_reply(struct call *call, int result)
{
	struct store_op *op = &call->io.op;
	struct fuse_entry_param e;
	int rc = attr_to_entry(call->fs, STEAL(op->node), &op->attr, &e);

	if (rc < 0) {
		open_drop_handle(call, result);
		call_fail(call, rc);
	} else if (!open_adopt_handle(call, e.ino)) {
		inodes_forget(&call->fs->inodes, e.ino, 1);
		call_fail(call, -ENOMEM);
	} else if (fuse_reply_create(call->req, &e, &call->fi) < 0) {
		opened_close(opened_of(&call->fi));
		inodes_forget(&call->fs->inodes, e.ino, 1);
	}
}

static const struct call_kind create_kind = {
	.name = "create",
	.interrupt = CALL_KILLABLE,
	.reply = create_reply,
	.drop = open_drop_handle,
};

static void create_existing_opened(struct store_op *op, int result)
{
	struct call *call = call_of(op);

	if (result >= 0)
		op->node = node_get(call->node);
	if ((call->fi.flags & O_TRUNC) && call->uid != 0)
		setid_clear(call, result);
	else
		call_done(op, result);
}

static void create_existing_found(struct store_op *op, int result)
{
	struct call *call = call_of(op);

	if (result < 0) {
		call_done(op, result);
		return;
	}
	node_put(call->fs->store, call->node, 1);
	call->node = STEAL(op->node);
	call->ino = inodes_number(&call->fs->inodes, op->attr.id);
	if (op->attr.is_dir) {
		call_done(op, -EISDIR);
		return;
	}
	op->done = create_existing_opened;
	store_open(call->fs->store, call->node,
		   call->fi.flags & ~(O_CREAT | O_EXCL), op);
}

/* The kernel believed in an absence that has ended: then it is an open. */
static void create_done(struct store_op *op, int result)
{
	struct call *call = call_of(op);

	if (result != -EEXIST || (call->fi.flags & O_EXCL)) {
		call_done(op, result);
		return;
	}
	op->err = (struct errinfo)ERRINFO_INIT;
	op->done = create_existing_found;
	store_lookup(call->fs->store, call->node, call->name, op);
}

static void files_create(fuse_req_t req, fuse_ino_t parent, const char *name,
			 mode_t mode, struct fuse_file_info *fi)
{
	struct call *call = call_new(req, &create_kind, parent, name);
	struct store_attr attr;

	if (!call)
		return;
	attr_of_creator(call, mode, &attr);
	call->fi = *fi;
	call->io.op.done = create_done;
	store_create(call->fs->store, call->node, call->name, fi->flags, &attr,
		     &call->io.op);
}

static void read_drop(struct call *call, int result)
{
	store_read_release(&call->io);
}

static void read_reply(struct call *call, int result)
{
	metrics_add(METRIC_FS_READ, (uint64_t)result);
	fuse_reply_iov(call->req, call->io.iov, (int)call->io.iov_count);
	store_read_release(&call->io);
}

static const struct call_kind read_kind = {
	.name = "read",
	.interrupt = CALL_INTERRUPTIBLE,
	.reply = read_reply,
	.drop = read_drop,
};

static void read_done(struct store_op *op, int result)
{
	if (result < 0)
		store_read_release(&call_of(op)->io);
	call_done(op, result);
}

static void files_read(fuse_req_t req, fuse_ino_t ino, size_t size,
		       off_t offset, struct fuse_file_info *fi)
{
	struct call *call = call_new_opened(req, &read_kind, ino, fi);

	if (!call)
		return;
	call->io.op.done = read_done;
	store_read(call->opened->handle, (uint64_t)offset, size, &call->io);
}

static void write_reply(struct call *call, int result)
{
	metrics_add(METRIC_FS_WRITTEN, (uint64_t)result);
	fuse_reply_write(call->req, (size_t)result);
}

static const struct call_kind write_kind = {
	.name = "write",
	.interrupt = CALL_UNINTERRUPTIBLE,
	.reply = write_reply,
};

static void write_done(struct store_op *op, int result)
{
	setid_clear_written(call_of(op), result);
}

static void files_write(fuse_req_t req, fuse_ino_t ino, const char *data,
			size_t size, off_t offset, struct fuse_file_info *fi)
{
	struct call *call = call_new_opened(req, &write_kind, ino, fi);

	if (!call)
		return;
	/* Writes of a mapping carry no caller. */
	if (!fi->writepage && call->uid != 0)
		call->io.op.done = write_done;
	store_write(call->opened->handle, (uint64_t)offset, data, size,
		    fi->writepage, &call->io.op);
}

static const struct call_kind flush_kind = {
	.name = "close",
	.interrupt = CALL_KILLABLE,
	.reply = call_reply_ok,
};

/*
 * close(2) of one of the descriptors that may lead here. What is written is
 * stored when the program that opened the file closes; not when one that it
 * has lent the descriptor to ends, which has its own errors to tell. A shell
 * that redirects closes the descriptor it got from open(2) before anything
 * is written through a copy of it: to store the empty file then would cost
 * the old object. So a file that was only made or emptied is stored here if
 * nobody has another descriptor, else when all are closed.
 */
static bool flush_must_store(const struct call *call)
{
	struct opened *o = call->opened;
	const struct process_inode inode = {
		.dev_major = call->fs->device.major,
		.dev_minor = call->fs->device.minor,
		.ino = call->ino,
	};

	if (process_of_thread(call->pid) != o->process)
		return false;
	switch (store_unsaved(o->handle)) {
	case STORE_WRITTEN:
		return true;
	case STORE_MADE:
		return !process_may_hold(o->process, &o->since, &inode);
	default:
		return false;
	}
}

static void files_flush(fuse_req_t req, fuse_ino_t ino,
			struct fuse_file_info *fi)
{
	struct call *call;

	if (!opened_of(fi)->flushes) {
		fuse_reply_err(req, 0);
		return;
	}
	call = call_new_opened(req, &flush_kind, ino, fi);
	if (call)
		store_flush(call->opened->handle, flush_must_store(call),
			    &call->io.op);
}

static const struct call_kind fsync_kind = {
	.name = "fsync",
	.interrupt = CALL_KILLABLE,
	.reply = call_reply_ok,
};

static void files_fsync(fuse_req_t req, fuse_ino_t ino, int datasync,
			struct fuse_file_info *fi)
{
	struct call *call = call_new_opened(req, &fsync_kind, ino, fi);

	if (call)
		store_flush(call->opened->handle, true, &call->io.op);
}

static void files_release(fuse_req_t req, fuse_ino_t ino,
			  struct fuse_file_info *fi)
{
	opened_close(opened_of(fi));
	fuse_reply_err(req, 0);
}

static const struct call_kind fallocate_kind = {
	.name = "fallocate",
	.interrupt = CALL_KILLABLE,
	.reply = call_reply_ok,
};

static void files_fallocate(fuse_req_t req, fuse_ino_t ino, int mode,
			    off_t offset, off_t len, struct fuse_file_info *fi)
{
	struct call *call = call_new_opened(req, &fallocate_kind, ino, fi);

	if (call)
		store_fallocate(call->opened->handle, mode, (uint64_t)offset,
				(uint64_t)len, &call->io.op);
}

void files_ops(struct fuse_lowlevel_ops *ops)
{
	ops->open = files_open;
	ops->create = files_create;
	ops->read = files_read;
	ops->write = files_write;
	ops->flush = files_flush;
	ops->fsync = files_fsync;
	ops->release = files_release;
	ops->fallocate = files_fallocate;
}
