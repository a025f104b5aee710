/* SPDX-License-Identifier: MIT */
/*
 * Where a bucket is: scheme, host, path, region, from the options.
 *
 *   struct endpoint e;
 *   endpoint_init(&e, options, endpoint_region(options, profile_region),
 *                 ENDPOINT_REQUESTS, err);
 *   endpoint_url(&e, key, &query, &url);
 *   ...
 *   endpoint_release(&e);
 *
 * The rules are botocore's of 2025, so that a bucket is found under the name
 * that boto3 gives it. A struct endpoint does not change after init: any
 * thread may read it.
 */
#ifndef S3_ENDPOINT_H
#define S3_ENDPOINT_H

#include <stdbool.h>

#include "buf.h"
#include "errinfo.h"
#include "s3.h"
#include "wire/query.h"

#define ENDPOINT_REGION_MAX 64 /* bytes, NUL included */

/* botocore gives presigned URLs another host than its own requests. */
enum endpoint_use {
	ENDPOINT_REQUESTS,
	ENDPOINT_URLS
};

struct endpoint {
	bool is_tls;
	bool is_custom;  /* from endpoint_url, not an AWS host by region */
	char *host;      /* owned: "host" or "host:port", as in Host: and URL */
	char *base;      /* owned: path before "/key", encoded; may be "" */
	char *bucket;    /* owned */
	bool is_virtual; /* host carries the bucket, base does not */
	char region[ENDPOINT_REGION_MAX]; /* to sign for */
};

/*
 * options->region, else AWS_DEFAULT_REGION, AWS_REGION, profile_region (NULL
 * or "": none), else "us-east-1". Borrowed from where it stands.
 */
const char *endpoint_region(const struct s3_options *options,
			    const char *profile_region);

/* "amazonaws.com", or what else the hosts of region end in. */
const char *endpoint_suffix(const char *region);

/*
 * Returns 0, -EINVAL (bucket, region or endpoint_url is impossible; err says
 * which and why) or -ENOMEM. On failure there is nothing to release. After a
 * redirect to another region, called again with that region.
 */
MUST_USE int endpoint_init(struct endpoint *e, const struct s3_options *options,
			   const char *region, enum endpoint_use use,
			   struct errinfo *err);

void endpoint_release(struct endpoint *e);

/*
 * Appends the encoded path of key, or of the bucket if key is NULL: what
 * stands in the URL and what V4 signs. The bucket's ends in its name, or in
 * a slash if that is in the host.
 */
void endpoint_path(const struct endpoint *e, const char *key, struct buf *out);

/*
 * Appends "/bucket/key", whatever the host and base are: what V2 signs.
 */
void endpoint_resource(const struct endpoint *e, const char *key,
		       struct buf *out);

/* Appends the whole URL; query may be NULL. */
void endpoint_url(const struct endpoint *e, const char *key,
		  const struct query *query, struct buf *out);

/*
 * Appends what tells the bucket from all others, however it is reached:
 * "http://127.0.0.1:9000/bucket", "https://amazonaws.com/bucket". AWS's
 * buckets have one name in all regions of a partition.
 */
void endpoint_place(const struct endpoint *e, struct buf *out);

/*
 * Makes out the endpoint of the same bucket that the Location of a 307
 * answer names. Returns 0; -EPERM if requests must not go there: from https
 * to http, to a host that is neither e's, nor under its domain, nor AWS's
 * when e is AWS's; -EINVAL if it is no URL of this bucket; -ENOMEM.
 */
MUST_USE int endpoint_redirect(const struct endpoint *e, const char *location,
			       struct endpoint *out, struct errinfo *err);

#endif
