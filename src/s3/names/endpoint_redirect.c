/* SPDX-License-Identifier: MIT */
/*
 * Which Location of a 307 answer may be followed; see endpoint.h. A request
 * that is sent there carries a signature and perhaps data, so the host must
 * be the same server's or, for AWS, one that only S3 can have: any customer
 * may own other names under amazonaws.com.
 */
#include <stdlib.h>
#include <string.h>

#include "names/endpoint.h"
#include "names/endpoint_url.h"

static const char *const aws_suffixes[] = {
	".amazonaws.com", ".amazonaws.com.cn", ".c2s.ic.gov",
	".sc2s.sgov.gov", ".csp.hci.ic.gov",   ".cloud.adc-e.uk",
	".amazonaws.eu",
};

static bool redirect_ends_in(const char *s, size_t len, const char *suffix)
{
	size_t n = strlen(suffix);

	return len >= n && memcmp(s + len - n, suffix, n) == 0;
}

/* "s3.eu-west-1.amazonaws.com", "s3-us-west-2.amazonaws.com", ... */
static bool redirect_is_s3_host(const char *s, size_t len)
{
	if (len < 3 || (memcmp(s, "s3.", 3) != 0 && memcmp(s, "s3-", 3) != 0))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(aws_suffixes); i++) {
		if (redirect_ends_in(s, len, aws_suffixes[i]))
			return true;
	}
	return false;
}

/* The host that is left without "bucket." in front and the port behind. */
struct server {
	const char *name;
	size_t len;
	bool has_bucket;
};

static struct server redirect_server(const char *host, size_t len,
				     const char *bucket)
{
	size_t n = strlen(bucket);
	struct server s = { host, len, false };

	if (len > n && memcmp(host, bucket, n) == 0 && host[n] == '.')
		s = (struct server){ host + n + 1, len - n - 1, true };
	return s;
}

static size_t redirect_name_len(const char *host)
{
	return *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":");
}

static bool redirect_is_same_server(const struct server *from,
				    const struct server *to)
{
	if (redirect_is_s3_host(from->name, from->len))
		return redirect_is_s3_host(to->name, to->len);
	if (to->len == from->len)
		return memcmp(to->name, from->name, to->len) == 0;
	return to->len > from->len &&
	       to->name[to->len - from->len - 1] == '.' &&
	       memcmp(to->name + to->len - from->len, from->name, from->len) ==
		       0;
}

/* The region that an AWS host names, if it names one. */
static void redirect_learn_region(struct endpoint *e, const struct server *to)
{
	size_t len = to->len > 3 ? strcspn(to->name + 3, ".") : 0;
	char region[ENDPOINT_REGION_MAX];
	char *dash;

	if (!redirect_is_s3_host(to->name, to->len) || len == 0 ||
	    len >= sizeof(region))
		return;
	memcpy(region, to->name + 3, len);
	region[len] = '\0';
	/* Two dashes: eu-west-1, not amazonaws, accelerate, external-1. */
	dash = strchr(region, '-');
	if (dash && strchr(dash + 1, '-') && strncmp(region, "fips-", 5) != 0)
		memcpy(e->region, region, len + 1);
}

/*
 * Path "/bucket/key" gives base "/bucket"; a virtual one keeps e's base.
 * -EINVAL: the path is another bucket's.
 */
static int redirect_find_base(const struct endpoint *e,
			      const struct url_parts *url, bool has_bucket,
			      struct buf *base)
{
	struct buf AUTO_BUF resource = BUF_INIT(4096);
	size_t len;

	if (has_bucket) {
		buf_add_str(base, e->is_virtual ? e->base : "");
	} else if (!e->is_virtual) {
		buf_add_str(base, e->base);
	} else {
		buf_add_str(base, e->base);
		endpoint_resource(e, NULL, &resource);
		buf_add(base, buf_str(&resource),
			resource.len ? resource.len - 1 : 0);
	}
	if (resource.error || base->error)
		return resource.error ? resource.error : base->error;
	len = base->len;
	if (url->path_len < len || memcmp(url->path, buf_str(base), len) != 0)
		return -EINVAL;
	return url->path_len == len || url->path[len] == '/' ? 0 : -EINVAL;
}

static int redirect_no_memory(struct errinfo *err)
{
	return errinfo_set(err, -ENOMEM, "no memory for a redirect");
}

int endpoint_redirect(const struct endpoint *e, const char *location,
		      struct endpoint *out, struct errinfo *err)
{
	struct buf AUTO_BUF base = BUF_INIT(4096);
	struct server from, to;
	struct url_parts url;
	int rc;

	*out = (struct endpoint){ 0 };
	rc = url_parse(location, &url, err);
	if (rc < 0)
		return rc;
	from = redirect_server(e->host, redirect_name_len(e->host), e->bucket);
	if (!e->is_virtual)
		from = (struct server){ e->host, redirect_name_len(e->host),
					false };
	to = (struct server){ url.host, url.name_len, false };
	/* A server may well be called like its bucket. */
	if (to.len != from.len || memcmp(to.name, from.name, to.len) != 0)
		to = redirect_server(url.host, url.name_len, e->bucket);
	if (!redirect_is_same_server(&from, &to) || (e->is_tls && !url.is_tls))
		return errinfo_set(err, -EPERM,
				   "%s redirects to %s://%s: not followed",
				   e->host, url.is_tls ? "https" : "http",
				   url.host);
	rc = redirect_find_base(e, &url, to.has_bucket, &base);
	if (rc == -ENOMEM)
		return redirect_no_memory(err);
	if (rc < 0)
		return errinfo_set(err, -EINVAL,
				   "%s redirects to a URL that is not of "
				   "bucket %s",
				   e->host, e->bucket);
	out->is_tls = url.is_tls;
	out->is_custom = e->is_custom;
	out->is_virtual = to.has_bucket;
	memcpy(out->region, e->region, sizeof(out->region));
	redirect_learn_region(out, &to);
	out->host = strdup(url.host);
	out->bucket = strdup(e->bucket);
	out->base = strdup(buf_str(&base));
	if (out->host && out->bucket && out->base)
		return 0;
	endpoint_release(out);
	return redirect_no_memory(err);
}
