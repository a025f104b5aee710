/* SPDX-License-Identifier: MIT */
/* Values and their arena; see py_value.h. */
#include "py_value.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "text.h"

struct py_block {
	struct py_block *next;
	size_t size, used; /* bytes of data */
	_Alignas(16) char data[];
};

#define BLOCK_SIZE (64ul * 1024)

static struct py_block *add_block(struct py_arena *arena, size_t size)
{
	struct py_block *block;

	if (size < BLOCK_SIZE)
		size = BLOCK_SIZE;
	if (arena->used + size > PY_ARENA_MAX) {
		arena->error = -E2BIG;
		return NULL;
	}
	block = calloc(1, sizeof(*block) + size);
	if (!block) {
		arena->error = -ENOMEM;
		return NULL;
	}
	block->size = size;
	block->next = arena->blocks;
	arena->blocks = block;
	arena->used += size;
	return block;
}

void *py_alloc(struct py_arena *arena, size_t size)
{
	struct py_block *block = arena->blocks;
	void *data;

	if (arena->error)
		return NULL;
	size = (size + 15) & ~(size_t)15;
	if (!block || block->size - block->used < size)
		block = add_block(arena, size);
	if (!block)
		return NULL;
	data = block->data + block->used;
	block->used += size;
	return data;
}

char *py_copy(struct py_arena *arena, const char *s, size_t len)
{
	char *copy = py_alloc(arena, len + 1);

	if (copy && len)
		memcpy(copy, s, len);
	return copy;
}

void py_arena_release(struct py_arena *arena)
{
	while (arena->blocks) {
		struct py_block *block = arena->blocks;

		arena->blocks = block->next;
		explicit_bzero(block->data, block->used);
		free(block);
	}
	memset(arena, 0, sizeof(*arena));
}

static struct py_value *lost(struct py_arena *arena)
{
	memset(&arena->lost, 0, sizeof(arena->lost));
	arena->lost.text = "too large";
	arena->lost.len = strlen(arena->lost.text);
	return &arena->lost;
}

struct py_value *py_new(struct py_arena *arena, enum py_kind kind)
{
	struct py_value *v = py_alloc(arena, sizeof(*v));

	if (!v)
		return lost(arena);
	v->kind = kind;
	return v;
}

struct py_value *py_unknown(struct py_arena *arena, const char *fmt, ...)
{
	struct py_value *v = py_new(arena, PY_UNKNOWN);
	char text[160], *copy;
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	copy = py_copy(arena, text, strlen(text));
	if (!copy)
		return lost(arena);
	v->text = copy;
	v->len = strlen(copy);
	return v;
}

struct py_value *py_bool(struct py_arena *arena, bool boolean)
{
	struct py_value *v = py_new(arena, PY_BOOL);

	v->boolean = boolean;
	v->integer = boolean;
	return v;
}

struct py_value *py_int(struct py_arena *arena, int64_t integer)
{
	struct py_value *v = py_new(arena, PY_INT);

	v->integer = integer;
	return v;
}

struct py_value *py_real(struct py_arena *arena, double real)
{
	struct py_value *v = py_new(arena, PY_REAL);

	v->real = real;
	return v;
}

struct py_value *py_text(struct py_arena *arena, enum py_kind kind,
			 const char *s, size_t len)
{
	struct py_value *v;
	char *copy;

	if (len > PY_TEXT_MAX)
		return py_unknown(arena, "a text of more than %d bytes",
				  PY_TEXT_MAX);
	v = py_new(arena, kind);
	copy = py_copy(arena, s, len);
	if (!copy)
		return lost(arena);
	v->text = copy;
	v->len = len;
	return v;
}

/* One more slot in items, and in keys if with_keys. */
static bool grow(struct py_arena *arena, struct py_value *v, bool with_keys)
{
	size_t cap = v->cap ? v->cap * 2 : 4;
	struct py_value **items, **keys = NULL;

	if (v->count < v->cap)
		return true;
	items = py_alloc(arena, cap * sizeof(struct py_value *));
	if (with_keys)
		keys = py_alloc(arena, cap * sizeof(struct py_value *));
	if (!items || (with_keys && !keys))
		return false;
	if (v->count) {
		memcpy(items, v->items, v->count * sizeof(*items));
		if (with_keys)
			memcpy(keys, v->keys, v->count * sizeof(*keys));
	}
	v->items = items;
	v->keys = keys;
	v->cap = cap;
	return true;
}

