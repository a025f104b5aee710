/* SPDX-License-Identifier: MIT */
/*
 * What the files of the store share: the store, its nodes, open files.
 *
 * Locks, always taken in this order: file.lock, then tree.lock, then the
 * leaves (budget, deletes, notify_lock, room, pool). None is held over a call
 * that waits, over a done callback, or over the start of an S3 operation.
 *
 * What is known of a name comes from several sources: a node, an absence, a
 * page of the listing. Each knowledge has a sequence number: that of the
 * moment its request was started or, for our own change, was done; while a
 * change of ours is not in the bucket yet it is SEQ_PENDING. Of what has not
 * expired the highest number is right, so an answer that was on its way
 * while we changed something cannot undo the change.
 */
#ifndef STORE_INTERNAL_H
#define STORE_INTERNAL_H

#include "budget.h"
#include "buf.h"
#include "gzip.h"
#include "list.h"
#include "listing.h"
#include "lock.h"
#include "pool.h"
#include "room.h"
#include "s3.h"
#include "store.h"
#include "strmap.h"

#define SEQ_PENDING UINT64_MAX
#define NEVER_MS    INT64_MAX
#define IN_DOUBT_MS 0 /* node.until_ms: is to be asked for */

struct dir;
struct file;
struct deletes;
struct gzip_store;
struct headers;
struct mime;
struct walks;

enum node_move {
	MOVE_NONE,
	MOVE_AWAITED,
	MOVE_ON
};

struct node {
	struct node *hash_next;
	struct node *parent; /* counted; NULL: the root */
	char *name;
	uint64_t id;
	_Atomic unsigned refs;
	bool is_dir;
	bool is_detached;    /* no path leads here any more */
	bool is_replaced;    /* so, and another node has the name: version.h */
	bool is_created;     /* stands in the parent's list of created nodes */
	enum node_move move; /* of a directory: its keys, see change.h */
	struct list_link created_link;
	uint64_t moved_seq; /* when a rename gave its name; or 0 */

	uint64_t seq;
	int64_t until_ms; /* believed so long */
	uint64_t size;
	int64_t mtime_ns, atime_ns;
	int64_t ctime_ns;        /* 0: as mtime_ns */
	char *etag;              /* NULL: no object is known to be behind it */
	bool has_class;          /* its storage class may not be STANDARD */
	bool is_archive;         /* it may have to be restored to be read */
	struct headers *headers; /* NULL: nothing is known; headers.h */
	struct gzip_layout *layout; /* NULL: it is read as it is stored */
	bool has_mode, has_uid, has_gid;
	mode_t mode;
	uid_t uid;
	gid_t gid;
	bool was_read;           /* somebody has bytes of this version */
	uint64_t version;        /* of the bytes */
	uint64_t cached_version; /* what the kernel's pages hold */

	struct file *file; /* while open; not counted */
	struct dir *dir;   /* made when first needed: every parent has one */
};

/* A name that is known not to be there. */
struct absence {
	uint64_t seq;
	int64_t until_ms;
};

/* What a directory's node knows of what is below. */
struct dir {
	struct listing listing;
	struct strmap absent; /* name -> struct absence */
	size_t prune_at;
	struct list_link created; /* nodes newer than the listing, counted */
	int delete_error;         /* of a removal below, told once */
	unsigned ahead;           /* see gzip_ahead.c */
	uint32_t ahead_hash;      /* of the name whose asking makes it more */
};

struct tree {
	struct lock lock;
	struct node *root;
	int64_t mount_ns; /* the time of directories that tell none */
	struct node **buckets;
	size_t bucket_count;
	size_t count;
	uint64_t last_id;
	uint64_t seq;
	/*
	 * Counted, or NULL: who took another node's name last. The kernel sees
	 * another inode, forgets it, and asks for the name once more.
	 */
	struct node *successor;
	struct list_link changes; /* of names, under way; change.h */
	pthread_cond_t moved;     /* a change or a move is over */
};

struct store {
	struct s3_client *s3;
	struct store_options options;
	char *location; /* "" or ends in a slash */
	char *temp_dir;
	struct mime *mime; /* NULL: no file of types */
	struct pool *pool;
	struct budget budget;
	struct room room;
	struct lock notify_lock;    /* a leaf; held over the callbacks */
	struct store_notify notify; /* under notify_lock */
	struct tree tree;
	struct deletes *deletes;
	struct walks *walks;
	struct gzip_store *gzip; /* NULL: bytes are shown as they are */
	struct lock files_lock;
	struct list_link files; /* all struct file, least recently used first */
	unsigned file_count;    /* also those that are being freed */
	pthread_cond_t files_gone;
	atomic_bool has_no_readers; /* see store_end_reads */
	/* Both change under room.lock. */
	_Atomic int spooled_parts;        /* in memory again, to be sent */
	struct list_link spooled_waiters; /* files who want one more */
	_Atomic int first_error;          /* of data that could not be stored */
	atomic_bool has_told_of_unshown;  /* see key_note_unshown */
};

/* ------------------------------------------------------------ tree.c */

int tree_init(struct tree *tree);
void tree_release(struct tree *tree);

/* All _locked: tree.lock is held. */
struct node *tree_find_locked(struct tree *tree, const struct node *parent,
			      const char *name);
/* A new node in the tree with one reference, the caller's; or NULL. */
struct node *tree_make_locked(struct tree *tree, struct node *parent,
			      const char *name, bool is_dir);
