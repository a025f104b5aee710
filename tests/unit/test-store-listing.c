/* SPDX-License-Identifier: MIT */
/*
 * Covered ranges by example, and against a plain model: for each stretch
 * between two neighbouring bounds, who told last and what.
 */
#include "names/listing.h"
#include "random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define FOREVER INT64_MAX

/* A key as S3 has it: a slash at the end makes it a directory. */
static struct segment_entry entry_of(const char *key)
{
	struct segment_entry e = { .name_len = strlen(key) };

	e.is_dir = key[e.name_len - 1] == '/';
	e.name_len -= e.is_dir;
	memcpy(e.name, key, e.name_len);
	e.name[e.name_len] = '\0';
	return e;
}

static struct segment *build(const char *const *keys, size_t count,
			     uint64_t size)
{
	struct segment_builder b;
	struct segment *seg = NULL;

	segment_builder_init(&b);
	for (size_t i = 0; i < count; i++) {
		struct segment_entry e = entry_of(keys[i]);

		e.size = size;
		assert_int_equal(segment_builder_add(&b, &e), 0);
	}
	assert_int_equal(segment_builder_finish(&b, &seg), 0);
	segment_builder_release(&b);
	return seg;
}

/* Blank-separated keys; last NULL for the end. */
static void tell(struct listing *l, const char *keys, const char *after,
		 const char *last, int64_t fetched_ms, uint64_t seq)
{
	struct listing_range range = {
		.after = after,
		.last = last,
		.is_end = !last,
		.fetched_ms = fetched_ms,
		.seq = seq,
	};
	const char *list[16];
	char copy[256];
	char *rest = copy, *key;
	size_t count = 0;

	snprintf(copy, sizeof(copy), "%s", keys);
	while ((key = strsep(&rest, " ")) && *key)
		list[count++] = key;
	range.segment = build(list, count, seq);
	assert_int_equal(listing_insert(l, &range), 0);
	segment_put(range.segment);
}

static enum listing_answer ask(const struct listing *l, const char *name,
			       struct listing_hit *hit)
{
	return listing_lookup(l, name, strlen(name), 100, FOREVER, hit);
}

static void a_name_between_what_was_listed_is_proven_absent(void **state)
{
	struct listing l = LISTING_INIT;
	struct listing_hit hit;

	assert_int_equal(ask(&l, "b", &hit), LISTING_UNKNOWN);
	tell(&l, "a c d/", "", "d/", 7, 3);
	assert_int_equal(ask(&l, "a", &hit), LISTING_FOUND);
	assert_false(hit.entry.is_dir);
	assert_int_equal(hit.seq, 3);
	assert_int_equal(hit.fetched_ms, 7);
	assert_int_equal(ask(&l, "b", &hit), LISTING_ABSENT);
	assert_int_equal(hit.seq, 3);
	assert_int_equal(hit.fetched_ms, 7);
	assert_int_equal(ask(&l, "d", &hit), LISTING_FOUND);
	assert_true(hit.entry.is_dir);
	assert_false(hit.hides_file);
	assert_int_equal(ask(&l, "e", &hit), LISTING_UNKNOWN);
	listing_drop(&l);
}

static void a_name_is_absent_only_if_both_its_keys_are_covered(void **state)
{
	struct listing l = LISTING_INIT;
	struct listing_hit hit;

	/* "d" and "d-x" were told; "d/" comes behind them. */
	tell(&l, "d-x", "", "d-x", 0, 1);
	assert_int_equal(ask(&l, "d", &hit), LISTING_UNKNOWN);
	tell(&l, "d/", "d-x", "d0", 0, 2);
	assert_int_equal(ask(&l, "d", &hit), LISTING_FOUND);
	assert_true(hit.entry.is_dir);
	tell(&l, "", "d-x", "d0", 0, 3);
	assert_int_equal(ask(&l, "d", &hit), LISTING_ABSENT);
	assert_int_equal(hit.seq, 1);
	/* Only "d/" is known not to be there. */
	listing_drop(&l);
	tell(&l, "", "d", "e", 0, 1);
	assert_int_equal(ask(&l, "d", &hit), LISTING_UNKNOWN);
	assert_int_equal(ask(&l, "d0", &hit), LISTING_ABSENT);
	listing_drop(&l);
}

