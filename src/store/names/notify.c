/* SPDX-License-Identifier: MIT */
/* Invalidations for the kernel; see notify.h. */
#include "names/notify.h"

#include "internal.h"

void notify_entry(struct store *store, uint64_t parent_id, const char *name)
{
	LOCK(&store->notify_lock);
	if (store->notify.entry)
		store->notify.entry(store->notify.arg, parent_id, name);
}

void notify_inode(struct store *store, uint64_t id)
{
	LOCK(&store->notify_lock);
	if (store->notify.inode)
		store->notify.inode(store->notify.arg, id);
}

void notify_size(struct store *store, uint64_t id)
{
	LOCK(&store->notify_lock);
	if (store->notify.size)
		store->notify.size(store->notify.arg, id);
}
