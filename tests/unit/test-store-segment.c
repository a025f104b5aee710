/* SPDX-License-Identifier: MIT */
/* Packed entries come back as they went in, in S3's order of keys. */
#include "names/segment.h"
#include "random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct segment_entry make_entry(const char *name, bool is_dir)
{
	struct segment_entry e = { .is_dir = is_dir };

	e.name_len = strlen(name);
	memcpy(e.name, name, e.name_len + 1);
	return e;
}

static void check_same(const struct segment_entry *a,
		       const struct segment_entry *b)
{
	assert_int_equal(a->name_len, b->name_len);
	assert_string_equal(a->name, b->name);
	assert_int_equal(a->is_dir, b->is_dir);
	assert_int_equal(a->has_class, b->has_class);
	assert_int_equal(a->size, b->size);
	assert_int_equal(a->mtime_ns, b->mtime_ns);
	assert_string_equal(a->etag, b->etag);
}

static struct segment *build(const struct segment_entry *entries, size_t count)
{
	struct segment_builder b;
	struct segment *seg = NULL;

	segment_builder_init(&b);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(segment_builder_add(&b, &entries[i]), 0);
	assert_int_equal(segment_builder_finish(&b, &seg), 0);
	segment_builder_release(&b);
	return seg;
}

static void check_round_trip(const struct segment_entry *entries, size_t count)
{
	struct segment *seg = build(entries, count);
	struct segment_entry out;
	size_t index;

	assert_int_equal(segment_count(seg), count);
	for (size_t i = 0; i < count; i++) {
		segment_read(seg, i, &out);
		check_same(&entries[i], &out);
		assert_true(segment_find(seg, entries[i].name,
					 entries[i].name_len, entries[i].is_dir,
					 &index));
		assert_int_equal(index, i);
	}
	segment_put(seg);
}

static void every_form_of_etag_comes_back(void **state)
{
	static const char *const etags[] = {
		"",
		"d41d8cd98f00b204e9800998ecf8427e",
		"d41d8cd98f00b204e9800998ecf8427e-1",
		"d41d8cd98f00b204e9800998ecf8427e-10000",
		"d41d8cd98f00b204e9800998ecf8427e-4294967295",
		"d41d8cd98f00b204e9800998ecf8427e-4294967296",
		"d41d8cd98f00b204e9800998ecf8427e-0",
		"d41d8cd98f00b204e9800998ecf8427e-01",
		"d41d8cd98f00b204e9800998ecf8427e-",
		"d41d8cd98f00b204e9800998ecf8427e-x",
		"d41d8cd98f00b204e9800998ecf8427",
		"d41d8cd98f00b204e9800998ecf8427e0",
		"D41D8CD98F00B204E9800998ECF8427E",
		"some other text",
		"x",
	};
	struct segment_entry entries[ARRAY_SIZE(etags) + 1];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(etags); i++) {
		char name[2] = { (char)('a' + i), '\0' };

		entries[i] = make_entry(name, false);
		snprintf(entries[i].etag, S3_ETAG_MAX, "%s", etags[i]);
	}
	entries[i] = make_entry("z", false);
	memset(entries[i].etag, 'e', S3_ETAG_MAX - 1);
	check_round_trip(entries, i + 1);
}

static void sizes_and_times_come_back(void **state)
{
	static const struct {
		uint64_t size;
		int64_t mtime_ns;
	} cases[] = {
		{ 0, 0 },
		{ 1, 500000000 },
		{ 127, 1700000000000000000 },
		{ 128, 1700000000001000000 },
		{ UINT64_MAX, 1500000000000000000 },
		{ 5ull << 40, -1000000 },
		{ 7, INT64_MAX / 1000000 * 1000000 },
		{ 8, INT64_MIN / 1000000 * 1000000 },
	};
	struct segment_entry entries[ARRAY_SIZE(cases)];

	for (size_t first = 0; first < ARRAY_SIZE(cases); first++) {
		for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
			char name[2] = { (char)('a' + i), '\0' };
			size_t n = (first + i) % ARRAY_SIZE(cases);

			entries[i] = make_entry(name, false);
			entries[i].size = cases[n].size;
			entries[i].mtime_ns = cases[n].mtime_ns;
		}
		check_round_trip(entries, ARRAY_SIZE(cases));
	}
}

static void a_directory_stands_where_its_slash_puts_it(void **state)
{
	const struct segment_entry entries[] = {
		make_entry("d", false),  make_entry("d!", false),
		make_entry("d-", true),  make_entry("d-x", false),
		make_entry("d.", false), make_entry("d.x", true),
		make_entry("d", true),   make_entry("d0", false),
		make_entry("d0", true),  make_entry("d\xc3\xa9", false),
		make_entry("e", true),
	};

	check_round_trip(entries, ARRAY_SIZE(entries));
}

