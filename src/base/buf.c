/* SPDX-License-Identifier: MIT */
/* Growing bytes with a maximum; see buf.h. */
#include "buf.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

static int buf_fail(struct buf *b, int code)
{
	b->error = code;
	return code;
}

int buf_reserve(struct buf *b, size_t more)
{
	size_t cap = b->cap ? b->cap : 64;
	char *data;

	if (b->error)
		return b->error;
	if (more > b->max || b->len > b->max - more)
		return buf_fail(b, -EMSGSIZE);
	if (b->cap && b->len + more < b->cap)
		return 0;
	while (cap <= b->len + more) {
		if (cap > SIZE_MAX / 2)
			return buf_fail(b, -EMSGSIZE);
		cap *= 2;
	}
	data = realloc(b->data, cap);
	if (!data)
		return buf_fail(b, -ENOMEM);
	if (!b->data)
		data[0] = '\0';
	b->data = data;
	b->cap = cap;
	return 0;
}

void buf_add(struct buf *b, const void *data, size_t len)
{
	if (buf_reserve(b, len) < 0)
		return;
	if (len)
		memcpy(b->data + b->len, data, len);
	b->len += len;
	b->data[b->len] = '\0';
}

void buf_add_str(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void buf_add_char(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void buf_add_fmt(struct buf *b, const char *fmt, ...)
{
	va_list args;
	int len;

	if (b->error)
		return;
	va_start(args, fmt);
	len = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (len < 0) {
		buf_fail(b, -EINVAL);
		return;
	}
	if (buf_reserve(b, (size_t)len) < 0)
		return;
	va_start(args, fmt);
	vsnprintf(b->data + b->len, (size_t)len + 1, fmt, args);
	va_end(args);
	b->len += (size_t)len;
}

const char *buf_str(const struct buf *b)
{
	return b->data ? b->data : "";
}

void buf_clear(struct buf *b)
{
	b->len = 0;
	b->error = 0;
	if (b->data)
		b->data[0] = '\0';
}

char *buf_detach(struct buf *b)
{
	char *data = STEAL(b->data);

	b->len = 0;
	b->cap = 0;
	return data;
}

void buf_release(struct buf *b)
{
	free(b->data);
	*b = (struct buf)BUF_INIT(b->max);
}
