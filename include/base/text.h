/* SPDX-License-Identifier: MIT */
/*
 * Numbers, hexadecimal, percent-encoding, dates and UTF-8, all with limits.
 * Pure functions; any thread.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"

/*
 * Decimal digits only (no sign, no blanks), all of s, at most max.
 * Returns 0, -EINVAL (not a number) or -ERANGE (above max).
 */
MUST_USE int text_parse_u64(const char *s, uint64_t max, uint64_t *out);

/* Writes 2 * len lower-case digits and a NUL to out. */
void text_hex(char *out, const void *data, size_t len);

/*
 * Appends data with every byte but A-Z a-z 0-9 - . _ ~ as %XX (RFC 3986
 * unreserved, what AWS signatures ask for); keep_slash leaves / alone.
 */
void text_percent_encode(struct buf *out, const void *data, size_t len,
			 bool keep_slash);

/*
 * Decodes %XX, and + as a blank if plus_is_blank, in place; *len becomes
 * the new length and a NUL follows it. Returns 0 or -EINVAL.
 */
MUST_USE int text_percent_decode(char *s, size_t *len, bool plus_is_blank);

/* Whether text, which may be NULL, is this word. */
bool text_is(const char *text, const char *word);

/* RFC 3629: no surrogates, no overlong forms, up to U+10FFFF. */
bool text_is_utf8(const char *s, size_t len);

/*
 * Levenshtein's distance, for "did you mean": how many bytes to put in, take
 * out or change. Only the first TEXT_DISTANCE_MAX of each count.
 */
#define TEXT_DISTANCE_MAX 48
unsigned text_distance(const char *a, const char *b);

/*
 * Of names that could have been meant by one that was written (to), that
 * which differs least: first those that there are are tried, then the hint is
 * "; did you mean NAME?", or "" if none is like it.
 */
struct text_nearest {
	const char *to; /* borrowed */
	unsigned distance;
	char name[TEXT_DISTANCE_MAX + 1];
	char hint[TEXT_DISTANCE_MAX + 24];
};
void text_nearest_try(struct text_nearest *nearest, const char *name);
/* NULL: none is like it. */
const char *text_nearest_name(const struct text_nearest *nearest);
const char *text_nearest_hint(struct text_nearest *nearest);

/*
 * Dates. Writing one outside the years 1000 to 9999 gives the nearest inside;
 * parsing takes just the form shown and returns 0 or -EINVAL.
 */

/* "Wed, 21 Oct 2015 07:28:00 GMT" (RFC 9110 IMF-fixdate): 29 and a NUL. */
#define TEXT_HTTP_DATE_SIZE 30
void text_http_date(char out[TEXT_HTTP_DATE_SIZE], int64_t unix_s);
MUST_USE int text_parse_http_date(const char *s, int64_t *unix_s);

/* "20151021T072800Z": the form of x-amz-date; its first 8 are the day. */
#define TEXT_BASIC_DATE_SIZE 17
void text_basic_date(char out[TEXT_BASIC_DATE_SIZE], int64_t unix_s);
MUST_USE int text_parse_basic_date(const char *s, int64_t *unix_s);

/*
 * "2015-10-21T07:28:00.123Z": what S3's XML carries. Parsing takes any
 * number of digits after the second, or none, in the years 1677 to 2262.
 */
#define TEXT_ISO_DATE_SIZE 25
void text_iso_date(char out[TEXT_ISO_DATE_SIZE], int64_t unix_ns);
MUST_USE int text_parse_iso_date(const char *s, int64_t *unix_ns);

#endif
