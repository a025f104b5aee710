/* SPDX-License-Identifier: MIT */
/*
 * The functions that settings call: Python's own for converting, and the
 * ways to the environment (os, django-environ, python-decouple). See
 * py_expr.h.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "py_expr.h"
#include "py_string.h"

static bool is_one_of(const char *const *words, const char *word)
{
	for (; *words; words++)
		if (strcmp(*words, word) == 0)
			return true;
	return false;
}

static bool ends_in(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && strcmp(s + n - m, end) == 0;
}

bool py_is_environment(const struct py_value *v)
{
	static const char *const names[] = { "os.environ", "environ", "env",
					     "config", NULL };

	if (v->kind == PY_CALL)
		return ends_in(v->text, "Env") ||
		       ends_in(v->text, "dotenv_values");
	return v->kind == PY_NAME && is_one_of(names, v->text);
}

struct py_value *py_environment(struct py_arena *arena,
				const struct py_value *name,
				struct py_value *fallback)
{
	struct py_value *v;

	if (name->kind != PY_TEXT)
		return py_unknown(arena, "reads the environment");
	if (fallback && py_truth(fallback) >= 0 && fallback->kind != PY_NONE)
		v = py_clone(arena, fallback);
	else
		v = py_unknown(arena, "comes from $%.60s", name->text);
	v->env = name->text;
	v->is_env_direct = true;
	return v;
}

/* A positional argument, or one by its name, or NULL. */
static struct py_value *argument(const struct py_value *call, size_t place,
				 const char *name)
{
	for (size_t i = 0; i < call->count; i++)
		if (!call->keys[i] && place-- == 0)
			return call->items[i];
	return name ? py_find_text(call, name) : NULL;
}

static struct py_value *sole_argument(const struct py_value *call)
{
	return call->count == 1 ? argument(call, 0, NULL) : NULL;
}

/* As the environment readers do it, not as bool() does. */
static struct py_value *text_to_bool(struct py_arena *arena,
				     const struct py_value *v)
{
	static const char *const yes[] = { "true", "on", "ok", "y",
					   "yes",  "1",  "t",  NULL };

	for (size_t i = 0; yes[i]; i++)
		if (strcasecmp(v->text, yes[i]) == 0)
			return py_bool(arena, true);
	return py_bool(arena, false);
}

static struct py_value *text_to_int(struct py_arena *arena,
				    const struct py_value *v)
{
	char *end = NULL;
	long long number;

	errno = 0;
	number = strtoll(v->text, &end, 10);
	if (errno || end == v->text || *end)
		return py_unknown(arena, "int() of what is no plain number");
	return py_int(arena, number);
}

static struct py_value *split(struct py_arena *arena, const struct py_value *v,
			      const char *at)
{
	struct py_value *list = py_new(arena, PY_LIST);
	const char *p = v->text, *end = v->text + v->len;
	size_t n = strlen(at);

	for (;;) {
		const char *next = memmem(p, (size_t)(end - p), at, n);

		py_add(arena, list,
		       py_text(arena, v->kind, p,
			       (size_t)((next ? next : end) - p)));
		if (!next)
			return list;
		p = next + n;
	}
}

static struct py_value *convert_default(struct py_arena *arena,
					struct py_value *v, const char *to)
{
	if (!v || v->kind != PY_TEXT)
		return v;
	if (strcmp(to, "bool") == 0)
		return text_to_bool(arena, v);
	if (strcmp(to, "int") == 0)
		return text_to_int(arena, v);
	if (strcmp(to, "list") == 0)
		return split(arena, v, ",");
	return v;
}

/* env.bool('X', default=...), config('X', cast=int), os.getenv('X'), ... */
static struct py_value *call_environment(struct py_arena *arena,
					 const struct py_value *call)
{
	const struct py_value *name = argument(call, 0, "var");
	struct py_value *second = argument(call, 1, "default");
	const struct py_value *cast = py_find_text(call, "cast");
	const char *dot = strrchr(call->text, '.');
	const char *to = dot ? dot + 1 : "";

	if (second && second->kind == PY_NAME)
		cast = second;
	if (cast && cast->kind == PY_NAME)
		to = cast->text;
	if (!name)
		return py_unknown(arena, "reads the environment");
	return py_environment(arena, name, convert_default(arena, second, to));
}

static bool is_environment_call(const char *name)
{
	static const char *const names[] = {
		"os.environ.get",  "environ.get", "os.getenv",
		"getenv",          "env",         "config",
		"decouple.config", "config.get",  NULL
	};

	return is_one_of(names, name) || strncmp(name, "env.", 4) == 0;
}

static struct py_value *to_int(struct py_arena *arena, struct py_value *v)
{
	if (v->kind == PY_TEXT)
		return text_to_int(arena, v);
	if (v->kind == PY_REAL && v->real > -1e15 && v->real < 1e15)
		return py_int(arena, (int64_t)v->real);
	if (v->kind == PY_INT || v->kind == PY_BOOL)
		return py_int(arena, v->integer);
	return py_unknown(arena, "int() of what is no number");
}

