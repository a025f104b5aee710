/* SPDX-License-Identifier: MIT */
/*
 * What the files of this layer share.
 *
 * A request of the kernel becomes a call: the libfuse request, the store's
 * op, and what they need. The receive threads make calls; whoever finishes
 * the op, the same thread at once or one of the store's later, answers.
 *
 * Locks: inodes.lock, calls.lock, opened.lock and notify's are leaves; none
 * is held over a call of the store or of libfuse, but inodes.lock over
 * node_get, and calls.lock over the EINTR answer of a watched call (see
 * interrupt.c). A struct opened's lock guards whose turn it is.
 */
#ifndef FS_INTERNAL_H
#define FS_INTERNAL_H

#ifndef FUSE_USE_VERSION
#define FUSE_USE_VERSION 314
#endif
#include <fuse_lowlevel.h>
#include <stdatomic.h>

#include "fs.h"
#include "inode.h"
#include "list.h"
#include "lock.h"
#include "process.h"
#include "store.h"

struct notifier;

struct fs {
	struct store *store;
	struct fs_options options;
	struct inodes inodes;
	struct fuse_session *session;
	struct notifier *notifier;
	uint64_t generation; /* of inode numbers: each mount has its own */
	int device_fd;       /* /dev/fuse, a descriptor of our own */
	struct {
		unsigned major, minor;
	} device;    /* st_dev of what is mounted */
	int wake_fd; /* eventfd: fs_run has something to look at */
	int quit_fd; /* eventfd: receive threads leave */
	atomic_bool is_stop_asked;
	atomic_uint receivers;    /* receive threads still at work */
	atomic_int receive_error; /* the first, negative errno */
	atomic_bool is_init_done;
	uint64_t init_unique;  /* of INIT; see init.c */
	uint32_t init_offered; /* flags we set ourselves */
	struct {
		struct lock lock;
		pthread_cond_t idle; /* count became 0 */
		unsigned count;      /* calls that are not freed yet */
		struct list_link watched;
		struct call *looked_at; /* of watched; NULL: it is gone */
	} calls;
	struct {
		struct lock lock;
		struct list_link list; /* struct opened */
	} opened;
};

/* loop.c */
void loop_catch_signals(struct fs *fs);
void loop_forget_signals(void);

/* init.c: what is negotiated with the kernel. */
MUST_USE int init_take_device(struct fs *fs);
void init_session(void *userdata, struct fuse_conn_info *conn);
void init_learn_device(struct fs *fs); /* before anything is received */
void init_raise_read_ahead(struct fs *fs);

/*
 * opened.c: open files and directories, counted: one for the kernel, until
 * RELEASE, and one for each call that uses them. The kernel may send RELEASE
 * while a call that was answered EINTR still runs.
 */
struct opened {
	struct list_link link;
	struct fs *fs;
	fuse_ino_t ino;
	atomic_uint refs;
	struct handle *handle;     /* a file, or NULL */
	struct stream *stream;     /* a directory, or NULL */
	bool flushes;              /* close(2) waits for the store */
	pid_t process;             /* that opened it, */
	struct process_mark since; /* and when */
	/* A stream serves one call at a time; dirs.c. */
	struct lock lock;
	bool is_busy;
	struct list_link waiting; /* struct call */
};
/*
 * Adopts handle or stream. NULL: no memory, and they were given back.
 * Counted for the kernel, and listed. pid: the thread that opens it.
 */
struct opened *opened_new(struct fs *fs, fuse_ino_t ino, struct handle *handle,
			  struct stream *stream, bool flushes, pid_t pid);
struct opened *opened_get(struct opened *o);
void opened_put(struct opened *o);
/* The kernel is done with it. */
void opened_close(struct opened *o);
/* What the kernel never released. */
void opened_close_all(struct fs *fs);

/*
 * What the kernel gives back was made by another thread, and between the two
 * is only the kernel: refs, which is written last, orders them.
 */
static inline struct opened *opened_of(const struct fuse_file_info *fi)
{
	struct opened *o = (struct opened *)(uintptr_t)fi->fh;

	(void)atomic_load(&o->refs);
	return o;
}

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

static inline struct fs *fs_of(fuse_req_t req)
{
	return fuse_req_userdata(req);
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

/*
 * setid.c: Linux clears set-user-id and set-group-id when a file is written,
 * truncated or given away; with FUSE_HANDLE_KILLPRIV_V2 that is ours to do.
 * After the change to call->node, whose attributes op has, or, after a write,
 * to what call->ino has open. Go on with call_done, now or later.
 */
void setid_clear(struct call *call, int result);
void setid_clear_written(struct call *call, int result);

/* interrupt.c */
void interrupt_arrived(fuse_req_t req, void *data);
/* Looks at watched calls again; false if there are none. */
bool interrupt_watch(struct fs *fs);
void interrupt_unwatch_locked(struct call *call);
#define INTERRUPT_WATCH_MS 200

/* attr.c */
void attr_to_stat(const struct fs *fs, const struct store_attr *attr,
		  struct stat *st);
double attr_seconds(const struct store_attr *attr);
/* What create, mkdir and mknod ask the store to keep. */
void attr_of_creator(const struct call *call, mode_t mode,
		     struct store_attr *attr);
/*
 * Fills e for op's node and attr and counts the lookup. Takes the node's
 * reference over in any case. Returns 0 or -ENOMEM.
 */
MUST_USE int attr_to_entry(struct fs *fs, struct node *node,
			   const struct store_attr *attr,
			   struct fuse_entry_param *e);

/* notify.c */
struct notifier *notifier_new(struct fs *fs);
/* The kernel shall ask for the attributes of ino again. */
void notifier_inode(struct notifier *n, fuse_ino_t ino);
/* Tells the kernel no more and ends the thread; what comes later is lost. */
void notifier_stop(struct notifier *n);
void notifier_free(struct notifier *n);

/* The callbacks, by subject; mount.c puts them in one table. */
void names_ops(struct fuse_lowlevel_ops *ops);
void files_ops(struct fuse_lowlevel_ops *ops);
void dirs_ops(struct fuse_lowlevel_ops *ops);
void tree_ops(struct fuse_lowlevel_ops *ops);
void xattr_ops(struct fuse_lowlevel_ops *ops);

#endif
