/* SPDX-License-Identifier: MIT */
/*
 * A file's bytes in memory and in the spool by example, with a full disk and
 * with readers beside a writer.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "blocks-fixture.h"

static void an_empty_file_reads_as_zeros_and_costs_nothing(void **state)
{
	struct fixture *f = *state;

	check_range(f, 0, 0);
	check_all(f);
	assert_int_equal(f->budget.used, 0);
	assert_int_equal(blocks_write(&f->blocks, 5, "", 0, BLOCKS_TRY, NULL),
			 0);
	assert_int_equal(
		blocks_spill_locked(&f->blocks, &f->have, 0, UINT64_MAX), 0);
	assert_int_equal(f->budget.used, 0);
	assert_int_equal(f->blocks.spool_fd, -1);
}

static void a_read_mixes_memory_spool_and_zeros(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(put(f, 10, 0, BLOCK, BLOCKS_TRY), 0);
	assert_int_equal(put_spool(f, BLOCK - 5, 77, 20), 0);
	assert_int_equal(put_spool(f, 3 * BLOCK + 1, 5, 2 * BLOCK), 0);
	assert_int_equal(put(f, 4 * BLOCK - 1, 99, 2, BLOCKS_TRY), 0);
	assert_int_equal(put(f, SIZE - 1, 3, 1, BLOCKS_TRY), 0);
	check_all(f);
	check_range(f, 9, 3);
	check_range(f, BLOCK - 6, 22);
	check_range(f, 4 * BLOCK - 2, 4);
	check_range(f, 2 * BLOCK, BLOCK + 2);
}

static void pieces_append_to_what_is_there(void **state)
{
	struct fixture *f = *state;
	struct pieces p = PIECES_INIT;
	unsigned char expected[30] = { 0 };

	assert_int_equal(put(f, 100, 0, 10, BLOCKS_TRY), 0);
	assert_int_equal(pieces_add(&p, &f->blocks, &f->have, 95, 15), 0);
	assert_int_equal(pieces_add(&p, &f->blocks, &f->have, 105, 15), 0);
	memcpy(expected + 5, f->data, 10);
	memcpy(expected + 15, f->data + 5, 5);
	check_pieces(&p, expected, 30);
	pieces_release(&p);
	assert_int_equal(p.length, 0);
	pieces_release(&p);
}

static void a_write_leaves_held_pieces_as_they_were(void **state)
{
	struct fixture *f = *state;
	struct pieces p = PIECES_INIT;

	assert_int_equal(put(f, 0, 0, 2 * BLOCK, BLOCKS_TRY), 0);
	assert_int_equal(pieces_add(&p, &f->blocks, &f->have, 7, BLOCK), 0);
	assert_int_equal(f->budget.used, 2 * BLOCK);
	assert_int_equal(put(f, 100, 5000, 50, BLOCKS_TRY), 0);
	assert_int_equal(f->budget.used, 3 * BLOCK);
	/* The copy is ours alone: no second one. */
	assert_int_equal(put(f, 200, 6000, 50, BLOCKS_TRY), 0);
	assert_int_equal(f->budget.used, 3 * BLOCK);
	assert_int_equal(f->blocks.memory_bytes, 2 * BLOCK);
	check_pieces(&p, f->data + 7, BLOCK);
	check_all(f);
	pieces_release(&p);
	assert_int_equal(f->budget.used, 2 * BLOCK);
}

static void pieces_outlive_spill_drop_and_the_file(void **state)
{
	struct fixture *f = *state;
	struct pieces memory = PIECES_INIT, spool = PIECES_INIT;

	assert_int_equal(put(f, 3, 0, BLOCK, BLOCKS_TRY), 0);
	assert_int_equal(pieces_add(&memory, &f->blocks, &f->have, 3, BLOCK),
			 0);
	assert_int_equal(
		blocks_spill_locked(&f->blocks, &f->have, 0, UINT64_MAX), 0);
	assert_int_equal(pieces_add(&spool, &f->blocks, &f->have, 3, BLOCK), 0);
	assert_int_equal(load_pieces(&spool), 0);
	assert_int_equal(put_spool(f, 0, 9999, BLOCK), 0);
	blocks_drop(&f->blocks, 0, UINT64_MAX);
	blocks_release(&f->blocks);
	check_pieces(&memory, f->data, BLOCK);
	check_pieces(&spool, f->data, BLOCK);
	assert_true(f->budget.used > 0);
	pieces_release(&memory);
	pieces_release(&spool);
	assert_int_equal(f->budget.used, 0);
}

