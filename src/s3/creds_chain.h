/* SPDX-License-Identifier: MIT */
/*
 * Where credentials come from, and their renewal.
 *
 *   creds_chain_new(options, &chain, err);
 *   creds_chain_get(chain, &creds, err);   for each try of a request
 *   ... sign ... send ...
 *   creds_chain_refresh(chain, creds, err);  only if the server called the
 *                                            token expired: try once more?
 *   creds_put(creds);
 *   creds_chain_free(chain);
 *
 * Order: the options' keys, the environment (AWS_S3_ACCESS_KEY_ID or
 * AWS_ACCESS_KEY_ID, ...), a profile of the shared files, s3fs's own files. A
 * passwd_file of the options goes before all. The source found first is kept;
 * it alone is asked again. Any thread; nobody waits for another's reading of a
 * file.
 */
#ifndef S3_CREDS_CHAIN_H
#define S3_CREDS_CHAIN_H

#include "creds.h"
#include "errinfo.h"
#include "s3.h"

struct creds_chain;

/*
 * Finds the first credentials. Returns 0, -EINVAL (keys that do not fit
 * together, a profile beside keys), -ENOKEY (none, err says where it
 * looked), -EACCES (a file that others can read) or -ENOMEM.
 */
MUST_USE int creds_chain_new(const struct s3_options *options,
			     struct creds_chain **out, struct errinfo *err);

/*
 * The credentials to sign with now; *out is the caller's to put, and NULL
 * for anonymous. Looks at most once a second whether a file has changed; a
 * file that is gone or wrong then is told to the log, and the keys in use
 * stay. Returns 0 (with today's sources always).
 */
MUST_USE int creds_chain_get(struct creds_chain *chain, struct s3_creds **out,
			     struct errinfo *err);

/*
 * Asks the source again, because the server refused used as expired. Returns
 * 0 if the next get gives other ones, -EACCES if there are none.
 */
MUST_USE int creds_chain_refresh(struct creds_chain *chain,
				 const struct s3_creds *used,
				 struct errinfo *err);

/* The profile's region, "" if it has none. Borrowed. */
const char *creds_chain_region(const struct creds_chain *chain);

/* "settings", "environment", "profile x of FILE", "none (anonymous)". */
const char *creds_chain_source(const struct creds_chain *chain);

/* chain may be NULL. Credentials that are still held stay valid. */
void creds_chain_free(struct creds_chain *chain);

#endif
