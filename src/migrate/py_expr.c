/* SPDX-License-Identifier: MIT */
/* The grammar of expressions; see py_expr.h. */
#include "py_expr.h"

#include <string.h>

#include "py_atom.h"

void py_advance(struct py_parser *p)
{
	if (!p->error)
		py_lex_next(&p->lexer, &p->token);
}

bool py_accept(struct py_parser *p, const char *text)
{
	if (!py_token_is(&p->token, text))
		return false;
	py_advance(p);
	return true;
}

struct py_value *py_fail(struct py_parser *p, const char *reason)
{
	if (!p->error) {
		p->error = reason;
		p->stopped_at = p->token.kind;
	}
	p->token.kind = PY_BAD;
	return py_unknown(p->scope->arena, "%s", p->error);
}

void py_expect(struct py_parser *p, const char *text)
{
	if (!py_accept(p, text))
		(void)py_fail(p, "not understood");
}

static struct py_value *read_word(struct py_parser *p)
{
	static const char *const statements[] = { "lambda", "await", "yield",
						  "if",     "else",  "for",
						  "in",     "is",    "not" };
	struct py_arena *arena = p->scope->arena;
	char *name = py_copy(arena, p->token.text, p->token.len);
	struct py_value *v;

	for (size_t i = 0; i < ARRAY_SIZE(statements); i++)
		if (py_token_is(&p->token, statements[i]))
			return py_fail(p,
				       i == 0 ? "a lambda" : "not understood");
	py_advance(p);
	if (!name)
		return py_unknown(arena, "too large");
	if (strcmp(name, "None") == 0)
		return py_new(arena, PY_NONE);
	if (strcmp(name, "True") == 0 || strcmp(name, "False") == 0)
		return py_bool(arena, name[0] == 'T');
	v = p->scope->find(p->scope, name);
	/* env = environ.Env(...) and config = dotenv_values(...). */
	if (v && !py_is_environment(v))
		return v;
	return py_text(arena, PY_NAME, v ? "env" : name, v ? 3 : strlen(name));
}

static struct py_value *read_atom(struct py_parser *p)
{
	if (p->token.kind == PY_STRING)
		return py_read_strings(p);
	if (p->token.kind == PY_NUMBER)
		return py_read_number(p);
	if (p->token.kind == PY_WORD)
		return read_word(p);
	if (py_token_is(&p->token, "["))
		return py_read_sequence(p, PY_LIST, "]");
	if (py_token_is(&p->token, "("))
		return py_read_sequence(p, PY_TUPLE, ")");
	if (py_token_is(&p->token, "{"))
		return py_read_braces(p);
	if (py_accept(p, "..."))
		return py_unknown(p->scope->arena, "an ellipsis");
	return py_fail(p, p->token.kind == PY_BAD ? "an open quote" :
						    "not understood");
}

/* NAME = in a call; NULL and nothing taken if there is none. */
static struct py_value *read_keyword(struct py_parser *p)
{
	struct py_parser saved = *p;
	struct py_value *name;

	if (p->token.kind != PY_WORD)
		return NULL;
	py_advance(p);
	if (!py_token_is(&p->token, "=")) {
		*p = saved;
		return NULL;
	}
	name = py_text(p->scope->arena, PY_TEXT, saved.token.text,
		       saved.token.len);
	name->line = saved.token.line;
	py_advance(p);
	return name;
}

static void read_argument(struct py_parser *p, struct py_value *call)
{
	struct py_arena *arena = p->scope->arena;
	struct py_value *name, *v;

	if (py_accept(p, "**")) {
		v = py_expression(p);
		if (v->kind != PY_DICT)
			call->kind = PY_UNKNOWN;
		for (size_t i = 0; v->kind == PY_DICT && i < v->count; i++)
			py_add_argument(arena, call, v->keys[i], v->items[i]);
		return;
	}
	if (py_accept(p, "*"))
		call->kind = PY_UNKNOWN;
	name = read_keyword(p);
	py_add_argument(arena, call, name, py_expression(p));
}

