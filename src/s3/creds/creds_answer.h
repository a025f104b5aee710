/* SPDX-License-Identifier: MIT */
/*
 * What those who hand out credentials answer: JSON (a container's agent, the
 * instance metadata, a credential_process) and the XML of STS. Foreign bytes;
 * neither keys nor anything beside the answer's own words for a failure get
 * into err. Pure; any thread.
 */
#ifndef S3_CREDS_ANSWER_H
#define S3_CREDS_ANSWER_H

#include "creds/creds.h"
#include "errinfo.h"

#define CREDS_ANSWER_MAX (64 * 1024) /* bytes; STS's longest are 20 KiB */

enum creds_format {
	/* AccessKeyId, SecretAccessKey, Token, Expiration; Code, Message */
	CREDS_JSON_METADATA,
	/* Version 1, AccessKeyId, SecretAccessKey, SessionToken, Expiration */
	CREDS_JSON_PROCESS,
	/* <Credentials> of AssumeRole and AssumeRoleWithWebIdentity */
	CREDS_XML_STS,
};

/*
 * from says in err who answered. Returns 0, -EBADMSG (not what is due),
 * -EACCES (a refusal in words), -EINVAL (keys that no header can carry) or
 * -ENOMEM. *out is the caller's to put.
 */
MUST_USE int creds_answer_read(enum creds_format format, const char *text,
			       size_t len, const char *from,
			       struct s3_creds **out, struct errinfo *err);

/*
 * Why a request was refused, as far as the answer says: "AccessDenied: ...",
 * or "". out is always set, and holds printable characters only.
 */
#define CREDS_REASON_SIZE 120
void creds_answer_reason(enum creds_format format, const char *text, size_t len,
			 char out[CREDS_REASON_SIZE]);

/* As text_parse_iso_date, but also with an offset, "+01:00"; in seconds. */
MUST_USE int creds_answer_date(const char *text, int64_t *unix_s);

#endif