/* Whatever is written meanwhile: to memory, to the disk, by a spill. */
static void what_is_pinned_on_the_disk_stays_as_it_is(void **state)
{
	struct fixture *f = *state;
	struct pieces p = PIECES_INIT, more = PIECES_INIT;

	assert_int_equal(put_spool(f, 0, 0, 4 * BLOCK), 0);
	assert_int_equal(pieces_add(&p, &f->blocks, &f->have, BLOCK, 2 * BLOCK),
			 0);
	assert_int_equal(pieces_add(&more, &f->blocks, &f->have, 2 * BLOCK, 9),
			 0);
	assert_false(blocks_is_pinned(&f->blocks, 0, BLOCK));
	assert_true(blocks_is_pinned(&f->blocks, BLOCK - 1, BLOCK + 1));
	assert_false(blocks_is_pinned(&f->blocks, 3 * BLOCK, SIZE));
	assert_int_equal(put_spool(f, 2 * BLOCK, 77, 9), -EAGAIN);
	assert_int_equal(put_spool(f, 0, 77, BLOCK), 0);
	assert_int_equal(put_spool(f, 3 * BLOCK, 77, BLOCK), 0);
	assert_int_equal(put(f, BLOCK / 2, 99, 3 * BLOCK, BLOCKS_TRY), 0);
	assert_int_equal(
		blocks_spill_locked(&f->blocks, &f->have, 0, UINT64_MAX), 0);
	assert_int_equal(f->blocks.memory_bytes, 2 * BLOCK);
	check_all(f);
	check_pieces(&p, f->data + BLOCK, 2 * BLOCK);
	pieces_release(&p);
	assert_int_equal(put_spool(f, 2 * BLOCK, 55, 9), -EAGAIN);
	pieces_unpin(&more);
	assert_int_equal(put_spool(f, 2 * BLOCK, 55, 9), 0);
	pieces_release(&more);
	assert_int_equal(
		blocks_spill_locked(&f->blocks, &f->have, 0, UINT64_MAX), 0);
	assert_int_equal(f->blocks.memory_bytes, 0);
	check_all(f);
}

static void try_takes_no_more_than_the_budget_and_writes_nothing(void **state)
{
	struct fixture *f = *state;

	f->budget.limit = 2 * BLOCK;
	assert_int_equal(put(f, 0, 0, BLOCK, BLOCKS_TRY), 0);
	assert_int_equal(put_spool(f, 2 * BLOCK, 17, BLOCK), 0);
	assert_int_equal(put(f, 5, 4000, 3 * BLOCK - 10, BLOCKS_TRY), -EAGAIN);
	/* Not even the blocks that there was room for. */
	assert_int_equal(f->budget.used, BLOCK);
	check_range(f, 0, BLOCK);
	check_range(f, 2 * BLOCK, BLOCK);
	assert_int_equal(put(f, 5, 4000, 3 * BLOCK - 10, BLOCKS_FORCE), 0);
	assert_int_equal(f->budget.used, 3 * BLOCK);
	check_range(f, 0, 3 * BLOCK);
}

