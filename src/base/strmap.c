/* SPDX-License-Identifier: MIT */
/* String to pointer hash map with chained buckets; see strmap.h. */
#include "strmap.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/random.h>

static uint64_t strmap_process_seed(void)
{
	static _Atomic uint64_t seed;
	uint64_t value = seed, none = 0;

	if (value)
		return value;
	if (getrandom(&value, sizeof(value), 0) != sizeof(value))
		value = (uint64_t)(uintptr_t)&seed;
	value |= 1;
	if (atomic_compare_exchange_strong(&seed, &none, value))
		return value;
	return none; /* what another thread was quicker to set */
}

/* FNV-1a with a seed, then a 64-bit finaliser (Murmur3's). */
uint32_t strmap_hash(const void *data, size_t len, uint64_t seed)
{
	const unsigned char *p = data;
	uint64_t h = 0xcbf29ce484222325u ^ seed ^ strmap_process_seed();

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * 0x100000001b3u;
	h ^= h >> 33;
	h *= 0xff51afd7ed558ccdu;
	h ^= h >> 33;
	return (uint32_t)h;
}

static struct strmap_entry **strmap_slot(const struct strmap *m,
					 const char *key, uint32_t hash)
{
	struct strmap_entry **at = &m->buckets[hash & (m->bucket_count - 1)];

	while (*at && ((*at)->hash != hash || strcmp((*at)->key, key) != 0))
		at = &(*at)->next;
	return at;
}

static uint32_t strmap_key_hash(const char *key)
{
	return strmap_hash(key, strlen(key), 0);
}

void *strmap_get(const struct strmap *m, const char *key)
{
	struct strmap_entry *e;

	if (m->count == 0)
		return NULL;
	e = *strmap_slot(m, key, strmap_key_hash(key));
	return e ? e->value : NULL;
}

static int strmap_grow(struct strmap *m)
{
	size_t count = m->bucket_count ? m->bucket_count * 2 : 16;
	struct strmap_entry **buckets = calloc(count, sizeof(*buckets));

	if (!buckets)
		return -ENOMEM;
	for (size_t i = 0; i < m->bucket_count; i++) {
		struct strmap_entry *e = m->buckets[i];

		while (e) {
			struct strmap_entry *next = e->next;
			struct strmap_entry **to =
				&buckets[e->hash & (count - 1)];

			e->next = *to;
			*to = e;
			e = next;
		}
	}
	free(m->buckets);
	m->buckets = buckets;
	m->bucket_count = count;
	return 0;
}

int strmap_set(struct strmap *m, const char *key, void *value, void **old)
{
	uint32_t hash = strmap_key_hash(key);
	size_t len = strlen(key);
	struct strmap_entry **at, *e;

	if (old)
		*old = NULL;
	if (m->count >= m->bucket_count && strmap_grow(m) < 0)
		return -ENOMEM;
	at = strmap_slot(m, key, hash);
	if (*at) {
		if (old)
			*old = (*at)->value;
		(*at)->value = value;
		return 0;
	}
	e = malloc(sizeof(*e) + len + 1);
	if (!e)
		return -ENOMEM;
	e->next = NULL;
	e->value = value;
	e->hash = hash;
	memcpy(e->key, key, len + 1);
	*at = e;
	m->count++;
	return 0;
}

void *strmap_remove(struct strmap *m, const char *key)
{
	struct strmap_entry **at, *e;
	void *value;

	if (m->count == 0)
		return NULL;
	at = strmap_slot(m, key, strmap_key_hash(key));
	e = *at;
	if (!e)
		return NULL;
	value = e->value;
	*at = e->next;
	free(e);
	m->count--;
	return value;
}

static struct strmap_entry *strmap_first_from(const struct strmap *m,
					      size_t bucket)
{
	for (; bucket < m->bucket_count; bucket++) {
		if (m->buckets[bucket])
			return m->buckets[bucket];
	}
	return NULL;
}

struct strmap_entry *strmap_next(const struct strmap *m,
				 const struct strmap_entry *entry)
{
	if (!entry)
		return strmap_first_from(m, 0);
	if (entry->next)
		return entry->next;
	return strmap_first_from(m, (entry->hash & (m->bucket_count - 1)) + 1);
}

void strmap_release(struct strmap *m)
{
	for (size_t i = 0; i < m->bucket_count; i++) {
		struct strmap_entry *e = m->buckets[i];

		while (e) {
			struct strmap_entry *next = e->next;

			free(e);
			e = next;
		}
	}
	free(m->buckets);
	*m = (struct strmap)STRMAP_INIT;
}
