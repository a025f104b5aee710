/* SPDX-License-Identifier: MIT */
/*
 * Which proxy a URL goes through; see proxy.h. The forms of a proxy are
 * those that urllib3 takes under botocore; the targets with a host are those
 * that django-storages documents, as requests reads them.
 */
#include "proxy.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum {
	TARGET_MAX = 300, /* a scheme, a host's name of 255 bytes, a port */
	PROXY_MAX = 2048
};

static const struct {
	const char *name;
	const char *port;
} schemes[] = {
	{ "http", "80" },      { "https", "443" },   { "socks4", "1080" },
	{ "socks4a", "1080" }, { "socks5", "1080" }, { "socks5h", "1080" },
};

/* The default port of a scheme of len bytes, or NULL. */
static const char *proxy_port_of(const char *scheme, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(schemes); i++)
		if (strlen(schemes[i].name) == len &&
		    strncasecmp(schemes[i].name, scheme, len) == 0)
			return schemes[i].port;
	return NULL;
}

/* Whether "host:port" of len bytes, without a user, names a port. */
static bool proxy_has_port(const char *host, size_t len)
{
	const char *bracket = memrchr(host, ']', len);
	const char *from = bracket ? bracket : host;

	return memchr(from, ':', len - (size_t)(from - host)) != NULL;
}

/* The whole URL of a proxy that was written in one of its forms. */
static int proxy_make_whole(const char *text, struct buf *out)
{
	const char *colon = strstr(text, "://"), *host, *at, *port;
	size_t scheme_len = colon ? (size_t)(colon - text) : 0, len;

	if (colon)
		host = colon + 3;
	else
		host = strncmp(text, "//", 2) == 0 ? text + 2 : text;
	port = colon ? proxy_port_of(text, scheme_len) : "80";
	len = strcspn(host, "/?#");
	at = memrchr(host, '@', len);
	if (!port || host[len + strspn(host + len, "/")])
		return -EINVAL;
	buf_add(out, colon ? text : "http", colon ? scheme_len : 4);
	buf_add_fmt(out, "://%.*s", (int)len, host);
	if (at) {
		len -= (size_t)(at + 1 - host);
		host = at + 1;
	}
	if (len == 0)
		return -EINVAL;
	if (!proxy_has_port(host, len))
		buf_add_fmt(out, ":%s", port);
	return out->error;
}

/* In lower case, without a slash at the end. */
static int proxy_normalize_target(const char *text, struct buf *out)
{
	const char *colon = strstr(text, "://");
	size_t len = strlen(text);
	size_t scheme_len = colon ? (size_t)(colon - text) : len;

	while (len > scheme_len + 3 && text[len - 1] == '/')
		len--;
	if ((scheme_len != 4 && scheme_len != 5) ||
	    strncasecmp(text, "https", scheme_len) != 0)
		return -EINVAL;
	if (colon && (len == scheme_len + 3 ||
		      memchr(colon + 3, '/', len - scheme_len - 3)))
		return -EINVAL;
	for (size_t i = 0; i < len; i++)
		buf_add_char(out, (char)tolower((unsigned char)text[i]));
	return out->error;
}

static int proxy_rule_copy(struct proxy_rule *to, const struct http_proxy *from,
			   struct errinfo *err)
{
	AUTO_BUF struct buf target = BUF_INIT(TARGET_MAX);
	AUTO_BUF struct buf proxy = BUF_INIT(PROXY_MAX);
	int rc = proxy_normalize_target(from->target, &target);

	if (rc < 0)
		return errinfo_set(err, rc,
				   "'%.60s' is not what a proxy is for: write "
				   "http, https, https://host or "
				   "https://host:port",
				   from->target);
	rc = proxy_make_whole(from->proxy, &proxy);
	if (rc < 0)
		return errinfo_set(err, rc,
				   "the proxy for %.60s is none: write "
				   "host:port or "
				   "http://user:password@host:port",
				   from->target);
	to->target = buf_detach(&target);
	to->proxy = buf_detach(&proxy);
	return to->target && to->proxy ? 0 : -ENOMEM;
}

int proxy_rules_copy(struct proxy_rules *to, const struct http_proxy *from,
		     size_t count, struct errinfo *err)
{
	*to = (struct proxy_rules){ 0 };
	if (count == 0)
		return 0;
	to->items = calloc(count, sizeof(*to->items));
	if (!to->items)
		return -ENOMEM;
	for (; to->count < count; to->count++) {
		int rc = proxy_rule_copy(&to->items[to->count],
					 &from[to->count], err);

		if (rc < 0) {
			to->count++;
			return rc;
		}
	}
	return 0;
}

static const char *proxy_rule_find(const struct proxy_rules *rules,
				   const char *target, size_t len)
{
	for (size_t i = 0; i < rules->count; i++)
		if (strlen(rules->items[i].target) == len &&
		    strncasecmp(rules->items[i].target, target, len) == 0)
			return rules->items[i].proxy;
	return NULL;
}

const char *proxy_rules_find(const struct proxy_rules *rules, const char *url)
{
	const char *colon = strstr(url, "://"), *proxy, *host;
	size_t scheme_len, len;
	char target[TARGET_MAX];

	if (!colon || rules->count == 0)
		return NULL;
	scheme_len = (size_t)(colon - url);
	if (!proxy_port_of(url, scheme_len))
		return NULL;
	host = colon + 3;
	len = scheme_len + 3 + strcspn(host, "/?#");
	proxy = proxy_rule_find(rules, url, len);
	if (proxy)
		return proxy;
	if (proxy_has_port(host, len - scheme_len - 3)) {
		len = (size_t)((const char *)memrchr(url, ':', len) - url);
		proxy = proxy_rule_find(rules, url, len);
	} else if (len + 5 < sizeof(target)) {
		/* A rule may name the port that the URL leaves out. */
		snprintf(target, sizeof(target), "%.*s:%s", (int)len, url,
			 proxy_port_of(url, scheme_len));
		proxy = proxy_rule_find(rules, target, strlen(target));
	}
	return proxy ? proxy : proxy_rule_find(rules, url, scheme_len);
}

void proxy_rules_release(struct proxy_rules *rules)
{
	for (size_t i = 0; i < rules->count; i++) {
		free(rules->items[i].target);
		if (rules->items[i].proxy)
			explicit_bzero(rules->items[i].proxy,
				       strlen(rules->items[i].proxy));
		free(rules->items[i].proxy);
	}
	free(rules->items);
	*rules = (struct proxy_rules){ 0 };
}
