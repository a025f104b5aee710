/* SPDX-License-Identifier: MIT */
/* What src/store does by itself, without memory and without a server. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "codec/gunzip.h"
#include "codec/gzip.h"
#include "data/blocks.h"
#include "data/extents.h"
#include "data/pieces.h"
#include "data/plan.h"
#include "facts/facts.h"
#include "facts/facts_codec.h"
#include "facts/headers.h"
#include "facts/mime.h"
#include "list/walk_page.h"
#include "name.h"
#include "names/listing.h"
#include "names/segment.h"
#include "s3.h"
#include "scenarios.h"

#define BLOCK (size_t) BLOCK_BYTES

static char folder[64] = "/tmp/s3storefs-alloc-XXXXXX";
static char mime_path[100];

/* --- data ---------------------------------------------------------------- */

/* A change that fails leaves the set as it was. */
static int run_extents(void)
{
	struct extents set = EXTENTS_INIT;
	uint64_t total = 0;
	int result = 0;

	for (uint64_t at = 0; result == 0 && at < 100; at += 10) {
		result = extents_add(&set, at, at + 5);
		total += result == 0 ? 5 : 0;
	}
	if (result == 0) {
		result = extents_remove(&set, 2, 3);
		total -= result == 0;
	}
	if (extents_total(&set) != total)
		result = WRONG;
	extents_release(&set);
	return result;
}

static int run_plan(void)
{
	struct extents dirty = EXTENTS_INIT, held = EXTENTS_INIT;
	const struct plan_input in = { .size = 100 * PLAN_MIB,
				       .base_size = 100 * PLAN_MIB,
				       .dirty = &dirty,
				       .held = &held,
				       .can_copy = true };
	struct plan plan = { 0 };
	int result = extents_add(&dirty, 50 * PLAN_MIB, 50 * PLAN_MIB + 1);

	if (result == 0)
		result = extents_add(&held, 50 * PLAN_MIB, 50 * PLAN_MIB + 1);
	if (result == 0)
		result = plan_make(&plan, &in);
	if (result == 0)
		result = expect(plan.count > 1);
	plan_release(&plan);
	extents_release(&dirty);
	extents_release(&held);
	return result;
}

/* In memory, then on disk, and read from both. */
static int write_and_spill(struct blocks *b, struct extents *have,
			   struct pieces *pieces)
{
	static char data[2 * BLOCK], got[3 * BLOCK];
	int result;

	memset(data, 'a', sizeof(data));
	result = blocks_write(b, 0, data, sizeof(data), BLOCKS_FORCE, NULL);
	if (result == 0)
		result = extents_add(have, 0, sizeof(data));
	if (result == 0)
		result = blocks_spill_locked(b, have, 0, BLOCK);
	if (result == 0)
		result = pieces_add(pieces, b, have, 0, sizeof(got));
	/* The disk is waited for without the lock. */
	lock_leave(b->lock);
	if (result == 0)
		result = pieces_load(pieces);
	lock_enter(b->lock);
	for (size_t i = 0, at = 0; result == 0 && i < pieces->count; i++) {
		memcpy(got + at, pieces->items[i].data, pieces->items[i].len);
		at += pieces->items[i].len;
	}
	if (result == 0)
		result = expect(memcmp(got, data, sizeof(data)) == 0 &&
				got[sizeof(data)] == '\0');
	return result;
}

static int run_blocks(void)
{
	struct lock lock = LOCK_INIT(LOCK_UNRANKED);
	pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
	struct extents have = EXTENTS_INIT;
	struct pieces pieces = PIECES_INIT;
	struct budget budget;
	struct blocks b;
	int result;

	lock_enter(&lock);
	budget_init(&budget, 100 * BLOCK);
	blocks_init(&b, &budget, folder, &lock, &changed);
	result = write_and_spill(&b, &have, &pieces);
	pieces_release(&pieces);
	blocks_release(&b);
	lock_leave(&lock);
	extents_release(&have);
	budget_release(&budget);
	return budget.used == 0 ? result : WRONG;
}

/* --- listings ------------------------------------------------------------ */

