/* SPDX-License-Identifier: MIT */
/* Upload plans: the costs that were promised, and what always has to hold. */
#include "data/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "random.h"
#include "s3.h"

#define KIB 1024ull
#define MIB PLAN_MIB
#define GIB (1024 * MIB)
#define TIB (1024 * GIB)
/* A short range grows by a gap of under 10 MiB at one side, and gaps of under
   5 MiB at both. */
#define GROWTH_MAX (20 * MIB)

/* Up to limit, small numbers as often as large ones. */
static uint64_t random_magnitude(uint64_t limit)
{
	return random_below((limit >> random_below(32)) + 1);
}

struct sums {
	size_t uploads, copies;
	uint64_t uploaded, copied;
};

static struct sums sum_up(const struct plan *plan)
{
	struct sums sums = { 0 };

	for (size_t i = 0; i < plan->count; i++) {
		bool is_copy = plan->parts[i].kind == PLAN_COPY;

		sums.copies += is_copy;
		sums.uploads += !is_copy;
		*(is_copy ? &sums.copied : &sums.uploaded) +=
			plan->parts[i].length;
	}
	return sums;
}

static void check_part(const struct plan_input *in,
		       const struct plan_part *part, bool is_last)
{
	assert_in_range(part->length, is_last ? 1 : S3_PART_MIN, S3_PART_MAX);
	if (part->kind == PLAN_UPLOAD)
		return;
	assert_true(in->can_copy);
	assert_true(part->offset + part->length <= in->base_size);
	assert_int_equal(extents_overlap(in->dirty, part->offset,
					 part->offset + part->length),
			 0);
}

/* What holds of every plan. */
static void check_rules(const struct plan_input *in, const struct plan *plan)
{
	uint64_t at = 0;

	assert_in_range(plan->count, 1, S3_PARTS_MAX);
	if (plan->is_single) {
		assert_int_equal(plan->count, 1);
		assert_int_equal(plan->parts[0].kind, PLAN_UPLOAD);
		assert_int_equal(plan->parts[0].offset, 0);
		assert_int_equal(plan->parts[0].length, in->size);
		return;
	}
	for (size_t i = 0; i < plan->count; i++) {
		assert_int_equal(plan->parts[i].offset, at);
		check_part(in, &plan->parts[i], i + 1 == plan->count);
		at += plan->parts[i].length;
	}
	assert_int_equal(at, in->size);
}

static uint64_t copied_within(const struct plan *plan, uint64_t start,
			      uint64_t end)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_part *part = &plan->parts[i];
		uint64_t from = part->offset, to = from + part->length;

		from = from > start ? from : start;
		to = to < end ? to : end;
		if (part->kind == PLAN_COPY && from < to)
			bytes += to - from;
	}
	return bytes;
}

/* Of every long stretch that did not change, most is copied. */
static void check_thrift(const struct plan_input *in, const struct plan *plan)
{
	uint64_t stored = in->base_size < in->size ? in->base_size : in->size;
	uint64_t at = 0, start, end;

	while (extents_next_gap(in->dirty, at, stored, &start, &end)) {
		if (end - start > GROWTH_MAX)
			assert_true(copied_within(plan, start, end) >=
				    end - start - GROWTH_MAX);
		at = end;
	}
}

static bool is_whole_upload(const struct plan_input *in)
{
	uint64_t stored = in->base_size < in->size ? in->base_size : in->size;
	uint64_t fresh =
		extents_overlap(in->dirty, 0, stored) + (in->size - stored);

	return !in->can_copy || in->size <= in->single_put_max ||
	       fresh > in->size / 100 * 60;
}

static size_t check_random_plan(uint64_t size, uint64_t base_size,
				unsigned ranges)
{
	struct extents dirty = EXTENTS_INIT, held = EXTENTS_INIT;
	struct plan_input in = {
		.size = size,
		.base_size = base_size,
		.dirty = &dirty,
		.held = random_below(4) ? &held : NULL,
		.can_copy = random_below(8),
		.copies_cheap = random_below(2),
		.single_put_max = random_below(2) * random_magnitude(GIB),
	};
	struct plan plan;
	size_t count;

	for (unsigned i = 0; i < ranges; i++) {
		uint64_t dirt = random_below(size + MIB);
		uint64_t seen = random_below(size + MIB);

		assert_int_equal(extents_add(&dirty, dirt,
					     dirt + random_magnitude(16 * MIB)),
				 0);
		assert_int_equal(extents_add(&held, seen,
					     seen + random_magnitude(64 * MIB)),
				 0);
	}
	assert_int_equal(plan_make(&plan, &in), 0);
	check_rules(&in, &plan);
	if (is_whole_upload(&in))
		assert_int_equal(sum_up(&plan).copies, 0);
	else if (plan.count < 3000)
		check_thrift(&in, &plan);
	count = plan.count;
	plan_release(&plan);
	extents_release(&dirty);
	extents_release(&held);
	return count;
}

