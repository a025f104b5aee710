/* SPDX-License-Identifier: MIT */
/*
 * A struct blocks with a spool folder of its own beside a plain byte array
 * that has to stay equal to it. One thread.
 */
#ifndef BLOCKS_FIXTURE_H
#define BLOCKS_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "data/blocks.h"
#include "data/pieces.h"
#include "random.h"

#define BLOCK UINT64_C(262144)
#define SIZE  (8 * BLOCK)

_Static_assert(BLOCK == BLOCK_BYTES, "the figures below are blocks");

struct fixture {
	char dir[64];
	struct budget budget;
	struct blocks blocks;
	struct lock lock; /* the owner's: held all the time */
	pthread_cond_t changed;
	struct extents have;
	unsigned char model[SIZE]; /* zeros where have has nothing */
	unsigned char data[SIZE];  /* to write from */
};

static struct fixture fixture;

static struct lock *fixture_lock; /* of the blocks of this test */

static inline int setup(void **state)
{
	struct fixture *f = &fixture;
	const char *tmp = getenv("TMPDIR");

	memset(f, 0, sizeof(*f));
	random_state = 20240611;
	for (size_t i = 0; i < SIZE; i++)
		f->data[i] = (unsigned char)random_below(256);
	snprintf(f->dir, sizeof(f->dir), "%s/blocks-XXXXXX",
		 tmp && strlen(tmp) < 40 ? tmp : "/tmp");
	if (!mkdtemp(f->dir))
		return -1;
	budget_init(&f->budget, 100 * BLOCK);
	f->lock = (struct lock)LOCK_INIT(LOCK_UNRANKED);
	pthread_cond_init(&f->changed, NULL);
	fixture_lock = &f->lock;
	lock_enter(&f->lock);
	blocks_init(&f->blocks, &f->budget, f->dir, &f->lock, &f->changed);
	*state = f;
	return 0;
}

/* Every test: no memory is owed and no file is left behind. */
static inline int teardown(void **state)
{
	struct fixture *f = *state;

	blocks_release(&f->blocks);
	extents_release(&f->have);
	budget_release(&f->budget);
	lock_leave(&f->lock);
	if (rmdir(f->dir) < 0)
		return -1;
	return f->budget.used == 0 && f->blocks.memory_bytes == 0 ? 0 : -1;
}

static inline void note_write(struct fixture *f, uint64_t at, const void *data,
			      uint64_t len)
{
	assert_int_equal(extents_add(&f->have, at, at + len), 0);
	memcpy(f->model + at, data, len);
}

/* Writes len bytes of f->data from `from` on; the model follows. */
static inline int put(struct fixture *f, uint64_t at, uint64_t from,
		      uint64_t len, enum blocks_pay pay)
{
	int result =
		blocks_write(&f->blocks, at, f->data + from, len, pay, NULL);

	if (result == 0)
		note_write(f, at, f->data + from, len);
	return result;
}

static inline int put_spool(struct fixture *f, uint64_t at, uint64_t from,
			    uint64_t len)
{
	int result;

	blocks_disk_enter_locked(&f->blocks);
	result = blocks_write_disk_locked(&f->blocks, at, f->data + from, len);
	blocks_disk_leave_locked(&f->blocks);
	if (result == 0)
		result = extents_add(&f->blocks.spilled, at, at + len);
	if (result == 0)
		note_write(f, at, f->data + from, len);
	return result;
}

/* As the program does it: the disk is read without a lock. */
static inline int load_pieces(struct pieces *p)
{
	int result;

	lock_leave(fixture_lock);
	result = pieces_load(p);
	lock_enter(fixture_lock);
	return result;
}

/* The pieces are those bytes. */
static inline void check_pieces(struct pieces *p, const unsigned char *expected,
				uint64_t len)
{
	uint64_t at = 0;

	assert_int_equal(load_pieces(p), 0);
	assert_int_equal(p->length, len);
	for (size_t i = 0; i < p->count; i++) {
		const struct piece *piece = &p->items[i];

		assert_true(piece->len <= len - at);
		assert_memory_equal(piece->data, expected + at, piece->len);
		at += piece->len;
	}
	assert_int_equal(at, len);
}

static inline void check_range(struct fixture *f, uint64_t at, uint64_t len)
{
	struct pieces p = PIECES_INIT;

	assert_int_equal(pieces_add(&p, &f->blocks, &f->have, at, len), 0);
	check_pieces(&p, f->model + at, len);
	pieces_release(&p);
}

static inline void check_all(struct fixture *f)
{
	check_range(f, 0, SIZE);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
