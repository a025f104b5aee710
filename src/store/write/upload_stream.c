/* SPDX-License-Identifier: MIT */
/*
 * A new file that grows beyond one PUT is sent while it is written: a part
 * goes out once all of it is there and the writer is behind it. What was
 * sent is kept for who reads it back or writes it again, on disk if memory is
 * short. If the disk is, too, it is evicted: the bucket alone has it then, as
 * parts that nobody can read before the file is published.
 */
#include "write/upload_stream.h"

#include <string.h>

#include "codec/gzip.h"
#include "data/block.h"
#include "data/blocks.h"
#include "data/extents.h"
#include "data/plan.h"
#include "data/room.h"
#include "file/file.h"
#include "file/job.h"
#include "names/key.h"
#include "names/name_change.h"
#include "names/tree.h"
#include "write/outgoing.h"
#include "write/upload.h"
#include "write/upload_part.h"

#define ROOM_BYTES (4 * BLOCK_BYTES) /* spilled in one go, lock held */

/* The next part of the schedule is whole and the writer is behind it. */
static bool next_is_full(const struct file *file, const struct upload *up,
			 uint64_t *offset, uint64_t *length)
{
	unsigned count = up ? up->count : 0;

	if (file->base.valid > 0 || file->is_unlinked || file->error ||
	    file_is_publishing_locked(file) || count >= S3_PARTS_MAX)
		return false;
	if (up && (up->is_planned || up->is_put_off || up->error))
		return false;
	plan_stream_part(file->store->options.part_bytes, count + 1, offset,
			 length);
	if (up && !upload_may_launch(file, up, PLAN_UPLOAD))
		return false;
	return file->size > *offset + *length &&
	       file->size > file->store->options.single_put_bytes &&
	       extents_contains(&file->dirty, *offset, *offset + *length);
}

/* The name it is streamed under; publish starts again if it gets another. */
static int stream_key(const struct file *file, struct buf *key)
{
	node_key(file->store, file->node, key);
	return key->error;
}

/* It was begun under a name that the file has no longer: of no use. */
static bool stream_is_misplaced(const struct file *file)
{
	AUTO_BUF struct buf key = BUF_INIT(S3_KEY_MAX + 1);

	return file->upload && stream_key(file, &key) == 0 &&
	       strcmp(file->upload->key, buf_str(&key)) != 0;
}

/*
 * Begins the upload. A file that is to be compressed is sent when its
 * compressed form is complete: its stream is put off. The last word is said
 * when it is published, which begins anew if it comes to be otherwise.
 */
static int stream_begin_locked(struct file *file, const char *key,
			       struct errinfo *err)
{
	struct outgoing out = { .file = file, .key = key };
	int result;

	if (!file->upload && !upload_attach_locked(file, key))
		return -ENOMEM;
	result = outgoing_prepare_locked(&out, err);
	if (result == 0)
		result = outgoing_decide_locked(&out);
	file->upload->is_put_off = out.is_compressed;
	if (result == 0 && !out.is_compressed)
		result = upload_create_locked(file, file->upload, &out, err);
	outgoing_release(&out);
	return result;
}

static int pump_parts(struct file *file, struct errinfo *err)
{
	AUTO_BUF struct buf key = BUF_INIT(S3_KEY_MAX + 1);
	uint64_t offset, length;
	int result = stream_key(file, &key);
	LOCK(&file->lock);

	file->pump = PUMP_IDLE;
	if (!file_is_publishing_locked(file) && stream_is_misplaced(file))
		upload_drop_locked(file);
	/* It may have been published, cut or unlinked since. */
	if (!next_is_full(file, file->upload, &offset, &length))
		return 0;
	file->pump = PUMP_RUNNING;
	if (result == 0 && !(file->upload && file->upload->id))
		result = stream_begin_locked(file, buf_str(&key), err);
	while (result == 0 &&
	       next_is_full(file, file->upload, &offset, &length)) {
		result = upload_add_part(file->upload, PLAN_UPLOAD, offset,
					 length);
		if (result == 0)
			result = upload_launch_locked(file, file->upload,
						      file->upload->count - 1,
						      err);
	}
	if (result < 0 && file->upload && file->upload->error == 0) {
		file->upload->error = result;
		file->upload->err = *err;
	}
	file->pump = PUMP_IDLE;
	pthread_cond_broadcast(&file->changed);
	return result;
}

static int pump(struct file *file, struct errinfo *err)
{
	int result = pump_parts(file, err);

	room_end(file->store, file);
	return result;
}

static void pump_start_locked(struct file *file)
{
	file->pump = PUMP_QUEUED;
	room_begin(file->store);
	file_task(file, &file->pump_task, pump);
}

/* A lost upload is begun again when the file is published, if all is here. */
static bool is_final(const struct file *file, int error)
{
	return error && (error != -ESRCH || extents_total(&file->gone) > 0);
}

void upload_offer_locked(struct file *file)
{
	uint64_t offset, length;

	lock_assert_held(&file->lock);
	if (file->upload && !file->upload->is_planned &&
	    is_final(file, file->upload->error))
		file_fail_locked(file, file->upload->error, &file->upload->err);
	if (file->pump != PUMP_IDLE || file->store->options.no_overwrite ||
	    !next_is_full(file, file->upload, &offset, &length))
		return;
	pump_start_locked(file);
}

