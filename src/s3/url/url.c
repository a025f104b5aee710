/* SPDX-License-Identifier: MIT */
/*
 * URLs of objects; see url.h. The order of the rules is that of
 * django-storages' S3Storage.url.
 */
#include <string.h>

#include "client/client.h"
#include "creds/creds.h"
#include "creds/creds_chain.h"
#include "names/endpoint.h"
#include "text.h"
#include "url.h"
#include "url/cloudfront.h"
#include "url/presign.h"
#include "url/url_priv.h"
#include "wire/query.h"

#define DEFAULT_EXPIRE 3600 /* seconds; AWS_QUERYSTRING_EXPIRE's default */

/* What GetObject takes in its query: the name in boto3, and in the URL. */
static const struct param {
	const char *name, *query;
} params[] = {
	{ "ResponseCacheControl", "response-cache-control" },
	{ "ResponseContentDisposition", "response-content-disposition" },
	{ "ResponseContentEncoding", "response-content-encoding" },
	{ "ResponseContentLanguage", "response-content-language" },
	{ "ResponseContentType", "response-content-type" },
	{ "ResponseExpires", "response-expires" },
	{ "VersionId", "versionId" },
	{ "PartNumber", "partNumber" },
};

static bool url_is_set(const char *text)
{
	return text && *text;
}

/* ------------------------------------------------------------ options */

static int url_check_domain(const char *domain, struct errinfo *err)
{
	size_t len = strlen(domain);

	if (strstr(domain, "://") || domain[len - 1] == '/' || *domain == '/')
		return errinfo_set(err, -EINVAL,
				   "AWS_S3_CUSTOM_DOMAIN = %.80s: only the "
				   "host, no https:// and no slash behind it",
				   domain);
	for (; *domain; domain++)
		if ((unsigned char)*domain <= ' ' || *domain == 0x7f ||
		    strchr("\"<>\\^`{|}?#", *domain))
			return errinfo_set(err, -EINVAL,
					   "AWS_S3_CUSTOM_DOMAIN: a character "
					   "that no host has");
	return 0;
}

static int url_check_expire(const struct s3_client *c, const char *what,
			    int64_t expire_s, struct errinfo *err)
{
	if (expire_s < 1)
		return errinfo_set(err, -EINVAL,
				   "%s = %lld: a URL is valid for a second at "
				   "least",
				   what, (long long)expire_s);
	if (c->options.signature == S3_SIGNATURE_V4 &&
	    expire_s > S3_URL_EXPIRE_MAX)
		return errinfo_set(err, -EINVAL,
				   "%s = %lld: with Signature Version 4 a URL "
				   "is valid for %d seconds (a week) at most: "
				   "write less, or set "
				   "AWS_S3_SIGNATURE_VERSION to s3 where the "
				   "server still takes Version 2",
				   what, (long long)expire_s,
				   S3_URL_EXPIRE_MAX);
	return 0;
}

int client_start_urls(struct s3_client *c, struct errinfo *err)
{
	struct s3_url_options *o = &c->options.url;
	int rc = 0;

	if (o->expire_s == 0)
		o->expire_s = DEFAULT_EXPIRE;
	if (!url_is_set(o->protocol))
		o->protocol = "https:";
	if (url_is_set(o->cloudfront_key_id) != url_is_set(o->cloudfront_key))
		return errinfo_set(err, -EINVAL,
				   "AWS_CLOUDFRONT_KEY_ID and "
				   "AWS_CLOUDFRONT_KEY must be provided "
				   "together.");
	if (url_is_set(o->custom_domain))
		rc = url_check_domain(o->custom_domain, err);
	else if (!o->is_bare && !c->options.anonymous)
		rc = url_check_expire(c, "AWS_QUERYSTRING_EXPIRE", o->expire_s,
				      err);
	if (rc == 0 && url_is_set(o->cloudfront_key))
		rc = cloudfront_new(o->cloudfront_key_id, o->cloudfront_key,
				    c->options.allow_readable_keys,
				    &c->cloudfront, err);
	return rc;
}

/* ------------------------------------------------------ custom domain */

/* Python's quote(key, safe="/~!*()'"): Django's filepath_to_uri. */
static void url_add_path(struct buf *out, const char *key)
{
	for (; *key; key++) {
		if (strchr("!*()'", *key))
			buf_add_char(out, *key);
		else
			text_percent_encode(out, key, 1, true);
	}
}

/* application/x-www-form-urlencoded. */
static void url_add_form(struct buf *out, const char *text)
{
	for (; *text; text++) {
		if (*text == ' ')
			buf_add_char(out, '+');
		else
			text_percent_encode(out, text, 1, false);
	}
}

static int url_add_custom(struct s3_client *c, const struct s3_url *url,
			  int64_t expire_s, struct buf *out,
			  struct errinfo *err)
{
	const struct s3_url_options *o = &c->options.url;
	AUTO_BUF struct buf text = BUF_INIT(out->max);
	int rc = 0;

