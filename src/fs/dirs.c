/* SPDX-License-Identifier: MIT */
/*
 * Callbacks for open directories.
 *
 * A kernel's offset is the store's cookie and 2: 0 is ".", 1 is "..". A
 * stream serves one call at a time. The kernel sends one at a time, but a
 * call that was answered EINTR may still run when the next one comes: that
 * one waits for its turn.
 */
#include <linux/fuse.h>
#include <string.h>

#include "attr.h"
#include "call.h"
#include "internal.h"
#include "opened.h"
#include "ops.h"

#define FIRST_COOKIE 2

/* One answer being filled. */
struct filling {
	struct call *call;
	char *data;
	size_t len;
	uint64_t offset; /* of the entry to come */
	bool with_attrs; /* readdirplus */
};

/* Puts an entry behind the others; false: it does not fit. */
static bool filling_put_plain(struct filling *f, const char *name,
			      const struct stat *st, uint64_t next)
{
	size_t room = f->call->size - f->len;
	size_t need = fuse_add_direntry(f->call->req, f->data + f->len, room,
					name, st, (off_t)next);

	if (need > room)
		return false;
	f->len += need;
	f->offset = next;
	return true;
}

static bool filling_put_with_attrs(struct filling *f, const char *name,
				   const struct fuse_entry_param *e,
				   uint64_t next)
{
	size_t room = f->call->size - f->len;
	size_t need = fuse_add_direntry_plus(f->call->req, f->data + f->len,
					     room, name, e, (off_t)next);

	if (need > room)
		return false;
	f->len += need;
	f->offset = next;
	return true;
}

/* "." or "..": never counted as looked up. */
static bool filling_put_dots(struct filling *f)
{
	struct call *call = f->call;
	struct fs *fs = call->fs;
	struct fuse_entry_param e = { .attr.st_mode = S_IFDIR };
	const char *name = f->offset == 0 ? "." : "..";
	struct node *parent;

	e.attr.st_ino = call->ino;
	if (f->offset == 1) {
		parent = store_parent(fs->store, call->node);
		e.attr.st_ino = inodes_number(&fs->inodes, node_id(parent));
		node_put(fs->store, parent, 1);
	}
	if (f->with_attrs)
		return filling_put_with_attrs(f, name, &e, f->offset + 1);
	return filling_put_plain(f, name, &e.attr, f->offset + 1);
}

/* FUSE_UNKNOWN_INO of the kernel's own header: never 0, which readers skip. */
#define UNKNOWN_INO 0xffffffff

/* An entry that has no node is told without one: the kernel looks it up. */
static bool filling_put_entry(struct filling *f, struct store_entry *entry)
{
	struct call *call = f->call;
	struct fs *fs = call->fs;
	size_t need = fuse_add_direntry_plus(call->req, NULL, 0, entry->name,
					     NULL, 0);
	uint64_t next = entry->next + FIRST_COOKIE;
	struct fuse_entry_param e;
	struct node *node;

	if (!f->with_attrs) {
		attr_to_stat(fs, &entry->attr, &e.attr);
		if (!e.attr.st_ino)
			e.attr.st_ino = UNKNOWN_INO;
		return filling_put_plain(f, entry->name, &e.attr, next);
	}
	if (need > call->size - f->len)
		return false;
	node = store_dir_node(call->opened->stream, entry);
	if (!node || attr_to_entry(fs, node, &entry->attr, &e) < 0) {
		e = (struct fuse_entry_param){ 0 };
		attr_to_stat(fs, &entry->attr, &e.attr);
		e.attr.st_ino = UNKNOWN_INO;
	}
	return filling_put_with_attrs(f, entry->name, &e, next);
}

/*
 * Fills what memory has. An error is told only if there is nothing else:
 * the next answer begins with it.
 */
static int filling_fill(struct filling *f)
{
	struct store_entry entry;
	int rc;

	while (f->offset < FIRST_COOKIE) {
		if (!filling_put_dots(f))
			return 0;
	}
	for (;;) {
		rc = store_dir_entry(f->call->opened->stream,
				     f->offset - FIRST_COOKIE, &entry);
		if (rc < 0 && f->len == 0)
			return rc == -EAGAIN ? -EIO : rc;
		if (rc <= 0 || !filling_put_entry(f, &entry))
			return 0;
	}
}

/* The kernel never got the answer, so it looked nothing up. */
static void filling_forget(struct filling *f)
{
	struct fs *fs = f->call->fs;
	struct fuse_direntplus d;

	for (size_t at = 0; at < f->len; at += FUSE_DIRENTPLUS_SIZE(&d)) {
		memcpy(&d, f->data + at, FUSE_NAME_OFFSET_DIRENTPLUS);
		if (d.entry_out.nodeid != 0)
			inodes_forget(&fs->inodes, d.entry_out.nodeid, 1);
	}
}

