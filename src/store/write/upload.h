/* SPDX-License-Identifier: MIT */
/*
 * One version of a file on its way up, and the parts of it.
 */
#ifndef STORE_UPLOAD_H
#define STORE_UPLOAD_H

#include "data/plan.h"
#include "errinfo.h"
#include "s3.h"

struct file;
struct outgoing;

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
	char *id;         /* NULL: not created yet */
	unsigned changes; /* of headers by hand, which it was created with */
	bool is_planned;  /* all parts are known; else by the schedule */
	bool is_put_off; /* a stream that is to be compressed: see pump_parts */
	bool is_ending;  /* later writes are for the next version */
	struct upload_part *parts;
	unsigned count, cap;
	unsigned flying;
	int error; /* the first part's that failed */
	struct errinfo err;
};

/* Gives file an upload of no parts yet; NULL: no memory. */
struct upload *upload_attach_locked(struct file *file, const char *key);
/* -ENOMEM. */
MUST_USE int upload_add_part(struct upload *up, enum plan_kind kind,
			     uint64_t offset, uint64_t length);
/* The same for a file; file.lock is held and given up meanwhile. */
MUST_USE int upload_create_locked(struct file *file, struct upload *up,
				  struct outgoing *out, struct errinfo *err);

/*
 * Publishes file's bytes as out says. Waits; on the pool; lock held, given
 * up meanwhile. etag gets the new version's. -EEXIST: exclusive and taken.
 */
MUST_USE int upload_publish_locked(struct file *file, struct outgoing *out,
				   char etag[S3_ETAG_MAX], struct errinfo *err);
/* Aborts and frees what is under way, waiting for its requests. */
void upload_drop_locked(struct file *file);

#endif
