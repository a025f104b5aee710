/* SPDX-License-Identifier: MIT */
/* What was copied, remembered and removed; see copies_sent.h. */
#include "change/copies_sent.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "change/copies.h"
#include "internal.h"

#define REMOVE_TRIES    10
#define REMOVE_PAUSE_NS 100000000

struct key_page {
	struct list_link link;
	struct buf suffixes; /* each with its NUL */
	size_t count;        /* DeleteObjects takes them at once */
};

void copies_forget_sent(struct copies *c)
{
	struct list_link *link;

	while ((link = list_pop(&c->pages))) {
		struct key_page *page =
			container_of(link, struct key_page, link);

		buf_release(&page->suffixes);
		free(page);
	}
}

int copies_note_sent(struct copies *c, const char *suffix)
{
	struct key_page *page =
		container_of(c->pages.prev, struct key_page, link);

	if (list_is_empty(&c->pages) || page->count == S3_DELETE_MAX) {
		page = calloc(1, sizeof(*page));
		if (!page)
			return -ENOMEM;
		page->suffixes.max = S3_DELETE_MAX * (S3_KEY_MAX + 1);
		list_push(&c->pages, &page->link);
	}
	buf_add(&page->suffixes, suffix, strlen(suffix) + 1);
	if (page->suffixes.error)
		return page->suffixes.error;
	page->count++;
	c->count++;
	if (!*suffix)
		c->has_own_marker = true;
	return 0;
}

const char *copies_next(const struct copies *c, struct copies_at *at)
{
	const struct key_page *page;
	const char *suffix;

	if (!at->page)
		at->page = c->pages.next;
	while (at->page != &c->pages) {
		page = container_of(at->page, const struct key_page, link);
		if (at->offset < page->suffixes.len) {
			suffix = page->suffixes.data + at->offset;
			at->offset += strlen(suffix) + 1;
			return suffix;
		}
		at->page = at->page->next;
		at->offset = 0;
	}
	return NULL;
}

static int remove_batch(struct store *store, struct s3_delete_key *keys,
			size_t count, struct errinfo *err)
{
	struct s3_delete_many many = {
		.op.priority = S3_BACKGROUND,
		.keys = keys,
		.count = count,
	};
	int result;

	if (count == 0)
		return 0;
	s3_delete_many_start(store->s3, &many);
	result = s3_wait(store->s3, &many.op);
	*err = many.op.err;
	s3_delete_many_release(&many);
	return result;
}

/* Of what prefix the object behind it is to go; NULL: none. */
static const char *prefix_to_remove(const struct copies *c, const char *prefix,
				    const char *suffix)
{
	if (strmap_get(&c->spared, suffix))
		return NULL;
	if (*suffix)
		return prefix;
	if (prefix == c->to)
		return c->has_marker ? NULL : c->to;
	return c->is_mere_claim && c->count > 1 ? c->to : c->from;
}

static int remove_page(struct copies *c, const struct key_page *page,
		       const char *prefix, struct errinfo *err)
{
	AUTO_FREE struct s3_delete_key *keys =
		calloc(S3_DELETE_MAX, sizeof(*keys));
	AUTO_BUF struct buf text =
		BUF_INIT(S3_DELETE_MAX * (2 * (size_t)S3_KEY_MAX));
	const char *at = page->suffixes.data;
	size_t count = 0;

	for (size_t i = 0; i < page->count; i++, at += strlen(at) + 1) {
		const char *from = prefix_to_remove(c, prefix, at);

		if (!from)
			continue;
		buf_add_str(&text, from);
		buf_add(&text, at, strlen(at) + 1);
		count++;
	}
	if (!keys || text.error)
		return errinfo_set(err, -ENOMEM, "no memory for the keys");
	at = text.data;
	for (size_t i = 0; i < count; i++, at += strlen(at) + 1)
		keys[i].key = at;
	return remove_batch(c->store, keys, count, err);
}

/* Nobody else knows what was sent: memory that is short is waited for. */
static int remove_page_surely(struct copies *c, const struct key_page *page,
			      const char *prefix, struct errinfo *err)
{
	const struct timespec pause = { .tv_nsec = REMOVE_PAUSE_NS };
	int result = remove_page(c, page, prefix, err);

	for (int i = 1; i < REMOVE_TRIES && result == -ENOMEM; i++) {
		nanosleep(&pause, NULL);
		result = remove_page(c, page, prefix, err);
	}
	return result;
}

static int remove_all(struct copies *c, const char *prefix, struct errinfo *err)
{
	int first = 0;

	if (c->is_blind)
		return errinfo_set(err, -ENOMEM, "no memory to tell whose");
	list_for_each(link, &c->pages) {
		const struct key_page *page =
			container_of(link, const struct key_page, link);
		struct errinfo why = ERRINFO_INIT;
		int result = remove_page_surely(c, page, prefix, &why);

		if (result < 0 && first == 0) {
			first = result;
			*err = why;
		}
	}
	return first;
}

int copies_remove_old(struct copies *c, struct errinfo *err)
{
	return remove_all(c, c->from, err);
}

int copies_remove_new(struct copies *c, struct errinfo *err)
{
	return remove_all(c, c->to, err);
}
