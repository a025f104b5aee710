/* SPDX-License-Identifier: MIT */
/*
 * Who asks, and is it true: Signature Version 4 (header, presigned, chunks)
 * and Version 2 (header, presigned). Written apart from the client's signer,
 * so that a mistake there does not hide itself here. Source: Amazon S3 API
 * Reference, "Authenticating Requests".
 */
#ifndef SERVER_AUTH_H
#define SERVER_AUTH_H

#include <stdbool.h>

#include "errors.h"
#include "lock.h"
#include "wire/digest.h"

struct request;

#define ANONYMOUS (-1)

struct auth {
	int user;        /* index of the user, or ANONYMOUS */
	char date[20];   /* V4: x-amz-date */
	char scope[128]; /* V4: day/region/service/aws4_request */
	char signature[65];
	unsigned char key[DIGEST_MAX]; /* V4: the signing key */
	bool is_v4;
};

/* The last signing key: it is good for a day, and costs four HMACs. */
struct key_cache {
	struct lock lock;
	int user;
	char scope[128]; /* "": empty */
	unsigned char key[DIGEST_MAX];
};

/* Fills req->auth. */
enum s3_error auth_check(struct request *req);

/*
 * May the request do its operation? Bucket and object are looked at under
 * the store's lock. ACCESS_READ_OBJECT of a non-owner is left to the
 * operation, by auth_may_read_object.
 */
enum s3_error auth_permit(struct request *req);
struct bucket;
struct object;
bool auth_may_read_object(const struct request *req,
			  const struct bucket *bucket,
			  const struct object *object);

/* auth-v4.c */
enum s3_error auth_v4_header(struct request *req, const char *value);
enum s3_error auth_v4_query(struct request *req);

/* Hex HMAC-SHA-256 of text under the request's signing key. */
MUST_USE int auth_v4_sign(const struct auth *auth, const struct buf *text,
			  char out[65]);

/* auth-v2.c */
enum s3_error auth_v2_header(struct request *req, const char *value);
enum s3_error auth_v2_query(struct request *req);

/* auth.c, for both: the user of that access key, or -1. */
int auth_find_user(const struct request *req, const char *access_key,
		   size_t len);
/* Is the session token (NULL: none sent) the one the user must send? */
enum s3_error auth_check_token(const struct request *req, int user,
			       const char *token);
/* Within 15 minutes of our clock? */
enum s3_error auth_check_skew(struct request *req, int64_t unix_s);
/* Compares in constant time. */
bool auth_same(const char *a, const char *b);

#endif