static struct py_value *to_text(struct py_arena *arena,
				const struct py_value *v)
{
	AUTO_BUF struct buf out = BUF_INIT(PY_TEXT_MAX);

	if (py_str(v, &out))
		return py_unknown(arena, "str() of what is no plain value");
	return py_text(arena, PY_TEXT, buf_str(&out), out.len);
}

static struct py_value *to_sequence(struct py_arena *arena,
				    const struct py_value *v, enum py_kind kind)
{
	struct py_value *out;

	if (v->kind < PY_LIST || v->kind > PY_SET)
		return py_unknown(arena, "a list of what is no list");
	out = py_clone(arena, v);
	out->kind = kind;
	return out;
}

/* int(x), str(x), ...; NULL if name is none of these. */
static struct py_value *convert(struct py_arena *arena, const char *name,
				struct py_value *v)
{
	if (ends_in(name, "strtobool") && v->kind == PY_TEXT)
		return text_to_bool(arena, v);
	if (strcmp(name, "int") == 0)
		return to_int(arena, v);
	if (strcmp(name, "str") == 0)
		return to_text(arena, v);
	if (strcmp(name, "bool") == 0)
		return py_bool(arena, py_truth(v));
	if (strcmp(name, "list") == 0)
		return to_sequence(arena, v, PY_LIST);
	if (strcmp(name, "tuple") == 0)
		return to_sequence(arena, v, PY_TUPLE);
	if (strcmp(name, "set") == 0 || strcmp(name, "frozenset") == 0)
		return to_sequence(arena, v, PY_SET);
	return NULL;
}

/* dict(a=1), dict(other, a=1). */
static struct py_value *make_dict(struct py_arena *arena,
				  const struct py_value *call)
{
	struct py_value *dict = py_new(arena, PY_DICT);

	for (size_t i = 0; i < call->count; i++) {
		const struct py_value *item = call->items[i];

		if (call->keys[i]) {
			py_put(arena, dict, call->keys[i], call->items[i]);
			continue;
		}
		if (item->kind != PY_DICT)
			return py_unknown(arena, "dict() of what is no dict");
		for (size_t j = 0; j < item->count; j++)
			py_put(arena, dict, item->keys[j], item->items[j]);
	}
	return dict;
}

/* getattr(settings, 'X', default), and django-storages' setting('X', d). */
static struct py_value *find_setting(const struct py_scope *scope,
				     const struct py_value *call, size_t place)
{
	const struct py_value *name = argument(call, place, "name");
	struct py_value *fallback = argument(call, place + 1, "default");
	struct py_value *found = NULL;

	if (name && name->kind == PY_TEXT)
		found = scope->find(scope, name->text);
	if (found)
		return found;
	return fallback ? fallback : py_new(scope->arena, PY_NONE);
}

static bool is_settings_object(const struct py_value *v)
{
	return v && v->kind == PY_NAME &&
	       (strcmp(v->text, "settings") == 0 ||
		ends_in(v->text, ".settings"));
}

struct py_value *py_call(const struct py_scope *scope, struct py_value *call)
{
	struct py_value *v = sole_argument(call), *out = NULL;

	if (call->kind != PY_CALL)
		return call;
	if (is_environment_call(call->text))
		return call_environment(scope->arena, call);
	if (strcmp(call->text, "dict") == 0)
		return make_dict(scope->arena, call);
	if (strcmp(call->text, "setting") == 0)
		return find_setting(scope, call, 0);
	if (strcmp(call->text, "getattr") == 0 &&
	    is_settings_object(argument(call, 0, NULL)))
		return find_setting(scope, call, 1);
	if (v && py_truth(v) >= 0)
		out = convert(scope->arena, call->text, v);
	else if (v && v->env)
		out = v; /* the variable, converted by s3storefs */
	if (!out)
		return call;
	if (!out->env && v->env) {
		out->env = v->env;
		out->is_env_direct = v->is_env_direct;
	}
	return out;
}

/* The charset that encode() and decode() have: none is utf-8. */
static bool is_utf8(const struct py_value *call)
{
	static const char *const names[] = { "utf-8", "utf8", "UTF-8", "ascii",
					     NULL };
	const struct py_value *first = argument(call, 0, NULL);

	return call->count == 0 || (first && first->kind == PY_TEXT &&
				    is_one_of(names, first->text));
}

static bool is_ascii(const struct py_value *v)
{
	for (size_t i = 0; i < v->len; i++)
		if (v->text[i] & 0x80 || !v->text[i])
			return false;
	return true;
}

static struct py_value *change_case(struct py_arena *arena,
				    const struct py_value *v, bool is_upper)
{
	char *copy = py_copy(arena, v->text, v->len);

	for (size_t i = 0; copy && i < v->len; i++)
		copy[i] = (char)(is_upper ? toupper((unsigned char)copy[i]) :
					    tolower((unsigned char)copy[i]));
	return py_text(arena, v->kind, copy ? copy : "", copy ? v->len : 0);
}

