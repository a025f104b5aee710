/* SPDX-License-Identifier: MIT */
/*
 * A bucket as a tree of files and directories.
 *
 * Nodes are what a path leads to; they are counted (node_get, node_put) and
 * know their parent, name and attributes. Handles are open files, streams
 * are open directories.
 *
 * A call that may have to wait takes a struct store_op, the caller's, whose
 * done is called exactly once: before the call returns if memory had the
 * answer, else later on another thread. result is 0, a count, or a negative
 * errno, which err says in words. done may call the store again. Nothing
 * here blocks a caller on the network, but store_new and store_free.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>

#include "buf.h"
#include "errinfo.h"
#include "list.h"
#include "macros.h"

struct s3_client;
struct store;
struct node;
struct handle;
struct stream;

/* Texts are borrowed for the life of the store. Zero: the default. */
struct store_options {
	const char *location;         /* key prefix without outer slashes */
	bool no_overwrite;            /* AWS_S3_FILE_OVERWRITE = False */
	uint64_t max_memory_bytes;    /* a file's in memory; 0: no limit */
	uint64_t memory_budget_bytes; /* all files'; 0: min(512 MiB, RAM/4) */
	const char *temp_dir;         /* of spool files; NULL: TMPDIR, /tmp */
	uint64_t single_put_bytes;    /* one PUT up to this; 0: 8 MiB */
	uint64_t part_bytes;          /* first part size; 0: 8 MiB */
	uint64_t read_ahead_bytes;    /* the most a stream fetches ahead;
					 0: 256 MiB */
	int attr_timeout_ms;          /* listed or looked-up entries */
	int negative_timeout_ms;      /* absent names */
	bool sync_unlink;             /* a DELETE before unlink answers */
	unsigned transfers;           /* requests for one file's data at a
					 time; 0: as many as help */
	const char *mime_types;       /* a file of content types, or NULL */
	bool guess_encoding;          /* Content-Encoding by the name */
	bool compat_1_7;              /* guesses win over rules */
	uint64_t copy_max_bytes;      /* larger: in parts; 0: 5 GiB */
	bool gzip; /* stores files of some types compressed, shows any
		      object with Content-Encoding gzip expanded */
	bool (*is_gzip_type)(const void *gzip_types, const char *type);
	const void *gzip_types; /* what is_gzip_type looks at */
	unsigned max_length;    /* code points of a new name with its
				   folders below location; 0: no limit */
};

struct store_attr {
	uint64_t id; /* of the node; rises in listing order */
	bool is_dir;
	uint64_t size;
	int64_t mtime_ns;
	int64_t atime_ns;
	int64_t ctime_ns; /* 0: as mtime_ns */
	/* Set by create, mkdir, chmod, chown; kept while the node lives. */
	bool has_mode, has_uid, has_gid;
	mode_t mode; /* permission bits only */
	uid_t uid;
	gid_t gid;
	int valid_ms; /* how long these may be believed */
	bool is_gone; /* no path leads to it any more */
};

struct store_op {
	/* In. */
	void (*done)(struct store_op *op, int result);
	/* Out, as the calls say. */
	struct node *node;     /* counted for the caller */
	struct handle *handle; /* the caller's, until store_release */
	struct store_attr attr;
	struct errinfo err;
	struct list_link link; /* the store's, until done */
};

/*
 * options are copied. -EINVAL with err for a bad one, -ENOMEM, or what
 * opening the spool folder gave.
 */
MUST_USE int store_new(struct s3_client *s3,
		       const struct store_options *options, struct store **out,
		       struct errinfo *err);

/*
 * Publishes what is dirty, sends pending deletes, waits for all of it, and
 * frees the store; all handles and nodes must have been given back. Returns
 * 0 or the first error; each was logged with the file's name.
 */
int store_free(struct store *store);

/*
 * Memory, disk and what waits are added to values[METRICS] (metrics.h). Any
 * thread.
 */
void store_gauges(struct store *store, uint64_t *values);

/*
 * Nobody waits for an answer any more: lookups, listings and reads that are
 * on their way end soon, with -ECANCELED; what is being stored goes on.
 */