struct node *node_get_locked(struct node *node);
void node_put_locked(struct tree *tree, struct node *node);
/* Takes node out of its name; who holds it keeps it. */
void tree_detach_locked(struct tree *tree, struct node *node);
/* Puts node back under its name, instead of who has it now. */
void tree_attach_locked(struct tree *tree, struct node *node);
/* Gives node another name. -ENOMEM: nothing has changed. */
MUST_USE int tree_move_locked(struct tree *tree, struct node *node,
			      struct node *parent, const char *name);
/* The directory part of a node; NULL if there is no memory. */
struct dir *node_dir_locked(struct node *node);
/* True if node is below (or is) dir. */
bool node_is_below_locked(const struct node *node, const struct node *dir);
/* Its name or its attributes have changed now: its ctime. */
void node_touch_locked(struct node *node);
/* What is in dir has changed now: its mtime and ctime. */
void node_note_entries_locked(struct node *dir);
/* Notes that the parent's listing does not know node. */
void node_mark_created_locked(struct node *node);
void node_unmark_created_locked(struct tree *tree, struct node *node);
/* Notes that name is not below parent. -ENOMEM: nothing is noted. */
MUST_USE int tree_note_absent_locked(struct node *parent, const char *name,
				     uint64_t seq, int64_t until_ms);
void tree_forget_absent_locked(struct node *parent, const char *name);
uint64_t tree_next_seq_locked(struct tree *tree);

/* What the bucket said of a name. */
struct node_facts {
	bool is_dir;
	const struct gzip_layout *layout; /* the rest: files only */
	int64_t mtime_ns;
	const char *etag;
	uint64_t seq;
};

/*
 * The node of a name by what the bucket said; counted. One that knows another
 * version leaves the tree, and a new one takes its name (version.h). NULL:
 * no memory, and nothing has changed.
 */
struct node *tree_learn_locked(struct store *store, struct node *parent,
			       const char *name,
			       const struct node_facts *facts);
/*
 * The kernel knows a file's node by a name that has another one by now, or
 * may have: it asks for the name again when it hears ESTALE (path_openat,
 * retry_estale).
 */
bool node_is_stale_locked(const struct node *node);
/* Whoever asks for node's name is to ask the bucket. */
void node_doubt_locked(struct store *store, struct node *node);

/*
 * What the bucket said of a file; until_ms by the attribute time-out.
 * -ENOMEM: nothing has changed, here and in the next two. Who opens a file by
 * an ETag that is not its object's any more is told so by the bucket.
 */
MUST_USE int node_learn_locked(struct store *store, struct node *node,
			       const struct gzip_layout *layout,
			       int64_t mtime_ns, const char *etag,
			       uint64_t seq);
/* Which object is behind node, NULL: none; and how it is stored. */
MUST_USE int node_set_version_locked(struct node *node, const char *etag,
				     const struct gzip_layout *layout);
/* The same bytes, stored the same way, are another object now. */
MUST_USE int node_set_etag_locked(struct node *node, const char *etag);
void node_attr_locked(const struct store *store, const struct node *node,
		      struct store_attr *attr);

/* ------------------------------------------------------------- key.c */

/* "media/a/b", with a slash behind directories; the root's is the location. */
void node_key_locked(const struct store *store, const struct node *node,
		     struct buf *key);
void node_key(struct store *store, struct node *node, struct buf *key);
/* The key that name has below parent. -ENAMETOOLONG, -EILSEQ, -EINVAL. */
MUST_USE int child_key(struct store *store, struct node *parent,
		       const char *name, struct buf *key);

/*
 * The same for a name that is to be made: also -ENAMETOOLONG by the option
 * max_length.
 */
MUST_USE int child_key_new(struct store *store, struct node *parent,
			   const char *name, struct buf *key);
/* The key of a path as store_lookup_path takes it. */
MUST_USE int path_key(struct store *store, const char *path, struct buf *key);
/* No path leads to key: the log says so of the first one. */
void key_note_unshown(struct store *store, const char *key);
/* The code points that max_length leaves below key, which ends in a slash. */
size_t key_point_room(const struct store *store, const struct buf *key);

/* ----------------------------------------------------------- store.c */

/* Keeps the first, for who asks at the end whether all was stored. */
void store_note_error(struct store *store, int result);
/* What the kernel should forget; any thread, any lock may be held. */
void notify_entry(struct store *store, uint64_t parent_id, const char *name);
void notify_inode(struct store *store, uint64_t id);
/* The kernel asks for the size of id before it reads on; no lock is held. */
void notify_size(struct store *store, uint64_t id);

/* ---------------------------------------------------------- lookup.c */

/*
 * What memory knows of a name: 1 and *out counted, -ENOENT (*until_ms), or
 * 0 for nothing.
 */
int lookup_cached_locked(struct store *store, struct node *parent,
			 const char *name, struct node **out,
			 int64_t *until_ms);

/* store_lookup, waiting; on the pool only. *out is counted. */
MUST_USE int lookup_wait(struct store *store, struct node *parent,
			 const char *name, struct node **out,
			 struct errinfo *err);

/* ------------------------------------------------------------- job.c */

/*
 * Runs run(job) on the pool and answers op with what it returns. job is
 * allocated with struct store_job first, and freed after.
 */
struct store_job {
	struct pool_job pool;
	struct store *store;
	struct store_op *op;
	int (*run)(struct store_job *job, struct errinfo *err);
	void (*release)(struct store_job *job); /* of what it holds; or NULL */
};
void job_start(struct store_job *job);

#endif
