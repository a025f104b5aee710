/* SPDX-License-Identifier: MIT */
/*
 * Reads: from what is held at once, else when the bytes are here; and the
 * guess what will be read next.
 *
 * A handle has a few streams, places from which somebody goes on; a read
 * near one of them moves it and makes its window larger: nothing is fetched
 * ahead for a first read in the middle of a file, 8 MiB for one at its start
 * or for the second in order, then 64 MiB, then the most that is allowed.
 */

#include "clock.h"
#include "codec/gzip.h"
#include "data/block.h"
#include "data/blocks.h"
#include "data/extents.h"
#include "data/pieces.h"
#include "data/room.h"
#include "file/file.h"
#include "read/fetch.h"
#include "read/gzip_read.h"
#include "read/version.h"
#include "read/waiters.h"

#define KIB           1024ull
#define MIB           (1024 * KIB)
#define FIRST_WINDOW  (8 * MIB)
#define SECOND_WINDOW (64 * MIB)
#define NEAR          (1 * MIB) /* how much the kernel reorders */
#define RANDOM_ALIGN  (64 * KIB)
#define RANDOM_LEAST  (128 * KIB)
#define KEEP_BEHIND   (8 * MIB)
#define RECENT_MS     2000
#define TRIES         4 /* new versions met by one read */

struct read_state {
	struct waiter waiter;
	struct store_read *read;
	struct handle *handle; /* counted */
	struct file *file;     /* the handle's */
	uint64_t offset;
	size_t size;
	int tries;
	struct read_stream stream; /* as it was after the first try */
	struct pieces pieces;
	struct pool_job load; /* of pieces that are on the disk */
};

static uint64_t window_limit(const struct file *file)
{
	const struct store *store = file->store;
	uint64_t most = store->options.read_ahead_bytes;
	uint64_t share = store->budget.limit / 2;

	return most < share ? most : share;
}

/* The stream that offset goes on from, or the one to give up for it. */
static struct read_stream *find_stream(struct handle *handle, uint64_t offset,
				       bool *is_near)
{
	struct read_stream *oldest = &handle->streams[0];

	for (unsigned i = 0; i < READ_STREAMS; i++) {
		struct read_stream *s = &handle->streams[i];
		uint64_t behind = s->next < NEAR ? 0 : s->next - NEAR;

		if (s->used_ms && offset >= behind &&
		    offset <= s->next + s->window + NEAR / 8) {
			*is_near = true;
			return s;
		}
		if (s->used_ms < oldest->used_ms)
			oldest = s;
	}
	*is_near = false;
	return oldest;
}

/* Moves a stream over a read. */
static const struct read_stream *advance_stream(struct handle *handle,
						uint64_t offset, uint64_t end)
{
	bool is_near;
	struct read_stream *s = find_stream(handle, offset, &is_near);
	uint64_t read_bytes;

	if (!is_near)
		*s = (struct read_stream){ .start = offset, .next = offset };
	s->used_ms = clock_now_ms();
	if (end > s->next)
		s->next = end;
	read_bytes = s->next - s->start;
	if (!is_near && offset > 0)
		s->window = 0;
	else if (read_bytes >= FIRST_WINDOW)
		s->window = window_limit(handle->file);
	else if (read_bytes >= MIB)
		s->window = SECOND_WINDOW;
	else
		s->window = FIRST_WINDOW;
	if (s->window > window_limit(handle->file))
		s->window = window_limit(handle->file);
	return s;
}

/* How far everybody who reads this file has come. */
static uint64_t slowest_reader_locked(const struct file *file)
{
	int64_t recent_ms = clock_now_ms() - RECENT_MS;
	uint64_t least = UINT64_MAX;

	lock_assert_held(&file->lock);
	list_for_each(link, &file->handles) {
		struct handle *h = container_of(link, struct handle, link);

		for (unsigned i = 0; i < READ_STREAMS; i++) {
			const struct read_stream *s = &h->streams[i];

			if (s->used_ms > recent_ms && s->next < least)
				least = s->next;
		}
	}
	/* However long they wait: what came for them must still be there. */
	list_for_each(link, &file->waiters) {
		const struct waiter *w =
			container_of(link, const struct waiter, link);

		if (w->start < least)
			least = w->start;
	}
	return least;
}

