/* SPDX-License-Identifier: MIT */
/*
 * Objects that are somebody else's gzip. How long they are expanded is
 * written nowhere that can be relied on, so each is expanded once when its
 * size is asked, only counting; that also proves it sound. When its bytes
 * are asked, all of it is expanded again into the file's memory and, beyond
 * a share of that, its spool on disk.
 */
#include "facts/gzip_count.h"

#include <string.h>

#include "codec/gunzip.h"
#include "codec/gzip.h"
#include "data/budget.h"
#include "facts/facts.h"
#include "internal.h"
#include "log.h"

#define PIECE_BYTES (4ull * 1024 * 1024) /* one GET */
#define AHEAD       4                    /* of them in flight */

/* ------------------------------------------- stored bytes, one by one */

struct slot {
	struct s3_get get;
	char *data;
	bool is_started;
};

/* Ranged GETs, some ahead; the pieces are used in order. */
struct source {
	struct store *store;
	const struct object_version *version;
	enum s3_priority priority;
	uint64_t asked, used;
	uint64_t memory; /* taken from the budget */
	struct slot slots[AHEAD];
};

static int slot_take(struct s3_get *get, const void *data, size_t len)
{
	struct slot *slot = container_of(get, struct slot, get);

	memcpy(slot->data + get->received, data, len);
	return 0;
}

static struct slot *slot_of(struct source *s, uint64_t offset)
{
	return &s->slots[offset / PIECE_BYTES % AHEAD];
}

static int ask(struct source *s)
{
	struct slot *slot = slot_of(s, s->asked);
	uint64_t left = s->version->stored_size - s->asked;
	uint64_t len = left < PIECE_BYTES ? left : PIECE_BYTES;

	if (!slot->data) {
		slot->data = malloc(len);
		if (!slot->data)
			return -ENOMEM;
		budget_force(&s->store->budget, len);
		s->memory += len;
	}
	slot->get = (struct s3_get){
		.op.priority = s->priority,
		.key = s->version->key,
		.offset = s->asked,
		.length = len,
		.if_match = *s->version->etag ? s->version->etag : NULL,
		.sink = slot_take,
	};
	slot->is_started = true;
	s->asked += len;
	s3_get_start(s->store->s3, &slot->get);
	return 0;
}

/* The next piece; *len is 0 at the end. Good until the next call. */
static int next_piece(struct source *s, const char **data, size_t *len,
		      struct errinfo *err)
{
	struct slot *slot;
	int result = 0;

	*len = 0;
	if (s->store->has_no_readers)
		return -ECANCELED;
	while (result == 0 && s->asked < s->version->stored_size &&
	       s->asked < s->used + AHEAD * PIECE_BYTES)
		result = ask(s);
	if (result < 0 || s->used == s->version->stored_size)
		return result;
	slot = slot_of(s, s->used);
	result = s3_wait(s->store->s3, &slot->get.op);
	if (result < 0)
		*err = slot->get.op.err;
	else if (slot->get.received < slot->get.length)
		result = -EIO;
	*data = slot->data;
	*len = (size_t)slot->get.length;
	s->used += slot->get.length;
	slot->is_started = false;
	s3_get_release(&slot->get);
	return result;
}

static void source_release(struct source *s)
{
	for (unsigned i = 0; i < AHEAD; i++) {
		struct slot *slot = &s->slots[i];

		if (slot->is_started) {
			s3_cancel(s->store->s3, &slot->get.op);
			if (s3_wait(s->store->s3, &slot->get.op) < 0)
				log_debug("gzip", "%s is not wanted any more",
					  s->version->key);
			s3_get_release(&slot->get);
		}
		free(slot->data);
	}
	budget_give(&s->store->budget, s->memory);
}

int gzip_expand(struct store *store, const struct object_version *v,
		enum s3_priority priority,
		int (*sink)(void *arg, const void *data, size_t len), void *arg,
		struct gunzip *g, struct errinfo *err)
{
	struct source s = { .store = store,
			    .version = v,
			    .priority = priority };
	const char *data = NULL;
	size_t len = 1;
	int result = gunzip_init(g, sink, arg);

	if (result < 0)
		return result;
	while (result == 0 && len > 0) {
		result = next_piece(&s, &data, &len, err);
		if (result == 0)
			result = gunzip_feed(g, data, len);
	}
	if (result == 0)
		result = gunzip_finish(g);
	source_release(&s);
	gunzip_release(g);
	return result;
}

/* ------------------------------------------------------------ counting */

static int drop(void *arg, const void *data, size_t len)
{
	const struct store *store = arg;

	return store->has_no_readers ? -ECANCELED : 0;
}

int gzip_count(struct store *store, const struct object_version *v,
	       struct gzip_layout *out, struct errinfo *err)
{
	struct gunzip g;
	int result = gzip_expand(store, v, S3_METADATA, drop, store, &g, err);

	*out = (struct gzip_layout){
		.kind = GZIP_FOREIGN,
		.plain_size = g.plain_bytes,
		.stored_size = v->stored_size,
	};
	if (result == -EBADMSG) {
		*out = gzip_layout_none(v->stored_size);
		out->kind = GZIP_BROKEN;
		result = 0;
		log_error("gzip",
			  "%s has Content-Encoding gzip, but is no sound gzip "
			  "(%llu bytes could be expanded): reads of it fail",
			  v->key, (unsigned long long)g.plain_bytes);
	}
	if (result == 0 && g.has_garbage)
		log_warn("gzip", "%s: bytes behind its end are ignored",
			 v->key);
	return result;
}
