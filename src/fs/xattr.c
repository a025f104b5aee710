/* SPDX-License-Identifier: MIT */
/*
 * Callbacks for extended attributes. security.* and system.* get EOPNOTSUPP,
 * not ENODATA: ls then asks no more on the whole device.
 */
#include <string.h>
#include <sys/xattr.h>

#include "call.h"
#include "internal.h"
#include "list.h"
#include "ops.h"

#ifndef XATTR_SIZE_MAX
#define XATTR_SIZE_MAX 65536 /* xattr(7) */
#endif

/*
 * Programs that want the names ask for the length first (getfattr, cp, tar)
 * or bring a kilobyte (rsync). ls, from coreutils 9.6 on, asks for each file
 * with a small buffer, only to look for ACLs: that must not cost a request.
 */
#define WANTED_ROOM 1024

static bool xattr_is_reserved(const char *name)
{
	return strncmp(name, "security.", 9) == 0 ||
	       strncmp(name, "system.", 7) == 0;
}

/* call->size is the caller's room; 0 asks for the length alone. */
static void xattr_reply_value(struct call *call, int result)
{
	const struct buf *value = &call->value;

	if (call->size == 0)
		fuse_reply_xattr(call->req, value->len);
	else if (call->size < value->len)
		call_fail(call, -ERANGE);
	else
		fuse_reply_buf(call->req, value->data, value->len);
}

static const struct call_kind get_kind = {
	.name = "getxattr",
	.interrupt = CALL_INTERRUPTIBLE,
	.reply = xattr_reply_value,
};

static const struct call_kind list_kind = {
	.name = "listxattr",
	.interrupt = CALL_INTERRUPTIBLE,
	.reply = xattr_reply_value,
};

static struct call *xattr_call(fuse_req_t req, const struct call_kind *kind,
			       fuse_ino_t ino, const char *name, size_t size)
{
	struct call *call = call_new(req, kind, ino, name);

	if (!call)
		return NULL;
	call->size = size;
	call->value = (struct buf)BUF_INIT(XATTR_SIZE_MAX);
	return call;
}

/* For who mounted and for root alone, and in no list of names. */
static void xattr_get_status(fuse_req_t req, size_t size)
{
	const struct fs_options *options = &fs_of(req)->options;
	AUTO_BUF struct buf text = BUF_INIT(XATTR_SIZE_MAX);
	struct call *call;
	int rc;

	/* Before this is a call itself, which would be counted. */
	options->status(options->status_arg, &text);
	call = xattr_call(req, &get_kind, FUSE_ROOT_ID, NULL, size);
	if (!call)
		return;
	rc = call->uid == 0 || call->uid == geteuid() ? text.error : -EACCES;
	call->value = text;
	text = (struct buf)BUF_INIT(0);
	call_done(&call->io.op, rc);
}

static void xattr_get(fuse_req_t req, fuse_ino_t ino, const char *name,
		      size_t size)
{
	struct call *call;

	if (xattr_is_reserved(name)) {
		fuse_reply_err(req, EOPNOTSUPP);
		return;
	}
	if (ino == FUSE_ROOT_ID && strcmp(name, "user.s3.status") == 0 &&
	    fs_of(req)->options.status) {
		xattr_get_status(req, size);
		return;
	}
	call = xattr_call(req, &get_kind, ino, name, size);
	if (call)
		store_getxattr(call->fs->store, call->node, call->name,
			       &call->value, &call->io.op);
}

static void xattr_list(fuse_req_t req, fuse_ino_t ino, size_t size)
{
	struct call *call = xattr_call(req, &list_kind, ino, NULL, size);

	if (call)
		store_listxattr(call->fs->store, call->node,
				size == 0 || size >= WANTED_ROOM, &call->value,
				&call->io.op);
}

static const struct call_kind set_kind = {
	.name = "setxattr",
	.interrupt = CALL_KILLABLE,
	.reply = call_reply_ok,
};

static void xattr_set(fuse_req_t req, fuse_ino_t ino, const char *name,
		      const char *value, size_t size, int flags)
{
	struct call *call;

	if (xattr_is_reserved(name)) {
		fuse_reply_err(req, EOPNOTSUPP);
		return;
	}
	call = call_new(req, &set_kind, ino, name);
	if (call)
		store_setxattr(call->fs->store, call->node, call->name, value,
			       size, flags, &call->io.op);
}

static const struct call_kind remove_kind = {
	.name = "removexattr",
	.interrupt = CALL_KILLABLE,
	.reply = call_reply_ok,
};

static void xattr_remove(fuse_req_t req, fuse_ino_t ino, const char *name)
{
	struct call *call;

	if (xattr_is_reserved(name)) {
		fuse_reply_err(req, EOPNOTSUPP);
		return;
	}
	call = call_new(req, &remove_kind, ino, name);
	if (call)
		store_removexattr(call->fs->store, call->node, call->name,
				  &call->io.op);
}

void xattr_ops(struct fuse_lowlevel_ops *ops)
{
	ops->getxattr = xattr_get;
	ops->listxattr = xattr_list;
	ops->setxattr = xattr_set;
	ops->removexattr = xattr_remove;
}