static void random_plans_keep_the_rules(void **state)
{
	static const uint64_t limits[] = { 32 * MIB, 256 * MIB, 4 * GIB, TIB,
					   PLAN_SIZE_MAX };

	random_state = 987654321;
	for (unsigned i = 0; i < 5000; i++) {
		uint64_t size = random_magnitude(limits[i % 5]);
		uint64_t base_size = random_below(4) ?
					     size :
					     random_magnitude(limits[i % 5]);

		check_random_plan(size, base_size,
				  (unsigned)random_magnitude(60));
	}
}

static void many_edits_still_fit_in_ten_thousand_parts(void **state)
{
	random_state = 31;
	for (unsigned i = 0; i < 6; i++)
		assert_in_range(check_random_plan(2 * TIB, 2 * TIB, 8000), 2000,
				S3_PARTS_MAX);
	/* Nearly as many as there can be at all. */
	assert_in_range(check_random_plan(PLAN_SIZE_MAX, PLAN_SIZE_MAX, 50), 1,
			S3_PARTS_MAX);
}

struct edit {
	uint64_t base_size, size, start, end;
};

static struct plan plan_edit(struct edit e, bool copies_cheap)
{
	struct extents dirty = EXTENTS_INIT;
	struct plan_input in = { .size = e.size,
				 .base_size = e.base_size,
				 .dirty = &dirty,
				 .can_copy = true,
				 .copies_cheap = copies_cheap };
	struct plan plan;

	assert_int_equal(extents_add(&dirty, e.start, e.end), 0);
	assert_int_equal(plan_make(&plan, &in), 0);
	check_rules(&in, &plan);
	extents_release(&dirty);
	return plan;
}

static void a_block_in_ten_gibibytes_costs_what_was_promised(void **state)
{
	const struct edit e = { 10 * GIB, 10 * GIB, 3 * GIB,
				3 * GIB + 4 * KIB };
	struct plan plan = plan_edit(e, true);

	assert_int_equal(sum_up(&plan).copies, 3);
	assert_int_equal(sum_up(&plan).uploads, 1);
	assert_int_equal(sum_up(&plan).uploaded, 5 * MIB);
	plan_release(&plan);
	plan = plan_edit(e, false);
	assert_in_range(sum_up(&plan).copies, 60, 120);
	assert_int_equal(sum_up(&plan).uploaded, 5 * MIB);
	plan_release(&plan);
}

static void an_append_sends_what_was_appended(void **state)
{
	const struct edit e = { 40 * MIB, 40 * MIB + 100, 40 * MIB,
				40 * MIB + 100 };
	struct plan plan = plan_edit(e, false);

	assert_int_equal(plan.count, 2);
	assert_int_equal(plan.parts[0].kind, PLAN_COPY);
	assert_int_equal(plan.parts[1].length, 100);
	plan_release(&plan);
}

static void a_shorter_file_is_copied(void **state)
{
	const struct edit e = { 100 * MIB, 60 * MIB, 0, 0 };
	struct plan plan = plan_edit(e, false);

	assert_int_equal(sum_up(&plan).uploads, 0);
	assert_int_equal(sum_up(&plan).copied, 60 * MIB);
	plan_release(&plan);
}

static void a_hole_is_sent_as_zeros(void **state)
{
	const struct edit e = { 50 * MIB, 70 * MIB, 70 * MIB - 1, 70 * MIB };
	struct plan plan = plan_edit(e, false);

	assert_int_equal(sum_up(&plan).copied, 50 * MIB);
	assert_int_equal(sum_up(&plan).uploaded, 20 * MIB);
	plan_release(&plan);
}

static void a_range_grows_where_least_has_to_be_fetched(void **state)
{
	struct extents dirty = EXTENTS_INIT, held = EXTENTS_INIT;
	struct plan_input in = { .size = 100 * MIB,
				 .base_size = 100 * MIB,
				 .dirty = &dirty,
				 .held = &held,
				 .can_copy = true };
	struct plan plan;

	assert_int_equal(extents_add(&dirty, 50 * MIB, 51 * MIB), 0);
	assert_int_equal(extents_add(&held, 47 * MIB, 51 * MIB), 0);
	assert_int_equal(plan_make(&plan, &in), 0);
	assert_int_equal(plan.parts[1].offset, 46 * MIB);
	assert_int_equal(plan.parts[1].length, 5 * MIB);
	plan_release(&plan);
	assert_int_equal(extents_add(&held, 51 * MIB, 55 * MIB), 0);
	assert_int_equal(plan_make(&plan, &in), 0);
	assert_int_equal(plan.parts[1].offset, 50 * MIB);
	plan_release(&plan);
	in.held = NULL; /* as much at both sides: the later bytes */
	assert_int_equal(plan_make(&plan, &in), 0);
	assert_int_equal(plan.parts[1].offset, 50 * MIB);
	plan_release(&plan);
	extents_release(&dirty);
	extents_release(&held);
}

static void a_range_that_reaches_the_next_needs_no_more(void **state)
{
	struct extents dirty = EXTENTS_INIT;
	struct plan_input in = { .size = 100 * MIB,
				 .base_size = 100 * MIB,
				 .dirty = &dirty,
				 .can_copy = true };
	struct plan plan;

	assert_int_equal(extents_add(&dirty, 0, MIB), 0);
	assert_int_equal(extents_add(&dirty, 7 * MIB, 8 * MIB), 0);
	assert_int_equal(plan_make(&plan, &in), 0);
	check_rules(&in, &plan);
	assert_int_equal(sum_up(&plan).uploaded, 8 * MIB);
	plan_release(&plan);
	extents_release(&dirty);
}

