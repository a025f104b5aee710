/* SPDX-License-Identifier: MIT */
/* Ranges by example, and against a plain bitmap under random operations. */
#include "data/extents.h"
#include "random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define SIZE 512

struct model {
	struct extents set;
	bool bits[SIZE];
};

static void check_shape(const struct extents *set)
{
	for (size_t i = 0; i < set->count; i++) {
		assert_true(set->items[i].start < set->items[i].end);
		if (i > 0)
			assert_true(set->items[i - 1].end <
				    set->items[i].start);
	}
}

static void check_totals(const struct model *m)
{
	uint64_t total = 0;

	check_shape(&m->set);
	for (size_t i = 0; i < SIZE; i++) {
		total += m->bits[i];
		assert_int_equal(extents_contains(&m->set, i, i + 1),
				 m->bits[i]);
	}
	assert_int_equal(extents_total(&m->set), total);
}

static size_t run_end(const struct model *m, size_t from, size_t limit)
{
	size_t end = from;

	while (end < limit && m->bits[end] == m->bits[from])
		end++;
	return end;
}

static void check_next(const struct model *m, size_t from)
{
	size_t first = from;
	uint64_t start, end;

	while (first < SIZE && !m->bits[first])
		first++;
	if (first == SIZE) {
		assert_false(extents_next(&m->set, from, &start, &end));
		return;
	}
	assert_true(extents_next(&m->set, from, &start, &end));
	assert_int_equal(end, run_end(m, first, SIZE));
	while (first > 0 && m->bits[first - 1])
		first--;
	assert_int_equal(start, first);
}

static void check_gap(const struct model *m, size_t from, size_t limit)
{
	size_t first = from;
	uint64_t start, end;

	while (first < limit && m->bits[first])
		first++;
	if (first >= limit) {
		assert_false(
			extents_next_gap(&m->set, from, limit, &start, &end));
		return;
	}
	assert_true(extents_next_gap(&m->set, from, limit, &start, &end));
	assert_int_equal(start, first);
	assert_int_equal(end, run_end(m, first, limit));
}

static void check_range(const struct model *m, size_t start, size_t end)
{
	size_t inside = 0;

	for (size_t i = start; i < end; i++)
		inside += m->bits[i];
	assert_int_equal(extents_overlap(&m->set, start, end), inside);
	assert_int_equal(extents_contains(&m->set, start, end),
			 end <= start || inside == end - start);
}

static void random_step(struct model *m)
{
	size_t start = random_below(SIZE), kind = random_below(20);
	size_t end = start + random_below(kind < 15 ? 24 : SIZE - start + 1);

	if (end > SIZE)
		end = SIZE;
	if (kind < 10 || kind == 15) {
		assert_int_equal(extents_add(&m->set, start, end), 0);
		memset(m->bits + start, true, end - start);
	} else if (kind < 18) {
		assert_int_equal(extents_remove(&m->set, start, end), 0);
		memset(m->bits + start, false, end - start);
	} else if (kind < 19) {
		extents_truncate(&m->set, start);
		memset(m->bits + start, false, SIZE - start);
	} else if (random_below(8) == 0) {
		extents_clear(&m->set);
		memset(m->bits, false, SIZE);
	}
}

static void random_operations_match_a_bitmap(void **state)
{
	struct model m = { .set = EXTENTS_INIT };

	random_state = 20240611;
	for (int i = 0; i < 4000; i++) {
		random_step(&m);
		check_totals(&m);
		check_next(&m, random_below(SIZE));
		check_gap(&m, random_below(SIZE), random_below(SIZE + 1));
		check_range(&m, random_below(SIZE), random_below(SIZE + 1));
	}
	extents_release(&m.set);
}

static void sequential_pieces_are_one_range(void **state)
{
	const uint64_t piece = 128 * 1024;
	struct extents set = EXTENTS_INIT;

	for (uint64_t i = 0; i < 100000; i++)
		assert_int_equal(extents_add(&set, i * piece, (i + 1) * piece),
				 0);
	assert_int_equal(set.count, 1);
	assert_int_equal(extents_total(&set), 100000 * piece);
	extents_release(&set);
}

static void many_scattered_blocks_are_all_kept(void **state)
{
	const uint64_t block = 4096, blocks = 1u << 20;
	struct extents set = EXTENTS_INIT;

	random_state = 1;
	for (int i = 0; i < 30000; i++) {
		uint64_t start = random_below(blocks) * block;

		assert_int_equal(extents_add(&set, start, start + block), 0);
		assert_true(extents_contains(&set, start, start + block));
	}
	check_shape(&set);
	assert_true(set.count > 25000);
	extents_release(&set);
}

static void the_last_byte_of_all_is_no_special_case(void **state)
{
	struct extents set = EXTENTS_INIT;
	uint64_t start = 0, end = 0;

	assert_int_equal(extents_add(&set, UINT64_MAX - 2, UINT64_MAX), 0);
	assert_int_equal(extents_add(&set, 0, 1), 0);
	assert_true(extents_contains(&set, UINT64_MAX - 1, UINT64_MAX));
	assert_false(extents_next(&set, UINT64_MAX, &start, &end));
	assert_false(extents_next_gap(&set, UINT64_MAX - 2, UINT64_MAX, &start,
				      &end));
	assert_true(extents_next_gap(&set, 0, UINT64_MAX, &start, &end));
	assert_int_equal(start, 1);
	assert_true(end == UINT64_MAX - 2);
	assert_int_equal(extents_remove(&set, 0, UINT64_MAX), 0);
	assert_int_equal(extents_total(&set), 0);
	extents_release(&set);
}

static void an_empty_range_changes_nothing(void **state)
{
	struct extents set = EXTENTS_INIT;

	assert_int_equal(extents_add(&set, 5, 5), 0);
	assert_int_equal(extents_add(&set, 9, 3), 0);
	assert_int_equal(extents_total(&set), 0);
	assert_int_equal(extents_add(&set, 0, 10), 0);
	assert_int_equal(extents_remove(&set, 5, 5), 0);
	assert_int_equal(extents_remove(&set, 9, 3), 0);
	assert_int_equal(extents_total(&set), 10);
	assert_int_equal(set.count, 1);
	extents_release(&set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_operations_match_a_bitmap),
		cmocka_unit_test(sequential_pieces_are_one_range),
		cmocka_unit_test(many_scattered_blocks_are_all_kept),
		cmocka_unit_test(the_last_byte_of_all_is_no_special_case),
		cmocka_unit_test(an_empty_range_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
