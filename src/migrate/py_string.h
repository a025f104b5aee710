/* SPDX-License-Identifier: MIT */
/* The contents of Python's string literals. One thread. */
#ifndef PY_STRING_H
#define PY_STRING_H

#include <stdbool.h>

#include "py_lex.h"
#include "py_value.h"

/* A string token, taken apart. */
struct py_string {
	bool is_raw, is_bytes, is_format;
	const char *body; /* between the quotes */
	size_t len;
};

void py_string_open(const struct py_token *token, struct py_string *out);

/*
 * Appends body[0..len) without its escapes. Returns 0; -EINVAL for what is
 * no escape of Python's or has no UTF-8; out's error.
 */
MUST_USE int py_string_unescape(const struct py_string *string,
				const char *body, size_t len, struct buf *out);

/*
 * '%s' % values and '{}'.format(): text, or unknown for what is more than
 * inserting. arguments: any value; the call itself for format.
 */
struct py_value *py_percent(struct py_arena *arena,
			    const struct py_value *format,
			    const struct py_value *arguments);
struct py_value *py_format(struct py_arena *arena,
			   const struct py_value *format,
			   const struct py_value *call);

#endif
