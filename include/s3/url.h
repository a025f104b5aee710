/* SPDX-License-Identifier: MIT */
/*
 * URLs of objects, for people and programs without keys: django-storages'
 * url(). Where a custom domain is set the URL is of it, with a CloudFront
 * signature if there is a key for one; else it is the server's, signed by
 * our keys unless it is to be bare.
 */
#ifndef S3_URL_H
#define S3_URL_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "errinfo.h"
#include "macros.h"
#include "pairs.h"

struct s3_client;

/* S3 refuses a Signature Version 4 that is to be valid for longer. */
#define S3_URL_EXPIRE_MAX 604800 /* seconds: a week */

/* Part of struct s3_options; texts NULL or "": unset. */
struct s3_url_options {
	const char *custom_domain; /* host, maybe with a path; no slash behind */
	const char *protocol;      /* of the custom domain; NULL: "https:" */
	bool is_bare;              /* no signatures */
	int64_t expire_s;          /* of a signature; 0: 3600 */
	/*
	 * Both or none. The key is an RSA key in PEM, or the path of such a
	 * file, from / on, which nobody else may read.
	 */
	const char *cloudfront_key_id, *cloudfront_key;
};

struct s3_url {
	const char *key;
	const char *method; /* NULL: "GET"; "HEAD" and "PUT" too */
	bool has_expire;
	int64_t expire_s; /* seconds from now by the server's clock */
	/*
	 * By their names in boto3 (ResponseContentType, VersionId, ...);
	 * for a custom domain any, which go into the query as they are.
	 */
	struct pairs params;
};

/*
 * Appends the URL to out. Sends nothing; any thread. Returns 0; -EINVAL with
 * words in err for what cannot be: no key (a custom domain takes ""), expire
 * below 1 or above S3_URL_EXPIRE_MAX for Signature Version 4, an unknown
 * method or parameter; -ENOMEM, -EIO (OpenSSL).
 *
 * The signature is of the version that requests have. The host is not always
 * that of requests: without an addressing style AWS's global one, as boto3
 * has it.
 */
MUST_USE int s3_url(struct s3_client *c, const struct s3_url *url,
		    struct buf *out, struct errinfo *err);

/* Whether URLs are of a custom domain: then folders have one, too. */
bool s3_url_is_custom(const struct s3_client *c);

#endif