static void what_does_not_rise_is_refused(void **state)
{
	const struct segment_entry first = make_entry("d", true);
	const struct segment_entry refused[] = {
		make_entry("d", true),    make_entry("d", false),
		make_entry("d-x", false), make_entry("c", false),
		make_entry("", false),    make_entry("f/g", false),
	};
	struct segment_entry longest = make_entry("", false), out;
	struct segment_builder b;
	struct segment *seg;

	segment_builder_init(&b);
	assert_int_equal(segment_builder_add(&b, &first), 0);
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
		assert_int_equal(segment_builder_add(&b, &refused[i]), -EINVAL);
	memset(longest.name, 'x', 255);
	longest.name_len = 256;
	assert_int_equal(segment_builder_add(&b, &longest), -EINVAL);
	longest.name_len = 255;
	assert_int_equal(segment_builder_add(&b, &longest), 0);
	assert_int_equal(segment_builder_finish(&b, &seg), 0);
	assert_int_equal(segment_count(seg), 2);
	segment_read(seg, 1, &out);
	check_same(&longest, &out);
	segment_put(seg);
	segment_builder_release(&b);
}

static void an_empty_segment_finds_nothing(void **state)
{
	struct segment *seg = build(NULL, 0);
	size_t index = 9;

	assert_int_equal(segment_count(seg), 0);
	assert_false(segment_find(seg, "a", 1, false, &index));
	assert_int_equal(index, 0);
	segment_put(seg);
	segment_put(NULL);
}

static void the_last_of_several_users_frees_it(void **state)
{
	const struct segment_entry one = make_entry("a", false);
	struct segment *seg = build(&one, 1);

	assert_ptr_equal(segment_get(seg), seg);
	segment_put(seg);
	assert_int_equal(segment_count(seg), 1);
	segment_put(seg);
}

/* The key as S3 has it, for the model. */
static void key_of(const struct segment_entry *e, char out[NAME_SIZE + 1])
{
	memcpy(out, e->name, e->name_len);
	memcpy(out + e->name_len, "/", 2);
	out[e->name_len + e->is_dir] = '\0';
}

static int by_key(const void *a, const void *b)
{
	char key_a[NAME_SIZE + 1], key_b[NAME_SIZE + 1];

	key_of(a, key_a);
	key_of(b, key_b);
	return strcmp(key_a, key_b);
}

static struct segment_entry random_entry(void)
{
	static const char letters[] = "a-./0";
	struct segment_entry e = { .is_dir = random_below(2) };

	e.name_len = 1 + random_below(5);
	for (size_t i = 0; i < e.name_len; i++) {
		do {
			e.name[i] = letters[random_below(5)];
		} while (e.name[i] == '/');
	}
	e.size = random_below(1u << 20);
	e.mtime_ns = (int64_t)random_below(1u << 20) * 1000000;
	return e;
}

static size_t sort_unique(struct segment_entry *entries, size_t count)
{
	size_t kept = 0;

	qsort(entries, count, sizeof(*entries), by_key);
	for (size_t i = 0; i < count; i++) {
		if (kept == 0 || by_key(&entries[kept - 1], &entries[i]) != 0)
			entries[kept++] = entries[i];
	}
	return kept;
}

static void a_search_agrees_with_a_sorted_array(void **state)
{
	static struct segment_entry entries[400];

	random_state = 11;
	for (int round = 0; round < 60; round++) {
		size_t count = random_below(ARRAY_SIZE(entries) + 1);
		struct segment *seg;

		for (size_t i = 0; i < count; i++)
			entries[i] = random_entry();
		count = sort_unique(entries, count);
		check_round_trip(entries, count);
		seg = build(entries, count);
		for (int probe = 0; probe < 300; probe++) {
			struct segment_entry e = random_entry();
			size_t at = 0, index;
			bool is_there;

			while (at < count && by_key(&entries[at], &e) < 0)
				at++;
			is_there = at < count && by_key(&entries[at], &e) == 0;
			assert_int_equal(segment_find(seg, e.name, e.name_len,
						      e.is_dir, &index),
					 is_there);
			assert_int_equal(index, at);
		}
		segment_put(seg);
	}
}

/* A thousand names of 30 bytes with nothing in common but their length. */
static void a_page_of_random_names_takes_62_bytes_an_entry(void **state)
{
	static struct segment_entry entries[1000];
	struct segment *seg;

	random_state = 5;
	for (size_t i = 0; i < ARRAY_SIZE(entries); i++) {
		struct segment_entry *e = &entries[i];

		*e = (struct segment_entry){ .name_len = 30 };
		for (size_t n = 0; n < 30; n++)
			e->name[n] = (char)('a' + random_below(26));
		e->size = random_below(4u << 20);
		e->mtime_ns = 1600000000000000000 +
			      (int64_t)random_below(100000000) * 1000000000;
		for (size_t n = 0; n < 32; n++)
			e->etag[n] = "0123456789abcdef"[random_below(16)];
	}
	qsort(entries, ARRAY_SIZE(entries), sizeof(*entries), by_key);
	seg = build(entries, ARRAY_SIZE(entries));
	assert_in_range(segment_bytes(seg), 1000 * 30, 1000 * 62);
	segment_put(seg);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_form_of_etag_comes_back),
		cmocka_unit_test(sizes_and_times_come_back),
		cmocka_unit_test(a_directory_stands_where_its_slash_puts_it),
		cmocka_unit_test(what_does_not_rise_is_refused),
		cmocka_unit_test(an_empty_segment_finds_nothing),
		cmocka_unit_test(the_last_of_several_users_frees_it),
		cmocka_unit_test(a_search_agrees_with_a_sorted_array),
		cmocka_unit_test(
			a_page_of_random_names_takes_62_bytes_an_entry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
