/* SPDX-License-Identifier: MIT */
/* Python's tokens; see py_lex.h. */
#include "py_lex.h"

#include <ctype.h>
#include <string.h>

#include "macros.h"

void py_lex_start(struct py_lexer *lexer, const char *text, size_t len,
		  unsigned line, bool in_brackets)
{
	memset(lexer, 0, sizeof(*lexer));
	lexer->at = text;
	lexer->end = text + len;
	lexer->line = line;
	lexer->depth = in_brackets;
	lexer->is_line_start = !in_brackets;
}

/* Names may be of any letters: bytes from 0x80 on count as some. */
static bool is_word_byte(char c)
{
	return isalnum((unsigned char)c) || c == '_' || (c & 0x80);
}

bool py_token_is(const struct py_token *token, const char *text)
{
	return (token->kind == PY_OPERATOR || token->kind == PY_WORD) &&
	       token->len == strlen(text) &&
	       memcmp(token->text, text, token->len) == 0;
}

size_t py_prefix_length(const char *text, size_t len)
{
	size_t n = 0;

	while (n < len && n < 3 && isalpha((unsigned char)text[n]))
		n++;
	if (n > 2 || n == len || (text[n] != '\'' && text[n] != '"'))
		return 0;
	for (size_t i = 0; i < n; i++)
		if (!strchr("rRbBuUfF", text[i]))
			return 0;
	return n;
}

size_t py_quote_length(const char *text, size_t len)
{
	return len >= 3 && text[1] == text[0] && text[2] == text[0] ? 3 : 1;
}

/* A line's first blanks; tabs go to multiples of eight. */
static void count_indent(struct py_lexer *lexer)
{
	lexer->indent = 0;
	for (; lexer->at < lexer->end; lexer->at++) {
		if (*lexer->at == '\t')
			lexer->indent = (lexer->indent | 7) + 1;
		else if (*lexer->at == ' ')
			lexer->indent++;
		else if (*lexer->at != '\f')
			return;
	}
}

static void skip_comment(struct py_lexer *lexer)
{
	while (lexer->at < lexer->end && *lexer->at != '\n')
		lexer->at++;
}

/* Over what is no token: blanks, comments, joined and empty lines. */
static void skip_blanks(struct py_lexer *lexer)
{
	while (lexer->at < lexer->end) {
		char c = *lexer->at;

		if (c == '#') {
			skip_comment(lexer);
		} else if (c == ' ' || c == '\t' || c == '\f') {
			lexer->at++;
		} else if (c == '\\' && lexer->at + 1 < lexer->end &&
			   lexer->at[1] == '\n') {
			lexer->at += 2;
			lexer->line++;
		} else if (c == '\n' &&
			   (lexer->depth || lexer->is_line_start)) {
			lexer->at++;
			lexer->line++;
			if (!lexer->depth)
				count_indent(lexer);
		} else {
			return;
		}
	}
}

static void lex_string(struct py_lexer *lexer, struct py_token *token)
{
	const char *p = token->text;
	size_t quote;

	p += py_prefix_length(p, (size_t)(lexer->end - p));
	quote = py_quote_length(p, (size_t)(lexer->end - p));
	lexer->at = p + quote;
	while (lexer->at < lexer->end) {
		char c = *lexer->at;

		if (c == *p && (size_t)(lexer->end - lexer->at) >= quote &&
		    memcmp(lexer->at, p, quote) == 0) {
			lexer->at += quote;
			token->kind = PY_STRING;
			return;
		}
		if (c == '\\' && lexer->at + 1 < lexer->end)
			lexer->at++;
		else if (c == '\n' && quote == 1)
			break;
		lexer->line += *lexer->at == '\n';
		lexer->at++;
	}
	token->kind = PY_BAD;
}

static void lex_number(struct py_lexer *lexer, const char *start)
{
	bool is_decimal = *start != '0' || !strchr("xX", start[1]);

	while (lexer->at < lexer->end) {
		char c = *lexer->at;
		bool is_sign = is_decimal && (c == '+' || c == '-') &&
			       strchr("eE", lexer->at[-1]);

		if (!is_word_byte(c) && c != '.' && !is_sign)
			return;
		lexer->at++;
	}
}

static void lex_operator(struct py_lexer *lexer, struct py_token *token)
{
	static const char *const operators[] = {
		"**=", "//=", ">>=", "<<=", "...", "**", "//", ">>",
		"<<",  "<=",  ">=",  "==",  "!=",  "->", "+=", "-=",
		"*=",  "/=",  "%=",  "&=",  "|=",  "^=", "@=", ":=",
	};
	size_t left = (size_t)(lexer->end - token->text);

	token->kind = PY_OPERATOR;
	for (size_t i = 0; i < ARRAY_SIZE(operators); i++) {
		size_t n = strlen(operators[i]);

		if (n <= left && memcmp(token->text, operators[i], n) == 0) {
			lexer->at += n;
			return;
		}
	}
	lexer->at++;
	if (!strchr("+-*/%@&|^~<>()[]{},:.;=", *token->text) || !*token->text)
		token->kind = PY_BAD;
	else if (strchr("([{", *token->text))
		lexer->depth++;
	else if (strchr(")]}", *token->text) && lexer->depth)
		lexer->depth--;
}

static bool is_number_start(const struct py_lexer *lexer)
{
	const char *p = lexer->at;

	return isdigit((unsigned char)*p) || (*p == '.' && p + 1 < lexer->end &&
					      isdigit((unsigned char)p[1]));
}

void py_lex_next(struct py_lexer *lexer, struct py_token *token)
{
	if (lexer->is_line_start)
		count_indent(lexer);
	skip_blanks(lexer);
	lexer->is_line_start = false;
	*token = (struct py_token){ .kind = PY_END,
				    .text = lexer->at,
				    .line = lexer->line,
				    .indent = lexer->indent };
	if (lexer->at == lexer->end)
		return;
	if (*lexer->at == '\n') {
		token->kind = PY_NEWLINE;
		lexer->at++;
		lexer->line++;
		lexer->is_line_start = true;
	} else if (*lexer->at == '\'' || *lexer->at == '"' ||
		   py_prefix_length(lexer->at,
				    (size_t)(lexer->end - lexer->at))) {
		lex_string(lexer, token);
	} else if (is_number_start(lexer)) {
		token->kind = PY_NUMBER;
		lexer->at++;
		lex_number(lexer, token->text);
	} else if (is_word_byte(*lexer->at)) {
		token->kind = PY_WORD;
		while (lexer->at < lexer->end && is_word_byte(*lexer->at))
			lexer->at++;
	} else {
		lex_operator(lexer, token);
	}
	token->len = (size_t)(lexer->at - token->text);
}
