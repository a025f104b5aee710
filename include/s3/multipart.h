/* SPDX-License-Identifier: MIT */
/*
 * Multipart uploads: made, listed, and those that a killed process left. All
 * as s3.h has it for operations.
 */
#ifndef S3_MULTIPART_H
#define S3_MULTIPART_H

#include "s3.h"

/*
 * A multipart upload is created, completed and aborted with s3_wait (done is
 * NULL): it keeps the record of what is under way. Its start may wait for the
 * disk.
 */
struct s3_create_upload {
	struct s3_op op;
	const char *key;
	struct pairs headers; /* as for PUT */
	char *upload_id;      /* out, owned by the struct */
	/* The client's own: what is noted until the id is known. */
	char token[32];
	bool may_be_left; /* an upload whose id nobody was told */
};
void s3_create_upload_start(struct s3_client *c, struct s3_create_upload *up);
void s3_create_upload_release(struct s3_create_upload *up);

struct s3_upload_part {
	struct s3_op op;
	const char *key;
	const char *upload_id;
	struct pairs headers;
	unsigned number; /* 1 to S3_PARTS_MAX */
	struct s3_body body;
	char etag[S3_ETAG_MAX]; /* out */
};
void s3_upload_part_start(struct s3_client *c, struct s3_upload_part *part);
void s3_upload_part_release(struct s3_upload_part *part);

struct s3_copy_part {
	struct s3_op op;
	const char *key;
	const char *upload_id;
	struct pairs headers;
	unsigned number;
	const char *source_key;
	const char *source_etag;
	uint64_t offset, length; /* of the source; 1 to S3_PART_MAX bytes */
	char etag[S3_ETAG_MAX];  /* out */
	bool has_crc32c;         /* out: the server told the part's */
	uint32_t crc32c;
};
void s3_copy_part_start(struct s3_client *c, struct s3_copy_part *part);
void s3_copy_part_release(struct s3_copy_part *part);

struct s3_part {
	unsigned number;
	char etag[S3_ETAG_MAX];
	bool has_crc32c;
	uint32_t crc32c;
};

/*
 * CompleteMultipartUpload. Success only on a result element with an ETag; a
 * lost answer is settled by looking at the object.
 */
struct s3_complete_upload {
	struct s3_op op;
	const char *key;
	const char *upload_id;
	struct pairs headers;
	const struct s3_part *parts; /* rising numbers */
	size_t count;
	bool if_none_match;
	const char *if_match;
	char etag[S3_ETAG_MAX]; /* out */
	struct buf body;        /* own */
};
void s3_complete_upload_start(struct s3_client *c,
			      struct s3_complete_upload *up);
void s3_complete_upload_release(struct s3_complete_upload *up);

/* A missing upload is success. */
struct s3_abort_upload {
	struct s3_op op;
	const char *key;
	const char *upload_id;
	bool was_gone; /* out: it was missing */
};
void s3_abort_upload_start(struct s3_client *c, struct s3_abort_upload *up);
void s3_abort_upload_release(struct s3_abort_upload *up);

struct s3_listed_upload {
	char *key;
	char *upload_id;
	int64_t initiated_ns;
};

/*
 * ListMultipartUploads, all pages' worth of up to 1000 a call. A control
 * character in a key comes as "?" where the server cannot write it.
 */
struct s3_list_uploads {
	struct s3_op op;
	const char *prefix;
	const char *key_marker, *upload_id_marker;
	struct s3_listed_upload *items; /* out */
	size_t count;
	bool is_truncated;
};
void s3_list_uploads_start(struct s3_client *c, struct s3_list_uploads *list);
void s3_list_uploads_release(struct s3_list_uploads *list);

/* ListParts, up to 1000 behind number_marker. */
struct s3_list_parts {
	struct s3_op op;
	const char *key;
	const char *upload_id;
	unsigned number_marker;
	struct s3_part *items; /* out */
	uint64_t *sizes;       /* out, of the items */
	size_t count;
	bool is_truncated;
};
void s3_list_parts_start(struct s3_client *c, struct s3_list_parts *list);
void s3_list_parts_release(struct s3_list_parts *list);

/*
 * Begins to abort, in the background and once a client, the uploads of this
 * bucket that are noted in record_folders by processes that are dead. What
 * came of it is in the log; what cannot be aborted stays noted. Other
 * clients' uploads and those of living processes are never touched.
 */
void s3_sweep_start(struct s3_client *c);

/*
 * Waits until that is over, but for what has to be older before it can be
 * told whose it is; not at the same time as other calls of it.
 */
void s3_sweep_wait(struct s3_client *c);

#endif
