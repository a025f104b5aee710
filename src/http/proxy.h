/* SPDX-License-Identifier: MIT */
/*
 * Which proxy a URL goes through. A list does not change once it is made:
 * any thread may ask it.
 */
#ifndef HTTP_PROXY_H
#define HTTP_PROXY_H

#include "http.h"

/* One rule, taken apart. */
struct proxy_rule {
	char *target; /* owned, lower case: "https", "https://host[:port]" */
	char *proxy;  /* owned: a URL with scheme and port */
};

struct proxy_rules {
	struct proxy_rule *items;
	size_t count;
};

/*
 * Copies count rules and makes their proxies whole: "host:port" and
 * "//host:port" are http, and a missing port is the scheme's own (80, 443,
 * SOCKS: 1080). Returns 0, -EINVAL (err says what, without a password) or
 * -ENOMEM; proxy_rules_release is due in any case.
 */
MUST_USE int proxy_rules_copy(struct proxy_rules *to,
			      const struct http_proxy *from, size_t count,
			      struct errinfo *err);

/*
 * The proxy for url, or NULL: the rule for scheme, host and port goes before
 * that for scheme and host, which goes before that for the scheme. Borrowed.
 */
const char *proxy_rules_find(const struct proxy_rules *rules, const char *url);

void proxy_rules_release(struct proxy_rules *rules);

#endif
