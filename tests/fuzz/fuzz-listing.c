/* SPDX-License-Identifier: MIT */
/*
 * Keys, one a line, "d/" for a directory. They are sorted, packed, found
 * again, and told to a listing in ranges that their first bytes choose.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "names/listing.h"

#define KEYS_MAX 40

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct keys {
	char *items[KEYS_MAX];
	size_t count;
};

static void expect(bool holds)
{
	if (!holds)
		abort();
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool make_entry(const char *key, struct segment_entry *e)
{
	size_t len = strlen(key);

	memset(e, 0, sizeof(*e));
	e->is_dir = len > 0 && key[len - 1] == '/';
	e->name_len = len - e->is_dir;
	if (e->name_len >= NAME_SIZE)
		return false;
	memcpy(e->name, key, e->name_len);
	e->size = len * 1000003;
	e->mtime_ns = (int64_t)len * 1234567000000;
	memcpy(e->etag, key, len < S3_ETAG_MAX ? len : S3_ETAG_MAX - 1);
	return true;
}

static void check_entry(const struct segment *seg, size_t index,
			const struct segment_entry *want)
{
	struct segment_entry e;
	size_t found;

	segment_read(seg, index, &e);
	expect(e.name_len == want->name_len && e.is_dir == want->is_dir);
	expect(memcmp(e.name, want->name, e.name_len) == 0);
	expect(e.size == want->size && e.mtime_ns == want->mtime_ns);
	expect(strcmp(e.etag, want->etag) == 0);
	expect(segment_find(seg, e.name, e.name_len, e.is_dir, &found));
	expect(found == index);
}

static int add(struct segment_builder *b, const struct keys *keys)
{
	struct segment_entry e;
	const char *last = "";

	for (size_t i = 0; i < keys->count; i++) {
		bool is_name = make_entry(keys->items[i], &e) &&
			       e.name_len > 0 &&
			       !memchr(e.name, '/', e.name_len);
		bool is_new = strcmp(last, keys->items[i]) != 0;
		int rc = 0;

		if (make_entry(keys->items[i], &e)) {
			rc = segment_builder_add(b, &e);
			if (rc == -ENOMEM)
				return rc;
			expect((rc == 0) == (is_name && is_new));
		}
		if (is_name)
			last = keys->items[i];
	}
	return 0;
}

/*
 * The keys that can be entries, packed; sorted keys are never refused. NULL:
 * no memory.
 */
static struct segment *pack(const struct keys *keys)
{
	struct segment_builder b;
	struct segment *seg = NULL;
	struct segment_entry e;
	const char *last = "";
	size_t index = 0;
	int rc;

	segment_builder_init(&b);
	rc = add(&b, keys);
	if (rc == 0)
		rc = segment_builder_finish(&b, &seg);
	segment_builder_release(&b);
	expect(rc == 0 || rc == -ENOMEM);
	if (rc < 0)
		return NULL;
	for (size_t i = 0; i < keys->count; i++) {
		if (strcmp(last, keys->items[i]) == 0 ||
		    !make_entry(keys->items[i], &e) || e.name_len == 0 ||
		    memchr(e.name, '/', e.name_len))
			continue;
		check_entry(seg, index++, &e);
		last = keys->items[i];
	}
	expect(index == segment_count(seg));
	return seg;
}

/* Whatever pages tell, a lookup tells, too; and pages rise. */
static void check_pages(const struct listing *l, const struct keys *keys)
{
	for (size_t i = 0; i < keys->count; i++) {
		struct listing_page page;
		struct segment_entry e;
		struct listing_hit hit;

		if (!listing_next_page(l, keys->items[i], 5, 10, &page))
			continue;
		expect(page.is_end || strcmp(page.last, keys->items[i]) > 0);
		expect(page.first + page.count <= segment_count(page.segment));
		for (size_t n = 0; n < page.count; n++) {
			segment_read(page.segment, page.first + n, &e);
			if (listing_lookup(l, e.name, e.name_len, 5, 10,
					   &hit) == LISTING_FOUND)
				expect(hit.entry.is_dir >= e.is_dir);
			else
				expect(!e.is_dir);
		}
	}
}

static void tell(struct segment *seg, const struct keys *keys,
		 const uint8_t *data, size_t size)
{
	struct listing l = LISTING_INIT;

	for (size_t i = 0; i + 1 < size && i < 40; i += 2) {
		size_t last = data[i + 1] % (keys->count + 1);
		struct listing_range range = {
			.segment = seg,
			.after = keys->items[data[i] % keys->count],
			.last = last < keys->count ? keys->items[last] : NULL,
			.is_end = last == keys->count,
			.seq = data[i] / 32,
		};

		int rc = listing_insert(&l, &range);

		expect(rc == 0 || rc == -ENOMEM ||
		       (range.last && strcmp(range.after, range.last) >= 0));
	}
	check_pages(&l, keys);
	listing_drop(&l);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), *rest = text;
	struct keys keys = { .count = 0 };
	struct segment *seg;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	while (rest && keys.count < KEYS_MAX)
		keys.items[keys.count++] = strsep(&rest, "\n");
	qsort(keys.items, keys.count, sizeof(keys.items[0]), by_text);
	seg = pack(&keys);
	if (seg)
		tell(seg, &keys, data, size);
	segment_put(seg);
	free(text);
	return 0;
}
