/* SPDX-License-Identifier: MIT */
/*
 * A file's bytes in memory and in the spool against a plain byte array, under
 * seeded random operations, while pieces are held.
 */
#include "blocks-fixture.h"

#define SNAPS 3

/* What a reader or an upload kept, and what it must go on to see. */
struct snap {
	struct pieces pieces;
	unsigned char *expected;
};

static struct snap snaps[SNAPS];

/* Mostly small ranges, often at a block's edge, sometimes large ones. */
static void random_range(struct fixture *f, uint64_t *at, uint64_t *len)
{
	uint64_t most = random_below(4) ? 3000 : 3 * BLOCK;

	*at = random_below(SIZE);
	if (random_below(3) == 0)
		*at -= *at % BLOCK;
	*len = 1 + random_below(most);
	if (random_below(8) == 0)
		*len = BLOCK;
	if (*len > SIZE - *at)
		*len = SIZE - *at;
}

static void random_write(struct fixture *f, uint64_t at, uint64_t len)
{
	uint64_t from = random_below(SIZE - len + 1);
	uint64_t kind = random_below(8);
	int result;

	if (kind < 5) {
		result = put(f, at, from, len, BLOCKS_TRY);
		assert_true(result == 0 || result == -EAGAIN);
		if (result == -EAGAIN && random_below(2))
			assert_int_equal(blocks_spill_locked(&f->blocks,
							     &f->have, 0,
							     UINT64_MAX),
					 0);
	} else if (kind < 6) {
		assert_int_equal(put(f, at, from, len, BLOCKS_FORCE), 0);
	} else {
		assert_int_equal(put_spool(f, at, from, len), 0);
	}
}

/* The owner's part of a drop: what has gone is not held any more. */
static void random_drop(struct fixture *f, uint64_t at, uint64_t len)
{
	uint64_t start = (at + BLOCK - 1) / BLOCK * BLOCK;
	uint64_t end = (at + len) / BLOCK * BLOCK;

	blocks_drop(&f->blocks, at, at + len);
	if (start < end) {
		assert_int_equal(extents_remove(&f->have, start, end), 0);
		memset(f->model + start, 0, end - start);
	}
}

static void random_truncate(struct fixture *f, uint64_t size)
{
	extents_truncate(&f->have, size);
	memset(f->model + size, 0, SIZE - size);
	blocks_drop(&f->blocks, size, UINT64_MAX);
}

/* Lets go what was kept there, which must be unchanged, and keeps anew. */
static void random_snap(struct fixture *f, uint64_t at, uint64_t len)
{
	struct snap *snap = &snaps[random_below(SNAPS)];

	if (snap->expected)
		check_pieces(&snap->pieces, snap->expected,
			     snap->pieces.length);
	pieces_release(&snap->pieces);
	free(snap->expected);
	snap->expected = malloc(len);
	assert_non_null(snap->expected);
	memcpy(snap->expected, f->model + at, len);
	assert_int_equal(
		pieces_add(&snap->pieces, &f->blocks, &f->have, at, len), 0);
	assert_int_equal(load_pieces(&snap->pieces), 0);
}

static void random_step(struct fixture *f)
{
	uint64_t kind = random_below(40), at, len;

	random_range(f, &at, &len);
	if (kind < 26)
		random_write(f, at, len);
	else if (kind < 34)
		random_snap(f, at, len);
	else if (kind < 37)
		random_drop(f, at, len);
	else if (kind < 38)
		random_truncate(f, at);
	else
		assert_int_equal(blocks_spill_locked(&f->blocks, &f->have, 0,
						     UINT64_MAX),
				 0);
	random_range(f, &at, &len);
	check_range(f, at, len);
}

static void random_operations_match_a_byte_array(void **state)
{
	struct fixture *f = *state;

	f->budget.limit = 6 * BLOCK;
	for (int i = 0; i < 3000; i++) {
		random_step(f);
		if (i % 100 == 0)
			check_all(f);
	}
	check_all(f);
	for (size_t i = 0; i < SNAPS; i++) {
		struct snap *snap = &snaps[i];

		check_pieces(&snap->pieces, snap->expected,
			     snap->pieces.length);
		pieces_release(&snap->pieces);
		free(snap->expected);
	}
	/* Nobody else holds a block: what is owed is what is there. */
	assert_int_equal(f->budget.used, f->blocks.memory_bytes);
	assert_int_equal(
		blocks_spill_locked(&f->blocks, &f->have, 0, UINT64_MAX), 0);
	assert_int_equal(f->budget.used, 0);
	check_all(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(random_operations_match_a_byte_array),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
