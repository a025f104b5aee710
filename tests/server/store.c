/* SPDX-License-Identifier: MIT */
/* Buckets and objects; see store.h. */
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

struct object *store_object_locked(const struct bucket *bucket, const char *key)
{
	struct index_node *node = index_find(&bucket->keys, key);

	return node ? node->value : NULL;
}

int store_stage(struct store *store, struct object *object)
{
	return store->root ? root_stage(store->root, object) : 0;
}

int store_adopt_locked(struct store *store, struct bucket *bucket,
		       const char *key, struct object *object)
{
	struct index_node *node = index_insert(&bucket->keys, key);

	lock_assert_held(&store->lock);
	if (!node) {
		object_unref(object);
		return -ENOMEM;
	}
	object_unref(node->value);
	node->value = object;
	return 0;
}

int store_publish_locked(struct store *store, struct bucket *bucket,
			 const char *key, struct object *object)
{
	int rc = 0;

	object->mtime_ns = store_time_locked(store);
	if (store->root)
		rc = root_publish(store->root, bucket->name, key, object);
	if (rc < 0) {
		object_unref(object);
		return rc;
	}
	return store_adopt_locked(store, bucket, key, object);
}

int store_delete_locked(struct store *store, struct bucket *bucket,
			const char *key)
{
	struct object *object = store_object_locked(bucket, key);
	int rc = 0;

	if (!object)
		return 0;
	if (store->root)
		rc = root_delete(store->root, bucket->name, key);
	if (rc < 0)
		return rc;
	index_remove(&bucket->keys, key);
	object_unref(object);
	return 0;
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

		for (; k; k = k->next[0])
			object_unref(k->value);
		index_release(&bucket->keys);
		list_for_each_safe(link, &bucket->uploads)
			upload_free_locked(
				container_of(link, struct upload, link));
		bucket_free(bucket);
	}
	index_release(&store->buckets);
}
