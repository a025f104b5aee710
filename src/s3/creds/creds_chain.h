/* SPDX-License-Identifier: MIT */
/*
 * Where credentials come from, and their renewal.
 *
 *   creds_chain_new(options, http, &chain, err);
 *   creds_chain_look(chain, &waiter);      before each try of a request
 *   creds = creds_chain_current(chain);
 *   ... sign ... send ...
 *   creds_chain_refresh(chain, &waiter, err);  only if the server called the
 *                                              token expired: retry?
 *   creds_put(creds);
 *   creds_chain_free(chain);
 *
 * Order: the options' keys, the environment (AWS_S3_ACCESS_KEY_ID or
 * AWS_ACCESS_KEY_ID, ...), a role of the profile, a web identity, the profile's
 * keys or its process, s3fs's own files, a container's agent, the instance
 * metadata. A passwd_file or a credential_source of the options goes before
 * all. The source found first is kept; it alone is asked again.
 *
 * Any thread. The source has a thread of its own, for no loop thread may wait
 * for a disk or for others. It reads files when somebody comes who finds that
 * they were not looked at for a second, and asks others well before the keys
 * end; both also when a server refuses them. new, get and free wait for it,
 * the rest never does.
 */
#ifndef S3_CREDS_CHAIN_H
#define S3_CREDS_CHAIN_H

#include "creds/creds.h"
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

/* Somebody for the chain's thread. His, from -EINPROGRESS to ready lent. */
struct creds_waiter {
	const struct s3_creds
		*used; /* those refused; creds_chain_look's: NULL */
	/* Called once, on the chain's thread; must not wait. */
	void (*ready)(struct creds_waiter *waiter);
	int result; /* in ready: as creds_chain_refresh's */
	struct errinfo err;
	struct list_link link; /* the chain's */
};

/*
 * Has a file looked at whether it has changed, at most once a second; one
 * that is gone or wrong then is told to the log, and the keys in use stay.
 * Returns 0, or -EINPROGRESS: ready will tell, even before this returns.
 */
MUST_USE int creds_chain_look(struct creds_chain *chain,
			      struct creds_waiter *waiter);

/* Those to sign with now, the caller's to put; NULL for anonymous. */
struct s3_creds *creds_chain_current(struct creds_chain *chain);

/* As look, waiting, and current; not on a loop thread. */
struct s3_creds *creds_chain_get(struct creds_chain *chain);

/*
 * Asks the source again, because the server refused waiter->used as expired.
 * Returns 0 if current gives other ones now, -EACCES if there are none,
 * -ENOMEM, -EINPROGRESS if the source is being asked: ready will tell, even
 * before this returns.
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
