/* SPDX-License-Identifier: MIT */
/* Objects' attributes in headers; see attrs.h. */
#include "wire/attrs.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "text.h"
#include "wire/digest.h"

/* A name that ends in '*' stands for all that begin so. */
static const char *const kept_headers[] = {
	"content-type",
	"cache-control",
	"content-disposition",
	"content-encoding",
	"content-language",
	"expires",
	"x-amz-meta-*",
	"x-amz-storage-class",
	"x-amz-website-redirect-location",
	"x-amz-server-side-encryption*",
	"x-amz-checksum-*",
	"x-amz-restore",
	"x-amz-version-id",
	"x-amz-tagging-count",
};

int attrs_etag(const char *text, char out[S3_ETAG_MAX])
{
	size_t len = strlen(text);

	if (len >= 2 && text[0] == '"' && text[len - 1] == '"') {
		text++;
		len -= 2;
	}
	if (len == 0 || len >= S3_ETAG_MAX)
		return -EBADMSG;
	memcpy(out, text, len);
	out[len] = '\0';
	return 0;
}

bool attrs_is_md5(const char *etag)
{
	return strlen(etag) == 32 &&
	       strspn(etag, "0123456789abcdefABCDEF") == 32;
}

/* A number up to the character that ends it; *s moves behind that. */
static int attrs_take_number(char **s, const char *ends, uint64_t *out)
{
	char *number = strsep(s, ends);

	if (!*s)
		return -EBADMSG;
	return text_parse_u64(number, S3_OBJECT_MAX, out) < 0 ? -EBADMSG : 0;
}

int attrs_content_range(const char *text, struct attrs_range *out)
{
	char copy[80];
	char *s = copy;

	if (strncasecmp(text, "bytes ", 6) != 0 || strlen(text) >= sizeof(copy))
		return -EBADMSG;
	memcpy(copy, text + 6, strlen(text + 6) + 1);
	if (attrs_take_number(&s, "-", &out->first) < 0 ||
	    attrs_take_number(&s, "/", &out->last) < 0 ||
	    text_parse_u64(s, S3_OBJECT_MAX, &out->total) < 0)
		return -EBADMSG;
	if (out->first > out->last || out->last >= out->total)
		return -EBADMSG;
	return 0;
}

static bool attrs_is_kept(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(kept_headers); i++) {
		const char *kept = kept_headers[i];
		size_t len = strlen(kept);

		if (kept[len - 1] == '*' ?
			    strncasecmp(name, kept, len - 1) == 0 :
			    strcasecmp(name, kept) == 0)
			return true;
	}
	return false;
}

/* S3 joins headers that were sent twice; so does this. */
static int attrs_add_lower(struct pairs *to, const char *name,
			   const char *value)
{
	AUTO_FREE char *lower = strdup(name);
	AUTO_FREE char *joined = NULL;
	const char *before;

	if (!lower)
		return -ENOMEM;
	for (char *p = lower; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	before = pairs_get(to, lower);
	if (before && asprintf(&joined, "%s,%s", before, value) < 0) {
		joined = NULL;
		return -ENOMEM;
	}
	return pairs_set(to, lower, joined ? joined : value);
}

int attrs_read(const struct pairs *headers, struct s3_object *out)
{
	const char *etag = pairs_get(headers, "etag");
	const char *modified = pairs_get(headers, "last-modified");
	int64_t mtime_s = 0;
	int rc;

	pairs_release(&out->headers);
	if (!etag || attrs_etag(etag, out->etag) < 0)
		return -EBADMSG;
	if (modified && text_parse_http_date(modified, &mtime_s) < 0)
		return -EBADMSG;
	if (__builtin_mul_overflow(mtime_s, 1000000000, &out->mtime_ns))
		return -EBADMSG;
	for (size_t i = 0; i < headers->count; i++) {
		const struct pair *p = &headers->items[i];

		if (!attrs_is_kept(p->name))
			continue;
		rc = attrs_add_lower(&out->headers, p->name, p->value);
		if (rc < 0)
			return rc;
	}
	return 0;
}

int attrs_length(const struct pairs *headers, uint64_t *out)
{
	const char *length = pairs_get(headers, "content-length");

	if (!length || text_parse_u64(length, S3_OBJECT_MAX, out) < 0)
		return -EBADMSG;
	return 0;
}

bool attrs_crc32c_text(const char *text, uint32_t *out)
{
	unsigned char sum[6];

	if (!text || strlen(text) != 8 || digest_unbase64(sum, text, 8) != 4)
		return false;
	*out = (uint32_t)sum[0] << 24 | (uint32_t)sum[1] << 16 |
	       (uint32_t)sum[2] << 8 | sum[3];
	return true;
}

bool attrs_crc32c(const struct pairs *headers, uint32_t *out)
{
	return attrs_crc32c_text(pairs_get(headers, "x-amz-checksum-crc32c"),
				 out);
}

bool s3_class_is_archive(const char *class)
{
	return class && (strcmp(class, "GLACIER") == 0 ||
			 strcmp(class, "DEEP_ARCHIVE") == 0);
}

const char *s3_archive(const struct pairs *headers)
{
	const char *class = pairs_get(headers, "x-amz-storage-class");
	const char *tier = pairs_get(headers, "x-amz-archive-status");
	const char *restore = pairs_get(headers, "x-amz-restore");

	/* With a date behind it while the restored copy is there. */
	if (restore && strstr(restore, "ongoing-request=\"false\""))
		return NULL;
	if (tier) /* of INTELLIGENT_TIERING */
		return tier;
	return s3_class_is_archive(class) ? class : NULL;
}
