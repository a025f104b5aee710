/* SPDX-License-Identifier: MIT */
/*
 * Python's tokens, as its reference manual's chapter 2 has them. Comments,
 * blank lines and line ends inside brackets are passed over. One thread.
 */
#ifndef PY_LEX_H
#define PY_LEX_H

#include <stdbool.h>
#include <stddef.h>

enum py_token_kind {
	PY_END,
	PY_NEWLINE,
	PY_WORD, /* names and keywords */
	PY_NUMBER,
	PY_STRING, /* with prefix and quotes */
	PY_OPERATOR,
	PY_BAD /* no token: an open quote, a lone character */
};

struct py_token {
	enum py_token_kind kind;
	const char *text; /* in the lexer's text */
	size_t len;
	unsigned line;
	unsigned indent; /* columns before the first token of its line */
};

/* A copy of it is a place to come back to. */
struct py_lexer {
	const char *at, *end;
	unsigned line;
	unsigned depth; /* open brackets */
	unsigned indent;
	bool is_line_start;
};

/* in_brackets: text stands inside a pair, as an f-string's fields do. */
void py_lex_start(struct py_lexer *lexer, const char *text, size_t len,
		  unsigned line, bool in_brackets);

/* After PY_END comes PY_END. */
void py_lex_next(struct py_lexer *lexer, struct py_token *token);

bool py_token_is(const struct py_token *token, const char *text);

/* Length of a string token's prefix, and of one of its ends: 1 or 3. */
size_t py_prefix_length(const char *text, size_t len);
size_t py_quote_length(const char *text, size_t len);

#endif
