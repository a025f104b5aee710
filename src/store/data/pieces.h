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

#include "macros.h"

struct block;
struct blocks;
struct extents;

struct piece {
	struct block *block; /* counted; NULL: zeros, or still on the disk */
	const char *data;    /* NULL: still on the disk, at offset */
	size_t len;
	uint64_t offset;
};

struct pieces {
	struct piece *items;
	size_t count;
	size_t cap;
	uint64_t length;        /* of all */
	struct blocks *on_disk; /* where some still are; or NULL */
	/* Where the last pieces_read ended: in this item, which begins here. */
	size_t at;
	uint64_t at_offset;
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
 * any lock, on a thread that may wait; before the pieces are read or summed,
 * while their file lives. What was written there since may be seen. Returns
 * 0, -ENOMEM or the disk's error.
 */
MUST_USE int pieces_load(struct pieces *p);

/*
 * The read function of an upload's body; arg is a struct pieces. Forward
 * reads cost what they give, however many pieces lie before. One thread.
 */
ssize_t pieces_read(void *arg, uint64_t offset, void *to, size_t room);

uint32_t pieces_crc32c(const struct pieces *p);

void pieces_release(struct pieces *p);

#endif
