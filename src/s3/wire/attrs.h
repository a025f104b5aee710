/* SPDX-License-Identifier: MIT */
/* An object's attributes in the headers of an answer. Pure; any thread. */
#ifndef S3_ATTRS_H
#define S3_ATTRS_H

#include "pairs.h"
#include "s3.h"

/*
 * Copies text to out without the quotes around it. Returns 0, or -EBADMSG
 * if it is empty or too long.
 */
MUST_USE int attrs_etag(const char *text, char out[S3_ETAG_MAX]);

/* Whether etag is the hexadecimal MD5 of something: 32 digits. */
bool attrs_is_md5(const char *etag);

/* "bytes 0-4/10" */
struct attrs_range {
	uint64_t first, last, total;
};

/* Returns 0 or -EBADMSG (no such range, an unknown total). */
MUST_USE int attrs_content_range(const char *text, struct attrs_range *out);

/*
 * Fills out from the headers of a HEAD or GET: etag, time and the headers
 * that belong to the object; not the size. What out had is released. Returns
 * 0, -EBADMSG (no ETag, a Last-Modified that is no date), -ENOMEM.
 */
MUST_USE int attrs_read(const struct pairs *headers, struct s3_object *out);

/* Content-Length. Returns 0 or -EBADMSG. */
MUST_USE int attrs_length(const struct pairs *headers, uint64_t *out);

/*
 * The CRC32C of the whole object in x-amz-checksum-crc32c. Returns whether
 * there is one; a composite one ("...-3") is not it.
 */
bool attrs_crc32c(const struct pairs *headers, uint32_t *out);

/* As attrs_crc32c, from the base64 text; NULL or "": none. */
bool attrs_crc32c_text(const char *text, uint32_t *out);

#endif
