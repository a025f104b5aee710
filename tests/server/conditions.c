/* SPDX-License-Identifier: MIT */
/* Conditional requests and ranges; see conditions.h. */
#include "conditions.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "request.h"
#include "text.h"

bool condition_etag_in(const char *list, const char *etag)
{
	while (*list) {
		size_t len;

		list += strspn(list, " ,");
		if (strncmp(list, "W/", 2) == 0)
			list += 2;
		len = strcspn(list, ", ");
		if (len == 1 && *list == '*')
			return true;
		if (len >= 2 && *list == '"' && list[len - 1] == '"') {
			if (strlen(etag) == len - 2 &&
			    memcmp(list + 1, etag, len - 2) == 0)
				return true;
		} else if (strlen(etag) == len &&
			   memcmp(list, etag, len) == 0) {
			return true;
		}
		list += len;
	}
	return false;
}

static const char *prefixed(const struct request *req, const char *prefix,
			    const char *name)
{
	char whole[80];

	snprintf(whole, sizeof(whole), "%s%s", prefix, name);
	return request_header(req, whole);
}

/* Was the object changed after that date? A bad date never matters. */
static bool changed_since(const char *date, const struct object *object,
			  bool if_bad)
{
	int64_t unix_s;

	if (text_parse_http_date(date, &unix_s) < 0)
		return if_bad;
	return object->mtime_ns / 1000000000 > unix_s;
}

enum s3_error conditions_read(const struct request *req, const char *prefix,
			      const struct object *object)
{
	const char *match = prefixed(req, prefix, "if-match");
	const char *none = prefixed(req, prefix, "if-none-match");
	const char *since = prefixed(req, prefix, "if-modified-since");
	const char *before = prefixed(req, prefix, "if-unmodified-since");
	enum s3_error no = *prefix ? S3_PRECONDITION_FAILED : S3_NOT_MODIFIED;

	if (match) {
		if (!condition_etag_in(match, object->etag))
			return S3_PRECONDITION_FAILED;
	} else if (before && changed_since(before, object, false)) {
		return S3_PRECONDITION_FAILED;
	}
	if (none)
		return condition_etag_in(none, object->etag) ? no : S3_OK;
	if (since && !changed_since(since, object, true))
		return no;
	return S3_OK;
}

static bool is_ignored(const struct request *req)
{
	return req->server->ignores_conditions ||
	       (req->server->ignores_complete_conditions &&
		strcmp(req->op->name, "CompleteMultipartUpload") == 0);
}

enum s3_error conditions_write(const struct request *req,
			       const struct object *current)
{
	const char *match = request_header(req, "if-match");
	const char *none = request_header(req, "if-none-match");

	if ((!match && !none) || is_ignored(req))
		return S3_OK;
	if (req->server->no_conditional_writes)
		return S3_NOT_IMPLEMENTED;
	if (none && strcmp(none, "*") != 0)
		return S3_NOT_IMPLEMENTED;
	if (none && current)
		return S3_PRECONDITION_FAILED;
	if (match && !current)
		return S3_NO_SUCH_KEY;
	if (match && !condition_etag_in(match, current->etag))
		return S3_PRECONDITION_FAILED;
	return S3_OK;
}

/* Digits up to end, all of them. */
static bool digits(const char *s, size_t len, uint64_t *out)
{
	char text[24];

	if (len == 0 || len >= sizeof(text))
		return false;
	memcpy(text, s, len);
	text[len] = 0;
	return text_parse_u64(text, INT64_MAX, out) == 0;
}

enum s3_error conditions_range(const char *text, uint64_t size, bool *is_range,
			       uint64_t *off, uint64_t *len)
{
	uint64_t first, last = UINT64_MAX;
	const char *dash;

	*is_range = false;
	*off = 0;
	*len = size;
	if (!text || strncasecmp(text, "bytes=", 6) != 0)
		return S3_OK;
	text += 6;
	dash = strchr(text, '-');
	if (!dash || (dash[1] && !digits(dash + 1, strlen(dash + 1), &last)))
		return S3_OK;
	if (dash == text) {
		if (!dash[1])
			return S3_OK;
		*is_range = true;
		if (last == 0 || size == 0)
			return S3_INVALID_RANGE;
		*len = last < size ? last : size;
		*off = size - *len;
		return S3_OK;
	}
	if (!digits(text, (size_t)(dash - text), &first) || last < first)
		return S3_OK;
	*is_range = true;
	if (first >= size)
		return S3_INVALID_RANGE;
	*off = first;
	*len = (last < size ? last + 1 : size) - first;
	return S3_OK;
}
