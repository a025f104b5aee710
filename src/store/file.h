/* SPDX-License-Identifier: MIT */
/*
 * An open file: one for all handles of a node. It knows the version in the
 * bucket it stands on (the base), which bytes it holds, which of them are
 * changed, and what is on the way in either direction.
 *
 * | bytes at offset o          | held has o | base                        |
 * |----------------------------|------------|-----------------------------|
 * | in memory or in the spool  | yes        | -                           |
 * | let go                     | no, gone   | -                           |
 * | changed since the base     | yes, dirty | -                           |
 * | to be fetched              | no         | o < base.valid              |
 * | a hole: zeros              | no         | base.valid <= o < size      |
 *
 * dirty is part of held and gone, which have nothing in common; what is gone
 * is in parts of the upload under way alone. is_dirty is true if there is
 * something to publish, which may be just an empty file. base.valid falls when
 * the file is cut and never rises but with a new base.
 *
 * A failure to store (error) stays until all handles are closed: later
 * writes and closes tell it too, and nothing of this file is published any
 * more; the object in the bucket stays as it was.
 */
#ifndef STORE_FILE_H
#define STORE_FILE_H

#include "blocks.h"
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
};

/* Work on a file that must be done: its memory is there before it is asked. */
struct file_task {
	struct pool_job job;
	struct file *file;
	int (*run)(struct file *file, struct errinfo *err);
	unsigned asked; /* tree.lock: since it was last done */
};

struct file {
	struct store *store;
	struct node *node;           /* counted */
	struct list_link files_link; /* in store.files */
	struct list_link slot_link;  /* room.lock */
	unsigned refs;               /* tree.lock: handles and work under way */

