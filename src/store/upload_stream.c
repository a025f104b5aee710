/* SPDX-License-Identifier: MIT */
/*
 * A new file that grows beyond one PUT is sent while it is written: a part
 * goes out once all of it is there and the writer is behind it. What was
 * sent is kept for who reads it back or writes it again, on disk if memory is
 * short.
 */
#include <string.h>

#include "file.h"
#include "gzip_store.h"
#include "upload.h"

#define ROOM_BYTES (4 * BLOCK_BYTES) /* spilled in one go, lock held */

/*
 * Such a file is sent when its compressed form is complete. The last word is
 * said when it is published, which begins anew if it comes to be otherwise.
 */
static bool will_be_compressed(const struct file *file)
{
	AUTO_BUF struct buf key = BUF_INIT(S3_KEY_MAX + 1);
	CLEANUP(pairs_release) struct pairs headers = PAIRS_INIT;

	if (!file->store->gzip)
		return false;
	node_key(file->store, file->node, &key);
	return publish_headers(file, buf_str(&key), &headers) == 0 &&
	       gzip_is_wanted(file, buf_str(&key), &headers);
}

/* The next part of the schedule is whole and the writer is behind it. */
static bool next_is_full(const struct file *file, const struct upload *up,
			 uint64_t *offset, uint64_t *length)
{
	unsigned count = up ? up->count : 0;

	if (file->base.valid > 0 || file->is_unlinked || file->error ||
	    file->is_publishing || count >= S3_PARTS_MAX)
		return false;
	if (up && (up->is_planned || up->error))
		return false;
	if (up && !upload_may_launch(file, up, PLAN_UPLOAD))
		return false;
	plan_stream_part(file->store->options.part_bytes, count + 1, offset,
			 length);
	return file->size > *offset + *length &&
	       file->size > file->store->options.single_put_bytes &&
	       extents_contains(&file->dirty, *offset, *offset + *length) &&
	       !will_be_compressed(file);
}

/* The name it is streamed under; publish starts anew if it gets another. */
static int stream_key(struct file *file, struct buf *key)
{
	node_key(file->store, file->node, key);
	return key->error;
}

static int pump(struct file *file, struct errinfo *err)
{
	AUTO_BUF struct buf key = BUF_INIT(S3_KEY_MAX + 1);
	uint64_t offset, length;
	int result = stream_key(file, &key);
	LOCK(&file->lock);

	file->is_pump_queued = false;
	/* It may have been published, cut or unlinked since. */
	if (!next_is_full(file, file->upload, &offset, &length))
		return 0;
	file->is_pump_running = true;
	if (!file->upload && result == 0) {
		file->upload = upload_new(buf_str(&key));
		if (!file->upload)
			result = -ENOMEM;
	}
	if (result == 0 && !file->upload->id)
		result = publish_prepare_locked(file, err);
	if (result == 0 && !file->upload->id)
		result = upload_create_locked(file, file->upload, err);
	while (result == 0 &&
	       next_is_full(file, file->upload, &offset, &length)) {
		result = upload_add_part(file->upload, PLAN_UPLOAD, offset,
					 length);
		if (result == 0)
			result = upload_launch_locked(file, file->upload,
						      file->upload->count - 1);
	}
	if (result < 0 && file->upload && file->upload->error == 0) {
		file->upload->error = result;
		file->upload->err = *err;
	}
	file->is_pump_running = false;
	pthread_cond_broadcast(&file->changed);
	return result;
}

void upload_offer_locked(struct file *file)
{
	uint64_t offset, length;

	/* A lost upload (-ESRCH) is begun again when the file is published. */
	if (file->upload && file->upload->error &&
	    file->upload->error != -ESRCH && !file->upload->is_planned)
		file_fail_locked(file, file->upload->error, &file->upload->err);
	if (file->is_pump_queued || file->is_pump_running ||
	    file->store->options.no_overwrite ||
	    !next_is_full(file, file->upload, &offset, &length))
		return;
	file->is_pump_queued = true;
	file_task(file, &file->pump_task, pump);
}

void upload_note_write_locked(struct file *file, uint64_t start, uint64_t end)
{
	struct upload *up = file->upload;

	/* Who goes on writing must not keep the upload from its end. */
	if (up && up->is_ending)
		return;
	if (up && up->spilled_to > start)
		up->spilled_to = start;
	for (unsigned i = 0; up && i < up->count; i++) {
		struct upload_part *part = &up->parts[i];

		if (start >= part->offset + part->length || end <= part->offset)
			continue;
		part->is_stale = true;
		if (part->state == PART_SENT)
			part->state = PART_WAITING;
	}
}

/* How far from its start the file is in parts that were sent. */
static uint64_t sent_until(const struct upload *up)
{
	unsigned i = 0;

	while (i < up->count && up->parts[i].state == PART_SENT)
		i++;
	return i > 0 ? up->parts[i - 1].offset + up->parts[i - 1].length : 0;
}

bool upload_make_room_locked(struct file *file)
{
	struct upload *up;

	while ((up = file->upload) && !up->error && !up->is_planned) {
		uint64_t start = up->spilled_to, end = sent_until(up);

		if (end >= start + ROOM_BYTES) {
			up->spilled_to = start + ROOM_BYTES;
			return blocks_spill(&file->blocks, &file->held, start,
					    up->spilled_to) == 0;
		}
		if (up->flying == 0)
			return false;
		lock_wait(&file->lock, &file->changed);
	}
	return false;
}