static void try_does_not_copy_a_shared_block_beyond_the_budget(void **state)
{
	struct fixture *f = *state;
	struct pieces p = PIECES_INIT;

	f->budget.limit = BLOCK;
	assert_int_equal(put(f, 0, 0, BLOCK, BLOCKS_TRY), 0);
	assert_int_equal(pieces_add(&p, &f->blocks, &f->have, 0, BLOCK), 0);
	assert_int_equal(put(f, 9, 500, 9, BLOCKS_TRY), -EAGAIN);
	check_range(f, 0, BLOCK);
	assert_int_equal(put(f, 9, 500, 9, BLOCKS_FORCE), 0);
	check_pieces(&p, f->data, BLOCK);
	pieces_release(&p);
	check_range(f, 0, BLOCK);
	assert_int_equal(put(f, 9, 700, 9, BLOCKS_TRY), 0);
}

static void a_ticket_pays_before_the_budget_does(void **state)
{
	struct fixture *f = *state;
	uint64_t ticket = 3 * BLOCK;

	f->budget.limit = ticket;
	assert_true(budget_try(&f->budget, ticket));
	assert_int_equal(blocks_write(&f->blocks, 5, f->data, BLOCK, BLOCKS_TRY,
				      &ticket),
			 0);
	assert_int_equal(ticket, BLOCK);
	assert_int_equal(f->budget.used, 3 * BLOCK);
	/* What is there already costs nothing. */
	assert_int_equal(blocks_write(&f->blocks, 0, f->data, 10, BLOCKS_TRY,
				      &ticket),
			 0);
	assert_int_equal(ticket, BLOCK);
	budget_give(&f->budget, 1);
	ticket--;
	assert_int_equal(blocks_write(&f->blocks, 3 * BLOCK, f->data, 1,
				      BLOCKS_TRY, &ticket),
			 -EAGAIN);
	assert_int_equal(ticket, BLOCK - 1);
	budget_give(&f->budget, ticket);
	assert_int_equal(f->budget.used, 2 * BLOCK);
}

static void spilling_moves_exactly_what_is_held(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(put(f, 100, 0, 50, BLOCKS_TRY), 0);
	assert_int_equal(put(f, 300, 0, 50, BLOCKS_TRY), 0);
	assert_int_equal(put(f, 2 * BLOCK - 1, 9, 2, BLOCKS_TRY), 0);
	assert_int_equal(
		blocks_spill_locked(&f->blocks, &f->have, 0, UINT64_MAX), 0);
	assert_int_equal(f->budget.used, 0);
	assert_int_equal(f->blocks.memory_bytes, 0);
	assert_int_equal(extents_total(&f->blocks.spilled), 102);
	assert_true(extents_contains(&f->blocks.spilled, 300, 350));
	check_all(f);
	assert_int_equal(
		blocks_spill_locked(&f->blocks, &f->have, 0, UINT64_MAX), 0);
	assert_int_equal(put(f, 320, 400, 10, BLOCKS_TRY), 0);
	check_all(f);
	assert_int_equal(
		blocks_spill_locked(&f->blocks, &f->have, 0, UINT64_MAX), 0);
	check_all(f);
}

/* The held range goes on behind the block, and begins before it. */
static void blocks_inside_one_large_held_range_spill(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(put(f, 0, 0, SIZE, BLOCKS_TRY), 0);
	assert_int_equal(f->have.count, 1);
	assert_int_equal(
		blocks_spill_locked(&f->blocks, &f->have, 0, UINT64_MAX), 0);
	assert_int_equal(f->budget.used, 0);
	check_all(f);
	/* Some of it comes back to memory, in the middle of a block, too. */
	assert_int_equal(put(f, 2 * BLOCK + 9, 1, 100, BLOCKS_TRY), 0);
	assert_int_equal(put(f, 5 * BLOCK - 9, 1, BLOCK, BLOCKS_TRY), 0);
	assert_int_equal(f->budget.used, 3 * BLOCK);
	check_all(f);
	assert_int_equal(
		blocks_spill_locked(&f->blocks, &f->have, 0, UINT64_MAX), 0);
	assert_int_equal(f->have.count, 1);
	assert_int_equal(extents_total(&f->blocks.spilled), SIZE);
	check_all(f);
}

