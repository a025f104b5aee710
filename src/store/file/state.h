/* SPDX-License-Identifier: MIT */
/*
 * What an open file is doing: whether there is something to publish, and who
 * uses its key meanwhile.
 *
 * | state         | to be published          | its key is used by            |
 * |---------------|--------------------------|-------------------------------|
 * | SAVED         | nothing                  | nobody                        |
 * | DIRTY         | all that is dirty        | nobody                        |
 * | CLAIMED       | nothing                  | a rename, a change of headers |
 * | CLAIMED_DIRTY | all that is dirty        | the same                      |
 * | WAITING       | all that is dirty        | a publish, which waits for a  |
 * |               |                          | removal of the same key       |
 * | SENDING       | what is being sent       | a publish                     |
 * | SENDING_DIRTY | that, and changes since  | a publish                     |
 *
 *   from          | by a write    | by who uses its key
 *   SAVED         | DIRTY         | CLAIMED
 *   DIRTY         | -             | CLAIMED_DIRTY, WAITING
 *   CLAIMED       | CLAIMED_DIRTY | SAVED
 *   CLAIMED_DIRTY | -             | DIRTY
 *   WAITING       | -             | SENDING; DIRTY: not wanted any more
 *   SENDING       | SENDING_DIRTY | SAVED; DIRTY: it failed
 *   SENDING_DIRTY | -             | DIRTY
 *
 * Two things befall a file in any state and are never taken back: it cannot
 * be stored (error), it has lost its name (is_unlinked). Who uses its key then
 * comes to an end as usual, but nothing goes from DIRTY to WAITING any more.
 */
#ifndef STORE_STATE_H
#define STORE_STATE_H

#include <stdbool.h>

struct file;

enum file_state {
	FILE_SAVED,
	FILE_DIRTY,
	FILE_CLAIMED,
	FILE_CLAIMED_DIRTY,
	FILE_WAITING,
	FILE_SENDING,
	FILE_SENDING_DIRTY,
	FILE_STATES
};

/* The only one to write file.state; asserts that the step is allowed. */
void file_set_state_locked(struct file *file, enum file_state state);
/* The file has other bytes, or another size, than the base and what is sent. */
void file_note_change_locked(struct file *file);
/* Nobody uses the file's key any more; file.changed tells who waits. */
void file_leave_key_locked(struct file *file, bool is_saved);

/* There is something that is not in the bucket, or not known to be. */
bool file_is_dirty_locked(const struct file *file);
/* Its key is being used: a publish or a claim is under way. */
bool file_is_busy_locked(const struct file *file);
/* A publish is under way, if only waiting. */
bool file_is_publishing_locked(const struct file *file);
/* A publish is under way that cannot be called off. */
bool file_is_sending_locked(const struct file *file);
/* There is something to publish, and it may be. */
bool file_must_publish_locked(const struct file *file);

/* What always holds, where assertions are compiled. */
void file_check_locked(const struct file *file);

#endif
