/* SPDX-License-Identifier: MIT */
/*
 * What fetch.c, gzip_read.c and gzip_expand.c share: bytes of a file's base
 * on their way in.
 */
#ifndef STORE_FETCH_H
#define STORE_FETCH_H

#include "file.h"

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

/* ---------------------------------------------------------- waiters.c */

/* All: those who are to be told (fetch_tell) move to the list given. */

/* What is held now may be all that somebody waits for. */
void waiters_collect_locked(struct file *file, struct list_link *ready);
/* Who waits for bytes of [start, end). */
void waiters_fail_locked(struct file *file, uint64_t start, uint64_t end,
			 int result, struct list_link *failed);
/*
 * What came first of a fetch can be dropped before its last has come; who
 * asked for it in between, seeing it on its way, has to ask again.
 */
void waiters_forgotten_locked(struct file *file, struct list_link *told);
void waiters_cancel_readers_locked(struct file *file, struct list_link *told);

/* ---------------------------------------------------------- reclaim.c */

/*
 * This very file holds what the budget has, and somebody cannot go on
 * without more: who reads further back than start pays for it.
 */
void reclaim_behind_locked(struct file *file, uint64_t start);

/* -------------------------------------------------------- gzip_read.c */

/* The base is compressed, and where its members begin is not known yet. */
bool gzip_lacks_index(const struct base *base);
/* Widens a range of the file to what has to be expanded at once. */
void gzip_align(const struct base *base, uint64_t *start, uint64_t *end);
/* The piece to fetch at once, whole members; piece_bytes if not compressed. */
uint64_t gzip_piece(const struct base *base, uint64_t piece_bytes);
/* Memory that stored bytes of an aligned range take while they come. */
uint64_t gzip_stored_span(const struct base *base, uint64_t start,
			  uint64_t end);
/* What a fetch of [start, end), or of the index, has to ask for. -ENOMEM. */
MUST_USE int gzip_prepare_locked(struct fetch *fetch, bool is_index);
/* Says why nothing could be asked for, if that is it. Returns result. */
int gzip_refuse(const struct file *file, int result, struct errinfo *err);
/* Takes stored bytes. */
MUST_USE int gzip_take(struct fetch *fetch, const void *data, size_t len);
/* All have come: expands them on the gzip pool, then ends the fetch. */
void gzip_fetched(struct fetch *fetch);

/* ------------------------------------------------------ gzip_expand.c */

/* Runs a FETCH_ALL on the gzip pool. */
void gzip_expand_start(struct fetch *fetch);

#endif
