/* SPDX-License-Identifier: MIT */
/* Content types by extension; see mime.h. */
#include "facts/mime.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "name.h"
#include "strmap.h"

#define EXTENSION_MAX 32 /* bytes; a longer extension is no known one */

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

/* Our own types, by extension: sorted, in lower case. From mime.types. */
static const struct {
	const char *extension;
	const char *type;
} mime_types[] = {
#include "mime.inc"
};

/* Types by extension, without its dot, as the file writes it. */
struct mime {
	struct strmap types; /* owns the values */
};

/* As strtok, but each blank of Python's str.split(). */
static char *next_word(char **line)
{
	static const char blanks[] = " \t\n\v\f\r";
	char *word = *line + strspn(*line, blanks);
	size_t len = strcspn(word, blanks);

	if (len == 0 || *word == '#')
		return NULL;
	*line = word + len;
	if (**line)
		*(*line)++ = '\0';
	return word;
}

static int read_line(struct mime *mime, char *line)
{
	char *type = next_word(&line), *extension;

	while (type && (extension = next_word(&line))) {
		char *copy = strdup(type);
		void *old = NULL;

		if (!copy || strmap_set(&mime->types, extension, copy, &old)) {
			free(copy);
			return -ENOMEM;
		}
		free(old);
	}
	return 0;
}

int mime_new(const char *path, struct mime **out, struct errinfo *err)
{
	struct mime *mime = calloc(1, sizeof(*mime));
	AUTO_FREE char *line = NULL;
	FILE *file = fopen(path, "re");
	size_t room = 0;
	int result = mime ? 0 : -ENOMEM;

	if (!file)
		result = errinfo_set(err, -errno, "the types of %s: %s", path,
				     strerror(errno));
	while (result == 0 && getline(&line, &room, file) >= 0)
		result = read_line(mime, line);
	if (result == 0 && ferror(file))
		result = errinfo_set(err, -errno, "the types of %s: %s", path,
				     strerror(errno));
	if (file)
		fclose(file);
	if (result < 0)
		mime_free(mime);
	else
		*out = mime;
	return result;
}

void mime_free(struct mime *mime)
{
	if (!mime)
		return;
	for (struct strmap_entry *e = strmap_next(&mime->types, NULL); e;
	     e = strmap_next(&mime->types, e))
		free(e->value);
	strmap_release(&mime->types);
	free(mime);
}

static const char *own_type(const char *extension)
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

/* The extension as it is written, then in lower case. */
static const char *type_of(const struct mime *mime, const char *extension)
{
	const char *type = mime ? strmap_get(&mime->types, extension) : NULL;
	char lower[EXTENSION_MAX];
	size_t i = 0;

	if (!mime || type)
		return type ? type : own_type(extension);
	for (; extension[i]; i++)
		lower[i] = (char)tolower((unsigned char)extension[i]);
	lower[i] = '\0';
	type = strmap_get(&mime->types, lower);
	return type ? type : own_type(lower);
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

const char *mime_guess(const struct mime *mime, const char *name,
		       const char **encoding)
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
			return type_of(mime, doubles[i].inner);
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(encodings) && !*encoding; i++) {
		if (strcmp(extension, encodings[i].extension) == 0) {
			*encoding = encodings[i].encoding;
			take_extension(name, &len, extension);
		}
	}
	return type_of(mime, extension);
}
