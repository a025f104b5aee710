/* SPDX-License-Identifier: MIT */
/* The bytes of one file that this program holds; see blocks.h. */
#include "blocks.h"

#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "crc32c.h"

#define CHUNK_SLOTS 1024u

struct block {
	_Atomic unsigned refs;
	struct budget *budget;
	char data[];
};

static const char zeros[64 * 1024];

void blocks_init(struct blocks *b, struct budget *budget, const char *temp_dir)
{
	*b = (struct blocks){
		.budget = budget,
		.spool_fd = -1,
		.temp_dir = temp_dir,
	};
}

static struct block *block_get(struct block *block)
{
	block->refs++;
	return block;
}

static void block_put(struct block *block)
{
	struct budget *budget;

	if (!block || --block->refs > 0)
		return;
	budget = block->budget;
	budget_spare(budget, block);
	budget_give(budget, BLOCK_BYTES);
}

/* The block's memory must have been taken from the budget. */
static struct block *block_new(struct budget *budget)
{
	struct block *block = budget_take_spare(budget);

	if (!block)
		block = malloc(sizeof(*block) + BLOCK_BYTES);
	if (!block) {
		budget_give(budget, BLOCK_BYTES);
		return NULL;
	}
	block->refs = 1;
	block->budget = budget;
	return block;
}

