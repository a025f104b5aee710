/* SPDX-License-Identifier: MIT */
/*
 * What the files of this layer share: the client and the request.
 *
 * An operation (object.c, list.c, ...) is an action: it fills in one try
 * (build), takes or reads the answer (sink, parse) and may have the last word
 * on a failure (settle). request.c does all the rest, the same for each.
 */
#ifndef S3_INTERNAL_H
#define S3_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "creds_chain.h"
#include "digest.h"
#include "endpoint.h"
#include "errcode.h"
#include "http.h"
#include "list.h"
#include "lock.h"
#include "outage.h"
#include "query.h"
#include "retry.h"
#include "rules.h"
#include "s3.h"
#include "traits.h"

#define CLIENT_ROUTES_MAX 8
#define REQUEST_BODY_MAX  (4 * 1024 * 1024) /* 10,000 parts are 2 MiB */
#define ANSWER_MAX        (4 * 1024 * 1024) /* results other than listings */
#define LISTING_MAX       (16 * 1024 * 1024)

struct s3_client {
	struct http *http;
	struct s3_options options;
	struct creds_chain *creds;
	struct cloudfront *cloudfront; /* NULL: no key for it */
	struct upload_record *record;  /* NULL: none is kept */
	struct upload_sweep *sweep;    /* NULL: not started */
	struct rules rules;
	char *url;
	/* Found out on the way and kept. */
	atomic_llong clock_offset_s;        /* the server's clock less ours */
	atomic_bool has_answered;           /* an answer of any kind came */
	atomic_bool has_skew;               /* skew_s is known */
	atomic_llong skew_s;                /* by the last answer's Date */
	_Atomic int traits[S3_TRAIT_COUNT]; /* enum s3_answer */
	atomic_bool has_told_odd_key;
	struct outage outage;
	/* A leaf but for the HTTP engine's own lock. */
	struct lock lock;
	struct {
		/* Endpoints by region; never taken out, so may be borrowed. */
		struct endpoint routes[CLIENT_ROUTES_MAX];
		size_t route_count;
		size_t route;
		struct list_link running;       /* all requests */
		struct s3_head_bucket question; /* whether it is back */
	} locked;
};

/* The endpoint to use now. Valid as long as the client. */
const struct endpoint *client_endpoint(struct s3_client *c);

/* Moves to region, and stays. Returns 0, -EINVAL, -ENOMEM, -E2BIG. */
MUST_USE int client_move(struct s3_client *c, const char *region,
			 struct errinfo *err);

/* Seconds since 1970 by the server's clock, as far as it is known. */
int64_t client_now_s(struct s3_client *c);

/* The same by the Date of its last answer, if it has told one. */
int64_t client_server_now_s(struct s3_client *c);

/* Whether uploads carry a CRC32C. */
bool client_has_checksums(struct s3_client *c);

/* Asks, if nobody does, whether the server is back. */
void client_ask_if_back(struct s3_client *c);

/* Checks the options for URLs and reads the key; in url.c. */
MUST_USE int client_start_urls(struct s3_client *c, struct errinfo *err);

/* Someone in s3_wait; stands on his stack. */
struct s3_waiter {
	pthread_cond_t is_over;
};

/* What settle says. */
enum s3_next {
	S3_FINISH, /* the operation is over with *result */
	S3_AGAIN,  /* something was changed: send once more, at once */
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
	bool must_sign_body;     /* our own XML, also over TLS */
	struct error_body error; /* of the answer */
	int sink_result;         /* what the caller's sink said */

	/* All tries. */
	bool has_digest; /* payload and crc32c are known */
	char payload[65];
	uint32_t crc32c;
	bool is_crc32c_given;     /* the caller knew it */
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
	/* While keys are looked for: see attempt, and mend. */
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
 * sends once more if that may be.
 */
void request_try_again(struct s3_request *r, int result);

/*
 * What came of a try, in the engine's done. result 0 is success; else
 * op->err has the words.
 */
struct error_class request_judge(struct s3_request *r);

/* The Date of the answer. */
bool request_server_time(const struct s3_request *r, int64_t *unix_s);

/* The child of settle's S3_LATER wants another try. */
void request_again(struct s3_request *r);

/* For child callbacks: the child is over. */
void request_child_done(struct s3_request *r);

/* build: sets a header of the try. */
MUST_USE int request_header(struct s3_request *r, const char *name,
			    const char *value);

/* As request_header, with the ETag quoted. */
MUST_USE int request_etag_header(struct s3_request *r, const char *name,
				 const char *etag);

/* build: sends text (borrowed), signed. */
void request_send_text(struct s3_request *r, struct buf *text);

/* build: a number for the query; slot 0 or 1. */
const char *request_number(struct s3_request *r, unsigned slot, uint64_t n);

/* A header of the answer, or NULL. */
const char *request_answer(const struct s3_request *r, const char *name);

/*
 * SHA-256 and CRC32C of the try's body into r; read once for all tries.
 */
MUST_USE int request_digest_body(struct s3_request *r);

/* settle of what an upload id is for: RGW says NoSuchKey of a missing one. */
void request_expect_upload(int *result);

/* For children, and for tests that have an answer and no server. */
extern const struct s3_action head_action;
extern const struct s3_action put_action;
extern const struct s3_action delete_action;
extern const struct s3_action list_action;
extern const struct s3_action delete_many_action;
extern const struct s3_action list_uploads_action;
extern const struct s3_action list_parts_action;
extern const struct s3_action complete_upload_action;

/* Adds x-amz-checksum-crc32c of r->crc32c. */
MUST_USE int request_checksum_header(struct s3_request *r);

/*
 * settle of uploads: whether the server dislikes the checksum header, and a
 * try without it is due.
 */
bool request_drop_checksum(struct s3_request *r);

/* Remembers in the client that a try without checksum was taken. */
void request_keep_dropped(struct s3_request *r);

#endif