/* (...) behind name; the opening bracket is in hand. */
static struct py_value *read_arguments(struct py_parser *p, const char *name)
{
	struct py_arena *arena = p->scope->arena;
	struct py_value *call = py_text(arena, PY_CALL, name, strlen(name));
	unsigned outer = p->lexer.depth - 1;

	py_advance(p);
	while (!p->error && !py_token_is(&p->token, ")")) {
		read_argument(p, call);
		if (py_is_comprehension(p)) {
			call->kind = PY_UNKNOWN;
			py_skip_to_close(p, outer);
		}
		if (!py_accept(p, ","))
			break;
	}
	py_expect(p, ")");
	if (call->kind == PY_UNKNOWN)
		return py_unknown(arena, "calls %.60s()", name);
	return call;
}

/* .NAME behind v; the name is in hand. */
static struct py_value *read_attribute(struct py_parser *p, struct py_value *v)
{
	struct py_arena *arena = p->scope->arena;
	AUTO_BUF struct buf dotted = BUF_INIT(256);
	char *name = py_copy(arena, p->token.text, p->token.len);
	struct py_value *found = NULL;

	if (p->token.kind != PY_WORD || !name)
		return py_fail(p, "not understood");
	py_advance(p);
	if (v->kind != PY_NAME && py_token_is(&p->token, "("))
		return py_method(arena, v, name, read_arguments(p, name));
	if (v->kind == PY_NAME && strcmp(v->text, "settings") == 0)
		found = p->scope->find(p->scope, name);
	if (found)
		return found;
	if (v->kind != PY_NAME) {
		found = py_unknown(arena, "reads .%.60s", name);
		found->env = v->env;
		return found;
	}
	buf_add_fmt(&dotted, "%s.%s", v->text, name);
	if (dotted.error)
		return py_fail(p, "a name too long");
	return py_text(arena, PY_NAME, buf_str(&dotted), dotted.len);
}

/* [...] behind v; the opening bracket is in hand. */
static struct py_value *read_subscript(struct py_parser *p, struct py_value *v)
{
	unsigned outer = p->lexer.depth - 1;
	struct py_value *key = NULL;

	py_advance(p);
	if (!py_token_is(&p->token, ":"))
		key = py_expressions(p);
	if (py_token_is(&p->token, ":")) {
		py_skip_to_close(p, outer);
		key = NULL;
	}
	py_expect(p, "]");
	if (!key)
		return py_unknown(p->scope->arena, "a slice");
	if (py_is_environment(v))
		return py_environment(p->scope->arena, key, NULL);
	return py_subscript(p->scope->arena, v, key);
}

static struct py_value *read_primary(struct py_parser *p)
{
	struct py_value *v = read_atom(p);

	for (;;) {
		if (py_accept(p, "."))
			v = read_attribute(p, v);
		else if (py_token_is(&p->token, "["))
			v = read_subscript(p, v);
		else if (!py_token_is(&p->token, "("))
			return v;
		else if (v->kind == PY_NAME)
			v = py_call(p->scope, read_arguments(p, v->text));
		else {
			(void)read_arguments(p, "");
			v = py_unknown(p->scope->arena, "a call");
		}
	}
}

static struct py_value *read_unary(struct py_parser *p);

/* ** binds more tightly than a sign before it, less than one behind it. */
static struct py_value *read_power(struct py_parser *p)
{
	struct py_value *v = read_primary(p);

	if (py_accept(p, "**"))
		v = py_binary(p->scope->arena, "**", v, read_unary(p));
	return v;
}

static struct py_value *read_unary(struct py_parser *p)
{
	struct py_value *v;
	char op = *p->token.text;

	if (p->token.kind != PY_OPERATOR || p->token.len != 1 ||
	    !strchr("+-~", op))
		return read_power(p);
	if (++p->depth > PY_DEPTH_MAX)
		return py_fail(p, "nested too deeply");
	py_advance(p);
	v = py_unary(p->scope->arena, op, read_unary(p));
	p->depth--;
	return v;
}