/* What has been read and is clean: the kernel's page cache has it. */
static void drop_behind_locked(struct file *file)
{
	uint64_t least = slowest_reader_locked(file);
	uint64_t start, end;

	lock_assert_held(&file->lock);
	/* A piece of a foreign gzip would take all of it again. */
	if (file->base.layout.kind == GZIP_FOREIGN)
		return;
	if (file_is_dirty_locked(file) || least < 2 * KEEP_BEHIND ||
	    file->blocks.memory_bytes < 2 * KEEP_BEHIND)
		return;
	least = (least - KEEP_BEHIND) / BLOCK_BYTES * BLOCK_BYTES;
	if (!extents_next(&file->held, 0, &start, &end) || start >= least ||
	    least - start < MIB)
		return;
	if (extents_remove(&file->held, 0, least) == 0)
		blocks_drop(&file->blocks, 0, least);
}

/* What a random read takes: a little around what it asks for. */
static int want_random_locked(struct file *file, uint64_t offset, uint64_t end,
			      struct list_link *now)
{
	uint64_t start = offset / RANDOM_ALIGN * RANDOM_ALIGN;
	uint64_t stop = (end + RANDOM_ALIGN - 1) / RANDOM_ALIGN * RANDOM_ALIGN;

	lock_assert_held(&file->lock);
	/* Members are large enough; a second one is not worth it. */
	if (file->base.layout.kind != GZIP_NONE) {
		start = offset;
		stop = end;
	} else if (stop - start < RANDOM_LEAST)
		stop = start + RANDOM_LEAST;
	return fetch_want_locked(file, start, stop, stop - start, true, now);
}

/* How far ahead may be fetched now, if requests at a time are limited. */
static uint64_t limit_ahead_locked(const struct file *file, uint64_t top,
				   uint64_t until, uint64_t part)
{
	unsigned limit = file->store->options.transfers;
	uint64_t room;

	lock_assert_held(&file->lock);
	if (limit == 0)
		return until;
	if (file->fetch_count >= limit)
		return top;
	room = (limit - file->fetch_count) * part;
	return until - top > room ? top + room : until;
}

/*
 * What a stream takes: whole parts counted from its start, so that its
 * requests do not get small at the edge of the window.
 */
static int want_stream_locked(struct file *file, const struct read_stream *s,
			      uint64_t offset, uint64_t end,
			      struct list_link *now, struct list_link *ahead)
{
	uint64_t part = file->store->options.part_bytes;
	uint64_t from = offset < s->start ? offset : s->start;
	uint64_t top = from + (end - from + part - 1) / part * part;
	uint64_t until = from + (s->next + s->window - from) / part * part;

	lock_assert_held(&file->lock);
	int result = 0;

	if (!file_has_locked(file, offset, end))
		result = fetch_want_locked(file, offset, top, part, true, now);
	/* What is fetched ahead may be less. */
	if (until > top)
		until = limit_ahead_locked(file, top, until, part);
	if (until > top)
		fetch_want_locked(file, top, until, part, false, ahead);
	return result;
}

static int want_locked(struct read_state *state, uint64_t end,
		       struct list_link *now, struct list_link *ahead)
{
	uint64_t offset = state->offset;

	/* Trying again is not reading on. */
	if (state->tries == 0)
		state->stream = *advance_stream(state->handle, offset, end);
	if (state->stream.window == 0)
		return want_random_locked(state->file, offset, end, now);
	return want_stream_locked(state->file, &state->stream, offset, end, now,
				  ahead);
}