static void a_small_or_mostly_new_file_is_sent_whole(void **state)
{
	static const struct {
		struct edit edit;
		bool is_single;
		size_t parts;
	} cases[] = {
		{ { 0, 0, 0, 0 }, true, 1 },
		{ { 0, 8 * MIB, 0, 8 * MIB }, true, 1 },
		{ { 0, 8 * MIB + 1, 0, 8 * MIB + 1 }, false, 2 },
		{ { 8 * MIB, 8 * MIB, 0, 1 }, true, 1 },
		{ { 100 * MIB, 100 * MIB, 0, 61 * MIB }, false, 13 },
		{ { 0, 100 * MIB, 0, 100 * MIB }, false, 13 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct plan plan = plan_edit(cases[i].edit, false);

		assert_int_equal(plan.is_single, cases[i].is_single);
		assert_int_equal(plan.count, cases[i].parts);
		assert_int_equal(sum_up(&plan).copies, 0);
		plan_release(&plan);
	}
}

static void no_object_has_more_than_ten_thousand_largest_parts(void **state)
{
	struct extents dirty = EXTENTS_INIT;
	struct plan_input in = { .size = PLAN_SIZE_MAX, .dirty = &dirty };
	struct plan plan;

	assert_int_equal(plan_make(&plan, &in), 0);
	check_rules(&in, &plan);
	plan_release(&plan);
	in.size++;
	assert_int_equal(plan_make(&plan, &in), -EFBIG);
}

static void streamed_parts_grow_by_schedule(void **state)
{
	static const struct {
		unsigned number;
		uint64_t offset, length;
	} cases[] = {
		{ 1, 0, 8 * MIB },
		{ 2, 8 * MIB, 8 * MIB },
		{ 1000, 999 * 8 * MIB, 8 * MIB },
		{ 1001, 8000 * MIB, 16 * MIB },
		{ 2001, 24000 * MIB, 64 * MIB },
		{ 4001, 152000 * MIB, 512 * MIB },
		{ 10000, (152000 + 5999 * 512ull) * MIB, 512 * MIB },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t offset, length;

		plan_stream_part(8 * MIB, cases[i].number, &offset, &length);
		assert_int_equal(offset, cases[i].offset);
		assert_int_equal(length, cases[i].length);
	}
	assert_int_equal(
		plan_stream_number(8 * MIB, (152000 + 6000 * 512ull) * MIB), 0);
}

static void streamed_parts_follow_one_another(void **state)
{
	static const uint64_t sizes[] = { 5 * MIB, 8 * MIB, 100 * MIB,
					  5 * GIB };

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		uint64_t at = 0, offset, length;

		for (unsigned number = 1; number <= 10000; number++) {
			plan_stream_part(sizes[i], number, &offset, &length);
			assert_int_equal(offset, at);
			assert_in_range(length, S3_PART_MIN, S3_PART_MAX);
			assert_int_equal(plan_stream_number(sizes[i], at),
					 number);
			at += length;
			assert_int_equal(plan_stream_number(sizes[i], at - 1),
					 number);
		}
		assert_int_equal(plan_stream_number(sizes[i], at), 0);
	}
}

static void a_known_size_starts_with_larger_parts_if_it_must(void **state)
{
	const uint64_t most = (152000 + 6000 * 512ull) * MIB;

	assert_int_equal(plan_stream_part_size(0), 8 * MIB);
	assert_int_equal(plan_stream_part_size(most), 8 * MIB);
	assert_int_equal(plan_stream_part_size(most + 1), 16 * MIB);
	for (uint64_t size = MIB; size <= PLAN_SIZE_MAX; size += size / 3)
		assert_int_not_equal(
			plan_stream_number(plan_stream_part_size(size),
					   size - 1),
			0);
	assert_int_equal(plan_stream_part_size(PLAN_SIZE_MAX), 5 * GIB);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_plans_keep_the_rules),
		cmocka_unit_test(many_edits_still_fit_in_ten_thousand_parts),
		cmocka_unit_test(
			a_block_in_ten_gibibytes_costs_what_was_promised),
		cmocka_unit_test(an_append_sends_what_was_appended),
		cmocka_unit_test(a_shorter_file_is_copied),
		cmocka_unit_test(a_hole_is_sent_as_zeros),
		cmocka_unit_test(a_range_grows_where_least_has_to_be_fetched),
		cmocka_unit_test(a_range_that_reaches_the_next_needs_no_more),
		cmocka_unit_test(a_small_or_mostly_new_file_is_sent_whole),
		cmocka_unit_test(
			no_object_has_more_than_ten_thousand_largest_parts),
		cmocka_unit_test(streamed_parts_grow_by_schedule),
		cmocka_unit_test(streamed_parts_follow_one_another),
		cmocka_unit_test(
			a_known_size_starts_with_larger_parts_if_it_must),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