	buf_add_fmt(&text, "%s//%s/", o->protocol, o->custom_domain);
	url_add_path(&text, url->key);
	for (size_t i = 0; i < url->params.count; i++) {
		buf_add_char(&text, i == 0 ? '?' : '&');
		url_add_form(&text, url->params.items[i].name);
		buf_add_char(&text, '=');
		url_add_form(&text, url->params.items[i].value);
	}
	if (!o->is_bare && c->cloudfront && expire_s < 1)
		return errinfo_set(err, -EINVAL,
				   "expire = %lld: a URL is valid for a second "
				   "at least",
				   (long long)expire_s);
	if (!o->is_bare && c->cloudfront && !text.error)
		rc = cloudfront_sign(c->cloudfront, client_now_s(c) + expire_s,
				     &text);
	if (rc == 0)
		rc = text.error;
	if (rc < 0)
		return errinfo_set(err, rc, "cannot make a URL of %s: %s",
				   url->key, strerrordesc_np(-rc));
	buf_add_str(out, text.data);
	return out->error;
}

/* ------------------------------------------------------- the server's */

static int url_unknown_param(const char *name, struct errinfo *err)
{
	struct text_nearest nearest = { .to = name };

	for (size_t i = 0; i < ARRAY_SIZE(params); i++)
		text_nearest_try(&nearest, params[i].name);
	return errinfo_set(err, -EINVAL, "no parameter %.60s of a URL%s", name,
			   text_nearest_hint(&nearest));
}

/* A date in one of boto3's forms, as S3 wants it in a query. */
static int url_http_date(const char *text, char out[TEXT_HTTP_DATE_SIZE],
			 struct errinfo *err)
{
	uint64_t unix_s = 0;
	int64_t when = 0;

	if (text_parse_http_date(text, &when) < 0) {
		if (text_parse_u64(text, INT64_MAX / 1000000000, &unix_s) == 0)
			when = (int64_t)unix_s;
		else if (text_parse_iso_date(text, &when) == 0)
			when /= 1000000000;
		else
			return errinfo_set(
				err, -EINVAL,
				"ResponseExpires = %.60s: write it as "
				"2030-01-31T12:00:00Z or as seconds since 1970",
				text);
	}
	text_http_date(out, when);
	return 0;
}

/* expires has room for the one value that is not taken as it is. */
static int url_check_params(const struct s3_url *url, struct query *query,
			    char expires[TEXT_HTTP_DATE_SIZE],
			    struct errinfo *err)
{
	for (size_t i = 0; i < url->params.count; i++) {
		const struct pair *given = &url->params.items[i];
		const char *value = given->value;
		size_t at = 0;
		int rc = 0;

		while (at < ARRAY_SIZE(params) &&
		       strcmp(params[at].name, given->name) != 0)
			at++;
		if (at == ARRAY_SIZE(params))
			return url_unknown_param(given->name, err);
		if (strcmp(given->name, "ResponseExpires") == 0) {
			rc = url_http_date(value, expires, err);
			value = expires;
		}
		if (rc < 0)
			return rc;
		query_add(query, params[at].query, value);
	}
	return 0;
}

static int url_add_presigned(struct s3_client *c, const struct s3_url *url,
			     const struct query *query, int64_t expire_s,
			     struct buf *out, struct errinfo *err)
{
	const char *region = s3_client_region(c);
	CLEANUP(endpoint_release) struct endpoint endpoint = { 0 };
	struct s3_creds *creds = NULL;
	struct presign p = {
		.method = url->method ? url->method : "GET",
		.key = url->key,
		.query = query,
		.version = c->options.signature,
		.unix_s = client_now_s(c),
		.expire_s = expire_s,
	};
	int rc = endpoint_init(&endpoint, &c->options, region, ENDPOINT_URLS,
			       err);

	if (rc == 0 && !c->options.url.is_bare)
		creds = creds_chain_get(c->creds);
	if (rc == 0 && creds)
		rc = url_check_expire(c, "expire", expire_s, err);
	if (rc == 0)
		rc = presign_url(&endpoint, &p, creds, out, err);
	creds_put(creds);
	return rc;
}

static bool url_is_method(const char *method)
{
	return !method || strcmp(method, "GET") == 0 ||
	       strcmp(method, "HEAD") == 0 || strcmp(method, "PUT") == 0;
}

int s3_url(struct s3_client *c, const struct s3_url *url, struct buf *out,
	   struct errinfo *err)
{
	int64_t expire_s =
		url->has_expire ? url->expire_s : c->options.url.expire_s;
	struct query query = QUERY_INIT;
	char expires[TEXT_HTTP_DATE_SIZE];
	int rc;

	if (!url_is_method(url->method))
		return errinfo_set(err, -EINVAL,
				   "a URL is for GET, HEAD or PUT, not for "
				   "%.20s",
				   url->method);
	if (url_is_set(c->options.url.custom_domain))
		return url_add_custom(c, url, expire_s, out, err);
	rc = url_check_params(url, &query, expires, err);
	if (rc < 0)
		return rc;
	return url_add_presigned(c, url, &query, expire_s, out, err);
}

bool s3_url_is_custom(const struct s3_client *c)
{
	return url_is_set(c->options.url.custom_domain);
}
