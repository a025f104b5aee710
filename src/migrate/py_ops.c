/* SPDX-License-Identifier: MIT */
/* Python's operators on values; see py_expr.h. */
#include <string.h>

#include "py_expr.h"
#include "py_string.h"

/* What an operation gives when it cannot see through v. */
static struct py_value *pass_on(struct py_arena *arena,
				const struct py_value *v)
{
	struct py_value *out;

	if (v->kind == PY_NAME)
		out = py_unknown(arena, "needs %.60s, which is not in the file",
				 v->text);
	else if (v->kind == PY_CALL)
		out = py_unknown(arena, "calls %.60s()", v->text);
	else
		out = py_unknown(arena, "%s", v->text ? v->text : "unknown");
	out->env = v->env;
	return out;
}

static struct py_value *unsupported(struct py_arena *arena, const char *op)
{
	return py_unknown(arena, "a %s that only Python can work out", op);
}

static bool is_integer(const struct py_value *v)
{
	return v->kind == PY_INT || v->kind == PY_BOOL;
}

static double to_real(const struct py_value *v)
{
	return v->kind == PY_REAL ? v->real : (double)v->integer;
}

static bool power(int64_t base, int64_t exponent, int64_t *out)
{
	*out = 1;
	if (exponent < 0)
		return false;
	if (base == 0 || base == 1)
		exponent = exponent > 0;
	if (base == -1)
		exponent %= 2;
	for (; exponent > 0; exponent--)
		if (__builtin_mul_overflow(*out, base, out))
			return false;
	return true;
}

/* Python rounds down, C to zero. */
static bool divide(int64_t a, int64_t b, int64_t *quotient, int64_t *rest)
{
	if (b == 0 || (a == INT64_MIN && b == -1))
		return false;
	*quotient = a / b;
	*rest = a % b;
	if (*rest && (*rest < 0) != (b < 0)) {
		*quotient -= 1;
		*rest += b;
	}
	return true;
}

static bool shift(int64_t a, int64_t by, bool is_left, int64_t *out)
{
	if (by < 0 || by > 62)
		return false;
	if (is_left)
		return !__builtin_mul_overflow(a, (int64_t)1 << by, out);
	*out = a >> by;
	return true;
}

static bool calculate(const char *op, int64_t a, int64_t b, int64_t *out)
{
	int64_t other = 0;

	switch (op[0]) {
	case '+':
		return !__builtin_add_overflow(a, b, out);
	case '-':
		return !__builtin_sub_overflow(a, b, out);
	case '*':
		return op[1] ? power(a, b, out) :
			       !__builtin_mul_overflow(a, b, out);
	case '/':
		return op[1] && divide(a, b, out, &other);
	case '%':
		return divide(a, b, &other, out);
	case '&':
		*out = a & b;
		return true;
	case '|':
		*out = a | b;
		return true;
	case '^':
		*out = a ^ b;
		return true;
	default:
		return op[1] == op[0] && shift(a, b, op[0] == '<', out);
	}
}

static struct py_value *reals(struct py_arena *arena, const char *op, double a,
			      double b)
{
	if (op[1])
		return unsupported(arena, op);
	switch (op[0]) {
	case '+':
		return py_real(arena, a + b);
	case '-':
		return py_real(arena, a - b);
	case '*':
		return py_real(arena, a * b);
	case '/':
		if (b != 0)
			return py_real(arena, a / b);
	}
	return unsupported(arena, op);
}

static struct py_value *numbers(struct py_arena *arena, const char *op,
				const struct py_value *a,
				const struct py_value *b)
{
	bool is_division = strcmp(op, "/") == 0;
	int64_t out = 0;

	if (!is_integer(a) || !is_integer(b) || is_division)
		return reals(arena, op, to_real(a), to_real(b));
	if (!calculate(op, a->integer, b->integer, &out))
		return unsupported(arena, op);
	if (a->kind == PY_BOOL && b->kind == PY_BOOL && strchr("&|^", op[0]))
		return py_bool(arena, out);
	return py_int(arena, out);
}

