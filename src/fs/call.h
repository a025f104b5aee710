/* SPDX-License-Identifier: MIT */
/*
 * A request of the kernel becomes a call: the libfuse request, the store's
 * op, and what they need. The receive threads make calls; whoever finishes
 * the op, the same thread at once or one of the store's later, answers.
 */
#ifndef FS_CALL_H
#define FS_CALL_H

#include <stdatomic.h>

#include "internal.h"

/* When the caller got a signal. */
enum call_interrupt {
	CALL_UNINTERRUPTIBLE,
	CALL_KILLABLE,      /* EINTR if the caller is being killed */
	CALL_INTERRUPTIBLE, /* EINTR as well if somebody asks it to end */
};

struct call;

struct call_kind {
	const char *name;
	enum call_interrupt interrupt;
	/* Answers; result >= 0. Somebody waits for it. */
	void (*reply)(struct call *call, int result);
	/* Nobody waits any more: gives back what the op brought. */
	void (*drop)(struct call *call, int result);
};

struct call {
	struct store_read io; /* io.op is every call's op */
	const struct call_kind *kind;
	struct fs *fs;
	fuse_req_t req; /* gone once state left CALL_PENDING */
	fuse_ino_t ino;
	atomic_int state;
	uint64_t began_us;
	bool has_failed;
	pid_t pid; /* the caller */
	uid_t uid;
	gid_t gid;
	struct list_link link; /* in fs->calls.watched */
	struct node *node;     /* owned, or NULL */
	struct node *to_node;  /* owned, or NULL */
	struct opened *opened; /* counted, or NULL */
	struct list_link turn; /* in opened->waiting */
	struct fuse_file_info fi;
	uint64_t offset;
	size_t size;
	struct buf value;    /* of an extended attribute, or their names */
	int result;          /* kept over a second step */
	const char *to_name; /* behind name, or NULL */
	char name[];         /* "" if none */
};

/* Of call.state. */
enum {
	CALL_STARTING,
	CALL_PENDING,
	CALL_ANSWERED,
	CALL_INTERRUPTED
};

static inline struct call *call_of(struct store_op *op)
{
	return container_of(op, struct call, io.op);
}

/*
 * A call on the inode ino, on name in it if not NULL, or on what fi has
 * open. NULL: it was answered with an error already. Checks the name's
 * length and that the inode is known. Afterwards the op's done must be
 * called, which frees the call. An interrupt may answer from now on: nobody
 * but that answer asks req for anything, what is to be known is in the call.
 */
struct call *call_new(fuse_req_t req, const struct call_kind *kind,
		      fuse_ino_t ino, const char *name);

struct call *call_new_opened(fuse_req_t req, const struct call_kind *kind,
			     fuse_ino_t ino, const struct fuse_file_info *fi);

/* As call_new_opened, with the directory's node too. */
struct call *call_new_in_dir(fuse_req_t req, const struct call_kind *kind,
			     fuse_ino_t ino, const struct fuse_file_info *fi);

/* As call_new, with a second name in a second directory. */
struct call *call_new_pair(fuse_req_t req, const struct call_kind *kind,
			   fuse_ino_t ino, const char *name, fuse_ino_t to_ino,
			   const char *to_name);

/* The usual done of an op: answers, exactly once, and frees the call. */
void call_done(struct store_op *op, int result);

/* Answers with an error and logs it: the one place that does. */
void call_fail(struct call *call, int result);

/* The same for requests that never became a call. */
void call_refuse(fuse_req_t req, const char *kind, fuse_ino_t ino, int result);

/* Replies of several kinds. */
void call_reply_ok(struct call *call, int result);

void call_reply_entry(struct call *call, int result);

void call_reply_attr(struct call *call, int result);

void call_drop_node(struct call *call, int result);

#endif
