/* SPDX-License-Identifier: MIT */
/*
 * Growing bytes with a maximum.
 *
 *   struct buf b = BUF_INIT(4096);
 *   buf_add_str(&b, "prefix=");
 *   buf_add_fmt(&b, "%d", n);
 *   if (b.error)
 *           return b.error;
 *   ...
 *   buf_release(&b);
 *
 * A failed add sets the sticky field error (-ENOMEM, -EMSGSIZE past the
 * maximum, -EINVAL for what printf refuses) and leaves the contents as they
 * were; every later add does nothing, so a text is built in straight lines
 * and checked once. data is NULL or ends in a NUL that len does not count.
 * One thread at a time.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>
#include <stddef.h>

#include "macros.h"

struct buf {
	char *data;
	size_t len;
	size_t cap;
	size_t max; /* bytes, without the NUL */
	int error;  /* 0 or a negative errno */
};

#define BUF_INIT(max_bytes)        \
	{                          \
		.max = (max_bytes) \
	}

/* Makes room for more bytes behind len. Returns 0, -ENOMEM, -EMSGSIZE. */
int buf_reserve(struct buf *b, size_t more);

void buf_add(struct buf *b, const void *data, size_t len);
void buf_add_str(struct buf *b, const char *s);
void buf_add_char(struct buf *b, char c);
void buf_add_fmt(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* The text, never NULL. Borrowed until the next change. */
const char *buf_str(const struct buf *b);

/* Empties it and forgets the error; keeps the memory. */
void buf_clear(struct buf *b);

/* The caller owns the returned bytes (free); NULL if nothing was added. */
char *buf_detach(struct buf *b);

void buf_release(struct buf *b);

#define AUTO_BUF CLEANUP(buf_release)

#endif
