/* SPDX-License-Identifier: MIT */
/*
 * Where a bucket is; see endpoint.h. The rules were read off botocore
 * 1.44.5's own requests and URLs, one by one; the unit test has them as a
 * table. One is left out: for names like "Bkt" botocore presigns URLs of the
 * global host with the bucket in the path, which other regions refuse.
 */
#include "names/endpoint.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "names/endpoint_url.h"
#include "text.h"
#include "wire/query.h"

#define DEFAULT_REGION "us-east-1"
#define GLOBAL_HOST    "s3.amazonaws.com"
#define BUCKET_MAX     255 /* bytes; old us-east-1 buckets and other servers */
#define PATH_MAX_BYTES 4096

/* Regions by their first letters, and what their hosts end in. */
static const struct partition {
	const char *prefix;
	const char *suffix;
} partitions[] = {
	{ "cn-", "amazonaws.com.cn" },    { "us-gov-", "amazonaws.com" },
	{ "us-iso-", "c2s.ic.gov" },      { "us-isob-", "sc2s.sgov.gov" },
	{ "us-isof-", "csp.hci.ic.gov" }, { "eu-isoe-", "cloud.adc-e.uk" },
	{ "eusc-", "amazonaws.eu" },      { "", "amazonaws.com" },
};

static bool endpoint_is_set(const char *s)
{
	return s && *s;
}

const char *endpoint_region(const struct s3_options *options,
			    const char *profile_region)
{
	const char *candidates[] = {
		options->region,
		getenv("AWS_DEFAULT_REGION"),
		getenv("AWS_REGION"),
		profile_region,
	};

	for (size_t i = 0; i < ARRAY_SIZE(candidates); i++) {
		if (endpoint_is_set(candidates[i]))
			return candidates[i];
	}
	return DEFAULT_REGION;
}

static const struct partition *endpoint_partition(const char *region)
{
	const struct partition *p = partitions;

	while (strncmp(region, p->prefix, strlen(p->prefix)) != 0)
		p++;
	return p;
}

const char *endpoint_suffix(const char *region)
{
	return endpoint_partition(region)->suffix;
}

static int endpoint_check_bucket(const char *bucket, struct errinfo *err)
{
	if (!endpoint_is_set(bucket))
		return errinfo_set(err, -EINVAL, "no bucket is given");
	if (strlen(bucket) > BUCKET_MAX)
		return errinfo_set(err, -EINVAL,
				   "a bucket's name has at most %d bytes",
				   BUCKET_MAX);
	if (strcmp(bucket, ".") == 0 || strcmp(bucket, "..") == 0)
		return errinfo_set(err, -EINVAL, "%s is no name of a bucket",
				   bucket);
	for (const char *s = bucket; *s; s++) {
		if (*s == '/' || (unsigned char)*s <= ' ' || *s == 0x7f)
			return errinfo_set(err, -EINVAL,
					   "bucket %s: no slashes, blanks or "
					   "control characters",
					   bucket);
	}
	return 0;
}

