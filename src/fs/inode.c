/* SPDX-License-Identifier: MIT */
/*
 * The table of inode numbers; see inode.h. Open addressing: a directory of a
 * million entries puts a million numbers here, at 24 bytes a slot.
 */

#include "inode.h"

#include "store.h"

#define FIRST_ROOM  64 /* slots; a power of two */
#define LOOKUPS_MAX (UINT64_MAX >> 1)

/*
 * Store numbers count up, so the middle of a product with 2^64 over the
 * golden ratio spreads them evenly (Knuth, TAOCP 3, 6.4).
 */
static size_t inodes_home(uint64_t id, size_t room)
{
	return (size_t)((id * UINT64_C(0x9E3779B97F4A7C15)) >> 32) & (room - 1);
}

void inodes_init(struct inodes *t, struct store *store)
{
	*t = (struct inodes){ .store = store, .root = store_root(store) };
	t->root_id = node_id(t->root);
	t->lock = (struct lock)LOCK_INIT(LOCK_INODES);
}

uint64_t inodes_number(const struct inodes *t, uint64_t store_id)
{
	return store_id == t->root_id ? INODE_ROOT : store_id;
}

/* The slot of id, or the empty one where it would go. There is room. */
static struct inode_slot *inodes_slot(struct inode_slot *slots, size_t room,
				      uint64_t id)
{
	size_t i = inodes_home(id, room);

	while (slots[i].id != 0 && slots[i].id != id)
		i = (i + 1) & (room - 1);
	return &slots[i];
}

static struct inode_slot *inodes_find_locked(struct inodes *t, uint64_t id)
{
	struct inode_slot *slot;

	lock_assert_held(&t->lock);
	if (t->locked.count == 0 || id == 0)
		return NULL;
	slot = inodes_slot(t->locked.slots, t->locked.room, id);
	return slot->id == 0 ? NULL : slot;
}

/* Keeps the table under three quarters full. */
static int inodes_make_room_locked(struct inodes *t)
{
	size_t room = t->locked.room;
	struct inode_slot *slots;

	if ((t->locked.count + 1) * 4 <= room * 3)
		return 0;
	room = room == 0 ? FIRST_ROOM : room * 2;
	slots = calloc(room, sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	for (size_t i = 0; i < t->locked.room; i++) {
		struct inode_slot *from = &t->locked.slots[i];

		if (from->id != 0)
			*inodes_slot(slots, room, from->id) = *from;
	}
	free(t->locked.slots);
	t->locked.slots = slots;
	t->locked.room = room;
	return 0;
}

/* Counts one lookup; *is_new tells whether node's reference was kept. */
static int inodes_add_locked(struct inodes *t, uint64_t id, struct node *node,
			     bool *is_new)
{
	struct inode_slot *slot = inodes_find_locked(t, id);
	int rc;

	*is_new = false;
	if (!slot) {
		rc = inodes_make_room_locked(t);
		if (rc < 0)
			return rc;
		slot = inodes_slot(t->locked.slots, t->locked.room, id);
		slot->id = id;
		slot->node = node;
		t->locked.count++;
		*is_new = true;
	}
	slot->lookups++;
	return 0;
}

int inodes_add(struct inodes *t, struct node *node)
{
	uint64_t id = inodes_number(t, node_id(node));
	bool is_new = false;
	int rc = 0;

	if (id != INODE_ROOT) {
		LOCK(&t->lock);
		rc = inodes_add_locked(t, id, node, &is_new);
	}
	if (!is_new)
		node_put(t->store, node, 1);
	return rc;
}

struct node *inodes_get(struct inodes *t, uint64_t id)
{
	struct inode_slot *slot;

	if (id == INODE_ROOT)
		return node_get(t->root);
	LOCK(&t->lock);
	slot = inodes_find_locked(t, id);
	return slot ? node_get(slot->node) : NULL;
}

bool inodes_has(struct inodes *t, uint64_t id)
{
	LOCK(&t->lock);
	return id == INODE_ROOT || inodes_find_locked(t, id);
}

/* Moves later slots of the same run down, so that no search stops early. */
static void inodes_remove_locked(struct inodes *t, struct inode_slot *slot)
{
	struct inode_slot *slots = t->locked.slots;
	size_t mask = t->locked.room - 1;
	size_t hole = (size_t)(slot - slots);

	t->locked.set_id_count -= slot->has_set_id;
	t->locked.count--;
	for (size_t i = (hole + 1) & mask; slots[i].id != 0;
	     i = (i + 1) & mask) {
		size_t home = inodes_home(slots[i].id, t->locked.room);

		if (((i - home) & mask) >= ((i - hole) & mask)) {
			slots[hole] = slots[i];
			hole = i;
		}
	}
	slots[hole] = (struct inode_slot){ 0 };
}

void inodes_forget(struct inodes *t, uint64_t id, uint64_t lookups)
{
	struct node *gone = NULL;

	{
		LOCK(&t->lock);
		struct inode_slot *slot = inodes_find_locked(t, id);

		if (!slot)
			return;
		if (slot->lookups > lookups) {
			slot->lookups = (slot->lookups - lookups) & LOOKUPS_MAX;
			return;
		}
		gone = slot->node;
		inodes_remove_locked(t, slot);
	}
	node_put(t->store, gone, 1);
}

void inodes_note_set_id(struct inodes *t, uint64_t id, bool has_set_id)
{
	LOCK(&t->lock);
	struct inode_slot *slot;

	if (!has_set_id && t->locked.set_id_count == 0)
		return;
	slot = inodes_find_locked(t, id);
	if (!slot || slot->has_set_id == has_set_id)
		return;
	slot->has_set_id = has_set_id;
	if (has_set_id)
		t->locked.set_id_count++;
	else
		t->locked.set_id_count--;
}

bool inodes_has_set_id(struct inodes *t, uint64_t id)
{
	LOCK(&t->lock);
	struct inode_slot *slot;

	if (t->locked.set_id_count == 0)
		return false;
	slot = inodes_find_locked(t, id);
	return slot && slot->has_set_id;
}

size_t inodes_count(struct inodes *t)
{
	LOCK(&t->lock);
	return t->locked.count;
}

void inodes_release(struct inodes *t)
{
	for (size_t i = 0; i < t->locked.room; i++) {
		if (t->locked.slots[i].id != 0)
			node_put(t->store, t->locked.slots[i].node, 1);
	}
	free(t->locked.slots);
	pthread_mutex_destroy(&t->lock.mutex);
}
