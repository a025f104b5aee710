/* SPDX-License-Identifier: MIT */
/* The parts of a URL that names a server; see endpoint_url.h. */
#include "names/endpoint_url.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "text.h"

#define NAME_MAX_BYTES 253 /* RFC 1035 */

static bool url_is_host_char(char c)
{
	return isalnum((unsigned char)c) || c == '.' || c == '-' || c == '_';
}

/* Takes "name" or "[v6]" off the front of at; NULL if it is neither. */
static const char *url_take_name(const char *at, struct url_parts *out)
{
	char address[INET6_ADDRSTRLEN] = "";
	struct in6_addr v6;
	struct in_addr v4;
	size_t len = 0;

	if (*at == '[') {
		len = strcspn(at, "]");
		if (!at[len] || len - 1 >= sizeof(address))
			return NULL;
		memcpy(address, at + 1, len - 1);
		if (inet_pton(AF_INET6, address, &v6) != 1)
			return NULL;
		out->is_ip = true;
		len++;
	} else {
		while (url_is_host_char(at[len]))
			len++;
		if (len == 0 || len > NAME_MAX_BYTES || at[0] == '.')
			return NULL;
	}
	for (size_t i = 0; i < len; i++)
		out->host[i] = (char)tolower((unsigned char)at[i]);
	out->host[len] = '\0';
	out->name_len = len;
	if (inet_pton(AF_INET, out->host, &v4) == 1)
		out->is_ip = true;
	return at + len;
}

/* Takes ":port" off the front of at, if it is there. */
static const char *url_take_port(const char *at, struct url_parts *out)
{
	size_t len;
	uint64_t port;
	char digits[6];

	if (*at != ':')
		return at;
	len = strspn(++at, "0123456789");
	if (len == 0)
		return at; /* "host:" is the default, RFC 3986 3.2.3 */
	if (len >= sizeof(digits))
		return NULL;
	memcpy(digits, at, len);
	digits[len] = '\0';
	if (text_parse_u64(digits, UINT16_MAX, &port) < 0 || port == 0)
		return NULL;
	if (port != (out->is_tls ? 443 : 80))
		snprintf(out->host + out->name_len,
			 sizeof(out->host) - out->name_len, ":%u",
			 (unsigned)port);
	return at + len;
}

/* RFC 3986: what may stand in a path, % included. */
static bool url_take_path(const char *at, struct url_parts *out)
{
	static const char others[] = "/-._~!$&'()*+,;=:@%";
	size_t len = 0;

	while (at[len] &&
	       (isalnum((unsigned char)at[len]) || strchr(others, at[len])))
		len++;
	if (at[len] && at[len] != '?' && at[len] != '#')
		return false;
	out->has_query = at[len] != '\0';
	while (len > 0 && at[len - 1] == '/')
		len--;
	out->path = at;
	out->path_len = len;
	return true;
}

int url_parse(const char *text, struct url_parts *out, struct errinfo *err)
{
	const char *at = strstr(text, "://");

	*out = (struct url_parts){ .path = "" };
	if (at && memchr(at + 3, '@', strcspn(at + 3, "/?#")))
		return errinfo_set(err, -EINVAL,
				   "a URL of a server with a user name or "
				   "password in it: leave these out");
	if (strncasecmp(text, "https://", 8) == 0)
		out->is_tls = true;
	else if (strncasecmp(text, "http://", 7) != 0)
		return errinfo_set(err, -EINVAL,
				   "URL %s does not begin with http:// or "
				   "https://",
				   text);
	at += 3;
	at = url_take_name(at, out);
	if (at)
		at = url_take_port(at, out);
	if (!at || !strchr("/?#", *at))
		return errinfo_set(err, -EINVAL,
				   "URL %s: no host, or one that cannot be",
				   text);
	if (!url_take_path(at, out))
		return errinfo_set(err, -EINVAL,
				   "URL %s: the path has a character that must "
				   "be written as %%XX",
				   text);
	return 0;
}
