/* SPDX-License-Identifier: MIT */
/* The bytes of one file that this program holds; see blocks.h. */
#include "data/blocks.h"

#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "data/block.h"
#include "data/budget.h"
#include "data/extents.h"
#include "thread.h"

#define CHUNK_SLOTS 1024u

void blocks_init(struct blocks *b, struct budget *budget, const char *temp_dir,
		 struct lock *lock, pthread_cond_t *changed)
{
	*b = (struct blocks){
		.budget = budget,
		.spool_fd = -1,
		.temp_dir = temp_dir,
		.pins_lock = LOCK_INIT(LOCK_PINS),
		.lock = lock,
		.changed = changed,
	};
	list_init(&b->pins);
}

void blocks_release(struct blocks *b)
{
	blocks_drop(b, 0, UINT64_MAX);
	for (size_t i = 0; i < b->chunk_count; i++)
		free(b->chunks[i]);
	free(b->chunks);
	extents_release(&b->spilled);
	close_fd(&b->spool_fd);
	b->budget->spool -= b->spool_bytes;
	b->spool_bytes = 0;
	b->chunks = NULL;
	b->chunk_count = 0;
}

/* The place of block number n, or NULL if it has none. */
static struct block **slot_find(const struct blocks *b, uint64_t n)
{
	uint64_t chunk = n / CHUNK_SLOTS;

	if (chunk >= b->chunk_count || !b->chunks[chunk])
		return NULL;
	return &b->chunks[chunk][n % CHUNK_SLOTS];
}

struct block *blocks_find(const struct blocks *b, uint64_t offset)
{
	struct block **slot = slot_find(b, offset / BLOCK_BYTES);

	return slot ? *slot : NULL;
}

static struct block **slot_make(struct blocks *b, uint64_t n)
{
	size_t chunk = (size_t)(n / CHUNK_SLOTS);

	if (chunk >= b->chunk_count) {
		size_t count = chunk + 1 + chunk / 2;
		struct block ***chunks =
			realloc(b->chunks, count * sizeof(*chunks));

		if (!chunks)
			return NULL;
		memset(chunks + b->chunk_count, 0,
		       (count - b->chunk_count) * sizeof(*chunks));
		b->chunks = chunks;
		b->chunk_count = count;
	}
	if (!b->chunks[chunk])
		b->chunks[chunk] = calloc(CHUNK_SLOTS, sizeof(struct block *));
	if (!b->chunks[chunk])
		return NULL;
	return &b->chunks[chunk][n % CHUNK_SLOTS];
}

/* Makes room for blocks [first, last) and counts those that are to be made. */
static int blocks_count_missing(struct blocks *b, uint64_t first, uint64_t last,
				uint64_t *missing)
{
	*missing = 0;
	for (uint64_t n = first; n < last; n++) {
		struct block **slot = slot_make(b, n);

		if (!slot)
			return -ENOMEM;
		if (!*slot || (*slot)->refs > 1)
			++*missing;
	}
	return 0;
}

/* For all that a write needs, or for nothing of it. */
static int blocks_pay_for(struct blocks *b, uint64_t count, enum blocks_pay pay,
			  uint64_t *ticket)
{
	uint64_t bytes = count * BLOCK_BYTES, of_ticket = 0;

	if (ticket)
		of_ticket = *ticket / BLOCK_BYTES * BLOCK_BYTES;
	if (of_ticket > bytes)
		of_ticket = bytes;
	bytes -= of_ticket;
	if (pay == BLOCKS_FORCE)
		budget_force(b->budget, bytes);
	else if (bytes > 0 && !budget_try(b->budget, bytes))
		return -EAGAIN;
	if (ticket)
		*ticket -= of_ticket;
	return 0;
}

static void block_chain_put(struct block *chain)
{
	while (chain) {
		struct block *next = chain->next;

		block_put(chain);
		chain = next;
	}
}

/* So many blocks that are paid for, one behind the other. */
static int block_chain_new(struct budget *budget, uint64_t count,
			   struct block **chain)
{
	*chain = NULL;
	for (uint64_t left = count; left > 0; left--) {
		struct block *block = block_new(budget);

		if (!block) {
			budget_give(budget, (left - 1) * BLOCK_BYTES);
			block_chain_put(*chain);
			return -ENOMEM;
		}
		block->next = *chain;
		*chain = block;
	}
	return 0;
}

/* Makes a block present and ours alone, if need be by the next of the chain. */
static struct block *block_place(struct blocks *b, uint64_t n,
				 struct block **chain)
{
	struct block **slot = slot_find(b, n);
	struct block *block = *chain;

