/* SPDX-License-Identifier: MIT */
/*
 * A request from its arrival to its one answer; see call.h.
 *
 * Two may want to answer: the op's completion and an interrupt. Who moves
 * the state away from CALL_PENDING does. libfuse runs interrupt_arrived
 * under a lock of the request, and call_done takes that lock (by taking the
 * function away) before it answers: so the call is there as long as an
 * interrupt looks at it, and the request as long as call_done uses it.
 */
#include "attr.h"

#include <limits.h>
#include <string.h>

#include "call.h"
#include "clock.h"
#include "internal.h"
#include "interrupt.h"
#include "log.h"
#include "metrics.h"
#include "opened.h"

static void call_free(struct call *call)
{
	struct fs *fs = call->fs;

	metrics_time(METRIC_FS_CALLS, call->kind->name,
		     call->has_failed ? "error" : "ok",
		     clock_now_us() - call->began_us);
	if (call->node)
		node_put(fs->store, call->node, 1);
	if (call->to_node)
		node_put(fs->store, call->to_node, 1);
	if (call->opened)
		opened_put(call->opened);
	buf_release(&call->value);
	{
		LOCK(&fs->calls.lock);
		interrupt_unwatch_locked(call);
		if (--fs->calls.count == 0)
			pthread_cond_broadcast(&fs->calls.idle);
	}
	free(call);
}

/* What the user's program or an operator should hear of. */
static enum log_level call_log_level(int error)
{
	switch (error) {
	case EIO:
	case ETIMEDOUT:
	case ESTALE:
	case ENOMEM:
	case EHOSTUNREACH:
	case ENODEV:
		return LOG_LEVEL_ERROR;
	case EACCES:
	case EFBIG:
	case ENOSPC:
	case EDQUOT:
	case EBUSY:
	case EAGAIN:
		return LOG_LEVEL_WARN;
	default:
		return LOG_LEVEL_DEBUG;
	}
}

/*
 * What programs expect of a file system, and else EIO: "No such process" for
 * an upload that the server has lost helps nobody. The log has the words. Of
 * the numbers left out the kernel drops those from 512 on, and the program
 * would wait for ever; ENOSYS makes it never ask again.
 */
static int call_answer(int result)
{
	switch (-result) {
	case EPERM:
	case ENOENT:
	case EINTR:
	case E2BIG:
	case EAGAIN:
	case ENOMEM:
	case EACCES:
	case EBUSY:
	case EEXIST:
	case EXDEV:
	case ENODEV:
	case ENOTDIR:
	case EISDIR:
	case EINVAL:
	case ENFILE:
	case EMFILE:
	case EFBIG:
	case ENOSPC:
	case EROFS:
	case EMLINK:
	case ERANGE:
	case ENAMETOOLONG:
	case ENOTEMPTY:
	case ENODATA:
	case EILSEQ:
	case EOPNOTSUPP:
	case ETIMEDOUT:
	case EHOSTUNREACH:
	case ESTALE:
	case EDQUOT:
	case ECANCELED:
		return -result;
	case ENOSYS:
		return EOPNOTSUPP;
	}
	return EIO;
}

static void call_log_failure(const char *kind, fuse_ino_t ino, const char *name,
			     int error, const struct errinfo *err)
{
	bool has_words = err && err->text[0];
	/* Wordless, the kernel hears it and asks for the name again. */
	enum log_level level = error == ESTALE && !has_words ?
				       LOG_LEVEL_DEBUG :
				       call_log_level(error);

	if (!log_enabled(level))
		return;
	log_write(level, "fs", "%s: %s%s%s inode=%llu%s%s%s%s%s%s", kind,
		  strerrordesc_np(error), has_words ? ": " : "",
		  err ? err->text : "", (unsigned long long)ino,
		  name[0] ? " name=" : "", name,
		  err && err->s3_code[0] ? " code=" : "",
		  err ? err->s3_code : "",
		  err && err->request_id[0] ? " request=" : "",
		  err ? err->request_id : "");
}

void call_refuse(fuse_req_t req, const char *kind, fuse_ino_t ino, int result)
{
	int error = call_answer(result);

	call_log_failure(kind, ino, "", error, NULL);
	fuse_reply_err(req, error);
}

void call_fail(struct call *call, int result)
{
	int error = call_answer(result);

	call->has_failed = true;
	call_log_failure(call->kind->name, call->ino, call->name, error,
			 &call->io.op.err);
	fuse_reply_err(call->req, error);
}

/*
 * From now on an interrupt may answer. Not sooner: one that came before its
 * function was set is told to the function from in here, and libfuse would
 * go on using the request that an answer frees.
 */
static struct call *call_start(struct call *call)
{
	if (call->kind->interrupt != CALL_UNINTERRUPTIBLE)
		fuse_req_interrupt_func(call->req, interrupt_arrived, call);
	atomic_store(&call->state, CALL_PENDING);
	return call;
}

/* The length with its NUL, or 0: too long. The protocol allows 1,024. */
static size_t call_name_room(const char *name)
{
	size_t len = name ? strlen(name) : 0;

	return len > NAME_MAX ? 0 : len + 1;
}

