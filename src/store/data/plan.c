/* SPDX-License-Identifier: MIT */
/* How to publish an object with little transfer; see plan.h. */
#include "data/plan.h"

#include <string.h>

#include "data/extents.h"
#include "minmax.h"
#include "s3.h"

/* With more than this of it new, all of it is sent. */
#define WHOLE_PERCENT 60

/* A fast copy is one of 64 in flight, but large enough to be worth it. */
#define COPIES_IN_FLIGHT 64
#define COPY_MIN         (64 * PLAN_MIB)

static const struct {
	unsigned count;
	unsigned factor; /* of part_size */
} phases[] = { { 1000, 1 }, { 1000, 2 }, { 2000, 8 }, { 6000, 64 } };

static uint64_t phase_length(size_t phase, uint64_t part_size)
{
	return min_u64(part_size * phases[phase].factor, S3_PART_MAX);
}

void plan_stream_part(uint64_t part_size, unsigned number, uint64_t *offset,
		      uint64_t *length)
{
	unsigned before = number - 1;

	*offset = 0;
	*length = 0;
	for (size_t i = 0; i < ARRAY_SIZE(phases); i++) {
		*length = phase_length(i, part_size);
		if (before < phases[i].count)
			break;
		*offset += phases[i].count * *length;
		before -= phases[i].count;
	}
	*offset += before * *length;
}

unsigned plan_stream_number(uint64_t part_size, uint64_t offset)
{
	unsigned before = 0;

	for (size_t i = 0; i < ARRAY_SIZE(phases); i++) {
		uint64_t length = phase_length(i, part_size);

		if (offset / length < phases[i].count)
			return before + (unsigned)(offset / length) + 1;
		offset -= phases[i].count * length;
		before += phases[i].count;
	}
	return 0;
}

uint64_t plan_stream_part_size(uint64_t size)
{
	uint64_t part_size = PLAN_PART_SIZE;

	while (size > 0 && part_size < S3_PART_MAX &&
	       plan_stream_number(part_size, size - 1) == 0)
		part_size *= 2;
	return min_u64(part_size, S3_PART_MAX);
}

/* What differs from the stored version, within the size. */
static int find_new_bytes(const struct plan_input *in, struct extents *out)
{
	uint64_t at = 0, start, end;

	while (extents_next(in->dirty, at, &start, &end) && start < in->size) {
		if (extents_add(out, start, min_u64(end, in->size)) < 0)
			return -ENOMEM;
		at = end;
	}
	return extents_add(out, in->base_size, in->size);
}

/* As from, but without gaps shorter than min_gap. */
static int absorb_gaps(const struct extents *from, uint64_t size,
		       uint64_t min_gap, struct extents *out)
{
	uint64_t at = 0, start, end;

	while (extents_next(from, at, &start, &end)) {
		if (start - at < min_gap)
			start = at;
		if (size - end < min_gap)
			end = size;
		if (extents_add(out, start, end) < 0)
			return -ENOMEM;
		at = end;
	}
	return 0;
}

/* How much to take of a gap: what is needed, or all if too little stays. */
static uint64_t taken_of(uint64_t gap, uint64_t need)
{
	return gap >= need + S3_PART_MIN ? need : gap;
}

static uint64_t to_fetch(const struct plan_input *in, uint64_t start,
			 uint64_t end)
{
	return end - start -
	       (in->held ? extents_overlap(in->held, start, end) : 0);
}

/* Takes of the gap at one side, the one with less to fetch. */
static struct extent widen(const struct plan_input *in, struct extent run,
			   uint64_t from, uint64_t limit)
{
	uint64_t need = S3_PART_MIN - (run.end - run.start);
	uint64_t start = run.start - taken_of(run.start - from, need);
	uint64_t end = run.end + taken_of(limit - run.end, need);

	if (start < run.start &&
	    to_fetch(in, start, run.start) < to_fetch(in, run.end, end))
		return (struct extent){ start, run.end };
	return (struct extent){ run.start, end };
}

/*
 * As from, whose gaps have 5 MiB at least, but so that each range has, too,
 * unless it ends at size; a gap is gone or keeps its 5 MiB.
 */
static int widen_runs(const struct plan_input *in, const struct extents *from,
		      struct extents *out)
{
	struct extent run;
	uint64_t at = 0;

	for (uint64_t next = 0;
	     extents_next(from, next, &run.start, &run.end);) {
		uint64_t limit = in->size, unused;
		bool is_joined = run.start == at && at > 0;

		next = run.end;
		extents_next(from, next, &limit, &unused);
		if (!is_joined && run.end < in->size &&
		    run.end - run.start < S3_PART_MIN)
			run = widen(in, run, at, limit);
		if (extents_add(out, run.start, run.end) < 0)
			return -ENOMEM;
		at = run.end;
	}
	return 0;
}

