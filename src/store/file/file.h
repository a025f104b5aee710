/* SPDX-License-Identifier: MIT */
/*
 * An open file: one for all handles of a node. It knows the version in the
 * bucket it stands on (the base), which bytes it holds, which of them are
 * changed, and what is on the way in either direction.
 *
 * | bytes at offset o          | held has o | base                        |
 * |----------------------------|------------|-----------------------------|
 * | in memory or in the spool  | yes        | -                           |
 * | evicted                    | no, gone   | -                           |
 * | changed since the base     | yes, dirty | -                           |
 * | to be fetched              | no         | o < base.valid              |
 * | a hole: zeros              | no         | base.valid <= o < size      |
 *
 * dirty is part of held and gone, which have nothing in common; what is gone
 * is in parts of the upload under way alone. What is to be published may be
 * just an empty file; see state.h. base.valid falls when
 * the file is cut and never rises but with a new base.
 *
 * A failure to store (error) stays until all handles are closed: later
 * writes and closes tell it too, and nothing of this file is published any
 * more; the object in the bucket stays as it was.
 */
#ifndef STORE_FILE_H
#define STORE_FILE_H

#include "codec/gzip.h"
#include "data/blocks.h"
#include "file/state.h"
#include "internal.h"

struct upload;

struct base {
	bool exists; /* else all of the file is ours */
	char *key;
	char etag[S3_ETAG_MAX];
	uint64_t size; /* of what a read gives, as everything here */
	uint64_t valid;
	unsigned number;           /* another one with each new base */
	struct gzip_layout layout; /* how the object is stored */
	struct gzip_index *index;  /* of its members, once it came */
	bool is_index_coming;
	bool is_checking;  /* asking for its newest version */
	bool needs_ranges; /* a whole GET came short */
	bool is_ours;      /* was published by its last writer */
	/* Under tree.lock. */
	struct pairs kept; /* its headers, if has_kept */
	bool has_kept;
};

/* Work on a file that must be done: its memory is there before it is asked. */
struct file_task {
	struct pool_job job;
	struct file *file;
	int (*run)(struct file *file, struct errinfo *err);
	unsigned asked; /* tree.lock: since it was last done */
};

/* Parts of a file that is being written: see upload_stream.c. */
enum file_pump {
	PUMP_IDLE,
	PUMP_QUEUED,
	PUMP_RUNNING,
};

struct file {
	struct store *store;
	struct node *node;           /* counted */
	struct list_link files_link; /* in store.files */
	unsigned refs;               /* tree.lock: handles and work under way */

	struct lock lock;
	pthread_cond_t changed; /* publishing, upload or fetches moved on */
	/* The rest under lock. */
	struct list_link handles;
	struct list_link savers; /* who waits until it is stored: flush.c */
	bool must_save;          /* somebody has asked for that */
	bool is_closed;          /* it was a close that nobody waits for */
	struct base base;
	uint64_t size;
	struct extents held, dirty, flying; /* flying: being fetched */
	struct extents gone;
	struct blocks blocks;
	uint64_t spilled_to; /* what was sent is on the disk so far */
	struct list_link fetches, waiters;
	struct {
		struct extents ranges;
		struct failure why;
	} failed; /* what fetches have just not brought */
	unsigned fetch_count;
	enum file_state state; /* file_set_state_locked writes it */
	bool is_unlinked;      /* no name leads to it, or it is not wanted */
	bool is_exclusive;     /* O_EXCL, and not stored yet */
	bool covers_object;    /* renamed unsaved onto a stored one */
	bool is_fresh;         /* cut to nothing: saved as a new file is */
	bool was_read;         /* a reader, or the kernel, has bytes of it */
	bool has_told_gone;    /* that what is gone was asked for */
	enum file_pump pump;
	uint64_t least_size; /* since what is sent began to be */
	int error;
	struct errinfo err;
	bool was_told;         /* a close or fsync returned error */
	struct upload *upload; /* a stream of parts under way; or NULL */
	void (*drop_upload_locked)(struct file *file); /* set with it */
	struct file *plain;      /* this one is its compressed form; or NULL */
	struct gzip_layout form; /* and how, once it is complete */
	struct pool_job end;     /* to be freed on the pool */
	struct file_task pump_task, check_task, save_task, unlink_task;
	char *removed_key; /* of unlink_task, owned */
};

/* A place in a file that a reader goes on from. */
struct read_stream {
	uint64_t start, next;
	uint64_t window; /* bytes to fetch ahead; 0: only what is asked */
	int64_t used_ms; /* 0: free */
};

#define READ_STREAMS 4

struct handle {
	struct file *file;          /* a reference */
	struct list_link link;      /* in file.handles */
	_Atomic unsigned refs;      /* one for the user, one a pending read */
	int flags;                  /* of open(2) */
	enum store_unsaved unsaved; /* file.lock; since it was clean */
	struct read_stream streams[READ_STREAMS];
};

void handle_put(struct handle *handle);
struct file *file_get(struct file *file);
void file_put(struct file *file);
/* Poisons the file; keeps the first error. Returns code. */
int file_fail_locked(struct file *file, int code, const struct errinfo *err);

/*
 * Gives the base another key (taken over; NULL: the same) and version. Both
 * are written under tree.lock as well, and may be read under either lock.
 */
void file_set_base_locked(struct file *file, char *key, const char *etag);
/*
 * The file that all handles of node share, one more reference; or NULL. It is
 * among the store's from the start, last used last: who moves its folder sees
 * it. files_lock and tree.lock are held.
 */
struct file *file_of_locked(struct store *store, struct node *node);

/*
 * A file that no name leads to, whose bytes are to be published in place of
 * plain's; counted. NULL: no memory.
 */
struct file *file_new_stored(struct file *plain);

/*
 * All files that are open, or those below dir if that is not NULL, each
 * counted; *out is to be freed. -ENOMEM.
 */
MUST_USE int store_list_files(struct store *store, const struct node *dir,
			      struct file ***out, size_t *count);
/* Why it cannot be stored; 0: it can. No lock held. */
int file_error(struct file *file);
/* Size and time of the file into its node. */
void file_update_node_locked(struct file *file, bool is_changed);

/* The object is another one, or has other headers. */
void file_forget_kept(struct file *file);
/* -EIO, in words and in the log, if something of the range is gone. */
MUST_USE int file_refuse_gone_locked(struct file *file, uint64_t start,
				     uint64_t end, struct errinfo *err);

#endif