static struct call *call_make(fuse_req_t req, const struct call_kind *kind,
			      fuse_ino_t ino, const char *name,
			      const char *to_name)
{
	size_t room = call_name_room(name), to_room = call_name_room(to_name);
	const struct fuse_ctx *caller = fuse_req_ctx(req);
	struct fs *fs = fs_of(req);
	struct call *call;

	if (room == 0 || to_room == 0) {
		call_refuse(req, kind->name, ino, -ENAMETOOLONG);
		return NULL;
	}
	call = calloc(1, sizeof(*call) + room + to_room);
	if (!call) {
		call_refuse(req, kind->name, ino, -ENOMEM);
		return NULL;
	}
	if (name)
		memcpy(call->name, name, room);
	if (to_name)
		call->to_name = memcpy(call->name + room, to_name, to_room);
	call->io.op.done = call_done;
	call->kind = kind;
	call->fs = fs;
	call->req = req;
	call->ino = ino;
	call->began_us = clock_now_us();
	call->pid = caller->pid;
	call->uid = caller->uid;
	call->gid = caller->gid;
	list_init(&call->link);
	list_init(&call->turn);
	LOCK(&fs->calls.lock);
	fs->calls.count++;
	return call;
}

/* The node of ino; false: answered and freed. */
static bool call_set_node(struct call *call, struct node **node, fuse_ino_t ino)
{
	*node = inodes_get(&call->fs->inodes, ino);
	if (*node)
		return true;
	errinfo_set(&call->io.op.err, -ESTALE, "the inode is not known");
	call_fail(call, -ESTALE);
	call_free(call);
	return false;
}

struct call *call_new(fuse_req_t req, const struct call_kind *kind,
		      fuse_ino_t ino, const char *name)
{
	struct call *call = call_make(req, kind, ino, name, NULL);

	if (!call || !call_set_node(call, &call->node, ino))
		return NULL;
	return call_start(call);
}

struct call *call_new_pair(fuse_req_t req, const struct call_kind *kind,
			   fuse_ino_t ino, const char *name, fuse_ino_t to_ino,
			   const char *to_name)
{
	struct call *call = call_make(req, kind, ino, name, to_name);

	if (!call || !call_set_node(call, &call->node, ino) ||
	    !call_set_node(call, &call->to_node, to_ino) || !call_start(call))
		return NULL;
	return call;
}

struct call *call_new_opened(fuse_req_t req, const struct call_kind *kind,
			     fuse_ino_t ino, const struct fuse_file_info *fi)
{
	struct call *call = call_make(req, kind, ino, NULL, NULL);

	if (!call)
		return NULL;
	call->fi = *fi;
	call->opened = opened_get(opened_of(fi));
	return call_start(call);
}

struct call *call_new_in_dir(fuse_req_t req, const struct call_kind *kind,
			     fuse_ino_t ino, const struct fuse_file_info *fi)
{
	struct call *call = call_make(req, kind, ino, NULL, NULL);

	if (!call || !call_set_node(call, &call->node, ino))
		return NULL;
	call->fi = *fi;
	call->opened = opened_get(opened_of(fi));
	return call_start(call);
}

void call_done(struct store_op *op, int result)
{
	lock_assert_none_held();
	struct call *call = call_of(op);
	int pending = CALL_PENDING;

	if (!atomic_compare_exchange_strong(&call->state, &pending,
					    CALL_ANSWERED)) {
		if (result >= 0 && call->kind->drop)
			call->kind->drop(call, result);
		call_free(call);
		return;
	}
	if (call->kind->interrupt != CALL_UNINTERRUPTIBLE)
		fuse_req_interrupt_func(call->req, NULL, NULL);
	if (result < 0)
		call_fail(call, result);
	else
		call->kind->reply(call, result);
	call_free(call);
}

void call_reply_ok(struct call *call, int result)
{
	fuse_reply_err(call->req, 0);
}

/* A name that is absent is an answer too: inode 0, believed for a while. */
void call_reply_entry(struct call *call, int result)
{
	struct store_op *op = &call->io.op;
	struct fuse_entry_param e;
	int rc;

	if (!op->node) {
		e = (struct fuse_entry_param){
			.entry_timeout = attr_seconds(&op->attr),
		};
		fuse_reply_entry(call->req, &e);
		return;
	}
	rc = attr_to_entry(call->fs, STEAL(op->node), &op->attr, &e);
	if (rc < 0)
		call_fail(call, rc);
	else if (fuse_reply_entry(call->req, &e) < 0)
		inodes_forget(&call->fs->inodes, e.ino, 1);
}

void call_reply_attr(struct call *call, int result)
{
	const struct store_attr *attr = &call->io.op.attr;
	struct stat st;

	attr_to_stat(call->fs, attr, &st);
	if (attr->has_mode)
		inodes_note_set_id(&call->fs->inodes, call->ino,
				   !attr->is_dir &&
					   (attr->mode & (S_ISUID | S_ISGID)));
	fuse_reply_attr(call->req, &st, attr_seconds(attr));
}

void call_drop_node(struct call *call, int result)
{
	if (call->io.op.node)
		node_put(call->fs->store, STEAL(call->io.op.node), 1);
}
