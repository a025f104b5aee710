/* SPDX-License-Identifier: MIT */
/*
 * Callbacks for extended attributes: answered at once, from what the store
 * knows. security.* and system.* get EOPNOTSUPP, not ENODATA: ls then asks
 * no more on the whole device.
 */
#include <string.h>
#include <sys/xattr.h>

#include "internal.h"

#ifndef XATTR_SIZE_MAX
#define XATTR_SIZE_MAX 65536 /* xattr(7) */
#endif

static bool is_reserved(const char *name)
{
	return strncmp(name, "security.", 9) == 0 ||
	       strncmp(name, "system.", 7) == 0;
}

/* size 0 asks for the length alone. */
static void reply(fuse_req_t req, const char *op, fuse_ino_t ino, size_t size,
		  const char *value, ssize_t len)
{
	if (len < 0)
		call_refuse(req, op, ino, (int)len);
	else if (size == 0)
		fuse_reply_xattr(req, (size_t)len);
	else
		fuse_reply_buf(req, value, (size_t)len);
}

/* name NULL: the list of names. */
static void answer(fuse_req_t req, const char *op, fuse_ino_t ino,
		   const char *name, size_t size)
{
	struct fs *fs = fs_of(req);
	struct node *node;
	ssize_t len;

	if (size > XATTR_SIZE_MAX)
		size = XATTR_SIZE_MAX;
	AUTO_FREE char *value = malloc(size ? size : 1);
	if (!value) {
		call_refuse(req, op, ino, -ENOMEM);
		return;
	}
	node = inodes_get(&fs->inodes, ino);
	if (!node) {
		call_refuse(req, op, ino, -ESTALE);
		return;
	}
	if (name)
		len = store_getxattr(fs->store, node, name, value, size);
	else
		len = store_listxattr(fs->store, node, value, size);
	node_put(fs->store, node, 1);
	reply(req, op, ino, size, value, len);
}

static void xattr_get(fuse_req_t req, fuse_ino_t ino, const char *name,
		      size_t size)
{
	if (is_reserved(name))
		fuse_reply_err(req, EOPNOTSUPP);
	else
		answer(req, "getxattr", ino, name, size);
}

static void xattr_list(fuse_req_t req, fuse_ino_t ino, size_t size)
{
	answer(req, "listxattr", ino, NULL, size);
}

static void xattr_set(fuse_req_t req, fuse_ino_t ino, const char *name,
		      const char *value, size_t size, int flags)
{
	fuse_reply_err(req, EOPNOTSUPP);
}

static void xattr_remove(fuse_req_t req, fuse_ino_t ino, const char *name)
{
	fuse_reply_err(req, EOPNOTSUPP);
}

void xattr_ops(struct fuse_lowlevel_ops *ops)
{
	ops->getxattr = xattr_get;
	ops->listxattr = xattr_list;
	ops->setxattr = xattr_set;
	ops->removexattr = xattr_remove;
}
