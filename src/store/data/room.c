/* SPDX-License-Identifier: MIT */
/* Who waits for room; see room.h. */
#include "data/room.h"

#include "clock.h"
#include "internal.h"

#define PATIENCE_MS 30000 /* with a debtor that stands still */

void room_init(struct room *room)
{
	pthread_condattr_t attr;

	*room = (struct room){ .lock = LOCK_INIT(LOCK_ROOM) };
	list_init(&room->locked.parked);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&room->moved, &attr);
	pthread_condattr_destroy(&attr);
}

void room_release(struct room *room)
{
	pthread_cond_destroy(&room->moved);
	pthread_mutex_destroy(&room->lock.mutex);
}

static void room_move_locked(struct store *store)
{
	struct room *room = &store->room;
	struct list_link *link;

	room->locked.moves++;
	while ((link = list_pop(&room->locked.parked)))
		pool_submit(store->pool,
			    container_of(link, struct pool_job, link));
	pthread_cond_broadcast(&room->moved);
}

void room_begin(struct store *store)
{
	LOCK(&store->room.lock);
	store->room.locked.sending++;
}

static void room_repaid_locked(struct room *room, const struct file *file)
{
	if (room->locked.debtor != file)
		return;
	room->locked.debtor = NULL;
	room->locked.debt = 0;
}

void room_end(struct store *store, const struct file *file)
{
	LOCK(&store->room.lock);
	store->room.locked.sending--;
	room_repaid_locked(&store->room, file);
	room_move_locked(store);
}

void room_gained(struct store *store, const struct file *file)
{
	LOCK(&store->room.lock);
	room_repaid_locked(&store->room, file);
	room_move_locked(store);
}

uint64_t room_moves(struct store *store)
{
	LOCK(&store->room.lock);
	return store->room.locked.moves;
}

static void room_wait_locked(struct store *store, struct pool_job *job,
			     uint64_t moves)
{
	struct room *room = &store->room;

	if (room->locked.moves != moves) {
		pool_submit(store->pool, job);
		return;
	}
	list_init(&job->link);
	list_push(&room->locked.parked, &job->link);
}

bool room_park(struct store *store, struct pool_job *job, uint64_t moves)
{
	struct room *room = &store->room;
	LOCK(&room->lock);

	if (room->locked.moves == moves && room->locked.sending == 0)
		return false;
	room_wait_locked(store, job, moves);
	return true;
}

/* One of those who wait sees to it that it is not for ever. */
static void room_watch_locked(struct store *store, uint64_t moves)
{
	struct room *room = &store->room;

	room->locked.has_watcher = true;
	while (room->locked.moves == moves) {
		int64_t until_ms = room->locked.lent_ms + PATIENCE_MS;
		struct timespec until = {
			.tv_sec = until_ms / 1000,
			.tv_nsec = until_ms % 1000 * 1000000,
		};

		if (clock_now_ms() >= until_ms)
			room_move_locked(store);
		else
			lock_wait_until(&room->lock, &room->moved, &until);
	}
	room->locked.has_watcher = false;
}

enum room_loan room_borrow(struct store *store, const struct file *file,
			   uint64_t bytes, uint64_t most, struct pool_job *job,
			   uint64_t moves)
{
	struct room *room = &store->room;
	bool is_other;
	LOCK(&room->lock);

	is_other = room->locked.debtor && room->locked.debtor != file;
	if (is_other && clock_now_ms() >= room->locked.lent_ms + PATIENCE_MS)
		return ROOM_REFUSED;
	if (is_other) {
		if (!room->locked.has_watcher)
			room_watch_locked(store, moves);
		room_wait_locked(store, job, moves);
		return ROOM_LATER;
	}
	if (room->locked.debt + bytes > most)
		return ROOM_REFUSED;
	room->locked.debtor = file;
	room->locked.debt += bytes;
	room->locked.lent_ms = clock_now_ms();
	return ROOM_LENT;
}