void store_end_reads(struct store *store);

/* What the kernel should forget; called on any thread, must not wait. */
struct store_notify {
	void *arg;
	void (*entry)(void *arg, uint64_t parent_id, const char *name);
	void (*inode)(void *arg, uint64_t id);
	/* Attributes only, and done when it returns. No lock is held. */
	void (*size)(void *arg, uint64_t id);
};
/*
 * notify is copied; NULL functions: none. When this returns, the functions
 * set before run no more.
 */
void store_set_notify(struct store *store, const struct store_notify *notify);

/*
 * Lists the whole location in the background, once, so that what is looked
 * up within attr_timeout_ms needs no request.
 */
void store_preload(struct store *store);

/* The root node, not counted: valid until store_free. */
struct node *store_root(struct store *store);
uint64_t node_id(const struct node *node);
struct node *node_get(struct node *node);
/* Any thread; count references at once. */
void node_put(struct store *store, struct node *node, unsigned count);

/*
 * out: node, attr. -ENOENT: attr.valid_ms tells how long the absence may be
 * believed. -EACCES, -EIO: not known. -ENAMETOOLONG, -EILSEQ: no such name
 * can be.
 */
void store_lookup(struct store *store, struct node *parent, const char *name,
		  struct store_op *op);

/* out: attr. -ENOENT, -ESTALE if it is gone. */
void store_getattr(struct store *store, struct node *node, struct store_op *op);

/* What store_setattr changes. */
enum {
	STORE_SET_MODE = 1,
	STORE_SET_UID = 2,
	STORE_SET_GID = 4,
	STORE_SET_SIZE = 8,
	STORE_SET_MTIME = 16,
	STORE_SET_ATIME = 32,
};

/*
 * Takes the named fields of attr. A size is published when the file is
 * closed, or at once if nobody has it open for writing. handle may be NULL.
 * out: attr.
 */
void store_setattr(struct store *store, struct node *node,
		   struct handle *handle, unsigned set,
		   const struct store_attr *attr, struct store_op *op);

/* out: handle, attr. flags are those of open(2); O_TRUNC empties. */
void store_open(struct store *store, struct node *node, int flags,
		struct store_op *op);

/*
 * Makes and opens a file whose lookup said -ENOENT; nothing is sent. attr
 * gives mode, uid, gid. out: node, handle, attr. -EEXIST.
 */
void store_create(struct store *store, struct node *parent, const char *name,
		  int flags, const struct store_attr *attr,
		  struct store_op *op);

/*
 * For tools, which name one object by what stands behind the location, as
 * django-storages does: any text, be it a name that no directory can show
 * ("a//b"). The key is asked for alone (HEAD), folders never. A store that
 * is used so has no mount. store_lookup_path is out: node, attr; -ENOENT.
 * store_create_path is out: node, handle, attr, and asks for nothing.
 */
void store_lookup_path(struct store *store, const char *path,
		       struct store_op *op);
void store_create_path(struct store *store, const char *path, int flags,
		       struct store_op *op);
/* Appends the path of a node, below the location. Returns 0 or -ENOMEM. */
MUST_USE int store_node_path(struct store *store, struct node *node,
			     struct buf *out);

/*
 * A read and its answer: iov points into the store's memory and is valid
 * from done until store_read_release.
 */
struct store_read {
	struct store_op op; /* result: the number of bytes; 0 at the end */
	struct iovec *iov;
	unsigned iov_count;
	struct read_state *state; /* the store's own */
};
void store_read(struct handle *handle, uint64_t offset, size_t size,
		struct store_read *read);
void store_read_release(struct store_read *read);

/*
 * data is used up when store_write returns, done or not. result: len.
 * O_APPEND handles write at the end, whatever offset says. is_page: the
 * bytes are a page of a mapping, which any writer's handle may have brought.
 */
void store_write(struct handle *handle, uint64_t offset, const void *data,
		 size_t len, bool is_page, struct store_op *op);