static void append(struct py_arena *arena, struct py_value *v,
		   struct py_value *key, struct py_value *item, bool with_keys)
{
	if (v->kind == PY_UNKNOWN)
		return;
	if (v->count >= PY_ITEMS_MAX) {
		v->kind = PY_UNKNOWN;
		v->text = "too many items";
		v->len = strlen(v->text);
		v->count = 0;
		return;
	}
	if (!grow(arena, v, with_keys))
		return;
	v->items[v->count] = item;
	if (with_keys)
		v->keys[v->count] = key;
	v->count++;
}

void py_add(struct py_arena *arena, struct py_value *list,
	    struct py_value *item)
{
	append(arena, list, NULL, item, false);
}

void py_add_argument(struct py_arena *arena, struct py_value *call,
		     struct py_value *name, struct py_value *item)
{
	append(arena, call, name, item, true);
}

void py_put(struct py_arena *arena, struct py_value *dict, struct py_value *key,
	    struct py_value *item)
{
	for (size_t i = 0; i < dict->count; i++) {
		if (py_equal(dict->keys[i], key) == 1) {
			dict->keys[i] = key;
			dict->items[i] = item;
			return;
		}
	}
	append(arena, dict, key, item, true);
}

struct py_value *py_clone(struct py_arena *arena, const struct py_value *v)
{
	struct py_value *copy = py_new(arena, v->kind);

	if (copy == &arena->lost)
		return copy;
	*copy = *v;
	copy->items = copy->keys = NULL;
	copy->count = copy->cap = 0;
	for (size_t i = 0; i < v->count; i++)
		append(arena, copy, v->keys ? v->keys[i] : NULL, v->items[i],
		       v->keys != NULL);
	return copy;
}

struct py_value *py_find(const struct py_value *dict,
			 const struct py_value *key)
{
	for (size_t i = 0; dict->keys && i < dict->count; i++)
		if (dict->keys[i] && py_equal(dict->keys[i], key) == 1)
			return dict->items[i];
	return NULL;
}

struct py_value *py_find_text(const struct py_value *dict, const char *key)
{
	struct py_value wanted = { .kind = PY_TEXT,
				   .text = key,
				   .len = strlen(key) };

	return py_find(dict, &wanted);
}

int py_truth(const struct py_value *v)
{
	switch (v->kind) {
	case PY_NONE:
		return 0;
	case PY_BOOL:
		return v->boolean;
	case PY_INT:
		return v->integer != 0;
	case PY_REAL:
		return v->real != 0;
	case PY_TEXT:
	case PY_BYTES:
		return v->len != 0;
	case PY_LIST:
	case PY_TUPLE:
	case PY_SET:
	case PY_DICT:
		return v->count != 0;
	case PY_UNKNOWN:
	case PY_NAME:
	case PY_CALL:
		break;
	}
	return -1;
}

static bool is_number(const struct py_value *v)
{
	return v->kind == PY_BOOL || v->kind == PY_INT || v->kind == PY_REAL;
}

static int equal_numbers(const struct py_value *a, const struct py_value *b)
{
	if (a->kind != PY_REAL && b->kind != PY_REAL)
		return a->integer == b->integer;
	return (a->kind == PY_REAL ? a->real : (double)a->integer) ==
	       (b->kind == PY_REAL ? b->real : (double)b->integer);
}

int py_equal(const struct py_value *a, const struct py_value *b)
{
	if (py_truth(a) < 0 || py_truth(b) < 0)
		return -1;
	if (is_number(a) && is_number(b))
		return equal_numbers(a, b);
	if (a->kind != b->kind)
		return 0;
	switch (a->kind) {
	case PY_NONE:
		return 1;
	case PY_TEXT:
	case PY_BYTES:
		return a->len == b->len &&
		       memcmp(a->text, b->text, a->len) == 0;
	default:
		return -1;
	}
}

