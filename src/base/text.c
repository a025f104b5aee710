/* SPDX-License-Identifier: MIT */
/* Numbers, hexadecimal, percent-encoding, dates, UTF-8; see text.h. */
#include "text.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

int text_parse_u64(const char *s, uint64_t max, uint64_t *out)
{
	uint64_t value = 0;

	if (!*s || s[strspn(s, "0123456789")])
		return -EINVAL;
	for (; *s; s++) {
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*s - '0'), &value))
			return -ERANGE;
	}
	if (value > max)
		return -ERANGE;
	*out = value;
	return 0;
}

void text_hex(char *out, const void *data, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *p = data;

	for (size_t i = 0; i < len; i++) {
		out[2 * i] = digits[p[i] >> 4];
		out[2 * i + 1] = digits[p[i] & 15];
	}
	out[2 * len] = '\0';
}

static bool text_is_unreserved(unsigned char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
	       c == '~';
}

void text_percent_encode(struct buf *out, const void *data, size_t len,
			 bool keep_slash)
{
	static const char digits[] = "0123456789ABCDEF";
	const unsigned char *p = data;

	for (size_t i = 0; i < len; i++) {
		char escaped[3] = { '%', digits[p[i] >> 4], digits[p[i] & 15] };

		if (text_is_unreserved(p[i]) || (keep_slash && p[i] == '/'))
			buf_add(out, p + i, 1);
		else
			buf_add(out, escaped, sizeof(escaped));
	}
}

static int text_hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

int text_percent_decode(char *s, size_t *len, bool plus_is_blank)
{
	size_t n = 0;

	for (size_t i = 0; i < *len; i++) {
		char c = s[i];

		if (c == '%') {
			bool is_whole = *len - i > 2;
			int high = is_whole ? text_hex_value(s[i + 1]) : -1;
			int low = is_whole ? text_hex_value(s[i + 2]) : -1;

			if (high < 0 || low < 0)
				return -EINVAL;
			c = (char)(high * 16 + low);
			i += 2;
		} else if (c == '+' && plus_is_blank) {
			c = ' ';
		}
		s[n++] = c;
	}
	s[n] = '\0';
	*len = n;
	return 0;
}

/* The length of the sequence that starts at p, or 0 if it is malformed. */
static size_t text_utf8_sequence(const unsigned char *p, size_t room)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint32_t code;
	size_t len;

	if (p[0] < 0x80)
		return 1;
	if (p[0] >= 0xc2 && p[0] < 0xe0)
		len = 2;
	else if ((p[0] & 0xf0) == 0xe0)
		len = 3;
	else if (p[0] >= 0xf0 && p[0] < 0xf5)
		len = 4;
	else
		return 0;
	if (len > room)
		return 0;
	code = p[0] & (0xffu >> (len + 1));
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (p[i] & 0x3f);
	}
	if (code < least[len] || code > 0x10ffff ||
	    (code >= 0xd800 && code < 0xe000))
		return 0;
	return len;
}

bool text_is(const char *text, const char *word)
{
	return text && strcmp(text, word) == 0;
}

bool text_is_utf8(const char *s, size_t len)
{
	const unsigned char *p = (const unsigned char *)s;

	while (len > 0) {
		size_t n = text_utf8_sequence(p, len);

		if (n == 0)
			return false;
		p += n;
		len -= n;
	}
	return true;
}

/* What four digits of a year can tell. */
#define YEAR_1000_S     INT64_C(-30610224000)
#define YEAR_9999_END_S INT64_C(253402300799)

static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
				      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

static void text_to_tm(int64_t unix_s, struct tm *tm)
{
	time_t t = (time_t)unix_s;

	if (t < YEAR_1000_S)
		t = YEAR_1000_S;
	if (t > YEAR_9999_END_S)
		t = YEAR_9999_END_S;
	gmtime_r(&t, tm);
}

static bool text_char_fits(char c, char shape)
{
	switch (shape) {
	case '0':
		return c >= '0' && c <= '9';
	case 'a':
		return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
	default:
		return c == shape;
	}
}

/* s begins as shape does, where 0 is any digit and a any letter. */
static bool text_has_shape(const char *s, const char *shape)
{
	while (*shape && text_char_fits(*s, *shape)) {
		s++;
		shape++;
	}
	return *shape == '\0';
}

/* The fields must be in range and come back unchanged. */
static int text_from_tm(struct tm *tm, int64_t *unix_s)
{
	struct tm check = *tm;
	time_t t = timegm(&check);

	if (check.tm_mday != tm->tm_mday || check.tm_mon != tm->tm_mon ||
	    check.tm_hour != tm->tm_hour || check.tm_min != tm->tm_min)
		return -EINVAL;
	*unix_s = t;
	return 0;
}

void text_http_date(char out[TEXT_HTTP_DATE_SIZE], int64_t unix_s)
{
	struct tm tm;

	text_to_tm(unix_s, &tm);
	strftime(out, TEXT_HTTP_DATE_SIZE, "%a, %d %b %Y %T GMT", &tm);
}

