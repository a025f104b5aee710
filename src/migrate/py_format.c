/* SPDX-License-Identifier: MIT */
/* Inserting values into texts: % and format(); see py_string.h. */
#include <ctype.h>
#include <string.h>

#include "py_string.h"

struct format {
	const char *at, *end;
	struct buf out;
	size_t next; /* argument */
	const struct py_value *arguments;
	const char *env; /* a variable that went in */
};

static struct py_value *finish(struct py_arena *arena, struct format *f, int rc)
{
	struct py_value *v;

	if (rc)
		v = py_unknown(arena, "a format that only Python can fill in");
	else
		v = py_text(arena, PY_TEXT, buf_str(&f->out), f->out.len);
	v->env = f->env;
	buf_release(&f->out);
	return v;
}

static int insert(struct format *f, const struct py_value *v)
{
	if (!v)
		return -EINVAL;
	if (v->env)
		f->env = v->env;
	return py_str(v, &f->out);
}

/* The value for the % conversion at f->at, which ends behind it. */
static const struct py_value *percent_value(struct format *f)
{
	const struct py_value *v = f->arguments;
	const char *close;
	struct py_value key = { .kind = PY_TEXT };

	if (f->at < f->end && *f->at == '(') {
		close = memchr(f->at, ')', (size_t)(f->end - f->at));
		if (!close || v->kind != PY_DICT)
			return NULL;
		key.text = f->at + 1;
		key.len = (size_t)(close - key.text);
		f->at = close + 1;
		return py_find(v, &key);
	}
	if (v->kind == PY_TUPLE)
		return f->next < v->count ? v->items[f->next++] : NULL;
	return f->next++ == 0 ? v : NULL;
}

static int percent_one(struct format *f)
{
	const struct py_value *v;

	if (f->at < f->end && *f->at == '%') {
		buf_add_char(&f->out, *f->at++);
		return 0;
	}
	v = percent_value(f);
	if (f->at == f->end)
		return -EINVAL;
	if (*f->at == 'd' || *f->at == 'i') {
		if (!v || (v->kind != PY_INT && v->kind != PY_UNKNOWN))
			return -EINVAL;
	} else if (*f->at != 's') {
		return -EINVAL;
	}
	f->at++;
	return insert(f, v);
}

/* How many values a format must take of its arguments. */
static size_t least_used(const struct py_value *arguments)
{
	if (arguments->kind == PY_TUPLE)
		return arguments->count;
	return arguments->kind == PY_DICT ? 0 : 1;
}

struct py_value *py_percent(struct py_arena *arena,
			    const struct py_value *format,
			    const struct py_value *arguments)
{
	struct format f = { .at = format->text,
			    .end = format->text + format->len,
			    .out = BUF_INIT(PY_TEXT_MAX),
			    .arguments = arguments,
			    .env = format->env };
	int rc = 0;

	while (!rc && f.at < f.end) {
		if (*f.at != '%') {
			buf_add_char(&f.out, *f.at++);
			continue;
		}
		f.at++;
		rc = percent_one(&f);
	}
	/* Python refuses what is left over. */
	if (!rc && f.next < least_used(arguments))
		rc = -EINVAL;
	return finish(arena, &f, rc ? rc : f.out.error);
}

/* A call's argument by its place or, with a name, by that. */
static const struct py_value *
argument(const struct py_value *call, const struct py_value *name, size_t place)
{
	if (name)
		return py_find(call, name);
	for (size_t i = 0; i < call->count; i++)
		if (!call->keys[i] && place-- == 0)
			return call->items[i];
	return NULL;
}

/* {}, {0} or {name}; nothing else. */
static int field(struct format *f)
{
	const char *close = memchr(f->at, '}', (size_t)(f->end - f->at));
	struct py_value name = { .kind = PY_TEXT, .text = f->at };
	size_t place = 0;

	if (!close)
		return -EINVAL;
	name.len = (size_t)(close - f->at);
	f->at = close + 1;
	if (name.len == 0)
		return insert(f, argument(f->arguments, NULL, f->next++));
	for (size_t i = 0; i < name.len; i++)
		if (!isalnum((unsigned char)name.text[i]) &&
		    name.text[i] != '_')
			return -EINVAL;
	if (!isdigit((unsigned char)*name.text))
		return insert(f, argument(f->arguments, &name, 0));
	for (size_t i = 0; i < name.len && place < PY_ITEMS_MAX; i++)
		place = place * 10 + (size_t)(name.text[i] - '0');
	return insert(f, argument(f->arguments, NULL, place));
}

struct py_value *py_format(struct py_arena *arena,
			   const struct py_value *format,
			   const struct py_value *call)
{
	struct format f = { .at = format->text,
			    .end = format->text + format->len,
			    .out = BUF_INIT(PY_TEXT_MAX),
			    .arguments = call,
			    .env = format->env };
	int rc = 0;

	while (!rc && f.at < f.end) {
		char c = *f.at++;
		bool is_brace = c == '{' || c == '}';

		if (is_brace && f.at < f.end && *f.at == c)
			f.at++;
		else if (is_brace) {
			rc = c == '{' ? field(&f) : -EINVAL;
			continue;
		}
		buf_add_char(&f.out, c);
	}
	return finish(arena, &f, rc ? rc : f.out.error);
}
