/* SPDX-License-Identifier: MIT */
/* Invalidations: what the kernel should forget, or look at again. */
#ifndef STORE_NOTIFY_H
#define STORE_NOTIFY_H

#include <stdint.h>

struct store;

/* What the kernel should forget; any thread, any lock may be held. */
void notify_entry(struct store *store, uint64_t parent_id, const char *name);
void notify_inode(struct store *store, uint64_t id);
/* The kernel asks for the size of id before it reads on; no lock is held. */
void notify_size(struct store *store, uint64_t id);

#endif