static int add_entry(struct segment_builder *b, const char *name, bool is_dir)
{
	struct segment_entry e = { .is_dir = is_dir, .name_len = strlen(name) };

	memcpy(e.name, name, e.name_len + 1);
	return segment_builder_add(b, &e);
}

static int build(struct segment **out)
{
	struct segment_builder b;
	char name[8];
	int result = 0;

	segment_builder_init(&b);
	for (int i = 10; result == 0 && i < 99; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		result = add_entry(&b, name, false);
	}
	if (result == 0)
		result = add_entry(&b, "z", true);
	if (result == 0)
		result = segment_builder_finish(&b, out);
	segment_builder_release(&b);
	return result;
}

static int run_segment(void)
{
	struct segment *segment = NULL;
	size_t at;
	int result = build(&segment);

	if (result < 0)
		return result;
	result = expect(segment_count(segment) == 90 &&
			segment_find(segment, "n50", 3, false, &at));
	segment_put(segment);
	return result;
}

/* What was known before a range that could not be kept, is known still. */
static int run_listing(void)
{
	struct listing listing = LISTING_INIT;
	struct listing_range range = { .after = "", .is_end = true, .seq = 1 };
	struct listing_hit hit;
	enum listing_answer answer = LISTING_FOUND;
	int result = build(&range.segment);

	if (result < 0)
		return result;
	result = listing_insert(&listing, &range);
	for (uint64_t i = 2; result == 0 && i < 9; i++) {
		range.seq = i;
		range.after = "n40";
		range.last = "n60";
		range.is_end = false;
		result = listing_insert(&listing, &range);
		answer = listing_lookup(&listing, "n20", 3, 0, INT64_MAX, &hit);
	}
	listing_drop(&listing);
	segment_put(range.segment);
	return answer == LISTING_FOUND ? result : WRONG;
}

struct told {
	struct walk_teller teller;
	unsigned ranges;
};

static int tell(struct walk_teller *teller, const char *path,
		struct listing_range *range)
{
	container_of(teller, struct told, teller)->ranges++;
	return 0;
}

static int run_walk_page(void)
{
	const struct s3_listed items[] = {
		{ .key = "t/a", .key_len = 3 },
		{ .key = "t/b/c/d", .key_len = 7 },
		{ .key = "t/e/f", .key_len = 5 },
	};
	const struct walk_page page = { .items = items,
					.count = ARRAY_SIZE(items),
					.top_len = 2,
					.after = "" };
	struct told told = { .teller.tell = tell };
	int result = walk_page_split(&page, &told.teller);

	return result < 0 ? result : expect(told.ranges == 4);
}

/* --- facts --------------------------------------------------------------- */

static int run_mime(void)
{
	struct mime *mime = NULL;
	const char *encoding;
	int result = mime_new(mime_path, &mime, &words);

	if (result < 0)
		return result;
	result = expect(
		strcmp(mime_guess(mime, "a.odd", &encoding), "text/odd") == 0);
	mime_free(mime);
	return result;
}

static int run_headers(void)
{
	struct pairs stored = PAIRS_INIT, wanted = PAIRS_INIT, out = PAIRS_INIT;
	const struct header_defaults before = { .has_class = false };
	const struct headers_plan plan = { .stored = &stored,
					   .wanted = &wanted,
					   .applies_wanted = true,
					   .is_copy = true,
					   .before = &before,
					   .after = &before };
	int result = pairs_set(&stored, "cache-control", "a");

	if (result == 0)
		result = pairs_set(&stored, "x-amz-meta-b", "b");
	if (result == 0)
		result = pairs_set(&wanted, "cache-control", "c");
	if (result == 0)
		result = headers_compose(&plan, &out);
	if (result == 0)
		result =
			expect(!strcmp(pairs_get(&out, "cache-control"), "c") &&
			       pairs_get(&out, "x-amz-meta-b"));
	pairs_release(&stored);
	pairs_release(&wanted);
	pairs_release(&out);
	return result;
}

/* What cannot be remembered is asked for again. */
static int run_facts(void)
{
	const struct object_version v = { .key = "k", .etag = "e" };
	const struct object_facts of = { .layout = gzip_layout_none(5) };
	struct object_facts got;
	struct facts facts;
	bool is_known;

	facts_init(&facts);
	facts_put(&facts, &v, &of);
	is_known = facts_get(&facts, &v, &got);
	facts_release(&facts);
	return expect(is_known ? got.layout.plain_size == 5 :
				 scenario_lacks_memory());
}