void upload_note_write_locked(struct file *file, uint64_t start, uint64_t end)
{
	struct upload *up = file->upload;

	lock_assert_held(&file->lock);
	if (file->spilled_to > start)
		file->spilled_to = start;
	/* Who goes on writing must not keep the upload from its end. */
	if (up && up->is_ending)
		return;
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

int upload_spill_locked(struct file *file)
{
	const struct upload *up = file->upload;
	uint64_t start = file->spilled_to, end;
	int result;

	lock_assert_held(&file->lock);
	if (!up || up->error || up->is_planned)
		return 0;
	end = sent_until(up) / BLOCK_BYTES * BLOCK_BYTES;
	if (end <= start)
		return 0;
	if (end > start + ROOM_BYTES)
		end = start + ROOM_BYTES;
	file->spilled_to = end;
	result = blocks_spill_locked(&file->blocks, &file->held, start, end);
	if (result == 0)
		return 1;
	if (file->spilled_to > start)
		file->spilled_to = start;
	return result;
}

bool upload_is_coming_locked(const struct file *file)
{
	lock_assert_held(&file->lock);
	return file->upload && !file->upload->is_planned &&
	       file->upload->flying > 0;
}

/* -------------------------------------------------------------- eviction */

/* What an upload alone has must be published under its key. */
static bool stream_may_stay(const struct file *file)
{
	if ((file_is_busy_locked(file) && !file_is_publishing_locked(file)) ||
	    stream_is_misplaced(file))
		return false;
	LOCK(&file->store->tree.lock);
	return !node_is_to_move_locked(file->node);
}

static bool can_let_go(const struct upload_part *part)
{
	return part->state == PART_SENT && !part->is_let_go;
}

/*
 * A part that nobody needs but for reading it back. The first one is kept as
 * long as another will be there: who comes back to a file changes its head.
 */
static struct upload_part *part_to_let_go(const struct file *file)
{
	struct upload *up = file->upload;

	if (!up || up->error || up->is_planned || up->is_ending ||
	    file->error || file->is_unlinked || !stream_may_stay(file))
		return NULL;
	for (unsigned i = 1; i < up->count; i++)
		if (can_let_go(&up->parts[i]))
			return &up->parts[i];
	return up->count > 0 && up->flying == 0 && can_let_go(up->parts) ?
		       up->parts :
		       NULL;
}

/* The disk is taken; lock given up meanwhile. */
static bool let_go_part_locked(struct file *file)
{
	struct upload_part *part = part_to_let_go(file);
	uint64_t start, end;

	lock_assert_held(&file->lock);
	if (!part)
		return false;
	start = part->offset;
	end = start + part->length;
	if (blocks_is_pinned(&file->blocks, start, end))
		return false;
	if (extents_add(&file->gone, start, end) < 0 ||
	    extents_remove(&file->held, start, end) < 0)
		return false;
	part->is_let_go = true;
	return blocks_let_go_locked(&file->blocks, start, end) == 0;
}

/* As above: bytes of the base, which can be fetched again. */
static bool let_go_clean_locked(struct file *file)
{
	uint64_t at = 0, start, end, from, to;

	lock_assert_held(&file->lock);
	if (file->base.layout.kind == GZIP_FOREIGN || file->fetch_count > 0 ||
	    !list_is_empty(&file->waiters))
		return false;
	while (extents_next(&file->blocks.spilled, at, &start, &end)) {
		if (extents_next_gap(&file->dirty, start, end, &from, &to) &&
		    !blocks_is_pinned(&file->blocks, from, to))
			return extents_remove(&file->held, from, to) == 0 &&
			       blocks_let_go_locked(&file->blocks, from, to) ==
				       0;
		at = end;
	}
	return false;
}

bool upload_let_go_locked(struct file *file)
{
	bool result;

	lock_assert_held(&file->lock);
	blocks_disk_enter_locked(&file->blocks);
	result = let_go_part_locked(file) || let_go_clean_locked(file);
	blocks_disk_leave_locked(&file->blocks);
	return result;
}

bool upload_send_again_locked(struct file *file)
{
	struct errinfo err = ERRINFO_INIT;
	struct upload *up = file->upload;
	unsigned i = 0;

	lock_assert_held(&file->lock);
	if (!up || up->error || up->is_planned || up->is_ending ||
	    file->error || file->is_unlinked)
		return false;
	if (stream_is_misplaced(file)) {
		if (file->pump == PUMP_IDLE)
			pump_start_locked(file);
		return true;
	}
	while (i < up->count &&
	       (up->parts[i].state != PART_WAITING ||
		!extents_contains(&file->held, up->parts[i].offset,
				  up->parts[i].offset + up->parts[i].length)))
		i++;
	return i < up->count && upload_may_launch(file, up, PLAN_UPLOAD) &&
	       upload_launch_locked(file, up, i, &err) == 0;
}

bool store_let_go(struct store *store)
{
	struct file **files;
	size_t count;
	bool result = false;

	if (store_list_files(store, NULL, &files, &count) < 0)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!result) {
			LOCK(&files[i]->lock);
			result = upload_let_go_locked(files[i]);
		}
		file_put(files[i]);
	}
	free(files);
	return result;
}
