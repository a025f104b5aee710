/* SPDX-License-Identifier: MIT */
/*
 * The operations of S3 on one bucket.
 *
 * Every operation is a struct that begins with a struct s3_op. The caller
 * fills in what goes in, starts it, and reads what came out when it is done:
 *
 *   struct s3_head head = { .key = key };
 *   s3_head_start(client, &head);
 *   result = s3_wait(client, &head.op);        or: head.op.done = callback
 *   ...
 *   s3_head_release(&head);
 *
 * The struct is the caller's; from start to done it is lent. Texts that go
 * in (key, prefix, ...) are borrowed until done. done is called once, on a
 * thread of the layer, and must not wait; it may start other operations. It may
 * be called before start returns. Operations sign, send, retry with back-off,
 * follow a bucket to its region and correct the clock by themselves; result
 * is 0 or a negative errno from the table in src/s3/client/errcode.c, err says
 * it in words:
 *   -ENOENT no such object (a sure 404), -ENODEV no such bucket, -ESRCH no
 *   such upload (start it again), -EACCES refused, -EEXIST if_none_match and
 *   the key is taken, -ESTALE another precondition failed, -EBUSY changes by
 *   others went on all the time, -ERANGE range behind the end, -EFBIG,
 *   -ENAMETOOLONG (the key), -ENOSPC (the server is full), -ENOTSUP the
 *   server cannot, -EBADMSG an answer that is no S3 answer, -ETIMEDOUT,
 *   -EHOSTUNREACH, -ECANCELED, -EINVAL (what goes in is impossible), -ENOMEM,
 *   -EIO the rest, and what body.read or sink gave.
 *
 * Any thread may start operations. ETags are kept without their quotes.
 */
#ifndef S3_S3_H
#define S3_S3_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "buf.h"
#include "errinfo.h"
#include "pairs.h"
#include "params.h"
#include "url.h"

struct http;
struct s3_client;
struct s3_request;

/* The S3 API reference's limits. */
#define S3_KEY_MAX    1024                 /* bytes */
#define S3_ETAG_MAX   128                  /* bytes, NUL included; ours */
#define S3_PART_MIN   (5ull * 1024 * 1024) /* but the last */
#define S3_PART_MAX   (5ull * 1024 * 1024 * 1024)
#define S3_COPY_MAX   (5ull * 1024 * 1024 * 1024)
#define S3_PARTS_MAX  10000
#define S3_OBJECT_MAX (S3_PARTS_MAX * S3_PART_MAX)
#define S3_DELETE_MAX 1000
#define S3_LIST_MAX   1000

enum s3_addressing {
	S3_ADDRESSING_AUTO,
	S3_ADDRESSING_VIRTUAL,
	S3_ADDRESSING_PATH
};
enum s3_signature {
	S3_SIGNATURE_V4,
	S3_SIGNATURE_V2
};
enum s3_payload {
	S3_PAYLOAD_AUTO, /* unsigned over TLS, signed over plain HTTP */
	S3_PAYLOAD_SIGNED,
	S3_PAYLOAD_UNSIGNED,
};

#define S3_RECORD_FOLDERS 2

/* Who is asked for keys; AUTO: one after the other, see creds_chain.h. */
enum s3_credential_source {
	S3_CREDENTIALS_AUTO,
	S3_CREDENTIALS_ENVIRONMENT, /* and the options */
	S3_CREDENTIALS_PROFILE,
	S3_CREDENTIALS_CONTAINER,
	S3_CREDENTIALS_INSTANCE,
};

