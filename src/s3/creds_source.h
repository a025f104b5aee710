/* SPDX-License-Identifier: MIT */
/*
 * Somewhere credentials can be had again: today files, those of the AWS tools
 * and those of s3fs.
 *
 * All calls may come from several threads at once; none is made while a lock
 * is held, so a source may wait.
 */
#ifndef S3_CREDS_SOURCE_H
#define S3_CREDS_SOURCE_H

#include <stdbool.h>

#include "creds.h"
#include "errinfo.h"

struct creds_source {
	/*
	 * Gets them anew; *out is the caller's to put. Returns 0, or what
	 * creds_chain_new documents.
	 */
	int (*fetch)(struct creds_source *source, struct s3_creds **out,
		     struct errinfo *err);
	/* Would fetch give others than last time? Cheap; asked each second. */
	bool (*has_changed)(struct creds_source *source);
	/* For messages. Borrowed from source. */
	const char *(*name)(struct creds_source *source);
	void (*free)(struct creds_source *source);
};

/*
 * A profile in AWS_SHARED_CREDENTIALS_FILE (~/.aws/credentials) or
 * AWS_CONFIG_FILE (~/.aws/config). Reads nothing yet. -ENOMEM.
 */
MUST_USE int creds_shared_new(const char *profile, struct creds_source **out);

/*
 * The keys for bucket in a file of s3fs's format; path NULL: ~/.passwd-s3fs
 * or /etc/passwd-s3fs, the first that is there. Reads nothing yet. -ENOMEM.
 */
MUST_USE int creds_passwd_new(const char *path, const char *bucket,
			      struct creds_source **out);

/*
 * What variable says, or standard; with a leading ~ as the shell reads it.
 * The caller's to free; NULL: no memory.
 */
char *creds_path(const char *variable, const char *standard);

/*
 * The profile's region into *out, the caller's to free; NULL if it has none
 * or the files cannot be read. Returns 0 or -ENOMEM.
 */
MUST_USE int creds_shared_region(struct creds_source *source, char **out);

#endif
