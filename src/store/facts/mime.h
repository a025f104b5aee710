/* SPDX-License-Identifier: MIT */
/*
 * Content type and encoding of a file, guessed from its name as Python's
 * mimetypes.guess_type does, which django-storages asks. A file of types, if
 * one is given, comes first, as Python lets it replace its own; then Python's
 * own types, then a wider table of ours. Read once; then any thread.
 */
#ifndef STORE_MIME_H
#define STORE_MIME_H

#include "errinfo.h"
#include "macros.h"

struct mime;

/*
 * Reads a file in the form of /etc/mime.types: a type and its extensions a
 * line, "#" begins a comment; later lines win. Returns 0, -ENOMEM, or what
 * opening and reading it gave, with err.
 */
MUST_USE int mime_new(const char *path, struct mime **out, struct errinfo *err);
void mime_free(struct mime *mime); /* NULL is fine */

/*
 * Returns the type of a name or path, "application/octet-stream" if unknown;
 * *encoding becomes "gzip", "compress", "bzip2", "xz", "br" or NULL. All live
 * as long as mime, which may be NULL: no file.
 */
const char *mime_guess(const struct mime *mime, const char *name,
		       const char **encoding);

#endif
