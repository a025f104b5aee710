/* SPDX-License-Identifier: MIT */
/* Bytes of a file on their way to the bucket; see body.h. */
#include "write/body.h"

#include <string.h>

#include "data/block.h"
#include "data/pieces.h"
#include "file/file.h"
#include "internal.h"
#include "read/waiters.h"

/* Pieces read ahead, of a block each; of the first the budget is not asked. */
#define WINDOW 16u
#define FORCED 2u

struct body {
	struct file *file; /* a reference */
	struct pieces pieces;
	struct pool_job read_ahead;
	struct lock lock;
	struct {
		unsigned refs; /* its owner's, and one while it is read ahead */
		struct s3_op *op; /* whose body it is; or NULL */
		/* Where the last read ended: in this piece, from there on. */
		size_t at;
		uint64_t at_offset;
		bool is_reading; /* ahead */
		bool is_awaited; /* op is paused */
		int error;       /* the disk's */
	} locked;
};

/* A thread that is at the disk has one, too. */
static void body_put(struct body *body)
{
	bool is_last;

	{
		LOCK(&body->lock);
		is_last = --body->locked.refs == 0;
	}
	if (!is_last)
		return;
	pieces_release(&body->pieces);
	file_put(body->file);
	pthread_mutex_destroy(&body->lock.mutex);
	free(body);
}

void body_end(struct body *body)
{
	if (!body)
		return;
	pieces_unpin(&body->pieces);
	body_put(body);
}

/* Nobody changes the spool, and all is here: both at one moment. */
static int body_await_locked(struct file *file, uint64_t start, uint64_t end,
			     struct errinfo *err)
{
	struct blocks *b = &file->blocks;
	int result;

	lock_assert_held(&file->lock);
	do {
		blocks_disk_enter_locked(b);
		blocks_disk_leave_locked(b);
		result = fetch_wait_locked(file, start, end, err);
	} while (result == 0 && b->is_disk_taken);
	return result;
}

int body_new_locked(struct file *file, uint64_t start, uint64_t end,
		    struct body **out, struct errinfo *err)
{
	struct body *body;
	int result = body_await_locked(file, start, end, err);

	lock_assert_held(&file->lock);
	if (result < 0)
		return result;
	body = calloc(1, sizeof(*body));
	if (!body)
		return -ENOMEM;
	body->lock = (struct lock)LOCK_INIT(LOCK_BODY);
	body->locked.refs = 1;
	result = pieces_add(&body->pieces, &file->blocks, &file->held, start,
			    end - start);
	if (result < 0) {
		pieces_release(&body->pieces);
		free(body);
		return result;
	}
	body->file = file_get(file);
	*out = body;
	return 0;
}

/* ------------------------------------------------------------ read ahead */

static bool is_in_window(const struct body *body, const struct piece *piece)
{
	const struct piece *at = body->pieces.items + body->locked.at;

	return piece >= at && piece < at + WINDOW;
}

/* The first of the next count that is not in memory; or NULL. */
static struct piece *next_missing_locked(struct body *body, size_t count)
{
	const struct pieces *p = &body->pieces;

	lock_assert_held(&body->lock);
	for (size_t i = body->locked.at; i < p->count && count-- > 0; i++)
		if (!p->items[i].data)
			return &p->items[i];
	return NULL;
}

/* The next one to be read, its block paid for. NULL: no more for now. */
static struct piece *next_to_read(struct body *body)
{
	struct budget *budget = &body->file->store->budget;
	struct piece *next = NULL;
	LOCK(&body->lock);

	if (body->locked.op && !body->locked.error)
		next = next_missing_locked(body, WINDOW);
	if (next && next == next_missing_locked(body, FORCED))
		budget_force(budget, BLOCK_BYTES);
	else if (next && !budget_try(budget, BLOCK_BYTES))
		next = NULL;
	body->locked.is_reading = next;
	return next;
}

/* Puts what was read in its place, if it is still of use. */
static void place(struct body *body, struct piece *piece,
		  const struct piece *loaded, int result)
{
	LOCK(&body->lock);
	if (result < 0)
		body->locked.error = result;
	else if (is_in_window(body, piece) && !piece->data)
		*piece = *loaded;
	else
		block_put(loaded->block);
	if (body->locked.op && body->locked.is_awaited)
		s3_resume(body->file->store->s3, body->locked.op);
	body->locked.is_awaited = false;
}

