/* SPDX-License-Identifier: MIT */
/* What has just failed; see failure.h. */
#include "facts/failure.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "internal.h"

#define FAILURE_MAX_MS   5000
#define FAILURE_LEAST_MS 1000 /* what fails sooner costs little to ask again */

bool failure_note(struct failure *f, int64_t began_ms, int result,
		  const struct errinfo *err)
{
	int64_t now_ms = clock_now_ms();
	int64_t took_ms = now_ms - began_ms;

	if (result >= 0 || result == -ENOMEM || result == -ECANCELED)
		return false;
	if (took_ms < FAILURE_LEAST_MS)
		took_ms = 0;
	f->until_ms =
		now_ms + (took_ms < FAILURE_MAX_MS ? took_ms : FAILURE_MAX_MS);
	f->result = result;
	f->err = *err;
	return true;
}

int failure_recent(const struct failure *f, struct errinfo *err)
{
	if (f->until_ms <= clock_now_ms())
		return 0;
	*err = f->err;
	return f->result;
}

void failed_keys_release(struct failed_keys *keys)
{
	for (size_t i = 0; i < ARRAY_SIZE(keys->items); i++)
		free(keys->items[i].key);
	pthread_mutex_destroy(&keys->lock.mutex);
}

static struct failed_key *failed_keys_find_locked(struct failed_keys *keys,
						  const char *key, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(keys->items); i++) {
		struct failed_key *item = &keys->items[i];

		if (item->key && strncmp(item->key, key, len) == 0 &&
		    item->key[len] == '\0')
			return item;
	}
	return NULL;
}

void failed_keys_note(struct store *store, const char *key, size_t len,
		      int64_t began_ms, int result, const struct errinfo *err)
{
	struct failed_keys *keys = &store->failed_keys;
	struct failed_key *item;
	LOCK(&keys->lock);

	item = failed_keys_find_locked(keys, key, len);
	if (!item) {
		item = &keys->items[keys->next];
		keys->next = (keys->next + 1) % ARRAY_SIZE(keys->items);
		free(item->key);
		item->key = strndup(key, len);
	}
	if (!failure_note(&item->failure, began_ms, result, err))
		item->failure.until_ms = 0;
}

int failed_keys_recent(struct store *store, const char *key, size_t len,
		       struct errinfo *err)
{
	struct failed_keys *keys = &store->failed_keys;
	const struct failed_key *item;
	LOCK(&keys->lock);

	item = failed_keys_find_locked(keys, key, len);
	if (!item || s3_is_out(store->s3))
		return 0;
	return failure_recent(&item->failure, err);
}