/* fallocate(2) with mode 0 or KEEP_SIZE; others -EOPNOTSUPP. */
void store_fallocate(struct handle *handle, int mode, uint64_t offset,
		     uint64_t len, struct store_op *op);

/* What handle has changed that is not in the bucket yet. */
enum store_unsaved {
	STORE_SAVED,   /* nothing */
	STORE_MADE,    /* the file was created or cut by O_TRUNC, no more */
	STORE_WRITTEN, /* bytes or the size; also what is being stored now */
};
enum store_unsaved store_unsaved(struct handle *handle);

/*
 * fsync(2), and close(2) of a descriptor. must_store: done with 0 only when
 * everything written before is in the bucket. Otherwise it is stored when
 * handle is released, and only an error that is known already is told. An
 * error stays with the file until all handles are closed.
 */
void store_flush(struct handle *handle, bool must_store, struct store_op *op);

/* What was written through handle is not to be stored, as if unlinked. */
void store_discard(struct handle *handle);

/*
 * The last close: what is unsaved is stored in the background. The handle is
 * gone when this returns.
 */
void store_release(struct handle *handle);

/* True if version is still what a read through handle gives. */
bool store_may_keep_cache(struct handle *handle);

void store_mkdir(struct store *store, struct node *parent, const char *name,
		 const struct store_attr *attr, struct store_op *op);
void store_rmdir(struct store *store, struct node *parent, const char *name,
		 struct store_op *op);
void store_unlink(struct store *store, struct node *parent, const char *name,
		  struct store_op *op);

/* flags: 0 or RENAME_NOREPLACE (renameat2(2)); others -EINVAL. */
void store_rename(struct store *store, struct node *parent, const char *name,
		  struct node *new_parent, const char *new_name, unsigned flags,
		  struct store_op *op);

/* fsync of a directory, syncfs: waits for removals below it. */
void store_sync_dir(struct store *store, struct node *dir, struct store_op *op);

/* One entry of a directory. */
struct store_entry {
	char name[256];
	struct store_attr attr;
	uint64_t next; /* the cookie behind it */
};

/* A view of dir; costs nothing until it is read. NULL: no memory. */
struct stream *store_opendir(struct store *store, struct node *dir);

/*
 * Makes sure that the entry at cookie is in memory: 0 is the first, others
 * come from store_entry.next. Going back to 0 looks at the directory again.
 * "." and ".." are not among the entries.
 */
void store_readdir(struct stream *stream, uint64_t cookie, struct store_op *op);

/*
 * The entry at cookie: 1, 0 at the end, -EAGAIN if store_readdir has to be
 * called for it first. One thread at a time for one stream.
 */
MUST_USE int store_dir_entry(struct stream *stream, uint64_t cookie,
			     struct store_entry *entry);

/*
 * The node of an entry just read, counted; attr becomes the node's. NULL:
 * no memory or gone, the entry is then told without a node.
 */
struct node *store_dir_node(struct stream *stream, struct store_entry *entry);

void store_closedir(struct stream *stream);

/* The parent of a directory, counted; the root's is the root. */
struct node *store_parent(struct store *store, struct node *node);

/*
 * Extended attributes; README.md has their names. value, names and data are
 * the caller's; the first two have to be empty and last until done.
 *
 * -ENODATA: there is no such attribute. -EOPNOTSUPP: it cannot be set.
 */
void store_getxattr(struct store *store, struct node *node, const char *name,
		    struct buf *value, struct store_op *op);

/*
 * flags: 0, XATTR_CREATE, XATTR_REPLACE (setxattr(2)). data is used up when
 * this returns. -EEXIST; -EINVAL: a value that no header can have; -ENOSPC:
 * more metadata than an object may have.
 */
void store_setxattr(struct store *store, struct node *node, const char *name,
		    const void *data, size_t len, int flags,
		    struct store_op *op);
void store_removexattr(struct store *store, struct node *node, const char *name,
		       struct store_op *op);

/* Names, each with its NUL. may_ask: else only what memory knows. */
void store_listxattr(struct store *store, struct node *node, bool may_ask,
		     struct buf *names, struct store_op *op);

#endif