static void only_whole_blocks_are_dropped(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(put(f, 0, 0, 4 * BLOCK, BLOCKS_TRY), 0);
	blocks_drop(&f->blocks, 1, 2 * BLOCK - 1);
	blocks_drop(&f->blocks, BLOCK, BLOCK);
	assert_int_equal(f->blocks.memory_bytes, 4 * BLOCK);
	check_all(f);
	blocks_drop(&f->blocks, 1, 3 * BLOCK - 1);
	assert_int_equal(f->blocks.memory_bytes, 3 * BLOCK);
	assert_int_equal(extents_remove(&f->have, BLOCK, 2 * BLOCK), 0);
	memset(f->model + BLOCK, 0, BLOCK);
	check_all(f);
	blocks_drop(&f->blocks, 0, UINT64_MAX);
	assert_int_equal(f->budget.used, 0);
}

static void what_is_in_the_spool_survives_a_drop(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(put(f, 0, 0, 3 * BLOCK, BLOCKS_TRY), 0);
	assert_int_equal(
		blocks_spill_locked(&f->blocks, &f->have, 0, UINT64_MAX), 0);
	blocks_drop(&f->blocks, 0, UINT64_MAX);
	check_all(f);
}

static void a_far_offset_is_cheap_and_reads_back(void **state)
{
	const uint64_t far = (UINT64_C(5) << 40) - 10;
	struct fixture *f = *state;
	struct pieces p = PIECES_INIT;

	assert_int_equal(blocks_write(&f->blocks, far, f->data, 10, BLOCKS_TRY,
				      NULL),
			 0);
	assert_int_equal(extents_add(&f->have, far, far + 10), 0);
	assert_int_equal(f->budget.used, BLOCK);
	assert_int_equal(pieces_add(&p, &f->blocks, &f->have, far, 10), 0);
	check_pieces(&p, f->data, 10);
	pieces_release(&p);
	blocks_drop(&f->blocks, 1, UINT64_MAX);
	assert_int_equal(f->budget.used, 0);
}

