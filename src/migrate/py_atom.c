/* SPDX-License-Identifier: MIT */
/* Numbers, texts, lists and dicts as they are written; see py_atom.h. */
#include "py_atom.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "py_string.h"

/* Up to the bracket that closes the level above outer. */
void py_skip_to_close(struct py_parser *p, unsigned outer)
{
	while (p->token.kind != PY_END &&
	       !(p->lexer.depth == outer &&
		 (py_token_is(&p->token, ")") || py_token_is(&p->token, "]") ||
		  py_token_is(&p->token, "}"))))
		py_lex_next(&p->lexer, &p->token);
}

bool py_is_comprehension(const struct py_parser *p)
{
	return py_token_is(&p->token, "for") || py_token_is(&p->token, "async");
}

static struct py_value *read_integer(struct py_parser *p, const char *digits)
{
	char *end = NULL;
	int base = 10;
	long long number;

	if (digits[0] == '0' && digits[1]) {
		const char *bases = "xXoObB";
		const char *known = strchr(bases, digits[1]);

		if (known) {
			base = known - bases < 2 ? 16 :
			       known - bases < 4 ? 8 :
						   2;
			digits += 2;
		} else if (digits[strspn(digits, "0")]) {
			return py_fail(p, "a number with a leading zero");
		}
	}
	errno = 0;
	number = strtoll(digits, &end, base);
	if (!*digits || *end || !isxdigit((unsigned char)*digits))
		return py_fail(p, "not a number");
	if (errno)
		return py_unknown(p->scope->arena, "a number too large");
	return py_int(p->scope->arena, number);
}

struct py_value *py_read_number(struct py_parser *p)
{
	char digits[64], *end = NULL;
	size_t n = 0;
	bool is_hex, is_real;
	double real;

	for (size_t i = 0; i < p->token.len; i++) {
		if (p->token.text[i] == '_')
			continue;
		if (n + 1 == sizeof(digits))
			return py_fail(p, "a number too long");
		digits[n++] = p->token.text[i];
	}
	digits[n] = '\0';
	is_hex = digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X');
	is_real = !is_hex && strpbrk(digits, ".eE");
	if (!is_real) {
		struct py_value *v = read_integer(p, digits);

		py_advance(p);
		return v;
	}
	real = strtod(digits, &end);
	if (*end)
		return py_fail(p, "not a number");
	py_advance(p);
	return py_real(p->scope->arena, real);
}

/* An f-string's field: the expression of text[0..len), nothing behind it. */
static struct py_value *read_field(struct py_parser *p, const char *text,
				   size_t len)
{
	struct py_parser inner = { .scope = p->scope, .depth = p->depth + 1 };
	struct py_value *v;

	if (inner.depth > PY_DEPTH_MAX)
		return py_unknown(p->scope->arena, "nested too deeply");
	py_lex_start(&inner.lexer, text, len, p->token.line, true);
	py_advance(&inner);
	v = py_expression(&inner);
	if (inner.error || inner.token.kind != PY_END)
		return py_unknown(p->scope->arena,
				  "an f-string that only Python can fill in");
	return v;
}

/* Behind a {: inserts its field; *at is behind the } afterwards. */
static struct py_value *add_field(struct py_parser *p, const char **at,
				  const char *end, struct buf *out)
{
	unsigned depth = 1;
	const char *start = *at;
	struct py_value *v;

	while (*at < end && depth) {
		depth += strchr("{[(", **at) != NULL;
		depth -= strchr("}])", **at) != NULL;
		++*at;
	}
	if (depth)
		return py_unknown(p->scope->arena, "an open f-string");
	v = read_field(p, start, (size_t)(*at - 1 - start));
	if (py_truth(v) >= 0 && py_str(v, out))
		return py_unknown(p->scope->arena,
				  "an f-string that only Python can fill in");
	return v;
}

/* Appends an f-string; NULL, or why it cannot be; *env as in py_value. */
static struct py_value *add_format(struct py_parser *p,
				   const struct py_string *string,
				   struct buf *out, const char **env)
{
	const char *at = string->body, *end = at + string->len;

