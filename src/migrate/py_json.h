/* SPDX-License-Identifier: MIT */
/*
 * Python's values as ask.py tells them: JSON, and for what JSON has not a map
 * {"__python__": the type's name}, with "arguments" where they are known.
 * Pure functions.
 */
#ifndef PY_JSON_H
#define PY_JSON_H

#include <jansson.h>
#include <stdbool.h>

#include "buf.h"

/* The type's name of a value that JSON has not, or NULL. Borrowed. */
const char *py_type(const json_t *v);

/* What such a value was made with, a map; NULL if that is not known. */
json_t *py_arguments(const json_t *v);

/* A text's bytes; NULL for any other kind. Borrowed. */
static inline const char *py_text(const json_t *v)
{
	return json_string_value(v);
}

/* Python's bool(). */
bool py_truth(const json_t *v);

/* Python's str(): appends it. Returns 0; -EINVAL for lists and the like. */
MUST_USE int py_str(const json_t *v, struct buf *out);

/*
 * Appends v as a literal that value_parse() reads, in Python's style. Returns
 * 0; -EINVAL: *opaque is something in it that no literal can say, or it is
 * too deep; -EMSGSIZE, -ENOMEM.
 */
MUST_USE int py_write(json_t *v, struct buf *out, const json_t **opaque);

#endif
