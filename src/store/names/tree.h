/* SPDX-License-Identifier: MIT */
/*
 * The tree: what is known of names, one struct node for each that somebody
 * holds or that was changed here.
 *
 * What is known of a name comes from several sources: a node, an absence, a
 * page of the listing. Each knowledge has a sequence number: that of the
 * moment its request was started or, for our own change, was done; while a
 * change of ours is not in the bucket yet it is SEQ_PENDING. Of what has not
 * expired the highest number is right, so an answer that was on its way
 * while we changed something cannot undo the change.
 */
#ifndef STORE_TREE_H
#define STORE_TREE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "list.h"
#include "lock.h"
#include "macros.h"
#include "names/listing.h"
#include "strmap.h"

struct file;
struct gzip_layout;
struct headers;
struct store;
struct store_attr;

#define SEQ_PENDING UINT64_MAX
#define NEVER_MS    INT64_MAX
#define IN_DOUBT_MS 0 /* node.until_ms: is to be asked for */

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
	enum node_move move; /* of a directory: its keys, see name_change.h */
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

/* What a directory's node knows of what is below. */
struct dir {
	struct listing listing;
	struct strmap absent; /* name -> struct absence */
	size_t prune_at;      /* so many of them: what expired is taken out */
	struct list_link created; /* nodes newer than the listing, counted */
	int delete_error;         /* of a removal below, told once */
	unsigned ahead;           /* see listed.c */
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
	struct list_link changes; /* of names, under way; name_change.h */
	pthread_cond_t moved;     /* a change or a move is over */
};

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

#endif
