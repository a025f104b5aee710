/* SPDX-License-Identifier: MIT */
/*
 * Credentials: one set of keys, as a request was signed with it.
 *
 * A struct s3_creds does not change; a rotation makes a new one (see
 * creds_chain.h). It is counted, so a request may hold the one it was signed
 * with, and it is wiped when the last holder puts it back. The secret stands
 * once in memory, in pages of its own that are kept out of core dumps and,
 * where the limits allow it, out of swap; it never leaves creds.c: others
 * ask for what is made from it. Any thread.
 */
#ifndef S3_CREDS_H
#define S3_CREDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "errinfo.h"
#include "macros.h"

struct s3_creds;

/*
 * Copies the texts; token NULL or "": none. What the caller's texts stood in
 * is his to wipe. Returns 0 (one count, the caller's) or -ENOMEM.
 */
MUST_USE int creds_new(const char *access_key, const char *secret_key,
		       const char *token, struct s3_creds **out);

/*
 * Are these texts that a header can carry? Returns 0 or -EINVAL; from says in
 * err where they stand ("settings"). Keys are never repeated in err.
 */
MUST_USE int creds_check(const char *access_key, const char *secret_key,
			 const char *token, const char *from,
			 struct errinfo *err);

/*
 * When they end, in seconds since 1970; creds_new says 0: never. Only before
 * others see them.
 */
void creds_set_expiry(struct s3_creds *creds, int64_t unix_s);
int64_t creds_expiry(const struct s3_creds *creds);

struct s3_creds *creds_hold(struct s3_creds *creds);

/* creds may be NULL. */
void creds_put(struct s3_creds *creds);

bool creds_equal(const struct s3_creds *a, const struct s3_creds *b);

/* Borrowed from creds. No secret, but nothing for logs either. */
const char *creds_access_key(const struct s3_creds *creds);
/* NULL if there is none. Goes into a header or URL and nowhere else. */
const char *creds_token(const struct s3_creds *creds);

#define CREDS_KEY_SIZE 32 /* bytes of a day's key */

/*
 * The signing key of Signature Version 4 for day ("20130524"), region and
 * service ("s3"). The last one asked for is kept. out has CREDS_KEY_SIZE
 * bytes and is the caller's to wipe. Returns 0 or -EIO (OpenSSL).
 */
MUST_USE int creds_day_key(const struct s3_creds *creds, const char *day,
			   const char *region, const char *service,
			   unsigned char *out);

/* HMAC-SHA1 with the secret (Signature Version 2); out has 20 bytes. */
MUST_USE int creds_hmac_sha1(const struct s3_creds *creds, const void *data,
			     size_t len, unsigned char *out);

#endif