static void finish(struct read_state *state, int result)
{
	struct store_read *read = state->read;

	if (result >= 0) {
		read->iov = calloc(state->pieces.count + 1, sizeof(*read->iov));
		read->iov_count = (unsigned)state->pieces.count;
		if (!read->iov)
			result = -ENOMEM;
	}
	for (size_t i = 0; result >= 0 && i < state->pieces.count; i++) {
		union {
			const char *from;
			void *to;
		} data = { .from = state->pieces.items[i].data };

		read->iov[i].iov_base = data.to;
		read->iov[i].iov_len = state->pieces.items[i].len;
	}
	read->op.done(&read->op, result);
}

static void ready(struct waiter *waiter, int result, const struct errinfo *err);

/* 1: pieces are complete; 0: waiting; or an error. Lock held. */
static int try_locked(struct read_state *state, struct list_link *now,
		      struct list_link *ahead)
{
	struct file *file = state->file;
	uint64_t end;
	int result;

	file_check_locked(file);
	if (state->offset >= file->size)
		return 1;
	end = file->size - state->offset > state->size ?
		      state->offset + state->size :
		      file->size;
	result = file_refuse_gone_locked(file, state->offset, end,
					 &state->read->op.err);
	if (result == 0)
		result = fetch_failed_locked(file, state->offset, end,
					     &state->read->op.err);
	if (result < 0)
		return result;
	result = want_locked(state, end, now, ahead);
	if (!file_has_locked(file, state->offset, end)) {
		/* What was not asked for would be waited for in vain. */
		if (result < 0)
			return gzip_refuse(file, result, &state->read->op.err);
		if (state->tries++ >= TRIES)
			return -ESTALE;
		state->waiter = (struct waiter){
			.start = state->offset,
			.end = end < file->base.valid ? end : file->base.valid,
			.is_reader = true,
			.ready = ready,
		};
		list_push(&file->waiters, &state->waiter.link);
		return 0;
	}
	result = pieces_add(&state->pieces, &file->blocks, &file->held,
			    state->offset, end - state->offset);
	version_note_read_locked(file);
	drop_behind_locked(file);
	if (result == 0 && state->pieces.on_disk)
		room_begin(file->store);
	return result < 0 ? result : 1;
}

static void read_load(struct pool_job *job)
{
	struct read_state *state = container_of(job, struct read_state, load);
	struct pieces *pieces = &state->pieces;
	int result = pieces_load(pieces);

	room_end(state->file->store, NULL);
	finish(state, result < 0 ? result : (int)pieces->length);
}

static void try(struct read_state *state)
{
	struct list_link now, ahead;
	int result;

	list_init(&now);
	list_init(&ahead);
	{
		struct file *file = state->file;

		LOCK(&file->lock);
		result = try_locked(state, &now, &ahead);
	}
	fetch_start(&now, S3_FOREGROUND);
	fetch_start(&ahead, S3_PREFETCH);
	if (result == 1 && state->pieces.on_disk) {
		state->load.run = read_load;
		pool_submit(state->file->store->pool, &state->load);
	} else if (result != 0) {
		finish(state, result < 0 ? result : (int)state->pieces.length);
	}
}

static void ready(struct waiter *waiter, int result, const struct errinfo *err)
{
	struct read_state *state =
		container_of(waiter, struct read_state, waiter);

	if (result < 0) {
		if (err)
			state->read->op.err = *err;
		finish(state, result);
		return;
	}
	try(state);
}

void store_read(struct handle *handle, uint64_t offset, size_t size,
		struct store_read *read)
{
	struct read_state *state = calloc(1, sizeof(*state));

	read->iov = NULL;
	read->iov_count = 0;
	read->state = state;
	if (!state) {
		read->op.done(&read->op, -ENOMEM);
		return;
	}
	state->read = read;
	state->handle = handle;
	state->file = handle->file;
	handle->refs++;
	state->offset = offset;
	state->size = size;
	try(state);
}

void store_read_release(struct store_read *read)
{
	struct read_state *state = read->state;

	free(read->iov);
	read->iov = NULL;
	if (!state)
		return;
	read->state = NULL;
	pieces_release(&state->pieces);
	handle_put(state->handle);
	free(state);
}