	assert(slot);
	if (*slot && (*slot)->refs == 1)
		return *slot;
	assert(block);
	*chain = block->next;
	if (*slot) {
		memcpy(block->data, (*slot)->data, BLOCK_BYTES);
		block_put(*slot);
	} else {
		b->memory_bytes += BLOCK_BYTES;
	}
	*slot = block;
	return block;
}

static void blocks_copy(struct blocks *b, uint64_t offset, const char *data,
			uint64_t end, struct block **chain)
{
	while (offset < end) {
		size_t at = (size_t)(offset % BLOCK_BYTES);
		size_t n = BLOCK_BYTES - at;
		struct block *block =
			block_place(b, offset / BLOCK_BYTES, chain);

		if (n > end - offset)
			n = (size_t)(end - offset);
		memcpy(block->data + at, data, n);
		data += n;
		offset += n;
	}
}

int blocks_write(struct blocks *b, uint64_t offset, const void *data,
		 size_t len, enum blocks_pay pay, uint64_t *ticket)
{
	uint64_t first = offset / BLOCK_BYTES, end = offset + len;
	uint64_t last = (end + BLOCK_BYTES - 1) / BLOCK_BYTES, missing;
	struct block *chain = NULL;
	int result;

	if (len == 0)
		return 0;
	result = blocks_count_missing(b, first, last, &missing);
	if (result == 0)
		result = blocks_pay_for(b, missing, pay, ticket);
	if (result == 0)
		result = block_chain_new(b->budget, missing, &chain);
	if (result == 0)
		result = extents_remove(&b->spilled, offset, end);
	if (result == 0)
		blocks_copy(b, offset, data, end, &chain);
	/* Somebody may have given up a block that was shared. */
	block_chain_put(chain);
	return result;
}

/* ------------------------------------------------------------ the spool */

void blocks_disk_enter_locked(struct blocks *b)
{
	lock_assert_held(b->lock);
	while (b->is_disk_taken)
		lock_wait(b->lock, b->changed);
	b->is_disk_taken = true;
}

void blocks_disk_leave_locked(struct blocks *b)
{
	lock_assert_held(b->lock);
	b->is_disk_taken = false;
	pthread_cond_broadcast(b->changed);
}

/*
 * Counts what the spool has on disk now, holes left out. The disk is taken,
 * or nobody else has the file.
 */
static void spool_count(struct blocks *b, int fd)
{
	struct stat st;
	uint64_t now = fstat(fd, &st) == 0 ? (uint64_t)st.st_blocks * 512 : 0;

	b->budget->spool += now - b->spool_bytes;
	b->spool_bytes = now;
}

/* A descriptor, or a negative errno. */
static int spool_open(const char *temp_dir)
{
	AUTO_FREE char *path = NULL;
	int fd;

	fd = open(temp_dir, O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR)) {
		/* A filesystem without O_TMPFILE. */
		if (asprintf(&path, "%s/s3storefs.XXXXXX", temp_dir) < 0) {
			path = NULL;
			return -ENOMEM;
		}
		fd = mkostemp(path, O_CLOEXEC);
		if (fd >= 0)
			unlink(path);
	}
	return fd < 0 ? -errno : fd;
}