	struct lock lock;
	pthread_cond_t changed; /* publishing, upload or fetches moved on */
	/* The rest under lock. */
	struct list_link handles;
	struct base base;
	uint64_t size;
	struct extents held, dirty, flying; /* flying: being fetched */
	struct extents gone;
	struct blocks blocks;
	uint64_t spilled_to; /* what was sent is on the disk so far */
	struct list_link fetches, waiters;
	struct {
		struct extents ranges;
		int64_t until_ms;
		int result;
		struct errinfo err;
	} failed; /* what fetches have just not brought; see fetch.c */
	unsigned fetch_count;
	bool is_dirty, is_unlinked, is_exclusive;
	bool awaits_slot;   /* in store.spooled_waiters, counted */
	bool has_told_gone; /* that what is gone was asked for */
	bool is_ours;       /* the base was published by its last writer */
	bool was_read;      /* a reader, or the kernel, has bytes of it */
	bool needs_ranges;  /* a whole GET came short */
	bool is_checking;   /* asking for the base's newest version */
	bool is_publishing;
	bool awaits_removal; /* publishing, but not yet sending */
	bool is_moving;      /* renamed just now: publishers wait */
	bool covers_object;  /* renamed unsaved onto a stored one */
	bool is_fresh;       /* cut to nothing: saved as a new file is */
	bool is_pump_queued, is_pump_running; /* see upload.c */
	uint64_t write_seq;                   /* + 1 with each change */
	uint64_t least_size;                  /* since the last publish began */
	int error;
	struct errinfo err;
	bool was_told;           /* a close or fsync returned error */
	struct upload *upload;   /* a stream of parts under way */
	struct file *plain;      /* this one is its compressed form; or NULL */
	struct gzip_layout form; /* and how, once it is complete */
	struct pool_job end;     /* to be freed on the pool */
	struct file_task pump_task, check_task, close_task, unlink_task;
	char *removed_key; /* of unlink_task, owned */
	/* Under tree.lock. */
	struct pairs kept; /* headers of the base, if has_kept */
	bool has_kept;
	bool keeps;            /* what is published keeps them */
	unsigned sent_changes; /* of the node's headers, as they were sent */
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

/* ------------------------------------------------------------ file.c */

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
/* The file that all handles of node share, one more reference; or NULL. */
struct file *file_of_locked(struct store *store, struct node *node);
/*
 * A file that no name leads to, whose bytes are to be published in place of
 * plain's; counted. NULL: no memory.
 */
struct file *file_new_stored(struct file *plain);
/* Puts a file that file_of_locked gave among the store's. Last used last. */
void file_register(struct file *file);

/* store_open at once, without a question whether the bytes can be read. */
void file_open(struct store *store, struct node *node, int flags,
	       struct store_op *op);
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

/* ----------------------------------------------------------- fetch.c */

/* True if a read of the range needs nothing from the bucket. */
bool file_has_locked(const struct file *file, uint64_t start, uint64_t end);

/*
 * Makes fetches for what is missing of [start, end) and not on its way, in
 * pieces of piece_bytes; puts them on started, for fetch_start once the
 * lock is free. A budget that is short makes it fewer unless must.
 */
int fetch_want_locked(struct file *file, uint64_t start, uint64_t end,
		      uint64_t piece_bytes, bool must,
		      struct list_link *started);
void fetch_start(struct list_link *started, enum s3_priority priority);

/*
 * Waits, on the pool, until [start, end) is here; file.lock is held and is
 * given up meanwhile. Returns 0 or the fetch's error.
 */
MUST_USE int fetch_wait_locked(struct file *file, uint64_t start, uint64_t end,
			       struct errinfo *err);

/*
 * The file stands on another version from now on: fetches of the old one
 * are void, and who waited moves to waiters, to try again (fetch_tell).
 */
void fetch_rebase_locked(struct file *file, struct list_link *waiters);
/*
 * All have closed: what is on its way for readers ends. Who had been
 * interrupted and still waits moves to waiters.
 */
void fetch_end_locked(struct file *file, struct list_link *waiters);
/* Calls ready of each; no lock held. err may be NULL. */
void fetch_tell(struct list_link *waiters, const struct errinfo *err);

/* Somebody who waits for bytes; in file.waiters. */
struct waiter {
	struct list_link link;
	uint64_t start, end;
	bool is_reader; /* a read(2): of no use once all have closed */
	/* Called without the lock once the bytes are here, or result < 0. */
	void (*ready)(struct waiter *waiter, int result,
		      const struct errinfo *err);
	int result;
};

/* Memory for bytes, if need be by dropping clean ones of other files. */
bool store_make_room(struct store *store, uint64_t bytes);
/* upload_let_go_locked of any file. On the pool; no lock held. */
bool store_let_go(struct store *store);

/* ---------------------------------------------------------- upload.c */

/*
 * Publishes the file under key. Waits; on the pool; lock held, given up
 * meanwhile. etag gets the new version's. -EEXIST: exclusive and taken.
 */
MUST_USE int upload_publish_locked(struct file *file, const char *key,
				   bool is_exclusive, char etag[S3_ETAG_MAX],
				   struct errinfo *err);
/* Aborts and frees what is under way, waiting for its requests. */
void upload_drop_locked(struct file *file);

/* --------------------------------------------------- upload_stream.c */

/* Looks for full parts of a file that is written from its start. */
void upload_offer_locked(struct file *file);
/* The file's bytes in [start, end) changed again. */
void upload_note_write_locked(struct file *file, uint64_t start, uint64_t end);

/*
 * Moves some memory of parts that were sent to the spool. Returns 1, 0 if
 * there is none, or the disk's error. On the pool; lock given up meanwhile.
 */
MUST_USE int upload_spill_locked(struct file *file);
/* A part is on its way, which is to be had then. */
bool upload_is_coming_locked(const struct file *file);
/*
 * Lets go of what the bucket has: a part that was sent, or clean bytes on
 * the disk. False: nothing is to be had so. On the pool; the lock is given up
 * meanwhile.
 */
bool upload_let_go_locked(struct file *file);
/*
 * Sends a part that was written again as a whole; without need it waits for
 * the close. False: there is none. On the pool; lock given up meanwhile.
 */
bool upload_send_again_locked(struct file *file);
/* -EIO, in words and in the log, if something of the range is gone. */
MUST_USE int upload_refuse_gone_locked(struct file *file, uint64_t start,
				       uint64_t end, struct errinfo *err);

/* --------------------------------------------------------- publish.c */

/* What is dirty into the bucket, waiting; on the pool; no lock held. */
MUST_USE int file_publish(struct file *file, struct errinfo *err);

/*
 * Before its key changes: what is in an upload of that key alone is stored
 * under it. An error stays with the file. Waits; on the pool; no lock held.
 */
void file_save_gone(struct file *file);

/* Its key is being used: a publish or a rename is under way. */
bool file_is_busy_locked(const struct file *file);

/*
 * The file of node, counted, with nobody else using its key until it is
 * unclaimed; waits, on the pool. One is made if there is none, for somebody
 * may open and write it meanwhile. NULL: no memory.
 */
struct file *file_claim(struct store *store, struct node *node, bool *is_dirty);
void file_unclaim(struct file *file);
/* As file_publish, by who has claimed the file; that is over with it. */
MUST_USE int file_publish_claimed(struct file *file, struct errinfo *err);

/* The object is another one, or has other headers. */
void file_forget_kept(struct file *file);
/* The object was copied onto itself, to have other headers. -ENOMEM. */
MUST_USE int file_learn_copy(struct file *file, const char *etag,
			     int64_t mtime_ns);

/*
 * Before publish_headers: finds out what the next version keeps of the
 * object's headers. Waits; on the pool; lock held, given up meanwhile.
 */
MUST_USE int publish_prepare_locked(struct file *file, struct errinfo *err);
/* What is sent from now on has the headers that are set by hand by now. */
void publish_note_sent(struct file *file);

/* Headers that file is stored with under key. -ENOMEM. */
MUST_USE int publish_headers(const struct file *file, const char *key,
			     struct pairs *headers);

/* ------------------------------------------------------------- job.c */

/*
 * Runs run on the pool and answers op with what it returns, or -ENOMEM; a
 * reference to file is held meanwhile.
 */
void file_job(struct file *file, struct store_op *op,
	      int (*run)(struct file *file, struct errinfo *err));
/*
 * Runs run on the pool, with nobody to tell the result; a reference to file
 * is held meanwhile. Never fails. Asked for while it runs, it runs again
 * after. Any thread; file.lock may be held. task is one of file's, always
 * for the same run.
 */
void file_task(struct file *file, struct file_task *task,
	       int (*run)(struct file *file, struct errinfo *err));

#endif
