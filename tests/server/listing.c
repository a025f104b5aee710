/* SPDX-License-Identifier: MIT */
/* What the listings share; see listing.h. */
#include "listing.h"

#include <string.h>

#include "answer.h"
#include "request.h"
#include "text.h"

#define PAGE_MAX 1000

enum s3_error listing_start(struct request *req, const char *max_param,
			    struct listing *l)
{
	const char *max = request_param(req, max_param);
	const char *encoding = request_param(req, "encoding-type");
	const char *prefix = request_param(req, "prefix");
	const char *delimiter = request_param(req, "delimiter");
	uint64_t n = PAGE_MAX;

	*l = (struct listing){ .out = &req->answer.text };
	if (max && *max && text_parse_u64(max, INT32_MAX, &n) < 0)
		return S3_INVALID_ARGUMENT;
	if (encoding && strcmp(encoding, "url") != 0)
		return S3_INVALID_ARGUMENT;
	l->url_encoded = encoding;
	l->max_keys = n < PAGE_MAX ? (unsigned)n : PAGE_MAX;
	l->prefix = prefix ? prefix : "";
	l->delimiter = delimiter ? delimiter : "";
	return S3_OK;
}

/* As S3 encodes: like a path, but a blank becomes a plus. */
static void add_encoded(struct buf *out, const char *name)
{
	while (*name) {
		size_t len = strcspn(name, " ");

		text_percent_encode(out, name, len, true);
		name += len;
		for (; *name == ' '; name++)
			buf_add_char(out, '+');
	}
}

void listing_add_name(const struct listing *l, const char *element,
		      const char *name)
{
	struct buf *out = l->out;

	if (!l->url_encoded) {
		xml_add(out, element, name);
		return;
	}
	buf_add_char(out, '<');
	buf_add_str(out, element);
	buf_add_char(out, '>');
	add_encoded(out, name);
	buf_add_str(out, "</");
	buf_add_str(out, element);
	buf_add_char(out, '>');
}

void listing_add_echo(const struct listing *l, const char *bucket,
		      const char *max_element)
{
	xml_add(l->out, "Name", bucket);
	listing_add_name(l, "Prefix", l->prefix);
	xml_add_number(l->out, max_element, l->max_keys);
	if (*l->delimiter)
		listing_add_name(l, "Delimiter", l->delimiter);
	if (l->url_encoded)
		xml_add(l->out, "EncodingType", "url");
	xml_add(l->out, "IsTruncated", l->is_truncated ? "true" : "false");
}

size_t listing_common(const struct listing *l, const char *key)
{
	const char *at;

	if (!*l->delimiter)
		return 0;
	at = strstr(key + strlen(l->prefix), l->delimiter);
	return at ? (size_t)(at - key) + strlen(l->delimiter) : 0;
}

struct index_node *listing_skip(const struct index *keys, const char *prefix)
{
	char next[KEY_MAX + 1];
	size_t len = strlen(prefix);

	memcpy(next, prefix, len + 1);
	/* The next text after all that starts with prefix: its end plus one. */
	while (len > 0 && (unsigned char)next[len - 1] == 0xff)
		len--;
	if (len == 0)
		return NULL;
	next[len - 1] = (char)((unsigned char)next[len - 1] + 1);
	next[len] = 0;
	return index_seek(keys, next);
}

void listing_add_owner(struct buf *out, const struct request *req,
		       const struct bucket *bucket, const char *element)
{
	const struct user *user =
		&req->server->users[bucket->owner < 0 ? 0 : bucket->owner];

	buf_add_fmt(out, "<%s>", element);
	xml_add(out, "ID", user->access_key);
	xml_add(out, "DisplayName", user->access_key);
	buf_add_fmt(out, "</%s>", element);
}
