/* SPDX-License-Identifier: MIT */
/* Content types by extension; see mime.h. */
#include "mime.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "macros.h"
#include "mime_table.h"
#include "name.h"

#define EXTENSION_MAX 32 /* bytes; no extension of the table is as long */

/* Python's encodings_map, whose names count by case. */
static const struct {
	const char *extension;
	const char *encoding;
} encodings[] = {
	{ "gz", "gzip" }, { "Z", "compress" }, { "bz2", "bzip2" },
	{ "xz", "xz" },   { "br", "br" },
};

/* Python's suffix_map: two extensions in one. */
static const struct {
	const char *extension;
	const char *inner;
	const char *encoding;
} doubles[] = {
	{ "tgz", "tar", "gzip" }, { "taz", "tar", "gzip" },
	{ "tz", "tar", "gzip" },  { "tbz2", "tar", "bzip2" },
	{ "txz", "tar", "xz" },   { "svgz", "svg", "gzip" },
};

static const char *type_of(const char *extension)
{
	size_t low = 0, high = ARRAY_SIZE(mime_types);

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcasecmp(extension, mime_types[middle].extension);

		if (order == 0)
			return mime_types[middle].type;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return "application/octet-stream";
}

/* Cuts the extension off the name and copies it, "" if there is none. */
static void take_extension(const char *name, size_t *len,
			   char out[EXTENSION_MAX])
{
	size_t root = name_root_length(name, *len);
	size_t n = *len - root;

	*out = '\0';
	if (n > 1 && n <= EXTENSION_MAX) {
		memcpy(out, name + root + 1, n - 1);
		out[n - 1] = '\0';
	}
	*len = root;
}

const char *mime_guess(const char *name, const char **encoding)
{
	const char *slash = strrchr(name, '/');
	char extension[EXTENSION_MAX];
	size_t len;

	*encoding = NULL;
	name = slash ? slash + 1 : name;
	len = strlen(name);
	take_extension(name, &len, extension);
	for (size_t i = 0; i < ARRAY_SIZE(doubles); i++) {
		if (strcasecmp(extension, doubles[i].extension) == 0) {
			*encoding = doubles[i].encoding;
			return type_of(doubles[i].inner);
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(encodings) && !*encoding; i++) {
		if (strcmp(extension, encodings[i].extension) == 0) {
			*encoding = encodings[i].encoding;
			take_extension(name, &len, extension);
		}
	}
	return type_of(extension);
}