/* Texts are borrowed for the life of the client; NULL or "": unset. */
struct s3_options {
	const char *bucket;
	const char *endpoint_url; /* scheme://host[:port][/base] */
	const char *region;
	bool no_ssl; /* http:// when there is no endpoint_url */
	enum s3_addressing addressing;
	enum s3_signature signature;
	enum s3_payload payload;
	/* Keys set here win over the environment and the shared files. */
	const char *access_key, *secret_key, *session_token;
	const char *profile;
	const char *passwd_file; /* s3fs's format; instead of all others */
	enum s3_credential_source credential_source;
	const char *instance_role; /* of the instance; NULL: the first it has */
	bool anonymous;            /* sign nothing */
	bool allow_readable_keys;  /* in files that other users can read */
	/*
	 * In all, of one request. 0: 5, and outages (no answer, 5xx, 429)
	 * count no tries, but last as long as timeout_ms.
	 */
	int attempts;
	/*
	 * For one operation with all its retries; 0: 30,000. It does not run
	 * while bytes move at 256 KiB/s or more. A try gets at most half of
	 * what is left.
	 */
	int timeout_ms;
	bool no_checksum; /* send no x-amz-checksum-crc32c */
	struct s3_url_options url;
	/*
	 * Parameters of the objects; see params.h. Later rules win over
	 * earlier ones, header by header, and what an operation has in its
	 * headers wins over all. Borrowed for the life of the client.
	 */
	const struct s3_rule *rules;
	size_t rule_count;
	const char *rules_prefix; /* "media/": patterns match what follows */
	/*
	 * Whole paths. Multipart uploads that are under way are noted in the
	 * first that can be used, so that after a kill s3_sweep_start finds
	 * them. NULL: none is kept.
	 */
	const char *record_folders[S3_RECORD_FOLDERS];
};

/* Lower goes first; see http.h. */
enum s3_priority {
	S3_FOREGROUND,
	S3_METADATA,
	S3_COMMIT,
	S3_UPLOAD,
	S3_PREFETCH,
	S3_BACKGROUND,
};

struct s3_op {
	/* In. */
	void (*done)(struct s3_op *op); /* NULL: somebody calls s3_wait */
	enum s3_priority priority;
	/* When an operation of several ends, s3_until_ms; 0: alone. */
	int64_t until_ms;
	/* Out. */
	int result;
	struct errinfo err;
	/* The client's own. */
	struct s3_request *request;
	bool is_done;
	/* What waits for a disk, which no loop thread does: in s3_wait. */
	void (*waited)(struct s3_client *c, struct s3_op *op);
};

/* What a HEAD or GET tells of an object. */
struct s3_object {
	uint64_t size;    /* of the whole object, as stored */
	int64_t mtime_ns; /* since 1970; whole seconds from headers */
	char etag[S3_ETAG_MAX];
	/*
	 * All headers of the answer that belong to the object, lower case:
	 * content-type, cache-control, content-disposition,
	 * content-encoding, content-language, expires, x-amz-meta-*,
	 * x-amz-storage-class, x-amz-website-redirect-location,
	 * x-amz-server-side-encryption*, x-amz-checksum-*, x-amz-restore,
	 * x-amz-version-id, x-amz-tagging-count.
	 */
	struct pairs headers;
};

/* Gets bytes of a body. Returns 0 or a negative errno, which ends it. */
typedef int (*s3_take_fn)(void *to, const void *data, size_t len);

/* The bytes of an upload. */
struct s3_body {
	uint64_t length;
	/* As in struct http_body; -EAGAIN: not here yet, see s3_resume. */
	ssize_t (*read)(void *arg, uint64_t offset, void *to, size_t room);
	/*
	 * Hands all bytes to take, in order, for the sums that go ahead of
	 * them. On the thread that starts the operation; may wait. NULL:
	 * read gives them, which then never says -EAGAIN.
	 */
	int (*scan)(void *arg, s3_take_fn take, void *to);
	void *arg;
	/* Of all bytes; found out at the start unless it is given. */
	bool has_crc32c;
	uint32_t crc32c;
};

/*
 * In an operation's headers: this one is not sent, whatever the rules say;
 * of "x-amz-meta-": none of the rules' metadata. As a header's value a tab
 * alone cannot be, for blanks around a value are none of it.
 */
#define S3_NOT_SENT "\t"

/* Takes out the headers of that value. */
void s3_drop_not_sent(struct pairs *headers);

struct s3_head {
	struct s3_op op;
	const char *key;
	struct pairs headers;    /* in, owned by the struct: extra ones */
	struct s3_object object; /* out */
};
void s3_head_start(struct s3_client *c, struct s3_head *head);
void s3_head_release(struct s3_head *head);

/* GetObjectTagging. */
struct s3_get_tags {
	struct s3_op op;
	const char *key;
	struct buf tags; /* out, as in x-amz-tagging: "a=b&c=d", encoded */
};
void s3_get_tags_start(struct s3_client *c, struct s3_get_tags *get);
void s3_get_tags_release(struct s3_get_tags *get);