/* It goes into the host's name and into the signature. */
static int endpoint_check_region(const char *region, struct errinfo *err)
{
	static const char chars[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";

	if (strlen(region) >= ENDPOINT_REGION_MAX)
		return errinfo_set(err, -EINVAL,
				   "region %.20s...: at most %d characters",
				   region, ENDPOINT_REGION_MAX - 1);
	if (region[strspn(region, chars)] || region[0] == '-')
		return errinfo_set(err, -EINVAL,
				   "region %s: only letters, digits and -, "
				   "like eu-central-1",
				   region);
	return 0;
}

/*
 * Can the bucket be part of a host's name? With dots it can too, but then no
 * wildcard certificate fits.
 */
static bool endpoint_is_host_label(const char *bucket, bool allow_dots)
{
	size_t len = strlen(bucket);
	struct in_addr ip;

	if (len < 3 || len > 63 || inet_pton(AF_INET, bucket, &ip) == 1)
		return false;
	for (size_t i = 0; i < len; i++) {
		char c = bucket[i];
		bool is_inner = i > 0 && i + 1 < len;

		if (islower((unsigned char)c) || isdigit((unsigned char)c))
			continue;
		if (!is_inner || (c != '-' && !(c == '.' && allow_dots)))
			return false;
		if (c == '.' && (strchr(".-", bucket[i + 1]) ||
				 strchr(".-", bucket[i - 1])))
			return false;
	}
	return true;
}

static bool endpoint_is_virtual(const struct s3_options *o,
				const struct url_parts *url)
{
	bool is_custom = endpoint_is_set(o->endpoint_url);

	if (o->addressing == S3_ADDRESSING_PATH)
		return false;
	if (is_custom && (o->addressing == S3_ADDRESSING_AUTO || url->is_ip))
		return false;
	return endpoint_is_host_label(o->bucket, is_custom && !url->is_tls);
}

/* The AWS host of a region, without a bucket. */
static void endpoint_add_aws_host(const struct endpoint *e,
				  const struct s3_options *o,
				  enum endpoint_use use, struct buf *out)
{
	const struct partition *p = endpoint_partition(e->region);
	bool is_global = strcmp(e->region, DEFAULT_REGION) == 0;

	if (use == ENDPOINT_URLS && !*p->prefix && e->is_virtual &&
	    o->addressing == S3_ADDRESSING_AUTO)
		is_global = true;
	if (is_global)
		buf_add_str(out, GLOBAL_HOST);
	else
		buf_add_fmt(out, "s3.%s.%s", e->region, p->suffix);
}

static int endpoint_finish(struct endpoint *e, struct buf *host,
			   struct buf *base, const char *bucket)
{
	if (host->error || base->error)
		return host->error ? host->error : base->error;
	e->bucket = strdup(bucket);
	e->host = buf_detach(host);
	e->base = base->data ? buf_detach(base) : strdup("");
	if (e->bucket && e->host && e->base)
		return 0;
	endpoint_release(e);
	return -ENOMEM;
}

static int endpoint_put_bucket(struct endpoint *e, const struct s3_options *o,
			       enum endpoint_use use,
			       const struct url_parts *url)
{
	struct buf AUTO_BUF host = BUF_INIT(URL_HOST_MAX + BUCKET_MAX);
	struct buf AUTO_BUF base = BUF_INIT(PATH_MAX_BYTES);

	e->is_custom = endpoint_is_set(o->endpoint_url);
	e->is_tls = e->is_custom ? url->is_tls : !o->no_ssl;
	e->is_virtual = endpoint_is_virtual(o, url);
	if (e->is_virtual)
		buf_add_fmt(&host, "%s.", o->bucket);
	if (e->is_custom)
		buf_add_str(&host, url->host);
	else
		endpoint_add_aws_host(e, o, use, &host);
	buf_add(&base, url->path, url->path_len);
	if (!e->is_virtual) {
		buf_add_char(&base, '/');
		text_percent_encode(&base, o->bucket, strlen(o->bucket), false);
	}
	return endpoint_finish(e, &host, &base, o->bucket);
}

int endpoint_init(struct endpoint *e, const struct s3_options *options,
		  const char *region, enum endpoint_use use,
		  struct errinfo *err)
{
	struct url_parts url = { .path = "" };
	int rc = endpoint_check_bucket(options->bucket, err);

	*e = (struct endpoint){ 0 };
	if (rc == 0)
		rc = endpoint_check_region(region, err);
	if (rc == 0 && endpoint_is_set(options->endpoint_url))
		rc = url_parse(options->endpoint_url, &url, err);
	if (rc < 0)
		return rc;
	if (url.has_query)
		return errinfo_set(err, -EINVAL,
				   "endpoint_url %s: nothing may follow ? or #",
				   options->endpoint_url);
	memcpy(e->region, region, strlen(region) + 1);
	rc = endpoint_put_bucket(e, options, use, &url);
	if (rc < 0)
		return errinfo_set(err, rc, "bucket %s: %s", options->bucket,
				   strerrordesc_np(-rc));
	return 0;
}

void endpoint_release(struct endpoint *e)
{
	free(e->host);
	free(e->base);
	free(e->bucket);
	*e = (struct endpoint){ 0 };
}

void endpoint_path(const struct endpoint *e, const char *key, struct buf *out)
{
	buf_add_str(out, e->base);
	/*
	 * As botocore: there are servers that verify only what it signs. A
	 * service without buckets (STS) has no base, and is at "/".
	 */
	if (key || e->is_virtual || !e->base[0])
		buf_add_char(out, '/');
	if (key)
		text_percent_encode(out, key, strlen(key), true);
}

void endpoint_resource(const struct endpoint *e, const char *key,
		       struct buf *out)
{
	buf_add_char(out, '/');
	text_percent_encode(out, e->bucket, strlen(e->bucket), false);
	if (key || e->is_virtual)
		buf_add_char(out, '/');
	if (key)
		text_percent_encode(out, key, strlen(key), true);
}

void endpoint_url(const struct endpoint *e, const char *key,
		  const struct query *query, struct buf *out)
{
	buf_add_fmt(out, "%s://%s", e->is_tls ? "https" : "http", e->host);
	endpoint_path(e, key, out);
	if (query)
		query_write(query, out);
}

void endpoint_place(const struct endpoint *e, struct buf *out)
{
	const char *host = e->host;
	size_t base_len = strlen(e->base);

	if (!e->is_custom)
		host = endpoint_partition(e->region)->suffix;
	else if (e->is_virtual)
		host += strlen(e->bucket) + 1;
	if (!e->is_virtual) /* its last component is the bucket */
		base_len = (size_t)(strrchr(e->base, '/') - e->base);
	buf_add_fmt(out, "%s://%s%.*s/", e->is_tls ? "https" : "http", host,
		    (int)base_len, e->base);
	text_percent_encode(out, e->bucket, strlen(e->bucket), false);
}
