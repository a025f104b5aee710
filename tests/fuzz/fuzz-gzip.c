/* SPDX-License-Identifier: MIT */
/*
 * What a server may send of a compressed object. The first byte chooses:
 * an object's headers, an index for a layout, one member, or a foreign gzip
 * file, which must read the same however it is cut.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/gunzip.h"
#include "codec/gzip.h"
#include "facts/facts.h"
#include "facts/facts_codec.h"

#define PLAIN_MAX (1u << 20) /* what a foreign file is let grow to */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool holds)
{
	if (!holds)
		abort();
}

/* "ENCODING\nSIZE\nOURS" of an object of 4096 bytes, and what is believed. */
static void try_headers(const uint8_t *data, size_t size)
{
	static const char *const names[] = {
		"content-encoding",
		"x-amz-meta-s3storefs-size",
		"x-amz-meta-s3storefs-gzip",
	};
	struct pairs headers = PAIRS_INIT, again = PAIRS_INIT;
	char *text = strndup((const char *)data, size), *rest = text;
	struct object_facts facts, back;
	const struct gzip_layout *layout = &facts.layout;
	int rc;

	for (size_t i = 0; rest && i < 3; i++) {
		const char *value = strsep(&rest, "\n");

		if (pairs_set(&headers, names[i], value) < 0)
			break;
	}
	expect(facts_read(&headers, 4096, &facts) ==
	       (layout->kind != GZIP_FOREIGN));
	expect(layout->stored_size == 4096);
	if (layout->kind == GZIP_MEMBERS) {
		expect(gzip_member_count(layout) <= GZIP_MEMBERS_MAX);
		rc = facts_write(&facts, &again);
		expect(facts_read(&again, 4096, &back) || rc == -ENOMEM);
		expect(rc == -ENOMEM ||
		       (rc == 0 && gzip_layout_is_equal(layout, &back.layout)));
	}
	pairs_release(&headers);
	pairs_release(&again);
	free(text);
}

/* Two bytes say how many members; then the index as it came. */
static void try_index(const uint8_t *data, size_t size)
{
	size_t count = size < 2 ? 2 : 2 + (data[0] | (size_t)data[1] << 8);
	struct gzip_layout layout =
		gzip_layout_plan((count - 1) * (uint64_t)GZIP_MEMBER_BYTES + 1);
	struct gzip_index *index = NULL;
	uint64_t sum = 0;

	if (size < 2)
		return;
	data += 2;
	size -= 2;
	/* The stored size that the first entries add up to is the likeliest. */
	for (size_t i = 0; i < count && 16 + 4 * (i + 1) <= size; i++)
		sum += data[16 + 4 * i] | (uint64_t)data[17 + 4 * i] << 8 |
		       (uint64_t)data[18 + 4 * i] << 16 |
		       (uint64_t)data[19 + 4 * i] << 24;
	layout.index_bytes = gzip_index_bytes(count);
	layout.stored_size = sum + layout.index_bytes;
	if (gzip_index_read(data, size, &layout, &index) == 0) {
		expect(size == layout.index_bytes && index->count == count);
		for (size_t i = 0; i < count; i++)
			expect(index->offsets[i] <= index->offsets[i + 1]);
		expect(index->offsets[count] + layout.index_bytes ==
		       layout.stored_size);
	}
	free(index);
}

static void try_member(const uint8_t *data, size_t size)
{
	size_t length = size < 2 ? 0 : data[0] | (size_t)data[1] << 8;
	char *out = malloc(length + 1);

	if (out && size >= 2)
		expect(gzip_member_read(data + 2, size - 2, out, length) <= 0);
	free(out);
}

struct sunk {
	uint64_t bytes;
	uint64_t sum;
};

static int take(void *arg, const void *data, size_t len)
{
	struct sunk *s = arg;
	const unsigned char *p = data;

	for (size_t i = 0; i < len; i++)
		s->sum = s->sum * 31 + p[i];
	s->bytes += len;
	return s->bytes > PLAIN_MAX ? -EFBIG : 0;
}

static int expand(const uint8_t *data, size_t size, size_t step, struct sunk *s)
{
	struct gunzip g;
	int rc;

	*s = (struct sunk){ 0 };
	rc = gunzip_init(&g, take, s);
	if (rc < 0) {
		expect(rc == -ENOMEM);
		return rc;
	}
	for (size_t at = 0; rc == 0 && at < size; at += step)
		rc = gunzip_feed(&g, data + at,
				 size - at < step ? size - at : step);
	if (rc == 0) {
		rc = gunzip_finish(&g);
		expect(s->bytes == g.plain_bytes);
	}
	gunzip_release(&g);
	return rc;
}

static void try_foreign(const uint8_t *data, size_t size)
{
	struct sunk whole, cut;
	int rc = expand(data, size, size + 1, &whole);
	int again = expand(data, size, 3, &cut);

	if (rc == -ENOMEM || again == -ENOMEM)
		return;
	expect(again == rc);
	expect(rc < 0 || (whole.bytes == cut.bytes && whole.sum == cut.sum));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const tries[])(const uint8_t *, size_t) = {
		try_headers,
		try_index,
		try_member,
		try_foreign,
	};

	if (size > 0)
		tries[data[0] % 4](data + 1, size - 1);
	return 0;
}
