/* SPDX-License-Identifier: MIT */
/* Pages of lists; see page.h. */
#include "ops/page.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "wire/xml.h"

#define FIRST_ITEMS 64

struct page_parser {
	const struct page_kind *kind;
	void *arg;
	bool is_item_open;
	bool has_told; /* whether more pages follow: */
	bool *is_truncated;
};

static int page_open(void *arg, unsigned depth, const char *name)
{
	struct page_parser *p = arg;

	if (depth == 1)
		return strcmp(name, p->kind->root) == 0 ? 0 : -EBADMSG;
	for (unsigned i = 0; depth == 2 && i < ARRAY_SIZE(p->kind->items); i++)
		if (p->kind->items[i] && strcmp(name, p->kind->items[i]) == 0) {
			p->is_item_open = true;
			return p->kind->begin(p->arg, i);
		}
	return 0;
}

static int page_close(void *arg, unsigned depth, const char *name,
		      const char *text, size_t len)
{
	struct page_parser *p = arg;

	if (depth == 3 && p->is_item_open)
		return p->kind->text(p->arg, name, text, len);
	if (depth != 2)
		return 0;
	if (p->is_item_open) {
		p->is_item_open = false;
		return p->kind->end(p->arg);
	}
	if (strcmp(name, "IsTruncated") == 0) {
		p->has_told = true;
		*p->is_truncated = strcmp(text, "true") == 0;
	} else if (p->kind->note) {
		p->kind->note(p->arg, name, text);
	}
	return 0;
}

int page_read(const struct buf *body, const struct page_kind *kind, void *arg,
	      bool *is_truncated)
{
	const struct xml_reader reader = {
		.open = page_open,
		.close = page_close,
		.is_lenient = kind->is_lenient,
	};
	struct page_parser parser = { .kind = kind,
				      .arg = arg,
				      .is_truncated = is_truncated };

	int rc;

	*is_truncated = false;
	rc = xml_parse(body->data, body->len, &reader, &parser);
	return rc == 0 && kind->must_tell && !parser.has_told ? -EBADMSG : rc;
}

void *page_grow(void *items, size_t count, size_t *cap, size_t size)
{
	size_t more = *cap ? *cap * 2 : FIRST_ITEMS;
	void *grown;

	if (count < *cap)
		return items;
	grown = reallocarray(items, more, size);
	if (grown)
		*cap = more;
	return grown;
}
