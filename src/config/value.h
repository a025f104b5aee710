/* SPDX-License-Identifier: MIT */
/*
 * Values as settings write them: the union of JSON's and Python's literals.
 *
 *   struct value v;
 *   rc = value_parse("{'a': [1, True, None,],}", &v, &err);
 *   ...
 *   value_release(&v);
 *
 * From JSON: null, true, false, \uXXXX pairs. From Python: None, True, False,
 * single quotes, tuples, trailing commas, \x and \U, comments. A list, a
 * tuple and a JSON array are all VALUE_LIST. Pure functions; any thread.
 */
#ifndef VALUE_H
#define VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "errinfo.h"

enum value_kind {
	VALUE_NONE,
	VALUE_BOOL,
	VALUE_INTEGER,
	VALUE_REAL,
	VALUE_TEXT,
	VALUE_LIST,
	VALUE_MAP
};

struct value {
	enum value_kind kind;
	bool boolean;
	int64_t integer;
	double real;
	char *text;          /* owned; UTF-8 */
	struct value *items; /* owned: of a list or a map */
	char **names;        /* owned: a map's, beside items */
	size_t count;
};

/* Ours: far beyond any sensible setting, small enough to be safe. */
#define VALUE_DEPTH_MAX 8
#define VALUE_BYTES_MAX 65536
#define VALUE_ITEMS_MAX 1000

/*
 * Reads all of text. Returns 0; -EINVAL with the position in err; -E2BIG
 * past a limit above; -ENOMEM. out needs a value_release only after 0.
 */
MUST_USE int value_parse(const char *text, struct value *out,
			 struct errinfo *err);

/* A copy of s as a VALUE_TEXT. Returns 0 or -ENOMEM. */
MUST_USE int value_set_text(struct value *out, const char *s);

/* A map's item, or NULL. */
const struct value *value_get(const struct value *map, const char *name);

/*
 * Sets a map's item to a copy of text; None becomes a map. Returns 0 or
 * -ENOMEM.
 */
MUST_USE int value_map_set(struct value *map, const char *name,
			   const char *text);

bool value_is_equal(const struct value *a, const struct value *b);

/* Overwrites texts before it frees them: they may be secrets. */
void value_release(struct value *v);

#endif
