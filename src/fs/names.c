/* SPDX-License-Identifier: MIT */
/* Callbacks for what a name leads to: lookup, forget, attributes, statfs. */
#include <string.h>
#include <sys/statvfs.h>

#include "call.h"
#include "internal.h"
#include "opened.h"
#include "ops.h"
#include "setid.h"

static const struct call_kind lookup_kind = {
	.name = "lookup",
	.interrupt = CALL_INTERRUPTIBLE,
	.reply = call_reply_entry,
	.drop = call_drop_node,
};

static void lookup_done(struct store_op *op, int result)
{
	if (result == -ENOENT) {
		op->node = NULL;
		result = 0;
	}
	call_done(op, result);
}

static void lookup_by_number_done(struct store_op *op, int result)
{
	struct call *call = call_of(op);

	if (result < 0)
		node_put(call->fs->store, STEAL(op->node), 1);
	call_done(op, result);
}

/* "." or ".." of an inode that the kernel has only the number of. */
static void lookup_by_number(struct call *call)
{
	struct store *store = call->fs->store;
	struct store_op *op = &call->io.op;

	op->node = call->name[1] ? store_parent(store, call->node) :
				   node_get(call->node);
	op->done = lookup_by_number_done;
	store_getattr(store, op->node, op);
}

static void names_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct call *call = call_new(req, &lookup_kind, parent, name);

	if (!call)
		return;
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
		lookup_by_number(call);
		return;
	}
	call->io.op.done = lookup_done;
	store_lookup(call->fs->store, call->node, call->name, &call->io.op);
}

static void names_forget(fuse_req_t req, fuse_ino_t ino, uint64_t lookups)
{
	if (!fs_of(req)->options.no_forget)
		inodes_forget(&fs_of(req)->inodes, ino, lookups);
	fuse_reply_none(req);
}

static void names_forget_multi(fuse_req_t req, size_t count,
			       struct fuse_forget_data *forgets)
{
	struct fs *fs = fs_of(req);

	for (size_t i = 0; !fs->options.no_forget && i < count; i++)
		inodes_forget(&fs->inodes, forgets[i].ino, forgets[i].nlookup);
	fuse_reply_none(req);
}

static const struct call_kind getattr_kind = {
	.name = "getattr",
	.interrupt = CALL_INTERRUPTIBLE,
	.reply = call_reply_attr,
};

static void names_getattr(fuse_req_t req, fuse_ino_t ino,
			  struct fuse_file_info *fi)
{
	struct call *call = call_new(req, &getattr_kind, ino, NULL);

	if (call)
		store_getattr(call->fs->store, call->node, &call->io.op);
}

static const struct call_kind setattr_kind = {
	.name = "setattr",
	.interrupt = CALL_KILLABLE,
	.reply = call_reply_attr,
};

static int64_t setattr_ns(const struct timespec *ts)
{
	return (int64_t)ts->tv_sec * 1000000000 + ts->tv_nsec;
}

/* The store's set of fields, and their values, for libfuse's to_set. */
static unsigned setattr_fields(const struct stat *st, int to_set,
			       struct store_attr *attr)
{
	unsigned set = 0;
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	*attr = (struct store_attr){
		.mode = st->st_mode & 07777,
		.uid = st->st_uid,
		.gid = st->st_gid,
		.size = (uint64_t)st->st_size,
		.mtime_ns = setattr_ns(
			to_set & FUSE_SET_ATTR_MTIME_NOW ? &now : &st->st_mtim),
		.atime_ns = setattr_ns(
			to_set & FUSE_SET_ATTR_ATIME_NOW ? &now : &st->st_atim),
	};
	if (to_set & FUSE_SET_ATTR_MODE)
		set |= STORE_SET_MODE;
	if (to_set & FUSE_SET_ATTR_UID)
		set |= STORE_SET_UID;
	if (to_set & FUSE_SET_ATTR_GID)
		set |= STORE_SET_GID;
	if (to_set & FUSE_SET_ATTR_SIZE)
		set |= STORE_SET_SIZE;
	if (to_set & (FUSE_SET_ATTR_MTIME | FUSE_SET_ATTR_MTIME_NOW))
		set |= STORE_SET_MTIME;
	if (to_set & (FUSE_SET_ATTR_ATIME | FUSE_SET_ATTR_ATIME_NOW))
		set |= STORE_SET_ATIME;
	return set;
}

static void setattr_given_away(struct store_op *op, int result)
{
	setid_clear(call_of(op), result);
}

static void names_setattr(fuse_req_t req, fuse_ino_t ino, struct stat *st,
			  int to_set, struct fuse_file_info *fi)
{
	struct call *call = call_new(req, &setattr_kind, ino, NULL);
	struct store_attr attr;
	unsigned set = setattr_fields(st, to_set, &attr);

	if (!call)
		return;
	if (fi)
		call->opened = opened_get(opened_of(fi));
	/* chown by root clears the bits too, truncation by root does not. */
	if (!(set & STORE_SET_MODE) &&
	    (set & (STORE_SET_UID | STORE_SET_GID) ||
	     (set & STORE_SET_SIZE && call->uid != 0)))
		call->io.op.done = setattr_given_away;
	if (set == 0)
		store_getattr(call->fs->store, call->node, &call->io.op);
	else
		store_setattr(call->fs->store, call->node,
			      call->opened ? call->opened->handle : NULL, set,
			      &attr, &call->io.op);
}

/* Fits the 32 bits that old programs ask with. */
#define BLOCKS_MAX INT32_MAX

/* A bucket has no size: what the options say, all free. */
static void names_statfs(fuse_req_t req, fuse_ino_t ino)
{
	const struct fs *fs = fuse_req_userdata(req);
	uint64_t bytes = fs->options.bucket_bytes;
	struct statvfs answer = {
		.f_bsize = 128 * 1024,
		.f_files = INT32_MAX,
		.f_ffree = INT32_MAX,
		.f_favail = INT32_MAX,
		.f_namemax = 255,
	};

	while (bytes / answer.f_bsize > BLOCKS_MAX + 1ull)
		answer.f_bsize *= 2;
	answer.f_frsize = answer.f_bsize;
	answer.f_blocks = bytes / answer.f_bsize;
	if (bytes == 0 || answer.f_blocks > BLOCKS_MAX)
		answer.f_blocks = BLOCKS_MAX;
	answer.f_bfree = answer.f_blocks;
	answer.f_bavail = answer.f_blocks;
	fuse_reply_statfs(req, &answer);
}

void names_ops(struct fuse_lowlevel_ops *ops)
{
	ops->lookup = names_lookup;
	ops->forget = names_forget;
	ops->forget_multi = names_forget_multi;
	ops->getattr = names_getattr;
	ops->setattr = names_setattr;
	ops->statfs = names_statfs;
}