static const struct {
	const char *op;
	unsigned strength;
} operators[] = {
	{ "or", 1 },  { "and", 2 }, { "in", 4 }, { "not", 4 }, { "is", 4 },
	{ "<", 4 },   { ">", 4 },   { "==", 4 }, { "!=", 4 },  { "<=", 4 },
	{ ">=", 4 },  { "|", 5 },   { "^", 6 },  { "&", 7 },   { "<<", 8 },
	{ ">>", 8 },  { "+", 9 },   { "-", 9 },  { "*", 10 },  { "/", 10 },
	{ "//", 10 }, { "%", 10 },  { "@", 10 },
};

enum {
	STRENGTH_NOT = 3,
	STRENGTH_COMPARISON = 4
};

/* The operator in hand, as py_binary knows it, or NULL. */
static const char *find_operator(struct py_parser *p, unsigned *strength)
{
	for (size_t i = 0; i < ARRAY_SIZE(operators); i++) {
		if (py_token_is(&p->token, operators[i].op)) {
			*strength = operators[i].strength;
			return operators[i].op;
		}
	}
	return NULL;
}

/* "not in" and "is not" are two words. */
static const char *take_operator(struct py_parser *p, const char *op)
{
	py_advance(p);
	if (strcmp(op, "not") == 0)
		return py_accept(p, "in") ? "not in" : "?";
	if (strcmp(op, "is") == 0)
		return py_accept(p, "not") ? "is not" : op;
	return op;
}

static struct py_value *read_binary(struct py_parser *p, unsigned least)
{
	struct py_arena *arena = p->scope->arena;
	struct py_value *v;
	unsigned strength = 0;
	const char *op;
	bool has_compared = false;

	if (++p->depth > PY_DEPTH_MAX)
		return py_fail(p, "nested too deeply");
	if (least <= STRENGTH_NOT && py_accept(p, "not"))
		v = py_unary(arena, '!', read_binary(p, STRENGTH_NOT));
	else
		v = read_unary(p);
	while ((op = find_operator(p, &strength)) && strength >= least) {
		struct py_value *right;

		op = take_operator(p, op);
		right = read_binary(p, strength + 1);
		v = py_binary(arena, op, v, right);
		if (strength == STRENGTH_COMPARISON && has_compared)
			v = py_unknown(arena, "a chain of comparisons");
		has_compared = strength == STRENGTH_COMPARISON;
	}
	p->depth--;
	return v;
}

/* A value that depends on a variable is known only where that is set. */
static struct py_value *choose(struct py_parser *p, struct py_value *condition,
			       struct py_value *yes, struct py_value *no)
{
	int truth = condition->env ? -1 : py_truth(condition);
	struct py_value *v;

	if (truth >= 0)
		return truth ? yes : no;
	v = py_unknown(p->scope->arena, "depends on a condition");
	v->env = condition->env;
	return v;
}

struct py_value *py_expression(struct py_parser *p)
{
	struct py_value *v, *condition, *other;

	if (++p->depth > PY_DEPTH_MAX)
		return py_fail(p, "nested too deeply");
	v = read_binary(p, 1);
	if (py_accept(p, "if")) {
		condition = read_binary(p, 1);
		py_expect(p, "else");
		other = py_expression(p);
		v = choose(p, condition, v, other);
	} else if (py_token_is(&p->token, ":=")) {
		v = py_fail(p, "an assignment inside an expression");
	}
	p->depth--;
	return v;
}

struct py_value *py_expressions(struct py_parser *p)
{
	struct py_value *first = py_expression(p), *tuple;

	if (!py_token_is(&p->token, ","))
		return first;
	tuple = py_new(p->scope->arena, PY_TUPLE);
	py_add(p->scope->arena, tuple, first);
	while (py_accept(p, ",")) {
		if (p->token.kind == PY_NEWLINE || p->token.kind == PY_END ||
		    py_token_is(&p->token, ")") || py_token_is(&p->token, "]"))
			break;
		py_add(p->scope->arena, tuple, py_expression(p));
	}
	return tuple;
}
