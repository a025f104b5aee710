/* SPDX-License-Identifier: MIT */
/*
 * Buckets, objects and unfinished multipart uploads.
 *
 * One lock guards all of it. Functions whose name ends in _locked want it
 * held by the caller, so that a condition and the change that depends on it
 * are one step. An object does not change once it is published, except for
 * acl and tags (under the lock); who has a reference may read it unlocked.
 *
 * With a root folder, publishing and deleting go through to the disk (root.h).
 */
#ifndef SERVER_STORE_H
#define SERVER_STORE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "body.h"
#include "fields.h"
#include "index.h"
#include "list.h"
#include "lock.h"

#define KEY_MAX         1024 /* bytes of a key */
#define PART_NUMBER_MAX 10000
#define ETAG_SIZE       40

enum acl {
	ACL_PRIVATE,
	ACL_PUBLIC_READ,
	ACL_PUBLIC_READ_WRITE,
	ACL_AUTHENTICATED_READ,
	ACL_AWS_EXEC_READ,
	ACL_OWNER_READ,
	ACL_OWNER_FULL
};

struct part_sizes {
	unsigned count;
	uint64_t sizes[];
};

struct object {
	atomic_uint refs;
	uint8_t acl; /* enum acl */
	int64_t mtime_ns;
	struct body body;
	struct fields headers; /* sent back as they are */
	struct fields sums;    /* x-amz-checksum-*, sent when asked for */
	struct fields tags;
	struct part_sizes *parts; /* of a multipart object, or NULL */
	char etag[ETAG_SIZE];     /* without quotes */
};

struct bucket {
	char *name;
	int owner; /* index of the user; -1: everybody's */
	enum acl acl;
	int64_t created_ns;
	struct index keys; /* values: struct object */
	struct list_link uploads;
};

struct part {
	unsigned number;
	int64_t mtime_ns;
	struct body body;
	struct fields sums;
	char etag[ETAG_SIZE];
};

struct upload {
	struct list_link link; /* in the bucket's, sorted by key */
	char *key;
	uint64_t id;
	int64_t created_ns;
	enum acl acl;
	struct fields headers;
	struct fields tags;
	char sum_name[32]; /* "crc32c"; "" if none was asked for */
	bool sum_of_whole; /* FULL_OBJECT, not COMPOSITE */
	unsigned part_count;
	struct part **parts; /* sorted by number */
};

struct root;

struct store {
	struct lock lock;
	struct index buckets; /* values: struct bucket */
	struct root *root;    /* NULL: memory only */
	uint64_t last_id;     /* of uploads */
	int64_t last_ns;      /* so that times always grow */
};

/* One more reference, or one less; the last frees. Any thread. */
struct object *object_new(void);
struct object *object_ref(struct object *object);
void object_unref(struct object *object);

/* Now, later than every time given before. */
int64_t store_time_locked(struct store *store);
uint64_t store_id_locked(struct store *store);

struct bucket *store_bucket_locked(struct store *store, const char *name);

/* Returns 0, -EEXIST, -ENOMEM or what the disk said. */
MUST_USE int store_add_bucket_locked(struct store *store, const char *name,
				     int owner, enum acl acl);

/* Returns 0, -ENOTEMPTY or what the disk said. */
MUST_USE int store_remove_bucket_locked(struct store *store,
					struct bucket *bucket);

/* Borrowed, or NULL. */
struct object *store_object_locked(const struct bucket *bucket,
				   const char *key);

/*
 * Writes the object's bytes to where they will stay, if that is the disk:
 * the slow part of publishing, without the lock.
 */
MUST_USE int store_stage(struct store *store, struct object *object);

/*
 * Makes object the one of key; takes the caller's reference over, also when
 * it fails. Sets its time.
 */
MUST_USE int store_publish_locked(struct store *store, struct bucket *bucket,
				  const char *key, struct object *object);

/* Nothing happens if there is none. */
MUST_USE int store_delete_locked(struct store *store, struct bucket *bucket,
				 const char *key);

/* Takes the object of a plain key without writing it to the disk again. */
MUST_USE int store_adopt_locked(struct store *store, struct bucket *bucket,
				const char *key, struct object *object);

/* Saves changed acl or tags. */
MUST_USE int store_update_locked(struct store *store, struct bucket *bucket,
				 const char *key, struct object *object);

void store_release(struct store *store);

/* Uploads: see multipart-store.c. */
struct upload *upload_new_locked(struct store *store, struct bucket *bucket,
				 const char *key);
struct upload *upload_find_locked(struct bucket *bucket, const char *key,
				  uint64_t id);
/* Replaces a part of the same number; owns part from here on. */
MUST_USE int upload_put_part(struct upload *upload, struct part *part);
struct part *upload_part(const struct upload *upload, unsigned number);
void part_free(struct part *part);
/* Takes it out of its bucket and frees it. */
void upload_free_locked(struct upload *upload);

#endif
