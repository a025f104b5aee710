/* SPDX-License-Identifier: MIT */
/* An ordered list of name and value texts; see pairs.h. */
#include "pairs.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

const char *pairs_get(const struct pairs *p, const char *name)
{
	for (size_t i = 0; i < p->count; i++) {
		if (strcasecmp(p->items[i].name, name) == 0)
			return p->items[i].value;
	}
	return NULL;
}

/* RFC 9110 5.6.2: what a header's name is made of. */
static bool pairs_is_token(const char *s)
{
	static const char chars[] =
		"!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ";

	return *s && s[strspn(s, chars)] == '\0';
}

static bool pairs_is_one_line(const char *s)
{
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

static int pairs_make_room(struct pairs *p)
{
	size_t cap = p->cap ? p->cap * 2 : 8;
	struct pair *items;

	if (p->count < p->cap)
		return 0;
	items = realloc(p->items, cap * sizeof(*items));
	if (!items)
		return -ENOMEM;
	p->items = items;
	p->cap = cap;
	return 0;
}

int pairs_add(struct pairs *p, const char *name, const char *value)
{
	AUTO_FREE char *n = NULL;
	AUTO_FREE char *v = NULL;

	if (!pairs_is_token(name) || !pairs_is_one_line(value))
		return -EINVAL;
	n = strdup(name);
	v = strdup(value);
	if (!n || !v || pairs_make_room(p) < 0)
		return -ENOMEM;
	p->items[p->count].name = STEAL(n);
	p->items[p->count++].value = STEAL(v);
	return 0;
}

int pairs_set(struct pairs *p, const char *name, const char *value)
{
	size_t before = p->count;
	int rc = pairs_add(p, name, value);
	struct pair added;

	if (rc < 0)
		return rc;
	added = p->items[before];
	p->count = before;
	pairs_remove(p, added.name); /* name may be one of those */
	p->items[p->count++] = added;
	return 0;
}

void pairs_remove(struct pairs *p, const char *name)
{
	AUTO_FREE char *last_name = NULL;
	size_t kept = 0;

	for (size_t i = 0; i < p->count; i++) {
		struct pair *item = &p->items[i];

		if (strcasecmp(item->name, name) == 0) {
			if (item->name == name)
				last_name = item->name;
			else
				free(item->name);
			free(item->value);
		} else {
			p->items[kept++] = *item;
		}
	}
	p->count = kept;
}

int pairs_merge(struct pairs *to, const struct pairs *from)
{
	for (size_t i = 0; i < from->count; i++) {
		int rc = pairs_set(to, from->items[i].name,
				   from->items[i].value);

		if (rc < 0)
			return rc;
	}
	return 0;
}

void pairs_release(struct pairs *p)
{
	for (size_t i = 0; i < p->count; i++) {
		free(p->items[i].name);
		free(p->items[i].value);
	}
	free(p->items);
	*p = (struct pairs)PAIRS_INIT;
}