static void readdir_reply_entries(struct call *call, bool with_attrs)
{
	struct filling f = {
		.call = call,
		.offset = call->offset,
		.with_attrs = with_attrs,
	};
	int rc;

	AUTO_FREE char *data = malloc(call->size);
	if (!data) {
		call_fail(call, -ENOMEM);
		return;
	}
	f.data = data;
	rc = filling_fill(&f);
	if (rc < 0)
		call_fail(call, rc);
	else if (fuse_reply_buf(call->req, data, f.len) < 0 && with_attrs)
		filling_forget(&f);
}

static void readdir_reply(struct call *call, int result)
{
	readdir_reply_entries(call, false);
}

static void readdirplus_reply(struct call *call, int result)
{
	readdir_reply_entries(call, true);
}

static const struct call_kind readdir_kind = {
	.name = "readdir",
	.interrupt = CALL_INTERRUPTIBLE,
	.reply = readdir_reply,
};

static const struct call_kind readdirplus_kind = {
	.name = "readdirplus",
	.interrupt = CALL_INTERRUPTIBLE,
	.reply = readdirplus_reply,
};

/* Offset 0 is opendir or rewinddir: the store shall look again. */
static void readdir_begin(struct call *call)
{
	struct stream *stream = call->opened->stream;
	uint64_t cookie =
		call->offset < FIRST_COOKIE ? 0 : call->offset - FIRST_COOKIE;
	struct store_entry entry;

	if (call->offset != 0 &&
	    store_dir_entry(stream, cookie, &entry) != -EAGAIN)
		call->io.op.done(&call->io.op, 0);
	else
		store_readdir(stream, cookie, &call->io.op);
}

/* Answers, then lets the next call have the stream. */
static void readdir_done(struct store_op *op, int result)
{
	struct opened *o = opened_get(call_of(op)->opened);
	struct list_link *next;

	call_done(op, result);
	{
		LOCK(&o->lock);
		next = list_pop(&o->waiting);
		o->is_busy = next != NULL;
	}
	if (next)
		readdir_begin(container_of(next, struct call, turn));
	opened_put(o);
}

static void readdir_start(fuse_req_t req, const struct call_kind *kind,
			  fuse_ino_t ino, size_t size, off_t offset,
			  struct fuse_file_info *fi)
{
	struct call *call = call_new_in_dir(req, kind, ino, fi);
	struct opened *o;

	if (!call)
		return;
	o = call->opened;
	call->size = size;
	call->offset = (uint64_t)offset;
	call->io.op.done = readdir_done;
	{
		LOCK(&o->lock);
		if (o->is_busy) {
			list_push(&o->waiting, &call->turn);
			return;
		}
		o->is_busy = true;
	}
	readdir_begin(call);
}

static void dirs_readdir(fuse_req_t req, fuse_ino_t ino, size_t size,
			 off_t offset, struct fuse_file_info *fi)
{
	readdir_start(req, &readdir_kind, ino, size, offset, fi);
}

static void dirs_readdirplus(fuse_req_t req, fuse_ino_t ino, size_t size,
			     off_t offset, struct fuse_file_info *fi)
{
	readdir_start(req, &readdirplus_kind, ino, size, offset, fi);
}

static void dirs_opendir(fuse_req_t req, fuse_ino_t ino,
			 struct fuse_file_info *fi)
{
	struct fs *fs = fs_of(req);
	struct node *node = inodes_get(&fs->inodes, ino);
	struct stream *stream;
	struct opened *o = NULL;

	if (!node) {
		call_refuse(req, "opendir", ino, -ESTALE);
		return;
	}
	stream = store_opendir(fs->store, node);
	node_put(fs->store, node, 1);
	if (stream)
		o = opened_new(fs, ino, NULL, stream, false, 0);
	if (!o) {
		call_refuse(req, "opendir", ino, -ENOMEM);
		return;
	}
	fi->fh = (uintptr_t)o;
	if (fuse_reply_open(req, fi) < 0)
		opened_close(o);
}

static void dirs_releasedir(fuse_req_t req, fuse_ino_t ino,
			    struct fuse_file_info *fi)
{
	opened_close(opened_of(fi));
	fuse_reply_err(req, 0);
}

static const struct call_kind fsyncdir_kind = {
	.name = "fsyncdir",
	.interrupt = CALL_KILLABLE,
	.reply = call_reply_ok,
};

static void dirs_fsyncdir(fuse_req_t req, fuse_ino_t ino, int datasync,
			  struct fuse_file_info *fi)
{
	struct call *call = call_new(req, &fsyncdir_kind, ino, NULL);

	if (call)
		store_sync_dir(call->fs->store, call->node, &call->io.op);
}

void dirs_ops(struct fuse_lowlevel_ops *ops)
{
	ops->opendir = dirs_opendir;
	ops->readdir = dirs_readdir;
	ops->readdirplus = dirs_readdirplus;
	ops->releasedir = dirs_releasedir;
	ops->fsyncdir = dirs_fsyncdir;
}
