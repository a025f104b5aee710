/* SPDX-License-Identifier: MIT */
/*
 * Somewhere credentials can be had again: files, those of the AWS tools and
 * those of s3fs, and others who are asked: a container's agent, the instance
 * metadata, STS, a process. They wait for disks and for others, which no loop
 * thread may do: creds_chain.c has a thread for it.
 *
 * Calls come from one thread at a time; none is made while a lock is held.
 */
#ifndef S3_CREDS_SOURCE_H
#define S3_CREDS_SOURCE_H

#include <stdbool.h>

#include "buf.h"
#include "creds/creds.h"
#include "errinfo.h"

struct creds_context;

struct creds_source {
	/*
	 * Gets them again; *out is the caller's to put. Returns 0, or what
	 * creds_chain_new documents.
	 */
	int (*fetch)(struct creds_source *source, struct s3_creds **out,
		     struct errinfo *err);
	/*
	 * Would fetch give others than last time? Cheap; asked each second.
	 * NULL: the source asks others, and fetch waits for them.
	 */
	bool (*has_changed)(struct creds_source *source);
	/* For messages. Borrowed from source; stays after the first fetch. */
	const char *(*name)(struct creds_source *source);
	void (*free)(struct creds_source *source);
};

/*
 * A profile in AWS_SHARED_CREDENTIALS_FILE (~/.aws/credentials) or
 * AWS_CONFIG_FILE (~/.aws/config). Reads nothing yet. -ENOMEM.
 */
MUST_USE int creds_shared_new(const struct creds_context *context,
			      const char *profile, struct creds_source **out);

/*
 * The keys for bucket in a file of s3fs's format; path NULL: ~/.passwd-s3fs
 * or /etc/passwd-s3fs, the first that is there. Reads nothing yet. -ENOMEM.
 */
MUST_USE int creds_passwd_new(const char *path, const char *bucket,
			      bool allow_readable, struct creds_source **out);

/*
 * The agent of a container, if AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or
 * _FULL_URI is set, which creds_container_is_set tells. -ENOMEM.
 */
MUST_USE int creds_container_new(struct creds_context *context,
				 struct creds_source **out);
bool creds_container_is_set(void);

/*
 * Where the agent is: full is checked against the places that may be sent a
 * token without TLS (this machine, ECS's and EKS's own addresses), relative,
 * if it is not NULL, goes to ECS's. Returns 0 or -EINVAL. Pure.
 */
MUST_USE int creds_container_url(const char *relative, const char *full,
				 struct buf *out, struct errinfo *err);

/* The metadata of an EC2 instance, version 2 or, without that, 1. -ENOMEM. */
MUST_USE int creds_instance_new(struct creds_context *context,
				struct creds_source **out);

/* May name stand in a path of the metadata? IAM's characters. Pure. */
bool creds_is_role_name(const char *name);

/* Who to be, for STS. Texts are borrowed; NULL: none. */
struct creds_role {
	const char *arn, *session_name, *external_id;
	const char *duration_s;
	const char *token_file; /* of a web identity */
	const char *from;       /* for messages: "profile x", "environment" */
};

/*
 * AssumeRoleWithWebIdentity with the token in role->token_file. Copies. Asks
 * nobody yet. -ENOMEM.
 */
MUST_USE int creds_web_identity_new(struct creds_context *context,
				    const struct creds_role *role,
				    struct creds_source **out);

/* AssumeRole with the keys of base, which it takes over. -ENOMEM. */
MUST_USE int creds_assume_role_new(struct creds_context *context,
				   const struct creds_role *role,
				   struct creds_source *base,
				   struct creds_source **out);

/*
 * A credential_process: command is taken apart as a shell does, and started
 * without one. from as in struct creds_role. -ENOMEM.
 */
MUST_USE int creds_process_new(struct creds_context *context,
			       const char *command, const char *from,
			       struct creds_source **out);

/* The keys in the environment, for credential_source. -ENOMEM. */
MUST_USE int creds_environment_new(struct creds_source **out);

/*
 * The source that the profile asks for in both files: a role, a web identity,
 * a process, or its keys; with_environment: AWS_WEB_IDENTITY_TOKEN_FILE,
 * AWS_ROLE_ARN and AWS_ROLE_SESSION_NAME count too, and win. Reads the files
 * and asks nobody. Returns 0; -ENOKEY: none, err has words if that is worth
 * some; -EINVAL (what is in the profile does not fit together), -EACCES, -EIO,
 * -ENOMEM.
 */
MUST_USE int creds_profile_source(struct creds_context *context,
				  const char *profile, bool with_environment,
				  struct creds_source **out,
				  struct errinfo *err);

/*
 * What variable says, or standard; with a leading ~ as the shell reads it.
 * The caller's to free; NULL: no memory.
 */
char *creds_path(const char *variable, const char *standard);

/*
 * The profile's region into *out, the caller's to free; NULL if it has none
 * or the files cannot be read. Returns 0 or -ENOMEM.
 */
MUST_USE int creds_shared_region(const char *profile, char **out);

#endif
