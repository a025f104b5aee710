/* SPDX-License-Identifier: MIT */
/*
 * Every lock of the program, what it protects, and its place in the order:
 * who holds one takes only those that stand further down. lock.h asserts it.
 *
 * None is held over a wait for anything but its own condition, over disk I/O,
 * over a done callback, or over the start of a request.
 */
#ifndef BASE_LOCK_ORDER_H
#define BASE_LOCK_ORDER_H

enum lock_rank {
	LOCK_UNRANKED, /* of tests: may be taken anywhere */

	/* fs */
	LOCK_OPENED_TURN, /* struct opened: whose turn a directory stream is */
	LOCK_OPENED_LIST, /* fs.opened: what the kernel has open */
	LOCK_CALLS,       /* fs.calls: unanswered calls, and those watched */
	LOCK_INODES,      /* struct inodes: numbers and their nodes */

	/* store */
	LOCK_FILE,  /* struct file: all but refs and what tree.lock has */
	LOCK_FILES, /* store.files: which files are open, by last use */
	LOCK_COPIES, /* struct copies: of a rename, which keys are on their way */
	LOCK_TREE, /* struct tree: names, nodes, what is known of directories */
	LOCK_GZIP_MEMBERS, /* members that are being compressed */
	LOCK_DELETES,      /* struct deletes: keys that wait to be removed */
	LOCK_AHEAD,        /* store.ahead: HEADs ahead of who wants them */
	LOCK_FACTS,        /* store.facts: what headers told, by version */
	LOCK_FAILED_KEYS,  /* store.failed_keys: what could not be asked */
	LOCK_LOOKUP_WAIT,  /* somebody who waits for a lookup, on his stack */
	LOCK_STORE_NOTIFY, /* store.notify: whom to tell */
	LOCK_ROOM,         /* struct room: writers that wait for memory */
	LOCK_BODY,         /* struct body: what is read ahead for a request */
	LOCK_PINS,         /* struct blocks: ranges of the disk to be read */
	LOCK_SPARES,       /* struct budget: blocks kept for the next user */

	/* fs, below the store's callbacks */
	LOCK_NOTIFIER, /* struct notifier: what the kernel is to be told */

	/* s3 */
	LOCK_SWEEP,        /* struct upload_sweep: what it has under way */
	LOCK_CLIENT,       /* s3_client: endpoints, requests under way */
	LOCK_RECORD,       /* struct upload_record: its folder and notes */
	LOCK_CREDS_SOURCE, /* what a source of keys has read last */
	LOCK_CREDS_CHAIN,  /* the keys in use, who waits for new ones */
	LOCK_CREDS_CALL,   /* somebody who waits for a question about keys */
	LOCK_CREDS,        /* one pair of keys: what is derived from it */

	LOCK_TOOL, /* tools: what a done callback tells the main thread */

	/* http and base */
	LOCK_HTTP_QUEUE, /* struct queue: requests that are to be sent */
	LOCK_POOL,       /* struct pool: jobs and threads */
	LOCK_METRICS,    /* which kinds of times there are */
	LOCK_LOG,        /* the log's file */
};

#endif
