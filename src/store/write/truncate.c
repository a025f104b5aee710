/* SPDX-License-Identifier: MIT */
/* A file gets another size; ranges of it are freed or made sure of. */
#include "write/truncate.h"

#include <fcntl.h>
#include <linux/falloc.h>

#include "data/blocks.h"
#include "data/extents.h"
#include "data/room.h"
#include "file/file.h"
#include "write/upload_stream.h"

/* Lock held. What is cut off is gone; what is added is a hole. */
int file_truncate_locked(struct file *file, uint64_t size)
{
	uint64_t old_size = file->size;

	lock_assert_held(&file->lock);
	if (file->error)
		return file->error;
	if (size == old_size)
		return 0;
	if (size > S3_OBJECT_MAX)
		return -EFBIG;
	file_note_change_locked(file);
	if (size < old_size) {
		extents_truncate(&file->held, size);
		extents_truncate(&file->dirty, size);
		extents_truncate(&file->gone, size);
		blocks_drop(&file->blocks, size, UINT64_MAX);
		if (file->base.valid > size)
			file->base.valid = size;
		if (file->least_size > size)
			file->least_size = size;
		if (size == 0)
			file->is_fresh = true;
	}
	file->size = size;
	upload_note_write_locked(file, size < old_size ? size : old_size,
				 UINT64_MAX);
	file_update_node_locked(file, true);
	file_check_locked(file);
	room_gained(file->store, file);
	return 0;
}

void store_fallocate(struct handle *handle, int mode, uint64_t offset,
		     uint64_t len, struct store_op *op)
{
	struct file *file = handle->file;
	int result = 0;

	if (mode & ~FALLOC_FL_KEEP_SIZE) {
		op->done(op, -EOPNOTSUPP);
		return;
	}
	if (mode == 0) {
		LOCK(&file->lock);
		if (offset > S3_OBJECT_MAX || len > S3_OBJECT_MAX - offset)
			result = -EFBIG;
		else if (offset + len > file->size)
			result = file_truncate_locked(file, offset + len);
		if (result == 0)
			handle->unsaved = STORE_WRITTEN;
	}
	op->done(op, result);
}

/* --------------------------------------------------------- attributes */
