/* SPDX-License-Identifier: MIT */
#include "data/pieces.h"

#include <string.h>

#include "data/block.h"
#include "data/blocks.h"
#include "data/budget.h"
#include "data/extents.h"

static const char zeros[64 * 1024];

/* Takes over the piece's block. */
static int piece_push(struct pieces *p, const struct piece *piece)
{
	if (p->count == p->cap) {
		size_t cap = p->cap ? p->cap * 2 : 8;
		struct piece *items = realloc(p->items, cap * sizeof(*items));

		if (!items) {
			block_put(piece->block);
			return -ENOMEM;
		}
		p->items = items;
		p->cap = cap;
	}
	p->items[p->count++] = *piece;
	p->length += piece->len;
	return 0;
}

static int pieces_add_zeros(struct pieces *p, uint64_t len)
{
	while (len > 0) {
		size_t n = len < sizeof(zeros) ? (size_t)len : sizeof(zeros);
		int result = piece_push(p, &(struct piece){ .data = zeros,
							    .len = n });

		if (result < 0)
			return result;
		len -= n;
	}
	return 0;
}

/* What p has on the disk stays there, as it is, until it is loaded. */
static void pieces_pin(struct pieces *p, struct blocks *b, uint64_t start,
		       uint64_t end)
{
	if (p->on_disk) {
		blocks_unpin(b, &p->pin);
		start = p->pin.start < start ? p->pin.start : start;
		end = p->pin.end > end ? p->pin.end : end;
	}
	p->on_disk = b;
	blocks_pin(b, &p->pin, start, end);
}

void pieces_unpin(struct pieces *p)
{
	if (p->on_disk)
		blocks_unpin(p->on_disk, &p->pin);
	p->on_disk = NULL;
}

/* A held range that lies in one block, wholly spilled or wholly not. */
static int pieces_add_held(struct pieces *p, struct blocks *b, uint64_t offset,
			   size_t len)
{
	struct block *block;

	if (extents_contains(&b->spilled, offset, offset + len)) {
		pieces_pin(p, b, offset, offset + len);
		return piece_push(p, &(struct piece){ .offset = offset,
						      .len = len,
						      .is_spooled = true });
	}
	block = blocks_find(b, offset);
	if (!block)
		return -EIO;
	return piece_push(
		p, &(struct piece){ .block = block_get(block),
				    .data = block->data + offset % BLOCK_BYTES,
				    .len = len });
}

/* How far from offset a range is alike in have, in spilled, in one block. */
static uint64_t range_alike_until(const struct blocks *b, uint64_t offset,
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
			return pieces_add_zeros(p, end - offset);
		if (from > offset) {
			result = pieces_add_zeros(p, from - offset);
			offset = from;
			continue;
		}
		to = range_alike_until(b, offset, to < end ? to : end);
		result = pieces_add_held(p, b, offset, (size_t)(to - offset));
		offset = to;
	}
	return result;
}

int piece_load(struct piece *piece, struct blocks *b)
{
	struct block *block = block_new(b->budget);
	int result;

	if (!block)
		return -ENOMEM;
	result = blocks_read_disk(b, piece->offset, block->data, piece->len);
	if (result < 0) {
		block_put(block);
		return result;
	}
	piece->block = block;
	piece->data = block->data;
	return 0;
}

void piece_unload(struct piece *piece)
{
	block_put(STEAL(piece->block));
	piece->data = NULL;
}

int pieces_load(struct pieces *p)
{
	int result = 0;

	for (size_t i = 0; p->on_disk && result == 0 && i < p->count; i++) {
		if (p->items[i].data)
			continue;
		budget_force(p->on_disk->budget, BLOCK_BYTES);
		result = piece_load(&p->items[i], p->on_disk);
	}
	if (result == 0)
		pieces_unpin(p);
	return result;
}

void pieces_release(struct pieces *p)
{
	pieces_unpin(p);
	for (size_t i = 0; i < p->count; i++)
		block_put(p->items[i].block);
	free(p->items);
	*p = (struct pieces)PIECES_INIT;
}
