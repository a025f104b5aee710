/* SPDX-License-Identifier: MIT */
/* The file beside an object's bytes that says all else of it, in JSON. */
#ifndef SERVER_SIDECAR_H
#define SERVER_SIDECAR_H

#include "macros.h"
#include "store.h"

/* Replaces the file at path. Returns 0 or a negative errno. */
MUST_USE int sidecar_write(const char *path, const char *key,
			   const struct object *object);

/*
 * Reads it into an object without bytes; *size is what they must be. *key is
 * the caller's to free. NULL if it cannot be read.
 */
struct object *sidecar_read(const char *path, char **key, uint64_t *size);

#endif
