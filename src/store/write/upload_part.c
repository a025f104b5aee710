/* SPDX-License-Identifier: MIT */
/* A part of an upload on its way: sent or copied; see upload.h. */
#include "write/upload_part.h"

#include <string.h>

#include "data/extents.h"
#include "data/pieces.h"
#include "data/plan.h"
#include "data/room.h"
#include "file/file.h"
#include "traits.h"
#include "write/upload.h"
#include "write/upload_stream.h"

#define FLYING_UPLOADS 32
#define FLYING_COPIES  64
#define FLYING_SPOOLED 3 /* of all files: their memory is over the budget */

/* One part's request and what it needs. */
struct flight {
	struct file *file; /* a reference */
	struct upload *upload;
	unsigned index;
	bool is_spooled; /* its bytes came from disk */
	struct pieces pieces;
	char *source_key; /* of a copy, as the file had it */
	char source_etag[S3_ETAG_MAX];
	union {
		struct s3_upload_part send;
		struct s3_copy_part copy;
	} s3;
};

static void flight_free(struct flight *flight)
{
	pieces_release(&flight->pieces);
	free(flight->source_key);
	free(flight);
}

static bool is_on_disk(const struct file *file, uint64_t offset,
		       uint64_t length)
{
	return extents_overlap(&file->blocks.spilled, offset, offset + length) >
	       0;
}

bool upload_may_launch(const struct file *file, const struct upload *up,
		       enum plan_kind kind, uint64_t offset, uint64_t length)
{
	unsigned limit = file->store->options.transfers;

	if (limit > 0 && up->flying >= limit)
		return false;
	if (kind == PLAN_COPY)
		return up->flying < FLYING_COPIES;
	if (file->store->spooled_parts >= FLYING_SPOOLED &&
	    is_on_disk(file, offset, length))
		return false;
	return up->flying < FLYING_UPLOADS;
}

bool upload_await_slot_locked(struct file *file)
{
	struct store *store = file->store;

	lock_assert_held(&file->lock);
	if (file->awaits_slot)
		return true;
	{
		LOCK(&store->room.lock);
		if (store->spooled_parts < FLYING_SPOOLED)
			return false;
		list_push(&store->spooled_waiters, &file->slot_link);
	}
	file->awaits_slot = true;
	file_get(file);
	return true;
}

/* A part from the disk has landed: no lock held. */
static void slot_free(struct store *store)
{
	struct list_link waiters, *link;

	list_init(&waiters);
	{
		LOCK(&store->room.lock);
		store->spooled_parts--;
		while ((link = list_pop(&store->spooled_waiters)))
			list_push(&waiters, link);
	}
	while ((link = list_pop(&waiters))) {
		struct file *file = container_of(link, struct file, slot_link);

		{
			LOCK(&file->lock);
			file->awaits_slot = false;
			pthread_cond_broadcast(&file->changed);
		}
		file_put(file);
	}
}

/* got: its ETag and checksum, if result is 0. */
static void part_landed(struct flight *flight, int result,
			const struct s3_part *got, const struct errinfo *err)
{
	struct file *file = flight->file;
	struct upload *up = flight->upload;

	pieces_release(&flight->pieces);
	if (flight->is_spooled)
		slot_free(file->store);
	{
		LOCK(&file->lock);
		struct upload_part *part = &up->parts[flight->index];

		up->flying--;
		part->state = PART_WAITING;
		if (result < 0) {
			if (up->error == 0) {
				up->error = result;
				up->err = *err;
			}
		} else if (!part->is_stale) {
			part->state = PART_SENT;
			memcpy(part->etag, got->etag, sizeof(part->etag));
			part->has_crc32c = got->has_crc32c;
			part->crc32c = got->crc32c;
		}
		upload_offer_locked(file);
		pthread_cond_broadcast(&file->changed);
	}
	room_end(file->store, file);
	flight_free(flight);
	file_put(file);
}