/*
 * The archive that an object lies in and cannot be read from, by the headers
 * of a HEAD; NULL: it can be read, also because it is restored. Borrowed.
 */
const char *s3_archive(const struct pairs *headers);

/* GLACIER and DEEP_ARCHIVE; GLACIER_IR is read at once. NULL is fine. */
bool s3_class_is_archive(const char *class);

#define S3_WHOLE UINT64_MAX

struct s3_get {
	struct s3_op op;
	const char *key;
	struct pairs headers; /* in: extra ones */
	uint64_t offset;
	uint64_t length;      /* S3_WHOLE: to the end; never 0 */
	const char *if_match; /* an ETag without quotes, or NULL */
	/*
	 * Takes the bytes in order from offset on, each once, whatever was
	 * cut and fetched again; on a loop thread; must not wait. object is
	 * complete. A negative errno ends the operation with it. A range
	 * that ends behind the object's end gives fewer bytes.
	 */
	int (*sink)(struct s3_get *get, const void *data, size_t len);
	struct s3_object object; /* out */
	uint64_t received;       /* out: bytes given to sink */
};
void s3_get_start(struct s3_client *c, struct s3_get *get);
void s3_get_release(struct s3_get *get);

struct s3_put {
	struct s3_op op;
	const char *key;
	struct pairs headers; /* in: content-type, x-amz-acl, x-amz-meta-* */
	struct s3_body body;
	bool if_none_match; /* only if the key is free, else -EEXIST */
	const char *if_match;
	char etag[S3_ETAG_MAX]; /* out */
};
void s3_put_start(struct s3_client *c, struct s3_put *put);
void s3_put_release(struct s3_put *put);

/* CopyObject inside the bucket; up to S3_COPY_MAX bytes. */
struct s3_copy {
	struct s3_op op;
	const char *source_key;
	const char *source_etag; /* copied only if it still is; or NULL */
	/* Instead, to know the copy by if its answer is lost; or NULL. */
	const char *expected_etag;
	const char *key;
	bool replace_headers; /* headers instead of the source's */
	struct pairs headers;
	bool if_none_match;
	uint64_t length;        /* the source's, for the bound; 0: unknown */
	char etag[S3_ETAG_MAX]; /* out */
	int64_t mtime_ns;       /* out */
};
void s3_copy_start(struct s3_client *c, struct s3_copy *copy);
void s3_copy_release(struct s3_copy *copy);

struct s3_delete {
	struct s3_op op;
	const char *key;
};
void s3_delete_start(struct s3_client *c, struct s3_delete *del);
void s3_delete_release(struct s3_delete *del);

struct s3_delete_key {
	const char *key;
	int result; /* out: 0, or why this key is still there */
};

/*
 * DeleteObjects. result is 0 if every key's is. A missing key is success.
 * Keys that XML 1.0 cannot carry are deleted one by one, behind the others.
 */
struct s3_delete_many {
	struct s3_op op;
	struct s3_delete_key *keys; /* the caller's */
	size_t count;               /* 1 to S3_DELETE_MAX */
	struct buf body;            /* own */
};
void s3_delete_many_start(struct s3_client *c, struct s3_delete_many *del);
void s3_delete_many_release(struct s3_delete_many *del);

struct s3_listed {
	const char *key; /* decoded, ends in a NUL; may be a common prefix */
	size_t key_len;
	bool is_prefix;
	uint64_t size;
	int64_t mtime_ns;
	bool has_class;  /* another storage class than STANDARD */
	bool is_archive; /* one that is read only once it is restored */
	char etag[S3_ETAG_MAX];
};

/*
 * One page of ListObjectsV2, or V1 where the server has no V2. Keys come
 * decoded and rising. Keys with a NUL byte are left out.
 */
struct s3_list {
	struct s3_op op;
	const char *prefix;      /* "" for all */
	const char *delimiter;   /* "/" or NULL */
	const char *start_after; /* keys behind this one; NULL: from the start */
	unsigned max_keys;       /* 0: S3_LIST_MAX */
	struct s3_listed *items; /* out, rising; objects and prefixes merged */
	size_t count;
	bool is_truncated; /* out: there is more behind last_key */
	char *last_key;    /* out: the greatest key or prefix of the page,
			      also one left out of items; NULL if none */
	struct s3_list_page *page; /* own: holds the texts */
	char *next_after;          /* own: start_after of the next page, */
	char *this_after;          /* and of this one, if it was one */
};
void s3_list_start(struct s3_client *c, struct s3_list *list);
/* Whether there is a page after the one that list has. */
bool s3_list_has_more(const struct s3_list *list);
/* That page instead, asked for in the same way; done may call it. */
void s3_list_next_start(struct s3_client *c, struct s3_list *list);
/*
 * Appends where a list goes on behind key: behind a common prefix that means
 * behind everything that begins with it.
 */
