/* SPDX-License-Identifier: MIT */
/* Values of object parameters; see params_value.h. */
#include "params/params_value.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "text.h"
#include "wire/digest.h"

#define BLANKS " \t\r\n"

/* AES-256; the only algorithm there is. */
#define CUSTOMER_KEY_BYTES  32
#define CUSTOMER_KEY_BASE64 44 /* characters of the base64 form */

/* "Z", "+01:00", "-0530" or "" to seconds east of Greenwich. */
static int value_parse_zone(const char *zone, int64_t *east_s)
{
	unsigned hours, minutes;
	int end = -1;

	*east_s = 0;
	if (!*zone || strcmp(zone, "Z") == 0 || strcmp(zone, "z") == 0)
		return 0;
	if (sscanf(zone + 1, "%2u:%2u%n", &hours, &minutes, &end) != 2 &&
	    sscanf(zone + 1, "%2u%2u%n", &hours, &minutes, &end) != 2)
		return -EINVAL;
	if (end < 0 || zone[1 + end] || hours > 23 || minutes > 59)
		return -EINVAL;
	*east_s = (int64_t)hours * 3600 + (int64_t)minutes * 60;
	if (*zone == '-')
		*east_s = -*east_s;
	return 0;
}

/* Whatever of the time is missing is 0. */
static int value_parse_iso(const char *text, int64_t *unix_s)
{
	static const char midnight[] = "T00:00:00";
	char whole[64];
	size_t date_len = strcspn(text, "T ");
	const char *time = text + date_len;
	size_t time_len = *time ? 1 + strcspn(time + 1, "Zz+-") : 0;
	int64_t unix_ns, east_s;

	if (date_len != 10 || time_len > 30 || time_len == 1)
		return -EINVAL;
	if (value_parse_zone(time + time_len, &east_s) < 0)
		return -EINVAL;
	snprintf(whole, sizeof(whole), "%.10s%.*s%sZ", text, (int)time_len,
		 time, time_len < 9 ? midnight + time_len : "");
	whole[10] = 'T';
	if (text_parse_iso_date(whole, &unix_ns) < 0)
		return -EINVAL;
	*unix_s = unix_ns / 1000000000 - east_s;
	return 0;
}

int params_parse_date(const char *text, int64_t *unix_s)
{
	uint64_t seconds;

	if (text_parse_u64(text, INT64_MAX, &seconds) == 0) {
		*unix_s = (int64_t)seconds;
		return 0;
	}
	if (text_parse_http_date(text, unix_s) == 0)
		return 0;
	return value_parse_iso(text, unix_s);
}

int params_clean(const char *text, struct buf *out)
{
	size_t len;

	text += strspn(text, " \t");
	len = strlen(text);
	while (len && (text[len - 1] == ' ' || text[len - 1] == '\t'))
		len--;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return -EINVAL;
	}
	buf_add(out, text, len);
	return len ? out->error : -EINVAL;
}

static bool value_is_base64(const char *text)
{
	size_t len = strlen(text);
	AUTO_FREE unsigned char *bytes = malloc(len / 4 * 3 + 3);

	return bytes && len && digest_unbase64(bytes, text, len) >= 0;
}

int params_json(const char *text, struct buf *out)
{
	size_t len;

	text += strspn(text, BLANKS);
	len = strlen(text);
	while (len && strchr(BLANKS, text[len - 1]))
		len--;
	if (len >= 2 && text[0] == '{' && text[len - 1] == '}')
		digest_base64(out, text, len);
	else if (value_is_base64(text))
		buf_add_str(out, text);
	else
		return -EINVAL;
	return out->error;
}

int params_customer_key(const char *text, struct buf *key, struct buf *md5)
{
	unsigned char decoded[CUSTOMER_KEY_BASE64], sum[DIGEST_MAX];
	const void *bytes = NULL;
	size_t len = strlen(text);
	int rc = -EINVAL;

	if (len == CUSTOMER_KEY_BYTES)
		bytes = text;
	else if (len == CUSTOMER_KEY_BASE64 &&
		 digest_unbase64(decoded, text, len) == CUSTOMER_KEY_BYTES)
		bytes = decoded;
	if (bytes)
		rc = digest_of(DIGEST_MD5, bytes, CUSTOMER_KEY_BYTES, sum);
	if (rc == 0) {
		digest_base64(key, bytes, CUSTOMER_KEY_BYTES);
		digest_base64(md5, sum, digest_size(DIGEST_MD5));
		rc = key->error ? key->error : md5->error;
	}
	explicit_bzero(decoded, sizeof(decoded));
	return rc;
}
