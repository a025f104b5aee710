/* SPDX-License-Identifier: MIT */
/* One at a time uses the key of an open file; see claim.h. */
#include "write/claim.h"

#include "data/extents.h"
#include "data/room.h"
#include "file/file.h"
#include "log.h"
#include "names/name_change.h"
#include "write/publish.h"

void claim_await_locked(struct file *file)
{
	struct tree *tree = &file->store->tree;
	bool is_waiting = true;

	lock_assert_held(&file->lock);
	while (is_waiting) {
		while (file_is_busy_locked(file))
			lock_wait(&file->lock, &file->changed);
		lock_enter(&tree->lock);
		is_waiting = node_is_moving_locked(file->node);
		if (is_waiting) {
			lock_leave(&file->lock);
			lock_wait(&tree->lock, &tree->moved);
		}
		lock_leave(&tree->lock);
		if (is_waiting)
			lock_enter(&file->lock);
	}
}

/* Bytes that can be had only by storing them first. */
static bool has_gone_locked(const struct file *file)
{
	return extents_total(&file->gone) > 0 && file->error == 0 &&
	       !file->is_unlinked;
}

void file_save_gone(struct file *file)
{
	struct errinfo err = ERRINFO_INIT;
	bool has_gone;

	{
		LOCK(&file->lock);
		has_gone = has_gone_locked(file);
	}
	if (has_gone && file_publish(file, &err) < 0)
		log_error("publish", "%s", err.text);
}

/* Meanwhile nothing of it is evicted: who needs room waits for the end. */
static void claim_locked(struct file *file)
{
	file_set_state_locked(file, file_is_dirty_locked(file) ?
					    FILE_CLAIMED_DIRTY :
					    FILE_CLAIMED);
	room_begin(file->store);
}

void file_unclaim_locked(struct file *file)
{
	file_leave_key_locked(file, file->state == FILE_CLAIMED);
	room_end(file->store, NULL);
}

struct file *file_claim(struct store *store, struct node *node, bool *is_dirty)
{
	struct file *file;

	{
		LOCK(&store->files_lock);
		LOCK(&store->tree.lock);
		file = file_of_locked(store, node);
	}
	if (!file)
		return NULL;
	lock_enter(&file->lock);
	claim_await_locked(file);
	while (has_gone_locked(file)) {
		lock_leave(&file->lock);
		file_save_gone(file);
		lock_enter(&file->lock);
		claim_await_locked(file);
	}
	claim_locked(file);
	*is_dirty = file_is_dirty_locked(file);
	lock_leave(&file->lock);
	return file;
}

void file_unclaim(struct file *file)
{
	LOCK(&file->lock);
	file_unclaim_locked(file);
}
