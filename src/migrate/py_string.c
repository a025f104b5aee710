/* SPDX-License-Identifier: MIT */
/* The contents of Python's string literals; see py_string.h. */
#include "py_string.h"

#include <ctype.h>
#include <string.h>

#include "text.h"

void py_string_open(const struct py_token *token, struct py_string *out)
{
	size_t prefix = py_prefix_length(token->text, token->len);
	size_t quote =
		py_quote_length(token->text + prefix, token->len - prefix);

	/* An empty text of one quote each must not pass for three. */
	if (token->len - prefix < 2 * quote)
		quote = 1;
	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < prefix; i++) {
		int c = token->text[i] | 0x20; /* in lower case */

		out->is_raw |= c == 'r';
		out->is_bytes |= c == 'b';
		out->is_format |= c == 'f';
	}
	out->body = token->text + prefix + quote;
	out->len = token->len - prefix - 2 * quote;
}

static void add_code_point(struct buf *out, uint32_t c)
{
	static const unsigned char leads[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	unsigned bytes = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	buf_add_char(out, (char)(leads[bytes] | c >> 6 * (bytes - 1)));
	for (unsigned i = bytes - 1; i-- > 0;)
		buf_add_char(out, (char)(0x80 | (c >> 6 * i & 0x3f)));
}

struct escapes {
	const char *at, *end;
	bool is_bytes;
	struct buf *out;
};

static int add_code(struct escapes *e, uint32_t code)
{
	if (e->is_bytes) {
		buf_add_char(e->out, (char)code);
		return 0;
	}
	if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return -EINVAL;
	add_code_point(e->out, code);
	return 0;
}

static int unescape_hex(struct escapes *e, unsigned digits)
{
	uint32_t code = 0;

	for (unsigned i = 0; i < digits; i++, e->at++) {
		unsigned char c = 0;

		if (e->at < e->end)
			c = (unsigned char)*e->at;
		if (!isxdigit(c))
			return -EINVAL;
		code = code * 16 +
		       (uint32_t)(isdigit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
	}
	return add_code(e, code);
}

static int unescape_octal(struct escapes *e)
{
	uint32_t code = 0;

	for (unsigned i = 0; i < 3 && e->at < e->end; i++, e->at++) {
		if (*e->at < '0' || *e->at > '7')
			break;
		code = code * 8 + (uint32_t)(*e->at - '0');
	}
	return add_code(e, e->is_bytes ? code & 0xff : code);
}

/* Behind a backslash; what is no escape keeps it, as in Python. */
static int unescape_one(struct escapes *e)
{
	static const char from[] = "abfnrtv\\'\"", to[] = "\a\b\f\n\r\t\v\\'\"";
	char c = *e->at;
	const char *known = c ? strchr(from, c) : NULL;

	if (c >= '0' && c <= '7')
		return unescape_octal(e);
	e->at++;
	if (known) {
		buf_add_char(e->out, to[known - from]);
		return 0;
	}
	if (c == 'x')
		return unescape_hex(e, 2);
	if (c == '\n')
		return 0;
	if (!e->is_bytes && (c == 'u' || c == 'U'))
		return unescape_hex(e, c == 'u' ? 4 : 8);
	if (!e->is_bytes && c == 'N')
		return -EINVAL;
	buf_add_char(e->out, '\\');
	buf_add_char(e->out, c);
	return 0;
}

int py_string_unescape(const struct py_string *string, const char *body,
		       size_t len, struct buf *out)
{
	struct escapes e = { body, body + len, string->is_bytes, out };
	int rc = 0;

	if (string->is_raw) {
		buf_add(out, body, len);
		return out->error;
	}
	while (!rc && e.at < e.end) {
		const char *slash = memchr(e.at, '\\', (size_t)(e.end - e.at));
		size_t plain = (size_t)((slash ? slash : e.end) - e.at);

		buf_add(out, e.at, plain);
		e.at += plain;
		if (!slash)
			break;
		e.at++;
		rc = e.at < e.end ? unescape_one(&e) : -EINVAL;
	}
	return rc ? rc : out->error;
}
