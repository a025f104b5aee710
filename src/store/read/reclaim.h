/* SPDX-License-Identifier: MIT */
/* Evicts clean bytes when others need their memory. */
#ifndef STORE_RECLAIM_H
#define STORE_RECLAIM_H

#include <stdbool.h>
#include <stdint.h>

struct file;
struct store;

/* Memory for bytes, if need be by dropping clean ones of other files. */
bool store_make_room(struct store *store, uint64_t bytes);

/*
 * This very file holds what the budget has, and somebody cannot go on
 * without more: who reads further back than start pays for it.
 */
void reclaim_behind_locked(struct file *file, uint64_t start);

#endif