	while (at < end) {
		size_t plain = 0;
		struct py_value *v;

		while (at + plain < end && at[plain] != '{' && at[plain] != '}')
			plain++;
		if (py_string_unescape(string, at, plain, out))
			return py_unknown(p->scope->arena, "an odd escape");
		at += plain;
		if (at == end)
			break;
		if (at + 1 < end && at[1] == at[0]) {
			buf_add_char(out, *at);
			at += 2;
			continue;
		}
		at++;
		v = add_field(p, &at, end, out);
		if (v->env)
			*env = v->env;
		if (py_truth(v) < 0)
			return v;
	}
	return NULL;
}

/* One or more string tokens in a row. */
struct py_value *py_read_strings(struct py_parser *p)
{
	AUTO_BUF struct buf out = BUF_INIT(PY_TEXT_MAX);
	struct py_value *bad = NULL, *v;
	const char *env = NULL;
	bool is_bytes = false;

	for (; p->token.kind == PY_STRING; py_advance(p)) {
		struct py_string string;

		py_string_open(&p->token, &string);
		is_bytes |= string.is_bytes;
		if (bad)
			continue;
		if (string.is_format)
			bad = add_format(p, &string, &out, &env);
		else if (py_string_unescape(&string, string.body, string.len,
					    &out))
			bad = py_unknown(p->scope->arena, "an odd escape");
	}
	if (!bad && out.error)
		bad = py_unknown(p->scope->arena, "a text too long");
	v = bad ? py_unknown(p->scope->arena, "%s",
			     bad->kind == PY_UNKNOWN ? bad->text :
						       "an unknown name") :
		  py_text(p->scope->arena, is_bytes ? PY_BYTES : PY_TEXT,
			  buf_str(&out), out.len);
	v->env = env;
	return v;
}

/* [...] and what is in parentheses; the opening bracket is in hand. */
struct py_value *py_read_sequence(struct py_parser *p, enum py_kind kind,
				  const char *close)
{
	struct py_value *list = py_new(p->scope->arena, kind);
	unsigned outer = p->lexer.depth - 1;
	bool comma = true;

	py_advance(p);
	while (comma && !p->error && !py_token_is(&p->token, close)) {
		bool is_spread = py_accept(p, "*");
		struct py_value *item = py_expression(p);

		if (py_is_comprehension(p)) {
			list = py_unknown(p->scope->arena, "a comprehension");
			py_skip_to_close(p, outer);
			break;
		}
		if (is_spread)
			list = py_unknown(p->scope->arena, "a *");
		py_add(p->scope->arena, list, item);
		comma = py_accept(p, ",");
	}
	py_expect(p, close);
	if (kind == PY_TUPLE && list->kind == PY_TUPLE && list->count == 1 &&
	    !comma)
		return list->items[0];
	return list;
}

/* The items of ** another dict. */
static struct py_value *spread(struct py_parser *p, struct py_value *dict,
			       const struct py_value *other)
{
	if (other->kind != PY_DICT)
		return py_unknown(p->scope->arena, "a ** of what is no dict");
	for (size_t i = 0; i < other->count; i++)
		py_put(p->scope->arena, dict, other->keys[i], other->items[i]);
	return dict;
}

/* {...}: a dict or a set. */
struct py_value *py_read_braces(struct py_parser *p)
{
	struct py_arena *arena = p->scope->arena;
	struct py_value *dict = py_new(arena, PY_DICT), *set = NULL;
	unsigned outer = p->lexer.depth - 1;

	py_advance(p);
	while (!p->error && !py_token_is(&p->token, "}")) {
		struct py_value *key;

		if (py_accept(p, "**")) {
			dict = spread(p, dict, py_expression(p));
		} else {
			unsigned line = p->token.line;

			key = py_expression(p);
			key->line = line;
			if (py_accept(p, ":")) {
				py_put(arena, dict, key, py_expression(p));
			} else {
				set = set ? set : py_new(arena, PY_SET);
				py_add(arena, set, key);
			}
		}
		if (py_is_comprehension(p)) {
			dict = py_unknown(arena, "a comprehension");
			set = NULL;
			py_skip_to_close(p, outer);
			break;
		}
		if (!py_accept(p, ","))
			break;
	}
	py_expect(p, "}");
	return set ? set : dict;
}