void s3_list_add_after(struct buf *out, const char *key, bool has_delimiter);
void s3_list_release(struct s3_list *list);

struct s3_head_bucket {
	struct s3_op op;
	char region[64]; /* out: x-amz-bucket-region, "" if not told */
};
void s3_head_bucket_start(struct s3_client *c, struct s3_head_bucket *head);
void s3_head_bucket_release(struct s3_head_bucket *head);

/* LocationConstraint is the client's region unless that is us-east-1. */
struct s3_create_bucket {
	struct s3_op op;
	const char *acl; /* canned, or NULL */
	struct buf body; /* own */
};
void s3_create_bucket_start(struct s3_client *c, struct s3_create_bucket *b);
void s3_create_bucket_release(struct s3_create_bucket *b);

struct s3_bucket_location {
	struct s3_op op;
	char region[64]; /* out; "us-east-1" for the empty constraint */
};
void s3_bucket_location_start(struct s3_client *c,
			      struct s3_bucket_location *loc);
void s3_bucket_location_release(struct s3_bucket_location *loc);

/*
 * Checks options, finds the first credentials and makes a client on http,
 * which must outlive it. Sends nothing. -EINVAL: an option, err says which;
 * -ENOKEY: no credentials, err says where it looked; -EACCES: a credentials
 * file that others can read; -ENOMEM.
 */
MUST_USE int s3_client_new(struct http *http, const struct s3_options *options,
			   struct s3_client **out, struct errinfo *err);

/* All operations must be done; a sweep is ended. */
void s3_client_free(struct s3_client *c);

/*
 * Blocks until op, started with done == NULL, is over; returns its result.
 * Not on a loop thread.
 */
MUST_USE int s3_wait(struct s3_client *c, struct s3_op *op);

/*
 * Asks for the end of a started op: its done comes soon. Any thread, while
 * op is not done or its memory is still valid.
 */
void s3_cancel(struct s3_client *c, struct s3_op *op);

/*
 * More of the body of op is here: where read said -EAGAIN it is asked again.
 * Without that it does nothing. Any thread, as s3_cancel.
 */
void s3_resume(struct s3_client *c, struct s3_op *op);

/*
 * As s3_cancel, for every operation under way that somebody wants to read
 * from: of priority S3_FOREGROUND, S3_METADATA or S3_PREFETCH.
 */
void s3_cancel_reads(struct s3_client *c);

/*
 * When an operation that begins now has had its time, by clock_now_ms: for
 * several that are one to whoever waits.
 */
int64_t s3_until_ms(const struct s3_client *c);

/* Nobody gets an answer: readers are given a moment instead of the bound. */
bool s3_is_out(const struct s3_client *c);

/* What the answers so far have told of the server's clock; see traits.h. */
struct s3_learned {
	bool has_skew;
	int64_t skew_s; /* its clock less ours, by the last answer */
};
struct s3_learned s3_client_learned(struct s3_client *c);

/* Where requests go, for messages: "http://127.0.0.1:4710/bucket". */
const char *s3_client_url(const struct s3_client *c);
const char *s3_client_region(const struct s3_client *c);
/*
 * What the rules say of a header of key ("content-type"), or NULL. Borrowed
 * from the rules; any thread.
 */
const char *s3_client_param(const struct s3_client *c, const char *key,
			    const char *header);
/*
 * Adds the metadata that the rules give to what is stored under key, but
 * names that are in headers. Returns 0 or -ENOMEM.
 */
MUST_USE int s3_client_metadata(const struct s3_client *c, const char *key,
				struct pairs *headers);
/* "environment", "profile media of /home/u/.aws/credentials", ... */
const char *s3_client_credentials_source(const struct s3_client *c);
/* When the keys in use end, in seconds since 1970; 0: never. */
int64_t s3_client_credentials_expiry(const struct s3_client *c);

#endif
