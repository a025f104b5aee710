/* SPDX-License-Identifier: MIT */
/*
 * One version of a file on its way up: as one PUT, or as a multipart upload
 * whose parts are sent or copied from the stored version.
 *
 * A new file that grows beyond one PUT is sent while it is written
 * (upload_stream.c). A write into a part that was sent makes it stale; it is
 * sent again before the end.
 *
 * | part state | request | etag | left to                               |
 * |------------|---------|------|---------------------------------------|
 * | WAITING    | no      | no   | FLYING when a pump or the end picks it |
 * | FLYING     | yes     | no   | SENT, or WAITING if it became stale    |
 * | SENT       | no      | yes  | WAITING if it became stale             |
 *
 * All is under file.lock; parts are cut, summed and started on the pool.
 */
#include "write/upload.h"

#include <string.h>

#include "codec/gzip.h"
#include "data/extents.h"
#include "data/plan.h"
#include "file/file.h"
#include "log.h"
#include "multipart.h"
#include "object/object.h"
#include "traits.h"
#include "write/body.h"
#include "write/outgoing.h"
#include "write/put.h"
#include "write/upload_part.h"

struct upload *upload_attach_locked(struct file *file, const char *key)
{
	struct upload *up = calloc(1, sizeof(*up));

	lock_assert_held(&file->lock);
	if (!up)
		return NULL;
	up->key = strdup(key);
	if (!up->key) {
		free(up);
		return NULL;
	}
	file->upload = up;
	file->drop_upload_locked = upload_drop_locked;
	return up;
}

static void upload_free(struct upload *up)
{
	free(up->key);
	free(up->id);
	free(up->parts);
	free(up);
}

int upload_add_part(struct upload *up, enum plan_kind kind, uint64_t offset,
		    uint64_t length)
{
	if (up->count == up->cap) {
		unsigned cap = up->cap ? up->cap * 2 : 16;
		struct upload_part *parts =
			realloc(up->parts, cap * sizeof(*parts));

		if (!parts)
			return -ENOMEM;
		up->parts = parts;
		up->cap = cap;
	}
	up->parts[up->count++] = (struct upload_part){
		.kind = kind,
		.offset = offset,
		.length = length,
	};
	return 0;
}

/* Lock given up while the server answers. */
int upload_create_locked(struct file *file, struct upload *up,
			 struct outgoing *out, struct errinfo *err)
{
	char *id = NULL;
	int result;

	lock_assert_held(&file->lock);
	lock_leave(&file->lock);
	result = object_create_upload(file->store, up->key, &out->headers, &id,
				      err);
	lock_enter(&file->lock);
	up->id = id;
	up->changes = out->changes;
	return result;
}

static void wait_for_flights_locked(struct file *file)
{
	lock_assert_held(&file->lock);
	while (file->pump == PUMP_RUNNING ||
	       (file->upload && file->upload->flying > 0))
		lock_wait(&file->lock, &file->changed);
}

void upload_drop_locked(struct file *file)
{
	struct s3_abort_upload abort = { .op.priority = S3_BACKGROUND };
	struct upload *up;

	lock_assert_held(&file->lock);
	wait_for_flights_locked(file);
	up = STEAL(file->upload);
	file->spilled_to = 0;
	if (!up)
		return;
	if (up->id) {
		int result;

		lock_leave(&file->lock);
		abort.key = up->key;
		abort.upload_id = up->id;
		s3_abort_upload_start(file->store->s3, &abort);
		result = s3_wait(file->store->s3, &abort.op);
		if (result < 0)
			log_warn("upload",
				 "an unfinished upload of %s is left in the "
				 "bucket: %s",
				 up->key, abort.op.err.text);
		s3_abort_upload_release(&abort);
		lock_enter(&file->lock);
	}
	upload_free(up);
}

/* Parts by the schedule up to the file's end, none behind it. */
static int schedule_rest_locked(struct file *file, struct upload *up)
{
	uint64_t part_bytes = file->store->options.part_bytes;
	uint64_t offset, length;

	lock_assert_held(&file->lock);
	while (up->count > 0 && up->parts[up->count - 1].offset >= file->size)
		up->count--;
	if (up->count > 0) {
		struct upload_part *last = &up->parts[up->count - 1];

		if (last->offset + last->length > file->size) {
			last->length = file->size - last->offset;
			last->state = PART_WAITING;
		}
	}
	for (;;) {
		int result;

		if (up->count >= S3_PARTS_MAX)
			return -EFBIG;
		plan_stream_part(part_bytes, up->count + 1, &offset, &length);
		if (offset >= file->size)
			return 0;
		if (length > file->size - offset)
			length = file->size - offset;
		result = upload_add_part(up, PLAN_UPLOAD, offset, length);
		if (result < 0)
			return result;
	}
}

/* The next part to start, or count. */
static unsigned next_waiting(const struct upload *up)
{
	unsigned i = 0;

	while (i < up->count && up->parts[i].state != PART_WAITING)
		i++;
	return i;
}

static int launch_locked(struct file *file, struct upload *up, unsigned i,
			 struct errinfo *err)
{
	const struct upload_part *part = &up->parts[i];

	lock_assert_held(&file->lock);
	if (part->is_let_go && extents_overlap(&file->gone, part->offset,
					       part->offset + part->length) > 0)
		return errinfo_set(err, -ENOSPC,
				   "a part was changed after its bytes had "
				   "been let go, for memory and %s were full: "
				   "offset=%llu",
				   file->store->temp_dir,
				   (unsigned long long)part->offset);
	return upload_launch_locked(file, up, i, err);
}

/* Sends and copies until every part is there. */
static int drive_locked(struct file *file, struct upload *up,
			struct errinfo *err)
{
	int result = 0;