static void sent(struct s3_op *op)
{
	struct flight *flight = container_of(op, struct flight, s3.send.op);
	struct errinfo err = op->err;
	struct s3_part got = {
		.has_crc32c = true,
		.crc32c = flight->s3.send.body.crc32c,
	};
	int result = op->result;

	memcpy(got.etag, flight->s3.send.etag, sizeof(got.etag));
	s3_upload_part_release(&flight->s3.send);
	part_landed(flight, result, &got, &err);
}

static void copied(struct s3_op *op)
{
	struct flight *flight = container_of(op, struct flight, s3.copy.op);
	struct errinfo err = op->err;
	struct s3_part got = {
		.has_crc32c = flight->s3.copy.has_crc32c,
		.crc32c = flight->s3.copy.crc32c,
	};
	int result = op->result;

	if (result == -ENOTSUP)
		s3_trait_learn(flight->file->store->s3, S3_TRAIT_PART_COPY,
			       S3_NO, &err);
	memcpy(got.etag, flight->s3.copy.etag, sizeof(got.etag));
	s3_copy_part_release(&flight->s3.copy);
	part_landed(flight, result, &got, &err);
}

static int prepare_copy(struct flight *flight, const struct upload_part *part)
{
	struct file *file = flight->file;
	struct s3_copy_part *copy = &flight->s3.copy;

	flight->source_key = strdup(file->base.key);
	if (!flight->source_key)
		return -ENOMEM;
	memcpy(flight->source_etag, file->base.etag,
	       sizeof(flight->source_etag));
	copy->op.done = copied;
	copy->op.priority = S3_COMMIT;
	copy->key = flight->upload->key;
	copy->upload_id = flight->upload->id;
	copy->number = flight->index + 1;
	copy->source_key = flight->source_key;
	copy->source_etag = flight->source_etag[0] ? flight->source_etag : NULL;
	copy->offset = part->offset;
	copy->length = part->length;
	return 0;
}

static int prepare_send(struct flight *flight, struct upload_part *part)
{
	struct file *file = flight->file;
	struct s3_upload_part *send = &flight->s3.send;

	send->op.done = sent;
	send->op.priority = S3_UPLOAD;
	send->key = flight->upload->key;
	send->upload_id = flight->upload->id;
	send->number = flight->index + 1;
	send->body.length = part->length;
	send->body.read = pieces_read;
	send->body.arg = &flight->pieces;
	send->body.has_crc32c = true;
	return pieces_add(&flight->pieces, &file->blocks, &file->held,
			  part->offset, part->length);
}

/* No lock held: the disk is read, the bytes are summed. */
static void start_send(struct flight *flight)
{
	struct s3_upload_part *send = &flight->s3.send;
	int result = pieces_load(&flight->pieces);

	if (result < 0) {
		struct errinfo err = ERRINFO_INIT;

		errinfo_set(&err, result, "a part cannot be read from %s: %s",
			    flight->file->store->temp_dir, strerror(-result));
		part_landed(flight, result, NULL, &err);
		return;
	}
	send->body.crc32c = pieces_crc32c(&flight->pieces);
	s3_upload_part_start(flight->file->store->s3, send);
}

int upload_launch_locked(struct file *file, struct upload *up, unsigned index)
{
	struct flight *flight = calloc(1, sizeof(*flight));
	struct upload_part *part = &up->parts[index];
	enum plan_kind kind = part->kind;
	int result = 0;

	lock_assert_held(&file->lock);
	if (!flight)
		return -ENOMEM;
	flight->upload = up;
	flight->index = index;
	flight->file = file;
	if (kind == PLAN_COPY)
		result = prepare_copy(flight, part);
	else
		result = prepare_send(flight, part);
	if (result < 0) {
		flight_free(flight);
		return result;
	}
	flight->is_spooled = flight->pieces.on_disk;
	if (flight->is_spooled) {
		LOCK(&file->store->room.lock);
		file->store->spooled_parts++;
	}
	file_get(file);
	part->state = PART_FLYING;
	part->is_stale = false;
	part->is_let_go = false;
	up->flying++;
	room_begin(file->store);
	lock_leave(&file->lock);
	if (kind == PLAN_COPY)
		s3_copy_part_start(file->store->s3, &flight->s3.copy);
	else
		start_send(flight);
	lock_enter(&file->lock);
	return 0;
}
