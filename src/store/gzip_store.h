/* SPDX-License-Identifier: MIT */
/*
 * What a mount with AWS_IS_GZIPPED has beside the others: threads that
 * expand and compress, and what is known of objects. See docs/architecture.md,
 * "Compressed objects".
 */
#ifndef STORE_GZIP_STORE_H
#define STORE_GZIP_STORE_H

#include "file.h"
#include "gzip.h"
#include "gzip_known.h"

/* store.gzip; NULL if the mount shows and stores bytes as they are. */
struct gzip_store {
	/*
	 * For expanding and compressing: such jobs wait for answers of the
	 * server, never for a job of either pool, so that jobs of the store's
	 * pool may wait for them.
	 */
	struct pool *pool;
	struct gzip_known known;
	struct lock lock; /* a leaf */
	pthread_cond_t none_ahead;
	unsigned aheads; /* HEADs of gzip_ahead.c under way */
};

MUST_USE int gzip_store_new(struct store *store);
/* When no file and no lookup is left. */
void gzip_store_free(struct store *store);

/* ------------------------------------------------------- gzip_look.c */

/*
 * How an object reads, from its HEAD. False if it is a foreign one that has
 * to be expanded to know: gzip_count then.
 */
bool gzip_look(struct store *store, const char *key,
	       const struct s3_object *object, struct gzip_layout *out);

/* As gzip_look, but waits for that; on a pool. */
MUST_USE int gzip_look_wait(struct store *store, const char *key,
			    const struct s3_object *object,
			    struct gzip_layout *out, struct errinfo *err);

/*
 * How a listed file reads, if that is known without asking. node is what
 * the tree has of it, or NULL.
 */
bool gzip_listed_locked(struct store *store, struct node *parent,
			const struct node *node,
			const struct segment_entry *entry,
			struct gzip_layout *out);

/* ------------------------------------------------------ gzip_ahead.c */

/* Name's size has to be asked for: the next ones' will be, too. */
void gzip_look_ahead(struct store *store, struct node *parent,
		     const char *name);

/* ----------------------------------------------------- gzip_expand.c */

/*
 * Expands a foreign object once to count its bytes; waits. out becomes
 * FOREIGN with its plain size or, if it is no sound gzip, BROKEN, which the
 * log then explains. Other errors: not known.
 */
MUST_USE int gzip_count(struct store *store, const struct gzip_version *v,
			struct gzip_layout *out, struct errinfo *err);

/* ----------------------------------------------------- gzip_publish.c */

/*
 * Whether a file with these headers is stored compressed under this key: its
 * type is one of GZIP_CONTENT_TYPES and no encoding is decided, or it is an
 * edit of an object that reads expanded.
 */
bool gzip_is_wanted(const struct file *file, const char *key,
		    const struct pairs *headers);

/*
 * Compresses the file as it is now into a file of its own that no name leads
 * to, whose form says how; file.lock is given up meanwhile. *out:
 * upload_publish_locked it, then file_put.
 */
MUST_USE int gzip_compress_locked(struct file *file, struct file **out,
				  struct errinfo *err);

/* Adds to the headers of an object what they have to say of its bytes. */
MUST_USE int gzip_headers(const struct file *file, const char *key,
			  struct pairs *headers);

#endif