	lock_assert_held(&file->lock);
	while (result == 0 && up->error == 0) {
		unsigned i = next_waiting(up);

		if (i == up->count && up->flying == 0)
			return 0;
		if (i < up->count &&
		    upload_may_launch(file, up, up->parts[i].kind))
			result = launch_locked(file, up, i, err);
		else
			lock_wait(&file->lock, &file->changed);
	}
	while (up->flying > 0)
		lock_wait(&file->lock, &file->changed);
	if (up->error) {
		*err = up->err;
		return up->error;
	}
	return result;
}

static int complete_locked(struct file *file, struct outgoing *out,
			   char etag[S3_ETAG_MAX], struct errinfo *err)
{
	struct s3_complete_upload complete = { .op.priority = S3_COMMIT };
	struct upload *up = file->upload;
	struct s3_part *parts = calloc(up->count, sizeof(*parts));
	int result;

	lock_assert_held(&file->lock);
	if (!parts)
		return -ENOMEM;
	for (unsigned i = 0; i < up->count; i++) {
		parts[i].number = i + 1;
		memcpy(parts[i].etag, up->parts[i].etag, S3_ETAG_MAX);
		parts[i].has_crc32c = up->parts[i].has_crc32c;
		parts[i].crc32c = up->parts[i].crc32c;
	}
	complete.key = up->key;
	complete.upload_id = up->id;
	complete.parts = parts;
	complete.count = up->count;
	lock_leave(&file->lock);
	result = upload_complete(out, &complete, etag, err);
	free(parts);
	lock_enter(&file->lock);
	return result;
}

/* The rest of the stream, or all parts of a plan, then the end. */
static int finish_parts_locked(struct file *file, struct outgoing *out,
			       char etag[S3_ETAG_MAX], struct errinfo *err)
{
	struct upload *up = file->upload;
	int result = up->error;

	lock_assert_held(&file->lock);
	up->is_ending = true;
	if (result < 0)
		*err = up->err;
	if (result == 0 && !up->id)
		result = upload_create_locked(file, up, out, err);
	out->sent = up->changes;
	if (result == 0 && !up->is_planned)
		result = schedule_rest_locked(file, up);
	if (result == 0)
		result = drive_locked(file, up, err);
	if (result == 0)
		result = complete_locked(file, out, etag, err);
	if (result == 0)
		upload_free(STEAL(file->upload));
	else
		upload_drop_locked(file);
	return result;
}

static int put_whole_locked(struct file *file, struct outgoing *out,
			    char etag[S3_ETAG_MAX], struct errinfo *err)
{
	struct body *body = NULL;
	int result = body_new_locked(file, 0, file->size, &body, err);

	lock_assert_held(&file->lock);
	if (result < 0)
		return result;
	out->sent = out->changes;
	if (put_may_park(out)) {
		out->parked->body = body;
		return -EINPROGRESS;
	}
	lock_leave(&file->lock);
	result = upload_put(out, body, etag, err);
	body_end(body);
	lock_enter(&file->lock);
	return result;
}

/* Fetching that much for one PUT is dearer than a copy on the server. */
static bool is_copy_better(const struct file *file)
{
	uint64_t valid = file->base.valid;

	return valid - extents_overlap(&file->held, 0, valid) >= S3_PART_MIN;
}

static bool has_part_copy(const struct file *file)
{
	return s3_trait(file->store->s3, S3_TRAIT_PART_COPY) != S3_NO;
}

static int plan_locked(struct file *file, const char *key, struct plan *plan)
{
	struct plan_input input = {
		.size = file->size,
		.base_size = file->base.valid,
		.dirty = &file->dirty,
		.held = &file->held,
		.single_put_max = file->store->options.single_put_bytes,
		.can_copy = file->base.exists && has_part_copy(file) &&
			    file->base.layout.kind == GZIP_NONE,
	};
	int result;

	lock_assert_held(&file->lock);
	if (input.can_copy && is_copy_better(file))
		input.single_put_max = S3_PART_MIN;
	result = plan_make(plan, &input);

	if (result < 0 || plan->is_single)
		return result;
	if (!upload_attach_locked(file, key))
		return -ENOMEM;
	file->upload->is_planned = true;
	for (size_t i = 0; result == 0 && i < plan->count; i++)
		result = upload_add_part(file->upload, plan->parts[i].kind,
					 plan->parts[i].offset,
					 plan->parts[i].length);
	return result;
}

int upload_publish_locked(struct file *file, struct outgoing *out,
			  char etag[S3_ETAG_MAX], struct errinfo *err)
{
	struct plan plan = { 0 };
	int result;

	lock_assert_held(&file->lock);
	wait_for_flights_locked(file);
	if (file->upload &&
	    (strcmp(file->upload->key, out->key) != 0 ||
	     (file->size <= file->store->options.single_put_bytes &&
	      extents_total(&file->gone) == 0)))
		upload_drop_locked(file);
	if (!file->upload) {
		bool could_copy = has_part_copy(file);

		result = plan_locked(file, out->key, &plan);
		if (result == 0 && plan.is_single)
			result = put_whole_locked(file, out, etag, err);
		else if (result == 0)
			result = finish_parts_locked(file, out, etag, err);
		else
			upload_drop_locked(file);
		plan_release(&plan);
		if (result == -ENOTSUP && could_copy && !has_part_copy(file))
			return upload_publish_locked(file, out, etag, err);
		return result;
	}
	result = finish_parts_locked(file, out, etag, err);
	/* The server lost the upload; everything is still held: once more. */
	if (result == -ESRCH)
		return upload_publish_locked(file, out, etag, err);
	return result;
}