int text_parse_http_date(const char *s, int64_t *unix_s)
{
	struct tm tm = { 0 };
	char month[4];

	if (!text_has_shape(s, "aaa, 00 aaa 0000 00:00:00 GMT") ||
	    s[TEXT_HTTP_DATE_SIZE - 1] ||
	    sscanf(s + 5, "%2d %3s %4d %2d:%2d:%2d", &tm.tm_mday, month,
		   &tm.tm_year, &tm.tm_hour, &tm.tm_min, &tm.tm_sec) != 6)
		return -EINVAL;
	tm.tm_year -= 1900;
	tm.tm_mon = -1;
	for (int i = 0; i < 12; i++) {
		if (strcmp(months[i], month) == 0)
			tm.tm_mon = i;
	}
	return tm.tm_mon < 0 ? -EINVAL : text_from_tm(&tm, unix_s);
}

void text_basic_date(char out[TEXT_BASIC_DATE_SIZE], int64_t unix_s)
{
	struct tm tm;

	text_to_tm(unix_s, &tm);
	strftime(out, TEXT_BASIC_DATE_SIZE, "%Y%m%dT%H%M%SZ", &tm);
}

int text_parse_basic_date(const char *s, int64_t *unix_s)
{
	struct tm tm = { 0 };

	if (!text_has_shape(s, "00000000T000000Z") ||
	    s[TEXT_BASIC_DATE_SIZE - 1] ||
	    sscanf(s, "%4d%2d%2dT%2d%2d%2d", &tm.tm_year, &tm.tm_mon,
		   &tm.tm_mday, &tm.tm_hour, &tm.tm_min, &tm.tm_sec) != 6)
		return -EINVAL;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	return text_from_tm(&tm, unix_s);
}

void text_iso_date(char out[TEXT_ISO_DATE_SIZE], int64_t unix_ns)
{
	int64_t unix_s = unix_ns / 1000000000, ns = unix_ns % 1000000000;
	struct tm tm;
	size_t n;

	if (ns < 0) {
		ns += 1000000000;
		unix_s--;
	}
	text_to_tm(unix_s, &tm);
	n = strftime(out, TEXT_ISO_DATE_SIZE, "%Y-%m-%dT%T", &tm);
	snprintf(out + n, TEXT_ISO_DATE_SIZE - n, ".%03uZ",
		 (unsigned)(ns / 1000000) % 1000);
}

/* ".123": digits after the second, to nanoseconds; moves *s behind them. */
static int64_t text_fraction_ns(const char **s)
{
	int64_t ns = 0, unit = 100000000;

	if (!text_has_shape(*s, ".0"))
		return 0;
	for ((*s)++; **s >= '0' && **s <= '9'; (*s)++, unit /= 10)
		ns += (**s - '0') * unit;
	return ns;
}

int text_parse_iso_date(const char *s, int64_t *unix_ns)
{
	struct tm tm = { 0 };
	int64_t unix_s, ns;

	if (!text_has_shape(s, "0000-00-00T00:00:00") ||
	    sscanf(s, "%4d-%2d-%2dT%2d:%2d:%2d", &tm.tm_year, &tm.tm_mon,
		   &tm.tm_mday, &tm.tm_hour, &tm.tm_min, &tm.tm_sec) != 6)
		return -EINVAL;
	s += strlen("0000-00-00T00:00:00");
	ns = text_fraction_ns(&s);
	if (strcmp(s, "Z") != 0)
		return -EINVAL;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	if (text_from_tm(&tm, &unix_s) < 0)
		return -EINVAL;
	/* Nanoseconds reach from 1677 to 2262. */
	if (__builtin_mul_overflow(unix_s, 1000000000, &unix_s) ||
	    __builtin_add_overflow(unix_s, ns, unix_ns))
		return -EINVAL;
	return 0;
}

unsigned text_distance(const char *a, const char *b)
{
	unsigned row[TEXT_DISTANCE_MAX + 1];
	size_t width = strnlen(b, TEXT_DISTANCE_MAX);

	for (size_t j = 0; j <= width; j++)
		row[j] = (unsigned)j;
	for (size_t i = 0; i < TEXT_DISTANCE_MAX && a[i]; i++) {
		unsigned diagonal = row[0];

		row[0] = (unsigned)i + 1;
		for (size_t j = 0; j < width; j++) {
			unsigned best = diagonal + (a[i] != b[j]);

			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j + 1] + 1 < best)
				best = row[j + 1] + 1;
			diagonal = row[j + 1];
			row[j + 1] = best;
		}
	}
	return row[width];
}

/* A third of the letters may be wrong. */
static bool text_is_like(const struct text_nearest *n)
{
	return n->name[0] && n->distance <= (strlen(n->to) + 2) / 3;
}

void text_nearest_try(struct text_nearest *n, const char *name)
{
	unsigned d =
		strcasecmp(n->to, name) == 0 ? 0 : text_distance(n->to, name);

	if (n->name[0] && d >= n->distance)
		return;
	n->distance = d;
	snprintf(n->name, sizeof(n->name), "%s", name);
}

const char *text_nearest_name(const struct text_nearest *n)
{
	return text_is_like(n) ? n->name : NULL;
}

const char *text_nearest_hint(struct text_nearest *n)
{
	if (text_is_like(n))
		snprintf(n->hint, sizeof(n->hint), "; did you mean %s?",
			 n->name);
	return n->hint;
}