/* name: strip, lstrip or rstrip. */
static struct py_value *strip(struct py_arena *arena, const struct py_value *v,
			      const char *name, const struct py_value *call)
{
	const struct py_value *given = argument(call, 0, NULL);
	const char *what = given ? given->text : " \t\n\r\f\v";
	const char *start = v->text, *end = v->text + v->len;

	if (given && (given->kind != PY_TEXT || !is_ascii(given)))
		return py_unknown(arena, "calls .%s()", name);
	while (name[0] != 'r' && start < end && strchr(what, *start))
		start++;
	while (name[0] != 'l' && end > start && strchr(what, end[-1]))
		end--;
	return py_text(arena, v->kind, start, (size_t)(end - start));
}

static struct py_value *replace(struct py_arena *arena,
				const struct py_value *v,
				const struct py_value *from,
				const struct py_value *to)
{
	AUTO_BUF struct buf out = BUF_INIT(PY_TEXT_MAX);
	const char *p = v->text, *end = v->text + v->len;

	while (p < end) {
		bool is_here = (size_t)(end - p) >= from->len &&
			       memcmp(p, from->text, from->len) == 0;

		if (is_here)
			buf_add(&out, to->text, to->len);
		else
			buf_add_char(&out, *p);
		p += is_here ? from->len : 1;
	}
	if (out.error)
		return py_unknown(arena, "a text too long");
	return py_text(arena, PY_TEXT, buf_str(&out), out.len);
}

static struct py_value *join(struct py_arena *arena, const struct py_value *v,
			     const struct py_value *list)
{
	AUTO_BUF struct buf out = BUF_INIT(PY_TEXT_MAX);

	for (size_t i = 0; i < list->count; i++) {
		if (list->items[i]->kind != PY_TEXT)
			return py_unknown(arena, "joins what is no text");
		if (i)
			buf_add(&out, v->text, v->len);
		buf_add(&out, list->items[i]->text, list->items[i]->len);
	}
	if (out.error)
		return py_unknown(arena, "a text too long");
	return py_text(arena, PY_TEXT, buf_str(&out), out.len);
}

/* A text's methods; NULL for what is none of these. */
static struct py_value *text_method(struct py_arena *arena, struct py_value *v,
				    const char *name,
				    const struct py_value *call)
{
	const struct py_value *first = argument(call, 0, NULL);
	const struct py_value *second = argument(call, 1, NULL);

	if (strcmp(name, "format") == 0)
		return py_format(arena, v, call);
	if (is_utf8(call) && strcmp(name, "encode") == 0)
		return py_text(arena, PY_BYTES, v->text, v->len);
	if (first && strcmp(name, "join") == 0 &&
	    (first->kind == PY_LIST || first->kind == PY_TUPLE))
		return join(arena, v, first);
	if (first && second && call->count == 2 && first->kind == PY_TEXT &&
	    second->kind == PY_TEXT && first->len &&
	    strcmp(name, "replace") == 0)
		return replace(arena, v, first, second);
	if (first && call->count == 1 && first->kind == PY_TEXT && first->len &&
	    is_ascii(first) && strcmp(name, "split") == 0)
		return split(arena, v, first->text);
	if (!is_ascii(v))
		return NULL;
	if (call->count == 0 &&
	    (strcmp(name, "lower") == 0 || strcmp(name, "upper") == 0))
		return change_case(arena, v, name[0] == 'u');
	if (call->count <= 1 && ends_in(name, "strip"))
		return strip(arena, v, name, call);
	return NULL;
}

static struct py_value *other_method(struct py_arena *arena, struct py_value *v,
				     const char *name,
				     const struct py_value *call)
{
	const struct py_value *first = argument(call, 0, NULL);
	struct py_value *found = NULL;

	if (strcmp(name, "copy") == 0 && v->kind >= PY_LIST &&
	    v->kind <= PY_DICT)
		return py_clone(arena, v);
	if (v->kind == PY_BYTES && is_utf8(call) && strcmp(name, "decode") == 0)
		return py_text(arena, PY_TEXT, v->text, v->len);
	if (v->kind != PY_DICT || strcmp(name, "get") != 0 || !first)
		return NULL;
	if (py_truth(first) >= 0)
		found = py_find(v, first);
	if (!found)
		found = argument(call, 1, NULL);
	return found ? found : py_new(arena, PY_NONE);
}

struct py_value *py_method(struct py_arena *arena, struct py_value *self,
			   const char *name, struct py_value *call)
{
	struct py_value *out = NULL;

	if (call->kind != PY_CALL)
		return call;
	if (self->kind == PY_UNKNOWN && self->env)
		return self; /* whatever is done to it, it is that variable's */
	if (self->kind == PY_TEXT)
		out = text_method(arena, self, name, call);
	else if (py_truth(self) >= 0)
		out = other_method(arena, self, name, call);
	if (!out)
		out = py_unknown(arena, "calls .%.60s()", name);
	if (!out->env && self->env) {
		out->env = self->env;
		out->is_env_direct = self->is_env_direct;
	}
	return out;
}