/* Texts, bytes, lists or tuples, both of one kind. */
static struct py_value *concatenate(struct py_arena *arena,
				    const struct py_value *a,
				    const struct py_value *b)
{
	AUTO_BUF struct buf out = BUF_INIT(2 * PY_TEXT_MAX);
	struct py_value *list;

	if (a->kind == PY_LIST || a->kind == PY_TUPLE) {
		list = py_clone(arena, a);
		for (size_t i = 0; i < b->count; i++)
			py_add(arena, list, b->items[i]);
		return list;
	}
	buf_add(&out, a->text, a->len);
	buf_add(&out, b->text, b->len);
	return py_text(arena, a->kind, buf_str(&out), out.len);
}

static bool is_sequence(const struct py_value *v)
{
	return v->kind == PY_TEXT || v->kind == PY_BYTES ||
	       v->kind == PY_LIST || v->kind == PY_TUPLE;
}

static struct py_value *repeat(struct py_arena *arena, const struct py_value *v,
			       int64_t times)
{
	AUTO_BUF struct buf out = BUF_INIT(PY_TEXT_MAX);

	if (v->kind != PY_TEXT || times > PY_TEXT_MAX)
		return unsupported(arena, "*");
	for (int64_t i = 0; i < times && v->len && !out.error; i++)
		buf_add(&out, v->text, v->len);
	if (out.error)
		return unsupported(arena, "*");
	return py_text(arena, v->kind, buf_str(&out), out.len);
}

static struct py_value *merge(struct py_arena *arena, const struct py_value *a,
			      const struct py_value *b)
{
	struct py_value *dict = py_clone(arena, a);

	for (size_t i = 0; i < b->count; i++)
		py_put(arena, dict, b->keys[i], b->items[i]);
	return dict;
}

static bool is_number(const struct py_value *v)
{
	return is_integer(v) || v->kind == PY_REAL;
}

static struct py_value *arithmetic(struct py_arena *arena, const char *op,
				   const struct py_value *a,
				   const struct py_value *b)
{
	if (is_number(a) && is_number(b))
		return numbers(arena, op, a, b);
	if (strcmp(op, "%") == 0 && a->kind == PY_TEXT)
		return py_percent(arena, a, b);
	if (strcmp(op, "+") == 0 && a->kind == b->kind && is_sequence(a))
		return concatenate(arena, a, b);
	if (strcmp(op, "*") == 0 && is_sequence(a) && is_integer(b))
		return repeat(arena, a, b->integer);
	if (strcmp(op, "*") == 0 && is_integer(a) && is_sequence(b))
		return repeat(arena, b, a->integer);
	if (strcmp(op, "|") == 0 && a->kind == PY_DICT && b->kind == PY_DICT)
		return merge(arena, a, b);
	return unsupported(arena, op);
}

/* 1, 0, -1: whether what is an item, a key or a part of in. */
static int contains(const struct py_value *in, const struct py_value *what)
{
	int found = 0;

	if (in->kind == PY_TEXT && what->kind == PY_TEXT)
		return what->len == 0 ||
		       memmem(in->text, in->len, what->text, what->len) != NULL;
	if (in->kind < PY_LIST || in->kind > PY_DICT)
		return -1;
	for (size_t i = 0; i < in->count && found == 0; i++)
		found = py_equal(
			in->kind == PY_DICT ? in->keys[i] : in->items[i], what);
	return found;
}

static int order(const char *op, const struct py_value *a,
		 const struct py_value *b)
{
	double x = to_real(a), y = to_real(b);

	if (!is_number(a) || !is_number(b))
		return -1;
	if (is_integer(a) && is_integer(b)) {
		x = (a->integer > b->integer) - (a->integer < b->integer);
		y = 0;
	}
	if (op[0] == '<')
		return op[1] ? x <= y : x < y;
	return op[1] ? x >= y : x > y;
}

/* 1, 0, -1: only None, True and False are surely one object. */
static int is_same(const struct py_value *a, const struct py_value *b)
{
	if (a->kind == PY_NONE || b->kind == PY_NONE)
		return a->kind == b->kind;
	if (a->kind == PY_BOOL || b->kind == PY_BOOL)
		return a->kind == b->kind && a->boolean == b->boolean;
	return -1;
}