static int write_all(int fd, const char *data, size_t len, uint64_t offset)
{
	while (len > 0) {
		ssize_t n = pwrite(fd, data, len, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		offset += (uint64_t)n;
		len -= (size_t)n;
	}
	return 0;
}

int blocks_write_disk_locked(struct blocks *b, uint64_t offset,
			     const void *data, size_t len)
{
	int fd = b->spool_fd, result;

	lock_assert_held(b->lock);
	if (blocks_is_pinned(b, offset, offset + len))
		return -EAGAIN;
	lock_leave(b->lock);
	thread_assert_may_use_disk();
	if (fd < 0)
		fd = spool_open(b->temp_dir);
	result = fd < 0 ? fd : write_all(fd, data, len, offset);
	if (fd >= 0)
		spool_count(b, fd);
	lock_enter(b->lock);
	/* Once: it is read without the lock. */
	if (b->spool_fd < 0 && fd >= 0)
		b->spool_fd = fd;
	return result;
}

int blocks_read_disk(const struct blocks *b, uint64_t offset, void *to,
		     size_t len)
{
	char *at = to;

	thread_assert_may_use_disk();
	while (len > 0) {
		ssize_t n = pread(b->spool_fd, at, len, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		at += n;
		offset += (uint64_t)n;
		len -= (size_t)n;
	}
	return 0;
}

/* What of have in block n is not on the disk yet. */
static int block_unspilled(const struct blocks *b, const struct extents *have,
			   uint64_t n, struct extents *out)
{
	uint64_t at = n * BLOCK_BYTES, end = at + BLOCK_BYTES;
	uint64_t from, to, gap, gap_end;

	while (at < end && extents_next(have, at, &from, &to) && from < end) {
		from = from > at ? from : at;
		to = to < end ? to : end;
		at = to;
		while (extents_next_gap(&b->spilled, from, to, &gap,
					&gap_end)) {
			if (extents_add(out, gap, gap_end) < 0)
				return -ENOMEM;
			from = gap_end;
		}
	}
	return 0;
}

static void block_drop(struct blocks *b, struct block **slot)
{
	block_put(*slot);
	*slot = NULL;
	b->memory_bytes -= BLOCK_BYTES;
}

/*
 * Who writes into a block that we hold makes a copy of it, in its place: if
 * it is still there, the disk has what it has.
 */
static int block_spill_locked(struct blocks *b, const struct extents *have,
			      uint64_t n, struct block **slot)
{
	lock_assert_held(b->lock);
	CLEANUP(extents_release) struct extents todo = EXTENTS_INIT;
	struct block *block = block_get(*slot);
	uint64_t at = 0, start, end;
	int result = block_unspilled(b, have, n, &todo);

	while (result == 0 && extents_next(&todo, at, &start, &end)) {
		result = blocks_write_disk_locked(
			b, start, block->data + start % BLOCK_BYTES,
			(size_t)(end - start));
		at = end;
	}
	slot = slot_find(b, n);
	if (result == 0 && slot && *slot == block) {
		for (size_t i = 0; result == 0 && i < todo.count; i++)
			result = extents_add(&b->spilled, todo.items[i].start,
					     todo.items[i].end);
		if (result == 0)
			block_drop(b, slot);
	}
	block_put(block);
	return result;
}

/* The next block in memory from number *n on, before number last. */
static struct block **next_block(const struct blocks *b, uint64_t *n,
				 uint64_t last)
{
	if (last > (uint64_t)b->chunk_count * CHUNK_SLOTS)
		last = (uint64_t)b->chunk_count * CHUNK_SLOTS;
	for (; *n < last; ++*n) {
		struct block **slot = slot_find(b, *n);

		if (slot && *slot)
			return slot;
		if (!slot)
			*n |= CHUNK_SLOTS - 1;
	}
	return NULL;
}

static uint64_t first_whole(uint64_t offset)
{
	return offset / BLOCK_BYTES + (offset % BLOCK_BYTES != 0);
}

int blocks_spill_locked(struct blocks *b, const struct extents *have,
			uint64_t start, uint64_t end)
{
	uint64_t n = first_whole(start);
	struct block **slot;
	int result = 0;

	lock_assert_held(b->lock);
	blocks_disk_enter_locked(b);
	while (result == 0 && (slot = next_block(b, &n, end / BLOCK_BYTES))) {
		result = block_spill_locked(b, have, n++, slot);
		if (result == -EAGAIN)
			result = 0;
	}
	blocks_disk_leave_locked(b);
	return result;
}

void blocks_drop(struct blocks *b, uint64_t start, uint64_t end)
{
	uint64_t n = first_whole(start);
	struct block **slot;

	while ((slot = next_block(b, &n, end / BLOCK_BYTES)))
		block_drop(b, slot);
}

void blocks_pin(struct blocks *b, struct pin *pin, uint64_t start, uint64_t end)
{
	LOCK(&b->pins_lock);
	pin->start = start;
	pin->end = end;
	list_push(&b->pins, &pin->link);
}

void blocks_unpin(struct blocks *b, struct pin *pin)
{
	LOCK(&b->pins_lock);
	list_remove(&pin->link);
}

bool blocks_is_pinned(struct blocks *b, uint64_t start, uint64_t end)
{
	LOCK(&b->pins_lock);
	list_for_each(link, &b->pins) {
		const struct pin *pin = container_of(link, struct pin, link);

		if (pin->start < end && start < pin->end)
			return true;
	}
	return false;
}

int blocks_let_go_locked(struct blocks *b, uint64_t start, uint64_t end)
{
	bool is_on_disk = extents_overlap(&b->spilled, start, end) > 0;
	int result = extents_remove(&b->spilled, start, end);

	lock_assert_held(b->lock);
	if (result < 0)
		return result;
	blocks_drop(b, start, end);
	if (!is_on_disk)
		return 0;
	lock_leave(b->lock);
	thread_assert_may_use_disk();
	/* Where that cannot be done, the room is had when the file ends. */
	(void)fallocate(b->spool_fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			(off_t)start, (off_t)(end - start));
	spool_count(b, b->spool_fd);
	lock_enter(b->lock);
	return 0;
}