static void read_ahead(struct pool_job *job)
{
	struct body *body = container_of(job, struct body, read_ahead);
	struct piece *piece;

	while ((piece = next_to_read(body))) {
		struct piece loaded = {
			.offset = piece->offset,
			.len = piece->len,
			.is_spooled = true,
		};

		place(body, piece, &loaded,
		      piece_load(&loaded, &body->file->blocks));
	}
	body_put(body);
}

/* Sees to it that what is read next will be there. */
static void look_ahead_locked(struct body *body)
{
	lock_assert_held(&body->lock);
	if (body->locked.is_reading || body->locked.error ||
	    !next_missing_locked(body, FORCED))
		return;
	body->locked.is_reading = true;
	body->locked.refs++;
	body->read_ahead.run = read_ahead;
	pool_submit(body->file->store->disk_pool, &body->read_ahead);
}

/* ------------------------------------------------------- as a request's body */

static void unload_locked(struct body *body, size_t at)
{
	struct piece *piece = &body->pieces.items[at];

	lock_assert_held(&body->lock);
	if (piece->is_spooled)
		piece_unload(piece);
}

static void rewind_locked(struct body *body)
{
	size_t at = body->locked.at;

	lock_assert_held(&body->lock);
	for (size_t i = at; i < body->pieces.count && i < at + WINDOW; i++)
		unload_locked(body, i);
	body->locked.at = 0;
	body->locked.at_offset = 0;
}

/* What is in memory from offset on. */
static size_t copy_locked(struct body *body, uint64_t offset, char *to,
			  size_t room)
{
	const struct pieces *p = &body->pieces;
	size_t done = 0;

	lock_assert_held(&body->lock);
	while (body->locked.at < p->count && done < room) {
		const struct piece *piece = &p->items[body->locked.at];
		uint64_t skip = offset - body->locked.at_offset;
		size_t n;

		if (skip >= piece->len) {
			unload_locked(body, body->locked.at++);
			body->locked.at_offset += piece->len;
			continue;
		}
		if (!piece->data)
			break;
		n = piece->len - (size_t)skip;
		if (n > room - done)
			n = room - done;
		memcpy(to + done, piece->data + skip, n);
		done += n;
		offset += n;
	}
	return done;
}

static ssize_t body_read(void *arg, uint64_t offset, void *to, size_t room)
{
	struct body *body = arg;
	size_t done;
	LOCK(&body->lock);

	if (offset < body->locked.at_offset)
		rewind_locked(body);
	done = copy_locked(body, offset, to, room);
	look_ahead_locked(body);
	if (done > 0)
		return (ssize_t)done;
	if (body->locked.error)
		return body->locked.error;
	body->locked.is_awaited = true;
	return -EAGAIN;
}

/* Piece number i in memory; its block is the caller's to put. */
static int get_piece(struct body *body, size_t i, struct piece *out)
{
	struct blocks *b = &body->file->blocks;
	int result;

	{
		LOCK(&body->lock);
		*out = body->pieces.items[i];
		if (out->block)
			block_get(out->block);
	}
	if (out->data)
		return 0;
	budget_force(b->budget, BLOCK_BYTES);
	result = piece_load(out, b);
	if (result < 0) {
		LOCK(&body->lock);
		body->locked.error = result;
	}
	return result;
}

static int body_scan(void *arg, s3_take_fn take, void *to)
{
	struct body *body = arg;
	int result = 0;

	for (size_t i = 0; result == 0 && i < body->pieces.count; i++) {
		struct piece piece;

		result = get_piece(body, i, &piece);
		if (result == 0)
			result = take(to, piece.data, piece.len);
		block_put(piece.block);
	}
	return result;
}

void body_attach(struct body *body, struct s3_op *op, struct s3_body *out)
{
	LOCK(&body->lock);
	body->locked.op = op;
	*out = (struct s3_body){
		.length = body->pieces.length,
		.read = body_read,
		.scan = body_scan,
		.arg = body,
	};
}

void body_detach(struct body *body, struct errinfo *err)
{
	LOCK(&body->lock);
	body->locked.op = NULL;
	if (body->locked.error && err->code == body->locked.error)
		errinfo_set(err, body->locked.error,
			    "what is to be sent cannot be read from %s: %s",
			    body->file->store->temp_dir,
			    strerror(-body->locked.error));
}
