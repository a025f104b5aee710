/* SPDX-License-Identifier: MIT */
/*
 * The parts of a URL that names a server: an endpoint_url of the settings, a
 * Location of an answer. Pure; any thread.
 */
#ifndef S3_ENDPOINT_URL_H
#define S3_ENDPOINT_URL_H

#include <stdbool.h>
#include <stddef.h>

#include "errinfo.h"

/* RFC 1035 names, brackets, a port, a NUL. */
#define URL_HOST_MAX 272

struct url_parts {
	bool is_tls;
	bool is_ip;              /* the host is an address, not a name */
	bool has_query;          /* something follows the path */
	char host[URL_HOST_MAX]; /* lower case, ":port" unless the default */
	size_t name_len;         /* of host, without the port */
	const char *path;        /* borrowed; without slashes at its end */
	size_t path_len;
};

/*
 * Returns 0, or -EINVAL with a sentence. The sentence never repeats a URL
 * that has a user name in it: a password may stand behind that.
 */
MUST_USE int url_parse(const char *text, struct url_parts *out,
		       struct errinfo *err);

#endif
