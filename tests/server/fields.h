/* SPDX-License-Identifier: MIT */
/*
 * Name and value pairs in one block of memory, in the order they were added:
 * the headers an object keeps, the headers of an answer, a tag set. One
 * thread at a time.
 */
#ifndef SERVER_FIELDS_H
#define SERVER_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

#include "macros.h"

struct fields {
	char *data; /* name NUL value NUL ..., or NULL */
	size_t len;
};

/* Adds a pair; names are not made unique. Returns 0 or -ENOMEM. */
MUST_USE int fields_add(struct fields *f, const char *name, const char *value);

/* Adds all pairs of another. Returns 0 or -ENOMEM. */
MUST_USE int fields_add_all(struct fields *f, const struct fields *from);

/* The value of the first pair of that name, any case, or NULL. */
const char *fields_get(const struct fields *f, const char *name);

/* Takes all pairs of that name out. */
void fields_remove(struct fields *f, const char *name);

/*
 * Steps through the pairs: *at starts as 0. Returns false at the end.
 * No change to the fields in between.
 */
bool fields_next(const struct fields *f, size_t *at, const char **name,
		 const char **value);

void fields_release(struct fields *f);

#endif
