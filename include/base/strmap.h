/* SPDX-License-Identifier: MIT */
/*
 * String to pointer hash map. Keys are copied, values are the caller's.
 * The hash is seeded per process, so chosen keys cannot make it slow.
 * One thread at a time.
 */
#ifndef BASE_STRMAP_H
#define BASE_STRMAP_H

#include <stddef.h>
#include <stdint.h>

#include "macros.h"

struct strmap_entry {
	struct strmap_entry *next;
	void *value;
	uint32_t hash;
	char key[];
};

struct strmap {
	struct strmap_entry **buckets;
	size_t bucket_count; /* 0 or a power of two */
	size_t count;
};

#define STRMAP_INIT \
	{           \
		0   \
	}

/* The value, or NULL. */
void *strmap_get(const struct strmap *m, const char *key);

/* Sets key to value (not NULL); old, if not NULL, gets the value before. */
MUST_USE int strmap_set(struct strmap *m, const char *key, void *value,
			void **old);

/* Takes key out and returns its value, or NULL. */
void *strmap_remove(struct strmap *m, const char *key);

/*
 * Steps through all entries in no order: pass NULL first, then what came
 * back. No change to the map in between.
 */
struct strmap_entry *strmap_next(const struct strmap *m,
				 const struct strmap_entry *entry);

/* Frees the keys and the table, not the values. */
void strmap_release(struct strmap *m);

/* The hash used here, for other tables: 32 well mixed bits of len bytes. */
uint32_t strmap_hash(const void *data, size_t len, uint64_t seed);

#endif
