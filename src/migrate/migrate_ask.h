/* SPDX-License-Identifier: MIT */
/* A project's own Python, asked by ask.py for its settings. One thread. */
#ifndef MIGRATE_ASK_H
#define MIGRATE_ASK_H

#include <jansson.h>
#include <stdint.h>

#include "errinfo.h"

#define MIGRATE_LIMIT_MS 120000 /* a project may have much to import; ours */

/* ask.py, as a text. */
extern const char migrate_program[];

/*
 * Runs python (a path, or a name in PATH) with the environment as it is;
 * the words are ask.py's arguments. *answer is its object, owned
 * by the caller; an "error" in it is the project's. Without an answer returns
 * -ENOENT and the like if there is no such interpreter, -ETIMEDOUT after
 * limit_ms, -EINTR if a signal came that ends us, which is then pending, and
 * -EBADMSG; all that it started has ended then.
 */
MUST_USE int migrate_ask(const char *python, const char *const words[],
			 size_t count, int64_t limit_ms, json_t **answer,
			 struct errinfo *err);

/* The same object from a file; "-" is the standard input. -EINVAL, -errno. */
MUST_USE int migrate_read(const char *path, json_t **answer,
			  struct errinfo *err);

#endif
