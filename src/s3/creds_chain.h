/* SPDX-License-Identifier: MIT */
/*
 * Where credentials come from, and their renewal.
 *
 *   creds_chain_new(options, http, &chain, err);
 *   creds_chain_get(chain, &creds, err);   for each try of a request
 *   ... sign ... send ...
 *   creds_chain_refresh(chain, &waiter, err);  only if the server called the
 *                                              token expired: try once more?
 *   creds_put(creds);
 *   creds_chain_free(chain);
 *
 * Order: the options' keys, the environment (AWS_S3_ACCESS_KEY_ID or
 * AWS_ACCESS_KEY_ID, ...), a role of the profile, a web identity, the profile's
 * keys or its process, s3fs's own files, a container's agent, the instance
 * metadata. A passwd_file or a credential_source of the options goes before
 * all. The source found first is kept; it alone is asked again.
 *
 * Any thread. Files are read by whoever comes; nobody waits for another's
 * reading. A source that asks others has a thread of its own, which asks well
 * before the keys end, one at a time, and when a server refuses them; new and
 * free wait for it, the rest never does.
 */
#ifndef S3_CREDS_CHAIN_H
#define S3_CREDS_CHAIN_H

#include "creds.h"
#include "errinfo.h"
#include "list.h"
#include "s3.h"

struct http;

struct creds_chain;

/*
 * Finds the first credentials; http (borrowed, NULL: none) is for asking STS.
 * Waits for a source that asks others. Returns 0, -EINVAL (keys that do not fit
 * together, a profile beside keys), -ENOKEY (none, err says where it
 * looked), -EACCES (a file that others can read, a refusal), -EBADMSG (an
 * answer that is none), -EIO, -EAGAIN (no thread) or -ENOMEM.
 */
MUST_USE int creds_chain_new(const struct s3_options *options,
			     struct http *http, struct creds_chain **out,
			     struct errinfo *err);

/*
 * The credentials to sign with now; *out is the caller's to put, and NULL
 * for anonymous. Looks at most once a second whether a file has changed; a
 * file that is gone or wrong then is told to the log, and the keys in use
 * stay. Never waits for others. Returns 0.
 */
MUST_USE int creds_chain_get(struct creds_chain *chain, struct s3_creds **out,
			     struct errinfo *err);

/* Somebody whose keys were refused. His, from -EINPROGRESS to ready lent. */
struct creds_waiter {
	const struct s3_creds *used;
	/* Called once, on the chain's thread; must not wait. */
	void (*ready)(struct creds_waiter *waiter);
	int result; /* in ready: as creds_chain_refresh's */
	struct errinfo err;
	struct list_link link; /* the chain's */
};

/*
 * Asks the source again, because the server refused waiter->used as expired.
 * Returns 0 if the next get gives other ones, -EACCES if there are none,
 * -EINPROGRESS if others are being asked: ready will tell, even before this
 * returns.
 */
MUST_USE int creds_chain_refresh(struct creds_chain *chain,
				 struct creds_waiter *waiter,
				 struct errinfo *err);

/* The profile's region, "" if it has none. Borrowed. */
const char *creds_chain_region(const struct creds_chain *chain);

/* "settings", "environment", "profile x of FILE", "none (anonymous)". */
const char *creds_chain_source(const struct creds_chain *chain);

/* When the keys in use end, in seconds since 1970; 0: never. */
int64_t creds_chain_expiry(struct creds_chain *chain);

/* chain may be NULL. Credentials that are still held stay valid. */
void creds_chain_free(struct creds_chain *chain);

#endif
