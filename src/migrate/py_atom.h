/* SPDX-License-Identifier: MIT */
/*
 * The parts of expressions that stand for themselves. Each function begins
 * with the token in hand and leaves the one behind its part there.
 */
#ifndef PY_ATOM_H
#define PY_ATOM_H

#include "py_expr.h"

/* Ours: Python allows more, settings need less. */
#define PY_DEPTH_MAX 40

struct py_value *py_read_number(struct py_parser *p);

/* One or more string tokens in a row. */
struct py_value *py_read_strings(struct py_parser *p);

/* [...] and (...); kind: PY_LIST or PY_TUPLE. */
struct py_value *py_read_sequence(struct py_parser *p, enum py_kind kind,
				  const char *close);

/* {...}: a dict or a set. */
struct py_value *py_read_braces(struct py_parser *p);

/* Takes text, or fails. */
void py_expect(struct py_parser *p, const char *text);

/* Up to the bracket that closes the level above outer. */
void py_skip_to_close(struct py_parser *p, unsigned outer);

/* The token in hand makes a comprehension of what is before it. */
bool py_is_comprehension(const struct py_parser *p);

#endif
