/* SPDX-License-Identifier: MIT */
/* An endpoint_url of the settings, and a Location of a 307 answer. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "names/endpoint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void redirect(const char *endpoint_url, const char *location)
{
	const struct s3_options options = {
		.bucket = "bkt",
		.endpoint_url = endpoint_url,
	};
	struct endpoint from, to;

	if (endpoint_init(&from, &options, "r-1", ENDPOINT_REQUESTS, NULL) < 0)
		return;
	if (endpoint_redirect(&from, location, &to, NULL) == 0) {
		if (from.is_tls && !to.is_tls)
			abort(); /* never from https to http */
		if (!to.host[0] || strpbrk(to.host, "/?#@ "))
			abort(); /* a host and nothing else */
		endpoint_release(&to);
	}
	endpoint_release(&from);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	redirect(NULL, text);
	redirect("http://h.example/base", text);
	redirect(text, text);
	free(text);
	return 0;
}
