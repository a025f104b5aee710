/* SPDX-License-Identifier: MIT */
/*
 * An operation (object.c, list.c, ...) is an action: it fills in one try
 * (build), takes or reads the answer (sink, parse) and may have the last word
 * on a failure (settle). request.c does all the rest, the same for each.
 */
#ifndef S3_REQUEST_H
#define S3_REQUEST_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "client/errcode.h"
#include "client/retry.h"
#include "creds/creds_chain.h"
#include "errinfo.h"
#include "http.h"
#include "list.h"
#include "multipart.h"
#include "names/endpoint.h"
#include "s3.h"
#include "wire/digest.h"
#include "wire/query.h"

struct look;
struct pairs;

#define REQUEST_BODY_MAX (4 * 1024 * 1024) /* 10,000 parts are 2 MiB */
#define ANSWER_MAX       (4 * 1024 * 1024) /* results other than listings */
#define LISTING_MAX      (16 * 1024 * 1024)

/* Someone in s3_wait; stands on his stack. */
struct s3_waiter {
	pthread_cond_t is_over;
};

/* What settle says. */
enum s3_next {
	S3_FINISH, /* the operation is over with *result */
	S3_AGAIN,  /* something was changed: retry at once */
	S3_LATER,  /* settle has started a child, which will finish it */
};

struct s3_action {
	const char *name; /* as in the S3 API reference */
	const char *method;
	size_t answer_max; /* bytes of a 2xx body that is kept; 0: 64 KiB */
	unsigned params;   /* enum param_group: the parameters it carries */
	/*
	 * Silent until it is done: the bytes it is started with are the
	 * server's work, and a try is ended only when it has had half of what
	 * was left. It does no harm twice, or is looked after.
	 */
	bool is_slow;
	int bound_ms; /* instead of the client's time-out, if that is more */
	/*
	 * Sets query, further headers and body of one try in r. The caller's
	 * headers are in already.
	 */
	int (*build)(struct s3_request *r);
	/* Takes a 2xx body instead of having it kept; as http.h's. */
	int (*sink)(struct s3_request *r, const void *data, size_t len);
	/*
	 * Reads a 2xx answer that came whole. -EBADMSG (no S3 answer, or an
	 * <Error>) and -EAGAIN (cut short; in the end -EIO) are tried again,
	 * others are final. -EINPROGRESS: settle goes on.
	 */
	int (*parse)(struct s3_request *r);
	/* Last word on a failure, -ECANCELED too; NULL: S3_FINISH. */
	enum s3_next (*settle)(struct s3_request *r, int *result);
};

/* Kept by the actions over all tries of one operation. */
struct s3_get_state {
	uint64_t start;  /* of this try's range */
	uint64_t expect; /* bytes this try brings */
	uint64_t got;    /* bytes it brought */
	bool is_checked;
	bool has_crc32c;
	uint32_t crc32c, wanted_crc32c;
	bool is_held; /* given out when they are verified */
	struct buf held;
	bool has_md5; /* of what did not fit its ETag */
	char md5[2 * DIGEST_MAX + 1];
};

struct s3_request {
	struct s3_client *client;
	struct s3_op *op;
	const struct s3_action *action;
	const char *key;             /* NULL: the bucket */
	const struct pairs *headers; /* the caller's; may be NULL */
	struct s3_request *parent;

	/* One try. */
	struct http_request http;
	const struct endpoint *endpoint;
	struct query query;
	char numbers[2][24]; /* of the query */
	struct buf url;
	struct s3_creds *creds;
	struct error_body error; /* of the answer */
	int sink_result;         /* what the caller's sink said */

	/* All tries. */
	bool is_body_signed; /* payload is known */
	char payload[2 * DIGEST_MAX + 1];
	struct endpoint redirect; /* a 307's, for this operation alone */
	bool is_redirected;
	bool without_checksum;
	const char *source_key, *source_etag; /* of a copy; the caller's */
	bool without_source_etag;
	bool with_list_v1;
	struct retry retry;
	uint64_t bytes;     /* what the body moves at most */
	int64_t granted_ms; /* of its time, to the bound */
	int64_t sent_ms;    /* when the last try was due to go out */
	bool has_children;  /* and their time */
	/* While keys are looked for: see request_attempt and request_correct. */
	struct creds_waiter renewal;
	int pause_ms;           /* before the next try */
	struct errinfo refusal; /* what op ends with if there are none */
	int64_t started_ms;
	int64_t started_unix_s;
	unsigned tries;
	unsigned sends;     /* how often the server may have got it */
	unsigned broken;    /* tries in a row that were answered 500 */
	size_t next_single; /* DeleteObjects: index into keys */
	int probe_result;   /* if the child does not find it done */
	bool (*part_is_ours)(struct s3_request *r, const struct look *stored);
	struct s3_get_state get;
	union {
		struct s3_head head;
		struct s3_put put;
		struct s3_list list;
		struct s3_delete del;
		struct s3_list_parts parts;
	} child;

	/* Under client->lock. */
	struct {
		struct list_link link; /* in client->locked.running */
		bool is_submitted;     /* the HTTP engine has it */
		bool is_cancelled;
		struct s3_op *child; /* NULL: none is running */
		struct s3_waiter *waiter;
	} locked;
};

/* Last-Modified has whole seconds. */
#define REQUEST_CLOCK_SLACK_S 2
/*
 * Servers copy inside at 16 MiB/s and more; this many bytes of theirs take
 * the time of one of ours.
 */
#define REQUEST_COPY_SPEED 64
/*
 * Starts op. key and headers are borrowed until done. bytes is what the body
 * moves at most (UINT64_MAX: not known yet), for its time (bound.h).
 */
void request_start(struct s3_client *c, struct s3_op *op,
		   const struct s3_action *action, const char *key,
		   const struct pairs *headers, uint64_t bytes);

/* As request_start, with a body to be sent; what it lacks of sums is added. */
void request_start_body(struct s3_client *c, struct s3_op *op,
			const struct s3_action *action, const char *key,
			const struct pairs *headers, struct s3_body *body);

/*
 * Starts child (r->child); it is cancelled with r. It has time even if r took
 * all (bound.h): a look at what came of r is worth most then.
 */
void request_start_child(struct s3_request *r, struct s3_op *child,
			 const struct s3_action *action, const char *key,
			 const struct pairs *headers);
/* The child of settle's S3_LATER ends with this. Frees r, calls done. */
void request_finish(struct s3_request *r, int result);

/*
 * As request_finish, if the child has found that the last try did not do it:
 * retries if that may be.
 */
void request_try_again(struct s3_request *r, int result);
/* The child of settle's S3_LATER wants another try. */
void request_again(struct s3_request *r);
/* For child callbacks: the child is over. */
void request_child_done(struct s3_request *r);

#endif
