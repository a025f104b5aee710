/* SPDX-License-Identifier: MIT */
/*
 * An ordered list of name and value texts: HTTP headers, object attributes.
 * Names compare without case, as HTTP's do; both texts are copied. Values
 * come from servers and from users, so pairs_set refuses what could break a
 * header line: control characters but the tab. One thread at a time.
 */
#ifndef BASE_PAIRS_H
#define BASE_PAIRS_H

#include <stddef.h>

#include "macros.h"

struct pair {
	char *name;
	char *value;
};

struct pairs {
	struct pair *items;
	size_t count;
	size_t cap;
};

#define PAIRS_INIT \
	{          \
		0  \
	}

/* The value of the first pair of that name, or NULL. Borrowed. */
const char *pairs_get(const struct pairs *p, const char *name);

/*
 * Sets name to value in place of any pair of that name. Returns 0, -ENOMEM,
 * or -EINVAL if name is no HTTP token or value holds a control character.
 */
MUST_USE int pairs_set(struct pairs *p, const char *name, const char *value);

/* As pairs_set, but keeps earlier pairs of that name. */
MUST_USE int pairs_add(struct pairs *p, const char *name, const char *value);

/* Takes out every pair of that name, which may be one of theirs. */
void pairs_remove(struct pairs *p, const char *name);

/* Sets all pairs of from in to. Returns 0 or -ENOMEM. */
MUST_USE int pairs_merge(struct pairs *to, const struct pairs *from);

void pairs_release(struct pairs *p);

#endif
