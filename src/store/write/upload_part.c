/* SPDX-License-Identifier: MIT */
/* A part of an upload on its way: sent or copied; see upload.h. */
#include "write/upload_part.h"

#include <string.h>

#include "data/plan.h"
#include "data/room.h"
#include "file/file.h"
#include "multipart.h"
#include "traits.h"
#include "write/body.h"
#include "write/upload.h"
#include "write/upload_stream.h"

#define FLYING_UPLOADS 32
#define FLYING_COPIES  64

/* One part's request and what it needs. */
struct flight {
	struct file *file; /* a reference */
	struct upload *upload;
	unsigned index;
	struct body *body; /* of one that is sent */
	char *source_key;  /* of a copy, as the file had it */
	char source_etag[S3_ETAG_MAX];
	union {
		struct s3_upload_part send;
		struct s3_copy_part copy;
	} s3;
};

static void flight_free(struct flight *flight)
{
	body_end(flight->body);
	free(flight->source_key);
	free(flight);
}

bool upload_may_launch(const struct file *file, const struct upload *up,
		       enum plan_kind kind)
{
	unsigned limit = file->store->options.transfers;

	if (limit > 0 && up->flying >= limit)
		return false;
	return up->flying <
	       (kind == PLAN_COPY ? FLYING_COPIES : FLYING_UPLOADS);
}

/* got: its ETag and checksum, if result is 0. */
static void part_landed(struct flight *flight, int result,
			const struct s3_part *got, const struct errinfo *err)
{
	struct file *file = flight->file;
	struct upload *up = flight->upload;

	body_end(STEAL(flight->body));
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
		.has_crc32c = flight->s3.send.body.has_crc32c,
		.crc32c = flight->s3.send.body.crc32c,
	};
	int result = op->result;

	body_detach(flight->body, &err);
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

static void prepare_send(struct flight *flight)
{
	struct s3_upload_part *send = &flight->s3.send;

	send->op.done = sent;
	send->op.priority = S3_UPLOAD;
	send->key = flight->upload->key;
	send->upload_id = flight->upload->id;
	send->number = flight->index + 1;
	body_attach(flight->body, &send->op, &send->body);
}

static int prepare_locked(struct flight *flight, struct errinfo *err)
{
	struct upload_part part = flight->upload->parts[flight->index];
	int result;

	lock_assert_held(&flight->file->lock);
	if (part.kind == PLAN_COPY)
		return prepare_copy(flight, &part);
	result = body_new_locked(flight->file, part.offset,
				 part.offset + part.length, &flight->body, err);
	if (result == 0)
		prepare_send(flight);
	return result;
}

/* From here on the part is the flight's; back: it waits again. */
static void take_part_locked(struct file *file, unsigned index, bool is_back)
{
	struct upload *up = file->upload;
	struct upload_part *part = &up->parts[index];

	lock_assert_held(&file->lock);
	part->state = is_back ? PART_WAITING : PART_FLYING;
	up->flying += is_back ? -1 : 1;
	if (is_back)
		return;
	part->is_stale = false;
	part->is_let_go = false;
}

int upload_launch_locked(struct file *file, struct upload *up, unsigned index,
			 struct errinfo *err)
{
	struct flight *flight = calloc(1, sizeof(*flight));
	int result;

	lock_assert_held(&file->lock);
	if (!flight)
		return -ENOMEM;
	flight->upload = up;
	flight->index = index;
	flight->file = file;
	take_part_locked(file, index, false);
	result = prepare_locked(flight, err);
	if (result < 0) {
		take_part_locked(file, index, true);
		pthread_cond_broadcast(&file->changed);
		flight_free(flight);
		return result;
	}
	file_get(file);
	room_begin(file->store);
	lock_leave(&file->lock);
	if (flight->body)
		s3_upload_part_start(file->store->s3, &flight->s3.send);
	else
		s3_copy_part_start(file->store->s3, &flight->s3.copy);
	lock_enter(&file->lock);
	return 0;
}
