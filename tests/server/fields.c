/* SPDX-License-Identifier: MIT */
/* Name and value pairs in one block; see fields.h. */
#include "fields.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

int fields_add(struct fields *f, const char *name, const char *value)
{
	size_t name_size = strlen(name) + 1, value_size = strlen(value) + 1;
	char *data = realloc(f->data, f->len + name_size + value_size);

	if (!data)
		return -ENOMEM;
	f->data = data;
	memcpy(data + f->len, name, name_size);
	memcpy(data + f->len + name_size, value, value_size);
	f->len += name_size + value_size;
	return 0;
}

int fields_add_all(struct fields *f, const struct fields *from)
{
	char *data;

	if (from->len == 0)
		return 0;
	data = realloc(f->data, f->len + from->len);
	if (!data)
		return -ENOMEM;
	f->data = data;
	memcpy(data + f->len, from->data, from->len);
	f->len += from->len;
	return 0;
}

bool fields_next(const struct fields *f, size_t *at, const char **name,
		 const char **value)
{
	if (*at >= f->len)
		return false;
	*name = f->data + *at;
	*value = *name + strlen(*name) + 1;
	*at = (size_t)(*value - f->data) + strlen(*value) + 1;
	return true;
}

const char *fields_get(const struct fields *f, const char *name)
{
	const char *n, *v;
	size_t at = 0;

	while (fields_next(f, &at, &n, &v))
		if (strcasecmp(n, name) == 0)
			return v;
	return NULL;
}

void fields_remove(struct fields *f, const char *name)
{
	const char *n, *v;
	size_t at = 0, start = 0;

	while (start = at, fields_next(f, &at, &n, &v)) {
		if (strcasecmp(n, name) != 0)
			continue;
		memmove(f->data + start, f->data + at, f->len - at);
		f->len -= at - start;
		at = start;
	}
}

void fields_release(struct fields *f)
{
	free(f->data);
	*f = (struct fields){ 0 };
}
