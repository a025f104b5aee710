/* SPDX-License-Identifier: MIT */
/* A file that was written goes into the bucket. */
#ifndef STORE_PUBLISH_H
#define STORE_PUBLISH_H

#include <stdbool.h>

#include "buf.h"
#include "codec/gzip.h"
#include "errinfo.h"
#include "list.h"
#include "macros.h"
#include "s3.h"
#include "write/outgoing.h"
#include "write/put.h"

struct file;

/* One publish: what is dirty becomes the object's new version. */
struct publish {
	/* In. */
	struct outgoing out; /* .file */
	bool is_claimed;     /* by the caller; that is over with it */
	/*
	 * If set, one PUT is left on its way, and done is called once it is
	 * over: on a pool, with no lock held. The publish is on the heap.
	 */
	void (*done)(struct publish *p, int result);
	/* Out. */
	struct errinfo err;
	/* publish.c's own. */
	struct buf key;
	char name[S3_KEY_MAX + 1]; /* of the node */
	bool keeps_all;            /* another object of that name stays */
	bool is_renamed;           /* not the name that was asked for */
	bool is_clean;             /* it has all that the file has */
	unsigned rounds;           /* names tried */
	struct file *stored;       /* its compressed form, counted; or NULL */
	struct gzip_layout layout; /* of the new version */
	char etag[S3_ETAG_MAX];
	struct parked_put parked;
	struct list_link waiters; /* for its bytes, to be told */
};

/*
 * Publishes p.out.file, once it is nobody else's turn. Waits; on the pool; no
 * lock held. -EINPROGRESS: p.done will be called, or has been.
 */
MUST_USE int publish_run(struct publish *p);

/* What is dirty into the bucket, waiting; on the pool; no lock held. */
MUST_USE int file_publish(struct file *file, struct errinfo *err);
/* The same by who has claimed the file; that is over with it. */
MUST_USE int file_publish_claimed(struct file *file, struct errinfo *err);

#endif
