/* SPDX-License-Identifier: MIT */
/*
 * The store: what all files of this layer share.
 *
 * Locks, always taken in this order: file.lock, files_lock, tree.lock, then the
 * leaves (budget, deletes, notify_lock, room, pool). None is held over a call
 * that waits, over a done callback, or over the start of an S3 operation.
 */
#ifndef STORE_INTERNAL_H
#define STORE_INTERNAL_H

#include "buf.h"
#include "data/budget.h"
#include "data/room.h"
#include "facts/ahead.h"
#include "facts/facts.h"
#include "facts/failure.h"
#include "list.h"
#include "lock.h"
#include "names/tree.h"
#include "pool.h"
#include "s3.h"
#include "store.h"
#include "strmap.h"

struct file;
struct deletes;
struct headers;
struct mime;
struct walks;

struct store {
	struct s3_client *s3;
	struct store_options options;
	char *location; /* "" or ends in a slash */
	char *temp_dir;
	struct mime *mime; /* NULL: no file of types */
	struct pool *pool;
	struct pool *disk_pool; /* its jobs wait for nothing but the disk */
	/*
	 * Goes on with what was left on its way. Jobs of the other pool may
	 * wait for that, all of them: none of this one waits for a job.
	 */
	struct pool *resume_pool;
	struct budget budget;
	struct room room;
	struct lock notify_lock;    /* a leaf; held over the callbacks */
	struct store_notify notify; /* under notify_lock */
	struct tree tree;
	struct deletes *deletes;
	struct walks *walks;
	struct failed_keys failed_keys;
	struct facts facts;
	struct ahead ahead;
	/*
	 * For expanding and compressing, or NULL. Its jobs wait for answers of
	 * the server, never for a job of another pool, so that jobs of pool may
	 * wait for them.
	 */
	struct pool *codec_pool;
	struct lock files_lock;
	struct list_link files; /* all struct file, least recently used first */
	unsigned file_count;    /* also those that are being freed */
	pthread_cond_t files_gone;
	atomic_bool has_no_readers;      /* see store_end_reads */
	_Atomic int first_error;         /* of data that could not be stored */
	atomic_bool has_told_of_unshown; /* see key_note_unshown */
};

/* Keeps the first, for who asks at the end whether all was stored. */
static inline void store_note_error(struct store *store, int result)
{
	int none = 0;

	atomic_compare_exchange_strong(&store->first_error, &none, result);
}

#endif
