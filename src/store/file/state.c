/* SPDX-License-Identifier: MIT */
/* What an open file is doing; see state.h. */
#include "file/state.h"

#include <assert.h>

#include "data/extents.h"
#include "file/file.h"
#include "file/job.h"

#define TO(state) (1u << (state))

static const struct {
	bool is_dirty;
	enum file_state changed; /* by a write */
	unsigned allowed;        /* next states */
} states[FILE_STATES] = {
	[FILE_SAVED] = { false, FILE_DIRTY, TO(FILE_DIRTY) | TO(FILE_CLAIMED) },
	[FILE_DIRTY] = { true, FILE_DIRTY,
			 TO(FILE_CLAIMED_DIRTY) | TO(FILE_WAITING) },
	[FILE_CLAIMED] = { false, FILE_CLAIMED_DIRTY,
			   TO(FILE_CLAIMED_DIRTY) | TO(FILE_SAVED) },
	[FILE_CLAIMED_DIRTY] = { true, FILE_CLAIMED_DIRTY, TO(FILE_DIRTY) },
	[FILE_WAITING] = { true, FILE_WAITING,
			   TO(FILE_SENDING) | TO(FILE_DIRTY) },
	[FILE_SENDING] = { true, FILE_SENDING_DIRTY,
			   TO(FILE_SENDING_DIRTY) | TO(FILE_SAVED) |
				   TO(FILE_DIRTY) },
	[FILE_SENDING_DIRTY] = { true, FILE_SENDING_DIRTY, TO(FILE_DIRTY) },
};

void file_set_state_locked(struct file *file, enum file_state state)
{
	file_check_locked(file);
	assert(states[file->state].allowed & TO(state));
	assert(state != FILE_WAITING || file_must_publish_locked(file));
	file->state = state;
	file_check_locked(file);
}

void file_note_change_locked(struct file *file)
{
	enum file_state changed = states[file->state].changed;

	lock_assert_held(&file->lock);
	if (changed != file->state)
		file_set_state_locked(file, changed);
}

void file_leave_key_locked(struct file *file, bool is_saved)
{
	file_set_state_locked(file, is_saved ? FILE_SAVED : FILE_DIRTY);
	pthread_cond_broadcast(&file->changed);
	if (file->must_save)
		file_task(file, &file->save_task, file->save_task.run);
}

bool file_is_dirty_locked(const struct file *file)
{
	lock_assert_held(&file->lock);
	return states[file->state].is_dirty;
}

bool file_is_busy_locked(const struct file *file)
{
	lock_assert_held(&file->lock);
	return file->state >= FILE_CLAIMED;
}

bool file_is_publishing_locked(const struct file *file)
{
	lock_assert_held(&file->lock);
	return file->state >= FILE_WAITING;
}

bool file_is_sending_locked(const struct file *file)
{
	lock_assert_held(&file->lock);
	return file->state >= FILE_SENDING;
}

bool file_must_publish_locked(const struct file *file)
{
	return file_is_dirty_locked(file) && !file->is_unlinked &&
	       file->error == 0;
}

#ifdef NDEBUG
void file_check_locked(const struct file *file)
{
	(void)file;
}
#else
static uint64_t extents_end(const struct extents *e)
{
	return e->count > 0 ? e->items[e->count - 1].end : 0;
}

void file_check_locked(const struct file *file)
{
	lock_assert_held(&file->lock);
	assert(file->state < FILE_STATES);
	assert(extents_end(&file->held) <= file->size);
	assert(extents_end(&file->dirty) <= file->size);
	assert(extents_end(&file->gone) <= file->size);
	assert(file->base.valid <= file->base.size);
	assert(file->base.valid <= file->size);
	assert(file->base.exists || file->base.valid == 0);
	/* A compressed form is published by the file that it is of. */
	assert(!file->plain || file->state == FILE_SAVED);
	if (file->plain || file_is_dirty_locked(file))
		return;
	assert(file->dirty.count == 0 && file->gone.count == 0);
	assert(!file->upload);
	assert(file->size == file->base.size);
}
#endif
