/* SPDX-License-Identifier: MIT */
/*
 * Python's expressions, evaluated as they are read: no tree is kept. What
 * only Python can work out becomes a value that is unknown, with its reason.
 * Its depth is bounded. One thread.
 */
#ifndef PY_EXPR_H
#define PY_EXPR_H

#include "py_lex.h"
#include "py_value.h"

/* Where names come from. */
struct py_scope {
	struct py_arena *arena;
	/* NULL if nobody has defined the name. */
	struct py_value *(*find)(const struct py_scope *scope,
				 const char *name);
};

struct py_parser {
	const struct py_scope *scope;
	struct py_lexer lexer;
	struct py_token token; /* the one in hand */
	const char *error;     /* NULL, or what could not be understood */
	enum py_token_kind stopped_at; /* the token's kind at the error */
	unsigned depth;
};

/* Takes the next token in hand; none after an error. */
void py_advance(struct py_parser *p);

/* If the token in hand is text: takes the next one. */
bool py_accept(struct py_parser *p, const char *text);

/* Remembers the first reason; returns a value that is unknown for it. */
struct py_value *py_fail(struct py_parser *p, const char *reason);

/* From the token in hand on. Never NULL; p->error if it cannot go on. */
struct py_value *py_expression(struct py_parser *p);

/* Expressions with commas between: a tuple, if there is a comma. */
struct py_value *py_expressions(struct py_parser *p);

/* A binary operator by its text; comparisons and "and" and "or" as well. */
struct py_value *py_binary(struct py_arena *arena, const char *op,
			   struct py_value *a, struct py_value *b);
struct py_value *py_unary(struct py_arena *arena, char op, struct py_value *v);

/* v, or v's item: of a dict, a list, a tuple. */
struct py_value *py_subscript(struct py_arena *arena, struct py_value *v,
			      struct py_value *key);

/* What call gives, if it is a known function; else the call itself. */
struct py_value *py_call(const struct py_scope *scope, struct py_value *call);

/* The method's result; it changes nothing. */
struct py_value *py_method(struct py_arena *arena, struct py_value *self,
			   const char *name, struct py_value *call);

/* An environment variable, with fallback or, if that is NULL, without. */
struct py_value *py_environment(struct py_arena *arena,
				const struct py_value *name,
				struct py_value *fallback);

/* Whether name is the environment: os.environ, django-environ's env, ... */
bool py_is_environment(const struct py_value *v);

#endif
