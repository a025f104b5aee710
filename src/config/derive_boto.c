/* SPDX-License-Identifier: MIT */
/*
 * The settings of django-storages' first S3 backend, on boto, in today's
 * words; its documents have them as a table. See derive.h.
 */
#include "derive.h"

#include <stdio.h>
#include <string.h>

#define HOST_MAX 300

/*
 * The region that a host of Amazon's names, "" for the global one:
 * s3.REGION.amazonaws.com, s3-REGION.amazonaws.com, and dualstack ones.
 * False: the host is none of these.
 */
static bool region_of_host(const char *host, char region[HOST_MAX])
{
	const char *end = strstr(host, ".amazonaws.com");
	const char *at = host + 2;

	if (strncmp(host, "s3", 2) != 0 || !end ||
	    (end[14] && strcmp(end + 14, ".cn") != 0) ||
	    (size_t)(end - host) >= HOST_MAX)
		return false;
	if (at < end && strncmp(at, ".dualstack", 10) == 0)
		at += 10;
	if (at < end && *at != '.' && *at != '-')
		return false;
	at += at < end;
	snprintf(region, HOST_MAX, "%.*s", (int)(end - at), at);
	if (strcmp(region, "external-1") == 0)
		snprintf(region, HOST_MAX, "us-east-1");
	return true;
}

static int64_t port_of(const struct config *config, const char *name)
{
	const struct value *port = config_value(config, name);

	return port->kind == VALUE_NONE ? 0 : port->integer;
}

static int derive_host(struct config *config, struct errinfo *err)
{
	static const char from[] = "AWS_S3_HOST";
	const char *host = config_value(config, from)->text;
	bool has_tls = config_value(config, "AWS_S3_USE_SSL")->boolean;
	int64_t port = port_of(config, "AWS_S3_PORT");
	char region[HOST_MAX] = "", url[HOST_MAX + 20];
	int rc = 0;

	if (!host && port)
		return errinfo_set(err, -EINVAL,
				   "AWS_S3_PORT needs AWS_S3_HOST; better is "
				   "AWS_S3_ENDPOINT_URL with both");
	if (!host)
		return 0;
	if (strpbrk(host, "/@ ") || strlen(host) >= HOST_MAX)
		return errinfo_set(
			err, -EINVAL,
			"%s = %.60s: a host's name alone; a URL goes "
			"to AWS_S3_ENDPOINT_URL",
			from, strchr(host, '@') ? "..." : host);
	if (region_of_host(host, region) && *region &&
	    !config_is_set(config, "AWS_S3_REGION_NAME"))
		rc = config_put(config, "AWS_S3_REGION_NAME", region, err);
	/* Amazon's own hosts follow from the region. */
	if (rc || (region_of_host(host, region) && !port &&
		   !strstr(host, "dualstack")))
		return rc;
	if (port)
		snprintf(url, sizeof(url), "%s://%s:%d",
			 has_tls ? "https" : "http", host, (int)port);
	else
		snprintf(url, sizeof(url), "%s://%s",
			 has_tls ? "https" : "http", host);
	return derive_put(config, from, "AWS_S3_ENDPOINT_URL", url, err);
}

/* 'boto.s3.connection.OrdinaryCallingFormat' or the last word of it. */
static int derive_calling_format(struct config *config, struct errinfo *err)
{
	static const char from[] = "AWS_S3_CALLING_FORMAT";
	static const struct {
		const char *name, *style;
	} formats[] = {
		{ "SubdomainCallingFormat", "virtual" },
		{ "OrdinaryCallingFormat", "path" },
		{ "ProtocolIndependentOrdinaryCallingFormat", "path" },
	};
	const char *text = config_value(config, from)->text, *dot;
	size_t len;

	if (!text)
		return 0;
	dot = strrchr(text, '.');
	if (dot)
		text = dot + 1;
	len = strcspn(text, "(");
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		if (strlen(formats[i].name) == len &&
		    strncmp(formats[i].name, text, len) == 0)
			return derive_put(config, from,
					  "AWS_S3_ADDRESSING_STYLE",
					  formats[i].style, err);
	if (strncmp(text, "VHostCallingFormat", len) == 0)
		return errinfo_set(
			err, -EINVAL,
			"%s = VHostCallingFormat: a host that is the bucket's "
			"name is for URLs alone: set AWS_S3_CUSTOM_DOMAIN to "
			"it, and AWS_S3_ADDRESSING_STYLE = virtual",
			from);
	return errinfo_set(err, -EINVAL,
			   "%s = %.60s: write AWS_S3_ADDRESSING_STYLE = path "
			   "or virtual",
			   from, text);
}

/* boto's Location: EU is the first European region, '' the first of all. */
static int derive_origin(struct config *config, struct errinfo *err)
{
	static const char from[] = "AWS_ORIGIN";
	const char *text = config_value(config, from)->text;

	if (!text)
		return 0;
	if (!*text || strcmp(text, "US") == 0)
		text = "us-east-1";
	else if (strcmp(text, "EU") == 0)
		text = "eu-west-1";
	return derive_put(config, from, "AWS_S3_REGION_NAME", text, err);
}

static int derive_proxy(struct config *config, struct errinfo *err)
{
	static const char from[] = "AWS_S3_PROXY_HOST";
	const char *host = config_value(config, from)->text;
	int64_t port = port_of(config, "AWS_S3_PROXY_PORT");
	char proxy[HOST_MAX + 20], map[3 * HOST_MAX];

	if (!host && port)
		return errinfo_set(err, -EINVAL,
				   "AWS_S3_PROXY_PORT needs AWS_S3_PROXY_HOST; "
				   "better is AWS_S3_PROXIES with both");
	if (!host)
		return 0;
	if (strpbrk(host, "/@ '\\") || strlen(host) >= HOST_MAX)
		return errinfo_set(err, -EINVAL,
				   "%s: a host's name alone; more goes to "
				   "AWS_S3_PROXIES",
				   from);
	if (port)
		snprintf(proxy, sizeof(proxy), "%s:%d", host, (int)port);
	else
		snprintf(proxy, sizeof(proxy), "%s", host);
	snprintf(map, sizeof(map), "{'http': '%s', 'https': '%s'}", proxy,
		 proxy);
	return derive_put(config, from, "AWS_S3_PROXIES", map, err);
}

int derive_boto(struct config *config, struct errinfo *err)
{
	int rc = derive_origin(config, err);

	if (!rc)
		rc = derive_host(config, err);
	if (!rc)
		rc = derive_calling_format(config, err);
	if (!rc)
		rc = derive_proxy(config, err);
	if (!rc && config_value(config, "S3_USE_SIGV4")->boolean)
		rc = derive_put(config, "S3_USE_SIGV4",
				"AWS_S3_SIGNATURE_VERSION", "s3v4", err);
	return rc;
}
