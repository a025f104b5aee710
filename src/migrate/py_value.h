/* SPDX-License-Identifier: MIT */
/*
 * What the reader of Python settings knows of a value, without Python.
 *
 * Values live in an arena and go with it. A function that makes one never
 * returns NULL: without memory it gives a value that is PY_UNKNOWN, and the
 * arena's error tells. Lists and dicts are shared, as in Python, so a chain
 * of names for one list stays small. One thread.
 */
#ifndef PY_VALUE_H
#define PY_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "macros.h"

enum py_kind {
	PY_UNKNOWN, /* text: why, such as "calls get_secret()" */
	PY_NONE,
	PY_BOOL,
	PY_INT,
	PY_REAL,
	PY_TEXT, /* UTF-8; may hold NUL */
	PY_BYTES,
	PY_LIST,
	PY_TUPLE,
	PY_SET,
	PY_DICT,
	PY_NAME, /* text: a dotted name that the file does not define */
	PY_CALL  /* text: such a name; items: arguments, keys: theirs or NULL */
};

struct py_value {
	enum py_kind kind;
	bool boolean;
	bool is_env_direct; /* it is the variable's text, at most converted */
	int64_t integer;
	double real;
	const char *text; /* ends in a NUL that len does not count */
	size_t len;
	struct py_value **items;
	struct py_value **keys; /* of a dict or a call */
	size_t count, cap;
	unsigned line; /* of a dict's key */
	/*
	 * The environment variable it comes from, or NULL. A known value is
	 * then the default; PY_UNKNOWN has none.
	 */
	const char *env;
};

struct py_block;

struct py_arena {
	struct py_block *blocks;
	size_t used; /* bytes */
	int error;   /* 0, -ENOMEM or -E2BIG; sticky */
	struct py_value lost;
};

/* Ours: a settings file of 1 MiB fits many times over. */
#define PY_ARENA_MAX (96ul * 1024 * 1024)
#define PY_TEXT_MAX  65536
#define PY_ITEMS_MAX 1000

/* Zeroed memory, or NULL and arena->error. */
void *py_alloc(struct py_arena *arena, size_t size);

/* A copy that ends in a NUL, or NULL. */
char *py_copy(struct py_arena *arena, const char *s, size_t len);

/* Wipes it all: settings hold secrets. */
void py_arena_release(struct py_arena *arena);

struct py_value *py_new(struct py_arena *arena, enum py_kind kind);
struct py_value *py_unknown(struct py_arena *arena, const char *fmt, ...)
	PRINTF_LIKE(2, 3);
struct py_value *py_bool(struct py_arena *arena, bool boolean);
struct py_value *py_int(struct py_arena *arena, int64_t integer);
struct py_value *py_real(struct py_arena *arena, double real);

/* kind: PY_TEXT, PY_BYTES or PY_NAME. Longer than PY_TEXT_MAX: unknown. */
struct py_value *py_text(struct py_arena *arena, enum py_kind kind,
			 const char *s, size_t len);

/* The items are shared, the list is new. */
struct py_value *py_clone(struct py_arena *arena, const struct py_value *v);

/*
 * Appends to a list, or sets a dict's item. A value with more than
 * PY_ITEMS_MAX items becomes unknown.
 */
void py_add(struct py_arena *arena, struct py_value *list,
	    struct py_value *item);
void py_put(struct py_arena *arena, struct py_value *dict, struct py_value *key,
	    struct py_value *item);
void py_add_argument(struct py_arena *arena, struct py_value *call,
		     struct py_value *name, struct py_value *item);

/* A dict's item or a call's keyword argument, or NULL. */
struct py_value *py_find(const struct py_value *dict,
			 const struct py_value *key);
struct py_value *py_find_text(const struct py_value *dict, const char *key);

/* 1, 0, or -1 if only Python can tell. */
int py_truth(const struct py_value *v);

/* 1, 0, or -1: as Python's ==, of values without items. */
int py_equal(const struct py_value *a, const struct py_value *b);

/* Python's str(): appends it. Returns 0 or -EINVAL if it cannot be told. */
MUST_USE int py_str(const struct py_value *v, struct buf *out);

/*
 * Appends v as a literal that value_parse() reads. Returns 0; -EINVAL if
 * something in it is unknown or no literal, *unknown is then that;
 * -EMSGSIZE, -ENOMEM.
 */
MUST_USE int py_write(const struct py_value *v, struct buf *out,
		      const struct py_value **unknown);

#endif