static void a_file_is_not_given_while_a_directory_may_have_its_name(void **s)
{
	struct listing l = LISTING_INIT;
	struct listing_hit hit;

	tell(&l, "d", "", "d", 0, 1);
	assert_int_equal(ask(&l, "d", &hit), LISTING_UNKNOWN);
	tell(&l, "d-x d/", "d", "d/", 0, 1);
	assert_int_equal(ask(&l, "d", &hit), LISTING_FOUND);
	assert_true(hit.entry.is_dir);
	assert_true(hit.hides_file);
	listing_drop(&l);
}

static void old_ranges_are_as_if_not_there(void **state)
{
	struct listing l = LISTING_INIT;
	struct listing_hit hit;
	struct listing_page page;

	tell(&l, "a", "", NULL, 1000, 1);
	assert_int_equal(listing_lookup(&l, "a", 1, 1009, 10, &hit),
			 LISTING_FOUND);
	assert_true(listing_is_complete(&l, 1009, 10));
	assert_true(listing_next_page(&l, "", 1009, 10, &page));
	assert_int_equal(listing_lookup(&l, "a", 1, 1010, 10, &hit),
			 LISTING_UNKNOWN);
	assert_false(listing_is_complete(&l, 1010, 10));
	assert_false(listing_next_page(&l, "", 1010, 10, &page));
	listing_drop(&l);
}

static void an_answer_asked_for_earlier_brings_nothing_back(void **state)
{
	struct listing l = LISTING_INIT;
	struct listing_hit hit;

	tell(&l, "c", "b", "d", 0, 5);
	tell(&l, "a bb c cc e", "", NULL, 0, 4);
	assert_int_equal(ask(&l, "bb", &hit), LISTING_ABSENT);
	assert_int_equal(ask(&l, "cc", &hit), LISTING_ABSENT);
	assert_int_equal(ask(&l, "c", &hit), LISTING_FOUND);
	assert_int_equal(hit.seq, 5);
	assert_int_equal(ask(&l, "a", &hit), LISTING_FOUND);
	assert_int_equal(hit.seq, 4);
	assert_int_equal(ask(&l, "e", &hit), LISTING_FOUND);
	assert_true(listing_is_complete(&l, 0, FOREVER));
	listing_drop(&l);
}

static void bounds_that_do_not_rise_are_refused(void **state)
{
	struct segment *seg = build(NULL, 0, 0);
	struct listing_range range = { .segment = seg,
				       .after = "b",
				       .last = "b" };
	struct listing l = LISTING_INIT;

	assert_int_equal(listing_insert(&l, &range), -EINVAL);
	range.last = "a";
	assert_int_equal(listing_insert(&l, &range), -EINVAL);
	assert_int_equal(l.count, 0);
	segment_put(seg);
}

/*
 * The model. Its bounds are all keys that names over a few bytes around the
 * slash can make, and some that no name makes, sorted; stretch i is what
 * lies behind bound i - 1, up to bound i. The last one has no bound.
 */
#define BOUNDS_MAX 128

static char bounds[BOUNDS_MAX][8];
static bool bound_is_name[BOUNDS_MAX];
static size_t bound_count;

struct stretch {
	bool is_known;
	bool has_entry;
	uint64_t seq;
	int64_t fetched_ms;
};

struct model {
	struct stretch stretches[BOUNDS_MAX + 1];
	struct listing listing;
};