/* --- gzip ---------------------------------------------------------------- */

static const char plain[] = "plain plain plain";

static int count_bytes(void *arg, const void *data, size_t len)
{
	*(size_t *)arg += len;
	return 0;
}

static int expand(const void *data, size_t len, size_t *count)
{
	struct gunzip g;
	int result = gunzip_init(&g, count_bytes, count);

	if (result < 0)
		return result;
	result = gunzip_feed(&g, data, len);
	if (result == 0)
		result = gunzip_finish(&g);
	gunzip_release(&g);
	return result;
}

static int run_gzip_member(void)
{
	struct piece piece = { .data = plain, .len = sizeof(plain) };
	const struct pieces pieces = { .items = &piece,
				       .count = 1,
				       .length = sizeof(plain) };
	char stored[1000], back[sizeof(plain)];
	size_t len = sizeof(stored), count = 0;
	int result = gzip_member_write(&pieces, stored, &len);

	if (result == 0)
		result = gzip_member_read(stored, len, back, sizeof(back));
	if (result == 0)
		result = expect(strcmp(back, plain) == 0);
	if (result == 0)
		result = expand(stored, len, &count);
	return result < 0 ? result : expect(count == sizeof(plain));
}

static int run_gzip_index(void)
{
	const uint32_t lengths[] = { 3000, 200 };
	AUTO_BUF struct buf text = BUF_INIT(4096);
	struct gzip_layout layout = gzip_layout_plan(GZIP_MEMBER_BYTES + 1);
	struct gzip_index *index = NULL;
	struct pairs headers = PAIRS_INIT;
	int result = gzip_index_write(lengths, 2, &text);

	layout.index_bytes = gzip_index_bytes(2);
	layout.stored_size = 3200 + layout.index_bytes;
	if (result == 0)
		result = gzip_index_read(text.data, text.len, &layout, &index);
	if (result == 0)
		result = expect(index->offsets[1] == 3000);
	if (result == 0)
		result = facts_write(&(struct object_facts){ .layout = layout },
				     &headers);
	if (result == 0)
		result = facts_write_raw(&headers);
	pairs_release(&headers);
	free(index);
	return result;
}

/* --- names --------------------------------------------------------------- */

static int run_names(void)
{
	AUTO_BUF struct buf out = BUF_INIT(4096), key = BUF_INIT(4096);
	const char *const paths[] = { "b", "c" };
	int result = name_unique_path(&out, "d/p.tar.gz", 100);

	if (result == 0)
		result = name_shorten_path(&out, "d/long.gz", 7);
	if (result == 0)
		result = name_clean(&out, "a//b/../c");
	if (result == 0)
		result = name_safe_join(&out, "a", paths, 2);
	if (result == 0)
		result = name_to_key(&key, "media", "a b", &words);
	return result < 0 ? result :
			    expect(strcmp(buf_str(&key), "media/a b") == 0);
}

static const struct scenario scenarios[] = {
	SCENARIO("extents", run_extents),
	SCENARIO("plan", run_plan),
	SCENARIO("blocks", run_blocks),
	SCENARIO("segment", run_segment),
	SCENARIO("listing", run_listing),
	SCENARIO("walk page", run_walk_page),
	SCENARIO("mime", run_mime),
	SCENARIO("headers", run_headers),
	SCENARIO("facts known", run_facts),
	SCENARIO("gzip member", run_gzip_member),
	SCENARIO("gzip index", run_gzip_index),
	SCENARIO("names", run_names),
};

int main(void)
{
	int fd, failed;

	if (!mkdtemp(folder))
		return 1;
	snprintf(mime_path, sizeof(mime_path), "%s/types", folder);
	fd = open(mime_path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (write(fd, "text/odd odd\n", 13) < 0)
		return 1;
	close(fd);
	failed = scenarios_run(scenarios, ARRAY_SIZE(scenarios));
	unlink(mime_path);
	return rmdir(folder) < 0 ? 1 : failed;
}
