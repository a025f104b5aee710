/* SPDX-License-Identifier: MIT */
/*
 * One profile out of a shared file of the AWS tools: ~/.aws/credentials or
 * ~/.aws/config. The grammar is that of botocore (Python's configparser).
 */
#ifndef S3_CREDS_FILE_H
#define S3_CREDS_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "errinfo.h"

/* Which file a path named, and in which state; all zero: none. */
struct creds_stamp {
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec changed, modified;
};

/* All texts owned, NULL if not in the profile. */
struct creds_profile {
	bool is_found; /* there is such a section */
	char *access_key, *secret_key, *token, *region;
	/* Who has the keys, if it is not this profile. */
	char *role_arn, *source_profile, *credential_source;
	char *role_session_name, *external_id, *duration_seconds;
	char *mfa_serial, *web_identity_token_file, *credential_process;
	/*
	 * The name of a key that asks for a source that needs a browser:
	 * "sso_session"; borrowed, static. NULL if none.
	 */
	const char *browser_source;
	/* Set by creds_file_load. */
	unsigned exposed_mode; /* 0: only its owner, and we, can read it */
	unsigned mode;         /* all its permission bits */
	struct creds_stamp stamp;
};

/*
 * Finds profile name in text, which is changed on the way. in_config: the
 * section is called "profile NAME" unless NAME is "default". Returns 0, also
 * without such a section, -ENOMEM, or -EINVAL; err then has the number of
 * the line and never what stands in it. Release out in any case. Pure.
 */
MUST_USE int creds_file_parse(char *text, size_t len, const char *name,
			      bool in_config, struct creds_profile *out,
			      struct errinfo *err);

/*
 * Reads the file at path and finds the profile. Returns 0, -ENOENT, -EACCES,
 * -EINVAL (no plain file, too long, what parse says), -EIO, -ENOMEM. Symbolic
 * links are followed, ~/.aws is often one; what counts is the file opened.
 */
MUST_USE int creds_file_load(const char *path, const char *name, bool in_config,
			     struct creds_profile *out, struct errinfo *err);

/* Reads a text for creds_file_load_by; as creds_file_parse. */
struct creds_reader {
	int (*parse)(struct creds_reader *reader, char *text, size_t len,
		     struct creds_profile *out, struct errinfo *err);
};

/* As creds_file_load, for another format. */
MUST_USE int creds_file_load_by(struct creds_reader *reader, const char *path,
				struct creds_profile *out, struct errinfo *err);

/*
 * The keys for bucket in a text of s3fs's format (s3fs(1), "AUTHENTICATION"):
 * lines KEY:SECRET, BUCKET:KEY:SECRET, which goes first, or the pair
 * AWSAccessKeyId= and AWSSecretKey=. Otherwise as creds_file_parse.
 */
MUST_USE int creds_passwd_parse(char *text, size_t len, const char *bucket,
				struct creds_profile *out, struct errinfo *err);

/* The two shared files, in the order in which keys are looked for. */
enum creds_which {
	CREDS_CREDENTIALS,
	CREDS_CONFIG,
	CREDS_FILES
};

/* A profile as both files have it. */
struct creds_both {
	char *paths[CREDS_FILES]; /* owned */
	struct creds_profile in[CREDS_FILES];
};

/*
 * Reads both. A file that is not there has no such profile. Returns 0 or what
 * creds_file_load does; creds_both_release is due in any case.
 */
MUST_USE int creds_both_load(const char *profile, struct creds_both *out,
			     struct errinfo *err);

void creds_both_release(struct creds_both *both);

/* Has the profile a key or a secret of its own? */
bool creds_profile_has_keys(const struct creds_profile *p);

/* Is the file at path another than stamp says? */
bool creds_file_has_changed(const char *path, const struct creds_stamp *stamp);

/* Wipes and frees. */
void creds_profile_release(struct creds_profile *p);

#endif
