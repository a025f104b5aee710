/* SPDX-License-Identifier: MIT */
/*
 * What upload.c, upload_stream.c, upload_part.c and put.c share: the parts of
 * an upload; one PUT.
 */
#ifndef STORE_UPLOAD_H
#define STORE_UPLOAD_H

#include "errinfo.h"
#include "plan.h"
#include "s3.h"

struct file;
struct pieces;
struct store;

enum part_state {
	PART_WAITING,
	PART_FLYING,
	PART_SENT
};

struct upload_part {
	enum plan_kind kind;
	enum part_state state;
	bool is_stale;  /* changed since it was cut */
	bool is_let_go; /* sent, and the bucket alone has it */
	uint64_t offset, length;
	bool has_crc32c;
	uint32_t crc32c;
	char etag[S3_ETAG_MAX];
};

struct upload {
	char *key;
	char *id;        /* NULL: not created yet */
	bool is_planned; /* all parts are known; else by the schedule */
	bool is_ending;  /* later writes are for the next version */
	struct upload_part *parts;
	unsigned count, cap;
	unsigned flying;
	int error; /* the first part's that failed */
	struct errinfo err;
};

/* Of no parts yet; NULL: no memory. */
struct upload *upload_new(const char *key);
/* -ENOMEM. */
MUST_USE int upload_add_part(struct upload *up, enum plan_kind kind,
			     uint64_t offset, uint64_t length);
/*
 * CreateMultipartUpload of key with headers, whose tags go if they are
 * refused; *id is the caller's to free. On the pool; no lock held.
 */
MUST_USE int upload_create(struct store *store, const char *key,
			   struct pairs *headers, char **id,
			   struct errinfo *err);
/* The same for a file; file.lock is held and given up meanwhile. */
MUST_USE int upload_create_locked(struct file *file, struct upload *up,
				  struct errinfo *err);

/* Whether one more part may be in the air; of parts from disk few may. */
bool upload_may_launch(const struct file *file, const struct upload *up,
		       enum plan_kind kind, uint64_t offset, uint64_t length);

/*
 * Of parts from the disk few may be in the air, of all files together: has
 * file.changed told when one has landed. False: there is room for one now.
 */
bool upload_await_slot_locked(struct file *file);

/*
 * Starts part index; file.lock is held and given up meanwhile. -ENOMEM, -EIO.
 */
MUST_USE int upload_launch_locked(struct file *file, struct upload *up,
				  unsigned index);

/*
 * One PUT of pieces as file, waiting. Exclusive: -EEXIST if the key is taken,
 * by If-None-Match or, on a server that has none, by a HEAD before.
 */
MUST_USE int upload_put(struct file *file, const char *key,
			struct pieces *pieces, bool is_exclusive,
			char etag[S3_ETAG_MAX], struct errinfo *err);

/*
 * Ends a multipart upload: wanted says which; what it says of conditions is
 * not looked at. -EEXIST as above.
 */
MUST_USE int upload_complete(struct file *file,
			     const struct s3_complete_upload *wanted,
			     bool is_exclusive, char etag[S3_ETAG_MAX],
			     struct errinfo *err);

/* 0 if there is no object of this key, -EEXIST if there is. */
MUST_USE int upload_check_free(struct store *store, const char *key,
			       struct errinfo *err);

#endif
