/* SPDX-License-Identifier: MIT */
/* Values of object parameters, as headers have them. Pure; any thread. */
#ifndef S3_PARAMS_VALUE_H
#define S3_PARAMS_VALUE_H

#include <stdint.h>

#include "buf.h"
#include "macros.h"

/*
 * Seconds since 1970 of "1767225600", "Thu, 01 Jan 2026 00:00:00 GMT" or ISO
 * 8601: "2026-01-01", "2026-01-01 00:00", "2026-01-01T00:00:00.5+01:00"; UTC
 * unless an offset says otherwise. Returns 0 or -EINVAL.
 */
MUST_USE int params_parse_date(const char *text, int64_t *unix_s);

/*
 * text without the blanks around it, that a header would lose, into out.
 * Returns 0; -EINVAL: empty, or a control character but the tab.
 */
MUST_USE int params_clean(const char *text, struct buf *out);

/* An object in JSON to base64; base64 stays. Returns 0 or -EINVAL. */
MUST_USE int params_json(const char *text, struct buf *out);

/*
 * A customer's key, 32 bytes as they are or in base64, to base64 in key and
 * the base64 of its MD5 in md5. Returns 0, -EINVAL, -ENOMEM or -EIO.
 */
MUST_USE int params_customer_key(const char *text, struct buf *key,
				 struct buf *md5);

#endif
