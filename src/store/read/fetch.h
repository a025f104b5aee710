/* SPDX-License-Identifier: MIT */
/*
 * Bytes of a file's base on their way in.
 */
#ifndef STORE_FETCH_H
#define STORE_FETCH_H

#include "file/file.h"

enum fetch_kind {
	FETCH_RANGE,   /* stored bytes are the file's; given out as they come */
	FETCH_MEMBERS, /* compressed members, given out once expanded */
	FETCH_INDEX,   /* where members begin; start and end are 0 */
	FETCH_ALL,     /* all of an object that is somebody else's gzip */
};

struct fetch {
	struct s3_get get;      /* not used by FETCH_ALL */
	struct file *file;      /* a reference */
	struct list_link link;  /* in file.fetches */
	struct list_link queue; /* between want and start */
	enum fetch_kind kind;
	uint64_t start, end; /* of the file */
	uint64_t pos;        /* [start, pos) came */
	unsigned base_number;
	int64_t began_ms;
	uint64_t ticket; /* budget taken for blocks to come */
	bool is_whole;   /* given out only when its checksum was right */
	char *key;
	char etag[S3_ETAG_MAX];

	/* Of a compressed base. */
	struct pool_job job;
	struct gzip_layout layout;
	char *stored; /* MEMBERS, INDEX: as it came */
	size_t stored_len;
	size_t first_member, member_count;
	uint64_t *offsets; /* of these members, from the first one's start */
};

/*
 * Keeps data, the bytes from fetch.pos to end, where nothing newer is held,
 * in memory that fetch.ticket pays for.
 */
MUST_USE int fetch_keep_locked(struct fetch *fetch, const char *data,
			       uint64_t end);

/*
 * Bytes of the file from fetch.pos on: those in it are kept by keep_locked,
 * and who waited for them is told. -ECANCELED: nobody wants them any more.
 */
MUST_USE int fetch_give(struct fetch *fetch, const char *data, size_t len,
			int (*keep_locked)(struct fetch *fetch,
					   const char *data, uint64_t end));
/* True if nobody wants this fetch's bytes any more. */
bool fetch_is_void_locked(const struct fetch *fetch);

/*
 * A negative errno, and the words, if bytes of [start, end) are not held and
 * have just failed to come; else 0.
 */
MUST_USE int fetch_failed_locked(const struct file *file, uint64_t start,
				 uint64_t end, struct errinfo *err);
/* The end of a fetch: tells who waited, frees it. fetch.get.op.err is told. */
void fetch_finish(struct fetch *fetch, int result);

/*
 * What a waiter hears of a failed fetch. One that was given up because all
 * had closed may have met a new reader since: he tries again.
 */
int fetch_told_as(const struct store *store, int result);

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
 * The file stands on another version from now on: fetches of the old one
 * are void, and who waited moves to waiters, to try again (fetch_tell).
 */
void fetch_rebase_locked(struct file *file, struct list_link *waiters);

/*
 * All have closed: what is on its way for readers ends. Who had been
 * interrupted and still waits moves to waiters.
 */
void fetch_end_locked(struct file *file, struct list_link *waiters);

#endif
