/* SPDX-License-Identifier: MIT */
/* How an object reads: what is known without expanding it; gzip_store.h. */
#include "names/gzip_look.h"

#include <string.h>

#include "codec/gzip.h"
#include "facts/gzip_count.h"
#include "facts/gzip_known.h"
#include "facts/gzip_store.h"
#include "internal.h"
#include "names/key.h"
#include "names/segment.h"
#include "names/tree.h"

#define SECOND_NS    1000000000
#define POOL_THREADS 32

int gzip_store_new(struct store *store)
{
	struct gzip_store *gzip = calloc(1, sizeof(*gzip));

	if (!gzip)
		return -ENOMEM;
	gzip_known_init(&gzip->known);
	gzip->lock = (struct lock)LOCK_INIT(LOCK_GZIP);
	pthread_cond_init(&gzip->none_ahead, NULL);
	gzip->pool = pool_new(POOL_THREADS);
	store->gzip = gzip;
	return gzip->pool ? 0 : -ENOMEM;
}

void gzip_store_free(struct store *store)
{
	struct gzip_store *gzip = store->gzip;

	if (!gzip)
		return;
	pool_free(gzip->pool);
	{
		LOCK(&gzip->lock);
		while (gzip->aheads > 0)
			lock_wait(&gzip->lock, &gzip->none_ahead);
	}
	pthread_cond_destroy(&gzip->none_ahead);
	pthread_mutex_destroy(&gzip->lock.mutex);
	gzip_known_release(&gzip->known);
	free(gzip);
}

static struct gzip_version version_of(const char *key,
				      const struct s3_object *object)
{
	return (struct gzip_version){
		.key = key,
		.etag = object->etag,
		.stored_size = object->size,
		.mtime_ns = object->mtime_ns,
	};
}

bool gzip_look(struct store *store, const char *key,
	       const struct s3_object *object, struct gzip_layout *out)
{
	struct gzip_version v = version_of(key, object);

	*out = gzip_layout_none(object->size);
	if (!store->gzip)
		return true;
	gzip_layout_read(&object->headers, object->size, out);
	if (out->kind == GZIP_FOREIGN)
		return gzip_known_get(&store->gzip->known, &v, out);
	gzip_known_put(&store->gzip->known, &v, out);
	return true;
}

int gzip_look_wait(struct store *store, const char *key,
		   const struct s3_object *object, struct gzip_layout *out,
		   struct errinfo *err)
{
	struct gzip_version v = version_of(key, object);

	if (gzip_look(store, key, object, out))
		return 0;
	return gzip_count(store, &v, out, err);
}

/* The node is of this very version. */
static bool is_of(const struct node *node, const struct segment_entry *entry)
{
	uint64_t stored_size =
		node->layout ? node->layout->stored_size : node->size;

	return node->etag && strcmp(node->etag, entry->etag) == 0 &&
	       stored_size == entry->size &&
	       node->mtime_ns / SECOND_NS == entry->mtime_ns / SECOND_NS;
}

bool gzip_listed_locked(struct store *store, struct node *parent,
			const struct node *node,
			const struct segment_entry *entry,
			struct gzip_layout *out)
{
	AUTO_BUF struct buf key = BUF_INIT(S3_KEY_MAX + NAME_SIZE);
	struct gzip_version v = {
		.etag = entry->etag,
		.stored_size = entry->size,
		.mtime_ns = entry->mtime_ns,
	};

	lock_assert_held(&store->tree.lock);
	*out = gzip_layout_none(entry->size);
	if (!store->gzip || entry->is_dir || entry->size == 0)
		return true;
	if (node && is_of(node, entry)) {
		if (node->layout)
			*out = *node->layout;
		return true;
	}
	node_key_locked(store, parent, &key);
	buf_add_str(&key, entry->name);
	v.key = buf_str(&key);
	return key.error == 0 && gzip_known_get(&store->gzip->known, &v, out);
}