/* 1, 0, -1; *is_comparison tells whether op is one. */
static int compare(const char *op, const struct py_value *a,
		   const struct py_value *b, bool *is_comparison)
{
	int truth;

	*is_comparison = true;
	if (strcmp(op, "==") == 0 || strcmp(op, "!=") == 0)
		truth = py_equal(a, b);
	else if (strcmp(op, "is") == 0 || strcmp(op, "is not") == 0)
		truth = is_same(a, b);
	else if (strcmp(op, "in") == 0 || strcmp(op, "not in") == 0)
		truth = contains(b, a);
	else if ((op[0] == '<' || op[0] == '>') && op[1] != op[0])
		return order(op, a, b);
	else
		return *is_comparison = false;
	if (truth >= 0 && (op[0] == '!' || strstr(op, "not")))
		truth = !truth;
	return truth;
}

/* X or 'default', where X is an environment variable: that with a default. */
static struct py_value *with_default(struct py_arena *arena,
				     const struct py_value *a,
				     struct py_value *b)
{
	struct py_value *v = py_clone(arena, b);

	v->env = a->env;
	v->is_env_direct = a->is_env_direct;
	return v;
}

static struct py_value *logic(struct py_arena *arena, bool is_or,
			      struct py_value *a, struct py_value *b)
{
	int truth = py_truth(a);

	if (is_or && a->env && py_truth(b) >= 0 && truth != 1)
		return with_default(arena, a, b);
	if (truth < 0)
		return pass_on(arena, a);
	if ((truth == 1) == is_or)
		return a;
	if (!a->env || b->env)
		return b;
	b = py_clone(arena, b);
	b->env = a->env;
	return b;
}

struct py_value *py_binary(struct py_arena *arena, const char *op,
			   struct py_value *a, struct py_value *b)
{
	bool is_comparison;
	struct py_value *v;
	int truth;

	if (strcmp(op, "or") == 0 || strcmp(op, "and") == 0)
		return logic(arena, op[0] == 'o', a, b);
	if (py_truth(a) < 0) {
		v = pass_on(arena, a);
	} else if (py_truth(b) < 0) {
		v = pass_on(arena, b);
	} else {
		truth = compare(op, a, b, &is_comparison);
		if (!is_comparison)
			v = arithmetic(arena, op, a, b);
		else
			v = truth < 0 ? unsupported(arena, op) :
					py_bool(arena, truth);
	}
	if (!v->env)
		v->env = a->env ? a->env : b->env;
	return v;
}

struct py_value *py_unary(struct py_arena *arena, char op, struct py_value *v)
{
	struct py_value *out;

	if (py_truth(v) < 0)
		out = pass_on(arena, v);
	else if (op == '!')
		out = py_bool(arena, !py_truth(v));
	else if (v->kind == PY_REAL && op != '~')
		out = py_real(arena, op == '-' ? -v->real : v->real);
	else if (!is_integer(v) || v->integer == INT64_MIN)
		out = py_unknown(arena, "a sign before what is no number");
	else
		out = py_int(arena, op == '-' ? -v->integer :
				    op == '~' ? ~v->integer :
						v->integer);
	out->env = v->env;
	return out;
}

static struct py_value *item_at(struct py_arena *arena,
				const struct py_value *v, int64_t at)
{
	if (at < 0)
		at += (int64_t)v->count;
	if (at < 0 || at >= (int64_t)v->count)
		return py_unknown(arena, "an item that is not there");
	return v->items[at];
}

struct py_value *py_subscript(struct py_arena *arena, struct py_value *v,
			      struct py_value *key)
{
	struct py_value *found;

	if (py_truth(v) < 0)
		return pass_on(arena, v);
	if (py_truth(key) < 0)
		return pass_on(arena, key);
	if ((v->kind == PY_LIST || v->kind == PY_TUPLE) && is_integer(key))
		return item_at(arena, v, key->integer);
	if (v->kind != PY_DICT)
		return py_unknown(arena, "a part of a value");
	found = py_find(v, key);
	return found ? found : py_unknown(arena, "a key that is not there");
}