/* The shortest digits that give the same number again, as repr() does. */
static void write_real(double real, struct buf *out)
{
	char digits[40];
	int precision = 1;

	do
		snprintf(digits, sizeof(digits), "%.*g", precision, real);
	while (strtod(digits, NULL) != real && ++precision <= 17);
	if (real >= 1e16 || real <= -1e16 || strchr(digits, 'n')) {
		buf_add_str(out, digits);
		return;
	}
	/* %g turns to exponents sooner than Python. */
	if (strchr(digits, 'e') && (real >= 1 || real <= -1))
		snprintf(digits, sizeof(digits), "%.0f", real);
	buf_add_str(out, digits);
	if (!strpbrk(digits, ".e"))
		buf_add_str(out, ".0");
}

int py_str(const struct py_value *v, struct buf *out)
{
	switch (v->kind) {
	case PY_TEXT:
		buf_add(out, v->text, v->len);
		break;
	case PY_NONE:
		buf_add_str(out, "None");
		break;
	case PY_BOOL:
		buf_add_str(out, v->boolean ? "True" : "False");
		break;
	case PY_INT:
		buf_add_fmt(out, "%lld", (long long)v->integer);
		break;
	case PY_REAL:
		write_real(v->real, out);
		break;
	default:
		return -EINVAL;
	}
	return out->error;
}

static int write_text(const struct py_value *v, struct buf *out)
{
	if (memchr(v->text, 0, v->len) || !text_is_utf8(v->text, v->len))
		return -EINVAL;
	buf_add_char(out, '\'');
	for (size_t i = 0; i < v->len; i++) {
		unsigned char c = (unsigned char)v->text[i];

		if (c == '\n')
			buf_add_str(out, "\\n");
		else if (c == '\'' || c == '\\')
			buf_add_fmt(out, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			buf_add_fmt(out, "\\x%02x", c);
		else
			buf_add_char(out, (char)c);
	}
	buf_add_char(out, '\'');
	return out->error;
}

#define WRITE_DEPTH_MAX 16

static int write_value(const struct py_value *v, struct buf *out,
		       const struct py_value **unknown, unsigned depth);

static int write_items(const struct py_value *v, struct buf *out,
		       const struct py_value **unknown, unsigned depth)
{
	const char *ends = v->kind == PY_DICT  ? "{}" :
			   v->kind == PY_TUPLE ? "()" :
						 "[]";
	int rc = depth > WRITE_DEPTH_MAX ? -EINVAL : 0;

	*unknown = v;
	buf_add_char(out, ends[0]);
	for (size_t i = 0; !rc && i < v->count; i++) {
		if (i)
			buf_add_str(out, ", ");
		if (v->kind == PY_DICT) {
			if (v->keys[i]->kind != PY_TEXT)
				return -EINVAL;
			rc = write_text(v->keys[i], out);
			buf_add_str(out, ": ");
		}
		if (!rc)
			rc = write_value(v->items[i], out, unknown, depth + 1);
	}
	if (!rc && v->kind == PY_TUPLE && v->count == 1)
		buf_add_char(out, ',');
	buf_add_char(out, ends[1]);
	return rc ? rc : out->error;
}

static int write_value(const struct py_value *v, struct buf *out,
		       const struct py_value **unknown, unsigned depth)
{
	*unknown = v;
	switch (v->kind) {
	case PY_NONE:
	case PY_BOOL:
	case PY_INT:
	case PY_REAL:
		return py_str(v, out);
	case PY_TEXT:
	case PY_BYTES:
		return write_text(v, out);
	case PY_LIST:
	case PY_TUPLE:
	case PY_SET:
	case PY_DICT:
		return write_items(v, out, unknown, depth);
	case PY_UNKNOWN:
	case PY_NAME:
	case PY_CALL:
		break;
	}
	return -EINVAL;
}

int py_write(const struct py_value *v, struct buf *out,
	     const struct py_value **unknown)
{
	return write_value(v, out, unknown, 0);
}
