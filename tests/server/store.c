/* SPDX-License-Identifier: MIT */
/* Buckets, objects and versions; see store.h. */
#include "store.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "root.h"

struct object *object_new(void)
{
	struct object *object = calloc(1, sizeof(*object));

	if (object)
		object->refs = 1;
	return object;
}

struct object *object_ref(struct object *object)
{
	atomic_fetch_add(&object->refs, 1);
	return object;
}

void object_unref(struct object *object)
{
	if (!object || atomic_fetch_sub(&object->refs, 1) != 1)
		return;
	body_release(&object->body);
	fields_release(&object->headers);
	fields_release(&object->sums);
	fields_release(&object->tags);
	free(object->parts);
	free(object);
}

int64_t store_time_locked(struct store *store)
{
	int64_t now = clock_wall_ns();

	lock_assert_held(&store->lock);
	if (now <= store->last_ns)
		now = store->last_ns + 1;
	store->last_ns = now;
	return now;
}

uint64_t store_id_locked(struct store *store)
{
	lock_assert_held(&store->lock);
	if (store->last_id == 0)
		store->last_id = (uint64_t)clock_wall_ns();
	return ++store->last_id;
}

struct bucket *store_bucket_locked(struct store *store, const char *name)
{
	struct index_node *node = index_find(&store->buckets, name);

	return node ? node->value : NULL;
}

static void bucket_free(struct bucket *bucket)
{
	fields_release(&bucket->tags);
	free(bucket->name);
	free(bucket);
}

int store_add_bucket_locked(struct store *store, const char *name, int owner,
			    enum acl acl)
{
	struct bucket *bucket;
	struct index_node *node;
	int rc = 0;

	if (store_bucket_locked(store, name))
		return -EEXIST;
	if (store->root)
		rc = root_add_bucket(store->root, name);
	if (rc < 0)
		return rc;
	bucket = calloc(1, sizeof(*bucket));
	if (!bucket)
		return -ENOMEM;
	bucket->name = strdup(name);
	bucket->owner = owner;
	bucket->acl = acl;
	bucket->created_ns = store_time_locked(store);
	list_init(&bucket->uploads);
	node = bucket->name ? index_insert(&store->buckets, name) : NULL;
	if (!node) {
		bucket_free(bucket);
		return -ENOMEM;
	}
	node->value = bucket;
	return 0;
}

int store_remove_bucket_locked(struct store *store, struct bucket *bucket)
{
	int rc = 0;

	if (bucket->keys.count > 0)
		return -ENOTEMPTY;
	if (store->root)
		rc = root_remove_bucket(store->root, bucket->name);
	if (rc < 0)
		return rc;
	list_for_each_safe(link, &bucket->uploads)
		upload_free_locked(container_of(link, struct upload, link));
	index_remove(&store->buckets, bucket->name);
	bucket_free(bucket);
	return 0;
}

struct object *store_current_locked(const struct bucket *bucket,
				    const char *key)
{
	struct index_node *node = index_find(&bucket->keys, key);
	struct object *object = node ? node->value : NULL;

	return object && !object->is_delete_marker ? object : NULL;
}

struct object *store_version_locked(const struct bucket *bucket,
				    const char *key, uint64_t version)
{
	struct index_node *node = index_find(&bucket->keys, key);
	struct object *object = node ? node->value : NULL;

	while (object && object->version != version)
		object = object->older;
	return object;
}

int store_stage(struct store *store, struct object *object)
{
	return store->root ? root_stage(store->root, object) : 0;
}

/* Takes the version out of the chain that starts at *link and frees it. */
static void drop_version(struct object **link, uint64_t version)
{
	while (*link && (*link)->version != version)
		link = &(*link)->older;
	if (*link) {
		struct object *gone = *link;

		*link = gone->older;
		object_unref(gone);
	}
}

int store_adopt_locked(struct store *store, struct bucket *bucket,
		       const char *key, struct object *object)
{
	struct index_node *node = index_insert(&bucket->keys, key);
	struct object *older;

	lock_assert_held(&store->lock);
	if (!node) {
		object_unref(object);
		return -ENOMEM;
	}
	older = node->value;
	if (object->version == 0)
		drop_version(&older, 0);
	object->older = older;
	node->value = object;
	return 0;
}

int store_publish_locked(struct store *store, struct bucket *bucket,
			 const char *key, struct object *object)
{
	int rc = 0;

	object->mtime_ns = store_time_locked(store);
	if (bucket->versioning == VERSIONING_ENABLED)
		object->version = store_id_locked(store);
	if (store->root && !object->is_delete_marker)
		rc = root_publish(store->root, bucket->name, key, object);
	if (rc < 0) {
		object_unref(object);
		return rc;
	}
	return store_adopt_locked(store, bucket, key, object);
}

int store_delete_version_locked(struct store *store, struct bucket *bucket,
				const char *key, uint64_t version)
{
	struct index_node *node = index_find(&bucket->keys, key);
	struct object *newest;
	int rc = 0;

	if (!node)
		return 0;
	newest = node->value;
	if (store->root)
		rc = root_delete(store->root, bucket->name, key, newest);
	if (rc < 0)
		return rc;
	drop_version(&newest, version);
	node->value = newest;
	if (!newest)
		index_remove(&bucket->keys, key);
	return 0;
}

int store_delete_locked(struct store *store, struct bucket *bucket,
			const char *key, uint64_t *marker)
{
	struct object *object;
	int rc;

	*marker = 0;
	if (bucket->versioning == VERSIONING_OFF)
		return store_delete_version_locked(store, bucket, key, 0);
	object = object_new();
	if (!object)
		return -ENOMEM;
	object->is_delete_marker = true;
	object_ref(object);
	rc = store_publish_locked(store, bucket, key, object);
	*marker = object->version;
	object_unref(object);
	return rc;
}

int store_update_locked(struct store *store, struct bucket *bucket,
			const char *key, struct object *object)
{
	lock_assert_held(&store->lock);
	return store->root ? root_save_headers(store->root, bucket->name, key,
					       object) :
			     0;
}

void store_release(struct store *store)
{
	struct index_node *b = store->buckets.heads[0];

	for (; b; b = b->next[0]) {
		struct bucket *bucket = b->value;
		struct index_node *k = bucket->keys.heads[0];

		for (; k; k = k->next[0]) {
			struct object *object = k->value;

			while (object)
				drop_version(&object, object->version);
		}
		index_release(&bucket->keys);
		list_for_each_safe(link, &bucket->uploads)
			upload_free_locked(
				container_of(link, struct upload, link));
		bucket_free(bucket);
	}
	index_release(&store->buckets);
}