static void the_spool_has_no_name_and_is_the_owners_alone(void **state)
{
	struct fixture *f = *state;
	struct stat st;

	assert_int_equal(put_spool(f, 0, 0, 10), 0);
	assert_int_equal(fstat(f->blocks.spool_fd, &st), 0);
	assert_int_equal(st.st_nlink, 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_true(fcntl(f->blocks.spool_fd, F_GETFD) & FD_CLOEXEC);
}

static void a_missing_spool_folder_is_told_and_loses_nothing(void **state)
{
	struct fixture *f = *state;

	f->blocks.temp_dir = "/nonexistent/folder";
	assert_int_equal(put(f, 0, 0, BLOCK, BLOCKS_TRY), 0);
	assert_int_equal(put_spool(f, 0, 5, 10), -ENOENT);
	assert_int_equal(blocks_spill_locked(&f->blocks, &f->have, 0,
					     UINT64_MAX),
			 -ENOENT);
	check_all(f);
	f->blocks.temp_dir = f->dir;
	assert_int_equal(
		blocks_spill_locked(&f->blocks, &f->have, 0, UINT64_MAX), 0);
	check_all(f);
}

/* Spills and writes that the disk has no room for, then with room again. */
static void fill_the_disk(struct fixture *f, int error)
{
	assert_int_equal(put(f, 0, 0, 4 * BLOCK, BLOCKS_TRY), 0);
	assert_int_equal(blocks_spill_locked(&f->blocks, &f->have, 0,
					     UINT64_MAX),
			 error);
	assert_true(f->blocks.memory_bytes >= 2 * BLOCK);
	check_all(f);
	assert_int_equal(put_spool(f, 6 * BLOCK, 0, BLOCK), error);
	check_all(f);
}

static void a_file_size_limit_fails_the_spill_and_loses_nothing(void **state)
{
	struct fixture *f = *state;
	struct rlimit before, small;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = before;
	small.rlim_cur = 3 * BLOCK / 2;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	fill_the_disk(f, -EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(
		blocks_spill_locked(&f->blocks, &f->have, 0, UINT64_MAX), 0);
	assert_int_equal(f->budget.used, 0);
	check_all(f);
}

/* A small disk for this process alone; false where that is not allowed. */
static bool mount_small_disk(const char *dir)
{
	return unshare(CLONE_NEWNS) == 0 &&
	       mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("none", dir, "tmpfs", 0, "size=384k") == 0;
}

static void a_full_disk_fails_the_spill_and_loses_nothing(void **state)
{
	struct fixture *f = *state;

	if (!mount_small_disk(f->dir))
		skip();
	fill_the_disk(f, -ENOSPC);
	assert_int_equal(mount("none", f->dir, "tmpfs", MS_REMOUNT, "size=4m"),
			 0);
	assert_int_equal(
		blocks_spill_locked(&f->blocks, &f->have, 0, UINT64_MAX), 0);
	assert_int_equal(f->budget.used, 0);
	check_all(f);
	blocks_release(&f->blocks);
	assert_int_equal(umount(f->dir), 0);
}

static void bytes_that_got_lost_are_an_error_and_not_zeros(void **state)
{
	struct fixture *f = *state;
	struct pieces p = PIECES_INIT;

	assert_int_equal(put_spool(f, 0, 0, 100), 0);
	assert_int_equal(ftruncate(f->blocks.spool_fd, 50), 0);
	assert_int_equal(pieces_add(&p, &f->blocks, &f->have, 0, 100), 0);
	assert_int_equal(load_pieces(&p), -EIO);
	pieces_release(&p);
	assert_false(blocks_is_pinned(&f->blocks, 0, SIZE));
	assert_int_equal(extents_add(&f->have, BLOCK, 2 * BLOCK), 0);
	assert_int_equal(pieces_add(&p, &f->blocks, &f->have, BLOCK, 1), -EIO);
	pieces_release(&p);
	assert_int_equal(f->budget.used, 0);
}

static void what_is_let_go_is_gone_from_memory_and_disk(void **state)
{
	struct fixture *f = *state;
	struct stat before, after;

	assert_int_equal(put(f, 0, 0, 6 * BLOCK, BLOCKS_TRY), 0);
	assert_int_equal(
		blocks_spill_locked(&f->blocks, &f->have, 0, 4 * BLOCK), 0);
	assert_int_equal(fstat(f->blocks.spool_fd, &before), 0);
	assert_int_equal(extents_remove(&f->have, BLOCK, 5 * BLOCK), 0);
	memset(f->model + BLOCK, 0, 4 * BLOCK);
	blocks_disk_enter_locked(&f->blocks);
	assert_int_equal(blocks_let_go_locked(&f->blocks, BLOCK, 5 * BLOCK), 0);
	blocks_disk_leave_locked(&f->blocks);
	assert_int_equal(f->blocks.memory_bytes, BLOCK);
	assert_int_equal(extents_total(&f->blocks.spilled), BLOCK);
	assert_int_equal(fstat(f->blocks.spool_fd, &after), 0);
	assert_true(before.st_blocks - after.st_blocks >=
		    (blkcnt_t)(3 * BLOCK / 512));
	check_all(f);
}

struct writer {
	struct fixture *f;
	bool is_done; /* f's lock */
};

static void *spill_all(void *arg)
{
	struct writer *w = arg;
	struct fixture *f = w->f;

	lock_enter(&f->lock);
	assert_int_equal(
		blocks_spill_locked(&f->blocks, &f->have, 0, UINT64_MAX), 0);
	w->is_done = true;
	lock_leave(&f->lock);
	return NULL;
}

/*
 * Whoever gets the lock while a block is on its way to the disk may change
 * it: what he wrote stays, wherever the spill was just then.
 */
static void a_write_during_a_spill_is_not_undone_by_it(void **state)
{
	struct fixture *f = *state;
	struct writer w = { .f = f };
	pthread_t thread;

	for (int i = 0; i < 200; i++) {
		assert_int_equal(put(f, 0, (uint64_t)i, 4 * BLOCK, BLOCKS_TRY),
				 0);
		w.is_done = false;
		assert_int_equal(pthread_create(&thread, NULL, spill_all, &w),
				 0);
		for (uint64_t at = 0; !w.is_done; at += BLOCK / 2) {
			assert_int_equal(put(f, at % (4 * BLOCK),
					     (uint64_t)(i + 1000), 1000,
					     BLOCKS_TRY),
					 0);
			lock_leave(&f->lock);
			sched_yield();
			lock_enter(&f->lock);
		}
		lock_leave(&f->lock);
		pthread_join(thread, NULL);
		lock_enter(&f->lock);
		check_range(f, 0, 4 * BLOCK);
	}
}

struct reader {
	struct pieces pieces;
	unsigned char value;
	bool is_right;
};

static void *read_held(void *arg)
{
	struct reader *r = arg;
	uint64_t at = 0;

	r->is_right = true;
	for (size_t i = 0; i < r->pieces.count; i++) {
		const struct piece *piece = &r->pieces.items[i];

		for (size_t n = 0; n < piece->len; n++)
			r->is_right = r->is_right &&
				      (unsigned char)piece->data[n] == r->value;
		at += piece->len;
	}
	r->is_right = r->is_right && at == r->pieces.length;
	pieces_release(&r->pieces);
	return NULL;
}

static void readers_of_pieces_need_no_lock_against_the_writer(void **state)
{
	struct fixture *f = *state;
	struct reader readers[2];
	pthread_t threads[2];

	for (int i = 0; i < 60; i++) {
		struct reader *r = &readers[i % 2];

		if (i >= 2) {
			pthread_join(threads[i % 2], NULL);
			assert_true(r->is_right);
		}
		memset(f->model, i + 1, 2 * BLOCK);
		assert_int_equal(blocks_write(&f->blocks, 0, f->model,
					      2 * BLOCK, BLOCKS_FORCE, NULL),
				 0);
		assert_int_equal(extents_add(&f->have, 0, 2 * BLOCK), 0);
		*r = (struct reader){ .value = (unsigned char)(i + 1) };
		assert_int_equal(pieces_add(&r->pieces, &f->blocks, &f->have, 9,
					    2 * BLOCK - 9),
				 0);
		assert_int_equal(
			pthread_create(&threads[i % 2], NULL, read_held, r), 0);
	}
	for (int i = 0; i < 2; i++) {
		pthread_join(threads[i], NULL);
		assert_true(readers[i].is_right);
	}
	assert_int_equal(f->budget.used, 2 * BLOCK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(an_empty_file_reads_as_zeros_and_costs_nothing),
		CASE(a_read_mixes_memory_spool_and_zeros),
		CASE(pieces_append_to_what_is_there),
		CASE(a_write_leaves_held_pieces_as_they_were),
		CASE(pieces_outlive_spill_drop_and_the_file),
		CASE(what_is_pinned_on_the_disk_stays_as_it_is),
		CASE(try_takes_no_more_than_the_budget_and_writes_nothing),
		CASE(try_does_not_copy_a_shared_block_beyond_the_budget),
		CASE(a_ticket_pays_before_the_budget_does),
		CASE(spilling_moves_exactly_what_is_held),
		CASE(blocks_inside_one_large_held_range_spill),
		CASE(only_whole_blocks_are_dropped),
		CASE(what_is_in_the_spool_survives_a_drop),
		CASE(a_far_offset_is_cheap_and_reads_back),
		CASE(the_spool_has_no_name_and_is_the_owners_alone),
		CASE(a_missing_spool_folder_is_told_and_loses_nothing),
		CASE(a_file_size_limit_fails_the_spill_and_loses_nothing),
		CASE(a_full_disk_fails_the_spill_and_loses_nothing),
		CASE(bytes_that_got_lost_are_an_error_and_not_zeros),
		CASE(what_is_let_go_is_gone_from_memory_and_disk),
		CASE(a_write_during_a_spill_is_not_undone_by_it),
		CASE(readers_of_pieces_need_no_lock_against_the_writer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
