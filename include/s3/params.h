/* SPDX-License-Identifier: MIT */
/*
 * Object parameters: what boto3 calls ExtraArgs, and the headers they are.
 *
 *   struct s3_params *p = s3_params_new();
 *   rc = s3_params_set(p, "CacheControl", "max-age=86400", &err);
 *   rc = s3_params_set_metadata(p, "owner", "web", &err);
 *   rc = s3_params_finish(p, &err);
 *   rules[0] = (struct s3_rule){ .pattern = NULL, .params = p };
 *
 * One table (params.c) knows each parameter's name, header, kind of value and
 * the requests that carry it: all storing ones have CacheControl, while
 * SSECustomerKey goes with HEAD, GET, parts and copies too. The requests add
 * them by themselves. No error text holds a value that may be secret.
 *
 * Filled by one thread; once a client has it, it must not change.
 */
#ifndef S3_PARAMS_H
#define S3_PARAMS_H

#include "errinfo.h"
#include "macros.h"

struct s3_params;

/*
 * Parameters for the keys that pattern matches. A pattern without a slash
 * is for the last component of a key, one with a slash for all of the key
 * below the client's rules_prefix. "*" and "?" stand for anything but a
 * slash, "[a-z]" for one of a set, "**" for anything, and "**" and a slash
 * for any number of folders, none too. A slash at the end means all below.
 */
struct s3_rule {
	const char *pattern; /* NULL: all keys, and the bucket's requests */
	const struct s3_params *params;
};

/* NULL: no memory. */
struct s3_params *s3_params_new(void);

/* NULL is fine. Overwrites keys. */
void s3_params_free(struct s3_params *p);

/* What a parameter's value is. */
enum s3_param_kind {
	S3_PARAM_TEXT,
	S3_PARAM_DATE, /* ISO 8601, RFC 1123, or seconds since 1970 */
	S3_PARAM_FLAG, /* "true" or "false" */
	S3_PARAM_JSON, /* an object in JSON, or its base64 form */
	S3_PARAM_MAP   /* Metadata: see s3_params_set_metadata */
};

/* Returns 0, or -EINVAL: there is no such parameter, err has a hint. */
MUST_USE int s3_params_kind(const char *name, enum s3_param_kind *out,
			    struct errinfo *err);

/*
 * Sets one, by its name in the S3 API's SDKs ("CacheControl"; case counts).
 * Returns 0; -EINVAL with words: an unknown name, a value that is no such
 * value or breaks a header line, or what cannot be for every object of a
 * mount; -ENOMEM.
 *
 * SSECustomerKey takes the 32 bytes of the key, or their base64 form (44
 * characters; a key is never as long). Algorithm and MD5 follow from it.
 */
MUST_USE int s3_params_set(struct s3_params *p, const char *name,
			   const char *value, struct errinfo *err);

/* One pair of Metadata: x-amz-meta-KEY. ASCII only. Returns as above. */
MUST_USE int s3_params_set_metadata(struct s3_params *p, const char *key,
				    const char *value, struct errinfo *err);

/* As s3_params_set, by the header's name, in any case. */
MUST_USE int s3_params_set_header(struct s3_params *p, const char *header,
				  const char *value, struct errinfo *err);

/*
 * Says that name is not sent, whatever weaker rules say; Metadata: none of
 * theirs. Returns as s3_params_set.
 */
MUST_USE int s3_params_unset(struct s3_params *p, const char *name,
			     struct errinfo *err);

/*
 * Checks what concerns several parameters. Returns 0 or -EINVAL: ACL with a
 * grant, a customer's key with another encryption, half a customer's key.
 */
MUST_USE int s3_params_finish(struct s3_params *p, struct errinfo *err);

/* What p itself says of a header; NULL: nothing. Borrowed. */
const char *s3_params_header(const struct s3_params *p, const char *header);

#endif
