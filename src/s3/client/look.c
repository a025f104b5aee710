/* SPDX-License-Identifier: MIT */
/* Comparing what is stored with what was sent; see look.h. */
#include "client/look.h"

#include <strings.h>

#include "text.h"
#include "wire/attrs.h"
#include "wire/digest.h"

static int look_body_md5(const struct s3_body *body, char hex[33])
{
	unsigned char sum[DIGEST_MAX];
	char piece[16 * 1024];
	struct digest *md5 = digest_start(DIGEST_MD5);
	ssize_t got = 0;
	int rc = md5 ? 0 : -ENOMEM;

	for (uint64_t at = 0; rc == 0 && at < body->length; at += got) {
		uint64_t left = body->length - at;

		got = body->read(body->arg, at, piece,
				 left < sizeof(piece) ? (size_t)left :
							sizeof(piece));
		rc = got > 0 ? digest_add(md5, piece, (size_t)got) : -EIO;
	}
	if (rc < 0) {
		if (md5)
			digest_drop(md5);
		return rc;
	}
	rc = digest_finish(md5, sum);
	text_hex(hex, sum, digest_size(DIGEST_MD5));
	return rc;
}

enum look_result look_at(const struct look *stored, const struct s3_body *body)
{
	char md5[33];

	if (stored->size != body->length)
		return LOOK_OTHER;
	if (body->has_crc32c && stored->has_crc32c)
		return stored->crc32c == body->crc32c ? LOOK_SAME : LOOK_OTHER;
	if (!attrs_is_md5(stored->etag) || look_body_md5(body, md5) < 0)
		return LOOK_UNKNOWN;
	return strcasecmp(md5, stored->etag) == 0 ? LOOK_SAME : LOOK_OTHER;
}