static int by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void make_bounds(void)
{
	static const char letters[] = "a-.0~";
	static const char *const odd[] = { "/",   "a/b",    "-/",
					   "aaa", "a-\x7f", "\xc3\xa9" };

	bound_count = 0;
	for (size_t i = 0; i < 5; i++) {
		for (size_t n = 0; n < 6; n++) {
			char name[3] = { letters[i], letters[n], '\0' };

			snprintf(bounds[bound_count++], 8, "%s", name);
			snprintf(bounds[bound_count++], 8, "%s/", name);
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(odd); i++)
		snprintf(bounds[bound_count++], 8, "%s", odd[i]);
	qsort(bounds, bound_count, sizeof(bounds[0]), by_text);
	for (size_t i = 1, kept = 1; i <= bound_count; i++) {
		if (i == bound_count)
			bound_count = kept;
		else if (strcmp(bounds[kept - 1], bounds[i]) != 0)
			memmove(bounds[kept++], bounds[i], 8);
	}
	for (size_t i = 0; i < bound_count; i++) {
		const char *slash = strchr(bounds[i], '/');

		bound_is_name[i] = slash != bounds[i] && (!slash || !slash[1]);
	}
}

static const char *bound(size_t i)
{
	return i == 0 ? "" : bounds[i - 1];
}

/* Stretches first to end - 1 are told anew; entries outside mean nothing. */
static void random_insert(struct model *m)
{
	size_t first = random_below(bound_count + 1);
	size_t end = first + 1 + random_below(bound_count + 1 - first);
	struct listing_range range = {
		.after = bound(first),
		.last = end > bound_count ? NULL : bound(end),
		.is_end = end > bound_count,
		.fetched_ms = (int64_t)random_below(20),
		.seq = random_below(30),
	};
	const char *keys[BOUNDS_MAX];
	bool present[BOUNDS_MAX + 1] = { false };
	size_t count = 0;

	for (size_t i = 0; i < bound_count; i++) {
		present[i] = bound_is_name[i] && random_below(3) == 0;
		if (present[i])
			keys[count++] = bounds[i];
	}
	range.segment = build(keys, count, range.seq);
	assert_int_equal(listing_insert(&m->listing, &range), 0);
	segment_put(range.segment);
	for (size_t i = first; i < end; i++) {
		struct stretch *s = &m->stretches[i];

		if (s->is_known && s->seq > range.seq)
			continue;
		*s = (struct stretch){ true, present[i], range.seq,
				       range.fetched_ms };
	}
}

static const struct stretch *fresh_stretch(const struct model *m, size_t i,
					   int64_t now_ms, int64_t ttl_ms)
{
	const struct stretch *s = &m->stretches[i];

	return s->is_known && now_ms - s->fetched_ms < ttl_ms ? s : NULL;
}

static size_t stretch_of(const char *key)
{
	size_t i = 0;

	while (i < bound_count && strcmp(bounds[i], key) < 0)
		i++;
	return i;
}

static bool holds(const struct stretch *s, const struct model *m,
		  const char *key)
{
	size_t i = stretch_of(key);

	return s && m->stretches[i].has_entry && strcmp(bounds[i], key) == 0;
}

static void check_lookup(const struct model *m, const char *name, int64_t now,
			 int64_t ttl)
{
	const struct stretch *file, *dir;
	struct listing_hit hit = { .seq = 99 };
	enum listing_answer answer;
	char key[10];

	snprintf(key, sizeof(key), "%s/", name);
	file = fresh_stretch(m, stretch_of(name), now, ttl);
	dir = fresh_stretch(m, stretch_of(key), now, ttl);
	answer =
		listing_lookup(&m->listing, name, strlen(name), now, ttl, &hit);
	if (!dir || (!file && !holds(dir, m, key))) {
		assert_int_equal(answer, LISTING_UNKNOWN);
		return;
	}
	if (holds(dir, m, key)) {
		assert_int_equal(answer, LISTING_FOUND);
		assert_int_equal(hit.entry.size, dir->seq);
		assert_int_equal(hit.seq, dir->seq);
	} else {
		assert_int_equal(answer, holds(file, m, name) ? LISTING_FOUND :
								LISTING_ABSENT);
		assert_int_equal(hit.seq,
				 dir->seq < file->seq ? dir->seq : file->seq);
	}
	if (answer == LISTING_FOUND) {
		assert_string_equal(hit.entry.name, name);
		assert_int_equal(hit.entry.is_dir, holds(dir, m, key));
		assert_int_equal(hit.hides_file,
				 holds(dir, m, key) && holds(file, m, name));
		if (!hit.entry.is_dir)
			assert_int_equal(hit.entry.size, file->seq);
	}
}

/* The entries of the page are those of the stretches up to its last key. */
static void check_page(const struct model *m, size_t i, int64_t now,
		       int64_t ttl)
{
	const struct stretch *s = fresh_stretch(m, i, now, ttl);
	struct listing_page page;
	bool has_page =
		listing_next_page(&m->listing, bound(i), now, ttl, &page);
	size_t index = page.first;

	assert_int_equal(has_page, s != NULL);
	if (!has_page)
		return;
	assert_int_equal(page.seq, s->seq);
	assert_int_equal(page.fetched_ms, s->fetched_ms);
	for (; i <= bound_count; i++) {
		struct segment_entry e, want;

		if (!page.is_end && strcmp(bound(i), page.last) == 0)
			break;
		assert_int_equal(m->stretches[i].seq, page.seq);
		if (!m->stretches[i].has_entry)
			continue;
		want = entry_of(bounds[i]);
		segment_read(page.segment, index++, &e);
		assert_string_equal(e.name, want.name);
		assert_int_equal(e.is_dir, want.is_dir);
	}
	assert_int_equal(index, page.first + page.count);
	assert_int_equal(page.is_end, i > bound_count);
}

static void check_all(const struct model *m, int64_t now, int64_t ttl)
{
	bool is_complete = true;

	for (size_t i = 0; i <= bound_count; i++) {
		is_complete = is_complete && fresh_stretch(m, i, now, ttl);
		check_page(m, i, now, ttl);
		if (i < bound_count && bound_is_name[i]) {
			struct segment_entry e = entry_of(bounds[i]);

			check_lookup(m, e.name, now, ttl);
		}
	}
	check_lookup(m, "a-a", now, ttl);
	check_lookup(m, "zz", now, ttl);
	assert_int_equal(listing_is_complete(&m->listing, now, ttl),
			 is_complete);
}

static void random_answers_match_a_plain_model(void **state)
{
	random_state = 42;
	make_bounds();
	for (int round = 0; round < 60; round++) {
		struct model m = { .listing = LISTING_INIT };

		for (int step = 0; step < 20; step++) {
			random_insert(&m);
			check_all(&m, 20, FOREVER);
			check_all(&m, 20, (int64_t)random_below(22));
		}
		listing_drop(&m.listing);
	}
}

static void pages_in_a_row_are_a_complete_listing(void **state)
{
	struct listing l = LISTING_INIT;
	struct listing_page page;
	const char *at = "";
	size_t pages = 0;

	tell(&l, "a b/", "", "b/", 0, 1);
	tell(&l, "e", "d", NULL, 0, 1);
	assert_false(listing_is_complete(&l, 0, FOREVER));
	assert_true(listing_next_page(&l, "", 0, FOREVER, &page));
	assert_false(listing_next_page(&l, "b/", 0, FOREVER, &page));
	tell(&l, "c d", "b/", "d", 0, 1);
	assert_true(listing_is_complete(&l, 0, FOREVER));
	do {
		assert_true(listing_next_page(&l, at, 0, FOREVER, &page));
		at = page.last;
		pages++;
	} while (!page.is_end);
	assert_int_equal(pages, 3);
	/* From within a page. */
	assert_true(listing_next_page(&l, "c", 0, FOREVER, &page));
	assert_int_equal(page.first, 1);
	assert_int_equal(page.count, 1);
	listing_drop(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_name_between_what_was_listed_is_proven_absent),
		cmocka_unit_test(
			a_name_is_absent_only_if_both_its_keys_are_covered),
		cmocka_unit_test(
			a_file_is_not_given_while_a_directory_may_have_its_name),
		cmocka_unit_test(old_ranges_are_as_if_not_there),
		cmocka_unit_test(
			an_answer_asked_for_earlier_brings_nothing_back),
		cmocka_unit_test(bounds_that_do_not_rise_are_refused),
		cmocka_unit_test(random_answers_match_a_plain_model),
		cmocka_unit_test(pages_in_a_row_are_a_complete_listing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
