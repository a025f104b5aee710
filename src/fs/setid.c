/* SPDX-License-Identifier: MIT */
/* Set-user-id and set-group-id end with a change; see setid.h. */
#include "setid.h"

#include "call.h"
#include "internal.h"
#include "notify.h"

/* chown(2): set-group-id without group execution is mandatory locking. */
static mode_t setid_without(mode_t mode)
{
	mode &= ~(mode_t)S_ISUID;
	return mode & S_IXGRP ? mode & ~(mode_t)S_ISGID : mode;
}

/* The change itself succeeded: that, not this, is what the caller asked. */
static void setid_clear_done(struct store_op *op, int result)
{
	struct call *call = call_of(op);

	/* After a write the kernel asks for size and times, not for the mode. */
	if (result >= 0) {
		inodes_note_set_id(&call->fs->inodes, call->ino, false);
		notifier_inode(call->fs->notifier, call->ino);
	}
	call_done(op, call->result);
}

/* op has the attributes of call->node. */
static void setid_clear_bits(struct call *call)
{
	struct store_op *op = &call->io.op;
	struct store_attr attr = { .mode = setid_without(op->attr.mode) };

	if (!op->attr.has_mode || op->attr.is_dir ||
	    attr.mode == op->attr.mode) {
		call_done(op, call->result);
		return;
	}
	op->done = setid_clear_done;
	store_setattr(call->fs->store, call->node, NULL, STORE_SET_MODE, &attr,
		      op);
}

void setid_clear(struct call *call, int result)
{
	call->result = result;
	if (result < 0)
		call_done(&call->io.op, result);
	else
		setid_clear_bits(call);
}

static void setid_attr_done(struct store_op *op, int result)
{
	struct call *call = call_of(op);

	if (result < 0)
		call_done(op, call->result);
	else
		setid_clear_bits(call);
}

void setid_clear_written(struct call *call, int result)
{
	struct fs *fs = call->fs;

	call->result = result;
	if (result < 0 || !inodes_has_set_id(&fs->inodes, call->ino)) {
		call_done(&call->io.op, result);
		return;
	}
	if (!call->node)
		call->node = inodes_get(&fs->inodes, call->ino);
	if (!call->node) {
		call_done(&call->io.op, result);
		return;
	}
	call->io.op.done = setid_attr_done;
	store_getattr(fs->store, call->node, &call->io.op);
}