static uint64_t count_pieces(uint64_t length, uint64_t target)
{
	uint64_t least = (length + S3_PART_MAX - 1) / S3_PART_MAX;

	return max_u64(max_u64(length / target, least), 1);
}

static uint64_t copy_target(const struct plan_input *in, uint64_t length,
			    unsigned scale)
{
	uint64_t target = max_u64(length / COPIES_IN_FLIGHT, COPY_MIN) * scale;

	return in->copies_cheap ? S3_COPY_MAX : min_u64(target, S3_COPY_MAX);
}

/* Cuts [start, end) evenly; each piece is a target long, or up to two. */
static void cut(struct plan *plan, bool is_counting, enum plan_kind kind,
		uint64_t start, uint64_t end, uint64_t target)
{
	uint64_t length = end - start;
	uint64_t count = count_pieces(length, target);

	for (uint64_t i = 0; i < count && !is_counting; i++) {
		uint64_t from = length * i / count;

		plan->parts[plan->count + i] = (struct plan_part){
			.kind = kind,
			.offset = start + from,
			.length = length * (i + 1) / count - from,
		};
	}
	plan->count += count;
}

/* Uploads the runs, copies what is between them; or only counts the parts. */
static void lay_out(struct plan *plan, const struct plan_input *in,
		    const struct extents *runs, unsigned scale,
		    bool is_counting)
{
	uint64_t at = 0, start, end;

	plan->count = 0;
	while (extents_next(runs, at, &start, &end)) {
		if (start > at)
			cut(plan, is_counting, PLAN_COPY, at, start,
			    copy_target(in, start - at, scale));
		cut(plan, is_counting, PLAN_UPLOAD, start, end,
		    min_u64(PLAN_PART_SIZE * scale, S3_PART_MAX));
		at = end;
	}
	if (at < in->size)
		cut(plan, is_counting, PLAN_COPY, at, in->size,
		    copy_target(in, in->size - at, scale));
}

/* Larger parts and longer gaps, doubled until there are few enough parts. */
static int plan_edit(struct plan *plan, const struct plan_input *in,
		     const struct extents *new_bytes)
{
	int rc = 0;

	for (unsigned scale = 1; rc == 0 && !plan->parts; scale *= 2) {
		CLEANUP(extents_release) struct extents merged = EXTENTS_INIT;
		CLEANUP(extents_release) struct extents runs = EXTENTS_INIT;

		rc = absorb_gaps(new_bytes, in->size, S3_PART_MIN * scale,
				 &merged);
		if (rc == 0)
			rc = widen_runs(in, &merged, &runs);
		if (rc < 0)
			break;
		lay_out(plan, in, &runs, scale, true);
		if (plan->count > S3_PARTS_MAX)
			continue;
		plan->parts = calloc(plan->count, sizeof(*plan->parts));
		if (!plan->parts)
			return -ENOMEM;
		lay_out(plan, in, &runs, scale, false);
	}
	return rc;
}

static int plan_whole(struct plan *plan, uint64_t size, uint64_t single_put_max)
{
	uint64_t part_size = plan_stream_part_size(size);

	plan->is_single = size <= min_u64(single_put_max, S3_PART_MAX);
	plan->count =
		plan->is_single ? 1 : plan_stream_number(part_size, size - 1);
	plan->parts = calloc(plan->count, sizeof(*plan->parts));
	if (!plan->parts)
		return -ENOMEM;
	if (plan->is_single) {
		plan->parts[0].length = size;
		return 0;
	}
	for (unsigned i = 0; i < plan->count; i++) {
		struct plan_part *part = &plan->parts[i];

		plan_stream_part(part_size, i + 1, &part->offset,
				 &part->length);
		part->length = min_u64(part->length, size - part->offset);
	}
	return 0;
}

int plan_make(struct plan *plan, const struct plan_input *in)
{
	CLEANUP(extents_release) struct extents new_bytes = EXTENTS_INIT;
	uint64_t single_put_max =
		in->single_put_max ? in->single_put_max : PLAN_SINGLE_PUT_MAX;
	int rc;

	memset(plan, 0, sizeof(*plan));
	if (in->size > PLAN_SIZE_MAX)
		return -EFBIG;
	rc = find_new_bytes(in, &new_bytes);
	if (rc < 0)
		return rc;
	if (!in->can_copy || in->size <= single_put_max ||
	    extents_total(&new_bytes) > in->size / 100 * WHOLE_PERCENT)
		return plan_whole(plan, in->size, single_put_max);
	return plan_edit(plan, in, &new_bytes);
}

void plan_release(struct plan *plan)
{
	free(plan->parts);
	memset(plan, 0, sizeof(*plan));
}
