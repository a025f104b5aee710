/* SPDX-License-Identifier: MIT */
/*
 * Some bytes of a file, kept: pieces of blocks, of the spool, of zeros. What
 * is in memory stays as it was while writers go on. pieces_add is under the
 * lock of the blocks' owner, all else is free of it.
 */
#ifndef STORE_PIECES_H
#define STORE_PIECES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "data/blocks.h"
#include "macros.h"

struct block;
struct extents;

struct piece {
	struct block *block; /* counted; NULL: zeros, or not in memory */
	const char *data;    /* NULL: still on the disk, at offset */
	size_t len;
	uint64_t offset;
	bool is_spooled; /* its place is the disk */
};

struct pieces {
	struct piece *items;
	size_t count;
	size_t cap;
	uint64_t length;        /* of all */
	struct blocks *on_disk; /* where some still are, pinned; or NULL */
	struct pin pin;
};

#define PIECES_INIT \
	{           \
		0   \
	}

/*
 * Appends [offset, offset + len) of what have says is held; the rest are
 * zeros. Nothing is read from the disk. Returns 0, -ENOMEM or -EIO (they are
 * nowhere).
 */
MUST_USE int pieces_add(struct pieces *p, struct blocks *b,
			const struct extents *have, uint64_t offset,
			uint64_t len);

/*
 * Reads what is in the spool into memory of its own (budget forced). Without
 * any lock, on a thread that may wait, while their file lives. Returns 0,
 * -ENOMEM or the disk's error.
 */
MUST_USE int pieces_load(struct pieces *p);

/*
 * The same for one of them, whose block is taken from the budget already. A
 * copy of the piece will do, which then has the block.
 */
MUST_USE int piece_load(struct piece *piece, struct blocks *b);
/* It is on the disk alone again. */
void piece_unload(struct piece *piece);

/* What is on the disk need not stay as it is any more. No lock needed. */
void pieces_unpin(struct pieces *p);

void pieces_release(struct pieces *p);

#endif
