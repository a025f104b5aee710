/* SPDX-License-Identifier: MIT */
/*
 * Content type and encoding of a file, guessed from its name as Python's
 * mimetypes.guess_type does, which django-storages asks. Python's own types
 * come first, then a wider table of ours. Pure; any thread.
 */
#ifndef STORE_MIME_H
#define STORE_MIME_H

/*
 * Returns the type of a name or path, "application/octet-stream" if unknown;
 * *encoding becomes "gzip", "compress", "bzip2", "xz", "br" or NULL. All are
 * static.
 */
const char *mime_guess(const char *name, const char **encoding);

#endif