void blocks_release(struct blocks *b)
{
	blocks_drop(b, 0, UINT64_MAX);
	for (size_t i = 0; i < b->chunk_count; i++)
		free(b->chunks[i]);
	free(b->chunks);
	extents_release(&b->spilled);
	close_fd(&b->spool_fd);
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

static int pay_for_block(struct blocks *b, enum blocks_pay pay,
			 uint64_t *ticket)
{
	if (ticket && *ticket >= BLOCK_BYTES) {
		*ticket -= BLOCK_BYTES;
		return 0;
	}
	if (budget_try(b->budget, BLOCK_BYTES))
		return 0;
	if (pay == BLOCKS_TRY)
		return -EAGAIN;
	budget_force(b->budget, BLOCK_BYTES);
	return 0;
}

/* Makes block n present and ours alone. */
static int block_for_write(struct blocks *b, uint64_t n, enum blocks_pay pay,
			   uint64_t *ticket)
{
	struct block **slot = slot_make(b, n);
	struct block *block;
	int result;

	if (!slot)
		return -ENOMEM;
	if (*slot && (*slot)->refs == 1)
		return 0;
	result = pay_for_block(b, pay, ticket);
	if (result < 0)
		return result;
	block = block_new(b->budget);
	if (!block)
		return -ENOMEM;
	if (*slot) {
		memcpy(block->data, (*slot)->data, BLOCK_BYTES);
		block_put(*slot);
	} else {
		b->memory_bytes += BLOCK_BYTES;
	}
	*slot = block;
	return 0;
}

int blocks_write(struct blocks *b, uint64_t offset, const void *data,
		 size_t len, enum blocks_pay pay, uint64_t *ticket)
{
	const char *from = data;
	uint64_t end = offset + len;
	int result;

	if (len == 0)
		return 0;
	for (uint64_t n = offset / BLOCK_BYTES; n * BLOCK_BYTES < end; n++) {
		result = block_for_write(b, n, pay, ticket);
		if (result < 0)
			return result;
	}
	result = extents_remove(&b->spilled, offset, end);
	if (result < 0)
		return result;
	while (offset < end) {
		size_t at = (size_t)(offset % BLOCK_BYTES);
		size_t n = BLOCK_BYTES - at;
		struct block **slot = slot_find(b, offset / BLOCK_BYTES);

		if (n > end - offset)
			n = (size_t)(end - offset);
		/* take_blocks has made it. */
		if (!slot || !*slot)
			return -EIO;
		memcpy((*slot)->data + at, from, n);
		from += n;
		offset += n;
	}
	return 0;
}

static int open_spool(struct blocks *b)
{
	AUTO_FREE char *path = NULL;
	int fd;

	fd = open(b->temp_dir, O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR)) {
		/* A filesystem without O_TMPFILE. */
		if (asprintf(&path, "%s/s3storefs.XXXXXX", b->temp_dir) < 0) {
			path = NULL;
			return -ENOMEM;
		}
		fd = mkostemp(path, O_CLOEXEC);
		if (fd >= 0)
			unlink(path);
	}
	if (fd < 0)
		return -errno;
	b->spool_fd = fd;
	return 0;
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

int blocks_write_spool(struct blocks *b, uint64_t offset, const void *data,
		       size_t len)
{
	int result = b->spool_fd < 0 ? open_spool(b) : 0;

	if (result == 0)
		result = write_all(b->spool_fd, data, len, offset);
	if (result == 0)
		result = extents_add(&b->spilled, offset, offset + len);
	return result;
}

/* Spills the bytes of have in block n that are in memory, frees it. */
static int spill_block(struct blocks *b, const struct extents *have, uint64_t n,
		       struct block **slot)
{
	uint64_t at = n * BLOCK_BYTES, end = at + BLOCK_BYTES;
	uint64_t from, to, gap, gap_end;
	int result;

	while (at < end && extents_next(have, at, &from, &to) && from < end) {
		from = from > at ? from : at;
		to = to < end ? to : end;
		at = to;
		while (extents_next_gap(&b->spilled, from, to, &gap,
					&gap_end)) {
			result = blocks_write_spool(
				b, gap, (*slot)->data + gap % BLOCK_BYTES,
				(size_t)(gap_end - gap));
			if (result < 0)
				return result;
			from = gap_end;
		}
	}
	block_put(*slot);
	*slot = NULL;
	b->memory_bytes -= BLOCK_BYTES;
	return 0;
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

int blocks_spill(struct blocks *b, const struct extents *have, uint64_t start,
		 uint64_t end)
{
	uint64_t n = first_whole(start);
	struct block **slot;

	while ((slot = next_block(b, &n, end / BLOCK_BYTES))) {
		int result = spill_block(b, have, n, slot);

		if (result < 0)
			return result;
	}
	return 0;
}

void blocks_drop(struct blocks *b, uint64_t start, uint64_t end)
{
	uint64_t n = first_whole(start);
	struct block **slot;

	while ((slot = next_block(b, &n, end / BLOCK_BYTES))) {
		block_put(*slot);
		*slot = NULL;
		b->memory_bytes -= BLOCK_BYTES;
	}
}

static int piece_push(struct pieces *p, struct block *block, const char *data,
		      size_t len)
{
	if (p->count == p->cap) {
		size_t cap = p->cap ? p->cap * 2 : 8;
		struct piece *items = realloc(p->items, cap * sizeof(*items));

		if (!items) {
			block_put(block);
			return -ENOMEM;
		}
		p->items = items;
		p->cap = cap;
	}
	p->items[p->count++] = (struct piece){ block, data, len };
	p->length += len;
	return 0;
}

static int add_zeros(struct pieces *p, uint64_t len)
{
	while (len > 0) {
		size_t n = len < sizeof(zeros) ? (size_t)len : sizeof(zeros);
		int result = piece_push(p, NULL, zeros, n);

		if (result < 0)
			return result;
		len -= n;
	}
	return 0;
}

static int read_all(int fd, char *to, size_t len, uint64_t offset)
{
	while (len > 0) {
		ssize_t n = pread(fd, to, len, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		to += n;
		offset += (uint64_t)n;
		len -= (size_t)n;
	}
	return 0;
}

static int add_spooled(struct pieces *p, struct blocks *b, uint64_t offset,
		       size_t len)
{
	struct block *block;
	int result;

	budget_force(b->budget, BLOCK_BYTES);
	block = block_new(b->budget);
	if (!block)
		return -ENOMEM;
	result = read_all(b->spool_fd, block->data, len, offset);
	if (result < 0) {
		block_put(block);
		return result;
	}
	return piece_push(p, block, block->data, len);
}

/* A held range that lies in one block, wholly spilled or wholly not. */
static int add_held(struct pieces *p, struct blocks *b, uint64_t offset,
		    size_t len)
{
	struct block **slot;

	if (extents_contains(&b->spilled, offset, offset + len))
		return add_spooled(p, b, offset, len);
	slot = slot_find(b, offset / BLOCK_BYTES);
	if (!slot || !*slot)
		return -EIO;
	return piece_push(p, block_get(*slot),
			  (*slot)->data + offset % BLOCK_BYTES, len);
}

/* How far from offset a range is alike in have, in spilled, in one block. */
static uint64_t alike_until(const struct blocks *b, uint64_t offset,
			    uint64_t end)
{
	uint64_t block_end = (offset / BLOCK_BYTES + 1) * BLOCK_BYTES;
	uint64_t from, to;

	if (block_end < end)
		end = block_end;
	if (extents_next(&b->spilled, offset, &from, &to)) {
		if (from > offset && from < end)
			end = from;
		else if (from <= offset && to < end)
			end = to;
	}
	return end;
}

int pieces_add(struct pieces *p, struct blocks *b, const struct extents *have,
	       uint64_t offset, uint64_t len)
{
	uint64_t end = offset + len, from, to;
	int result = 0;

	while (result == 0 && offset < end) {
		if (!extents_next(have, offset, &from, &to) || from >= end)
			return add_zeros(p, end - offset);
		if (from > offset) {
			result = add_zeros(p, from - offset);
			offset = from;
			continue;
		}
		to = alike_until(b, offset, to < end ? to : end);
		result = add_held(p, b, offset, (size_t)(to - offset));
		offset = to;
	}
	return result;
}

ssize_t pieces_read(void *arg, uint64_t offset, void *to, size_t room)
{
	struct pieces *p = arg;
	size_t done = 0;

	if (offset < p->at_offset) { /* sent again */
		p->at = 0;
		p->at_offset = 0;
	}
	while (p->at < p->count && done < room) {
		const struct piece *piece = &p->items[p->at];
		uint64_t skip = offset - p->at_offset;
		size_t n;

		if (skip >= piece->len) {
			p->at++;
			p->at_offset += piece->len;
			continue;
		}
		n = piece->len - (size_t)skip;
		if (n > room - done)
			n = room - done;
		memcpy((char *)to + done, piece->data + skip, n);
		done += n;
		offset += n;
	}
	return (ssize_t)done;
}

uint32_t pieces_crc32c(const struct pieces *p)
{
	uint32_t crc = 0;

	for (size_t i = 0; i < p->count; i++)
		crc = crc32c(crc, p->items[i].data, p->items[i].len);
	return crc;
}

void pieces_release(struct pieces *p)
{
	for (size_t i = 0; i < p->count; i++)
		block_put(p->items[i].block);
	free(p->items);
	*p = (struct pieces)PIECES_INIT;
}
