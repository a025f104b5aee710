/* SPDX-License-Identifier: MIT */
/*
 * Objects that are stored compressed: how their bytes are laid out, and what
 * their headers tell of it. Pure; any thread.
 *
 *   member 0 | member 1 | ... | last member | index
 *
 * A member (RFC 1952 2.3) holds member_bytes of the file, the last one the
 * rest. It is written as Django's storage writes a file: zlib, level 9, no
 * name, no time, so that equal files are equal objects; a file of up to one
 * member is that member and nothing else. Members stand alone, so that a
 * read in the middle of a file needs only those it touches; all behind one
 * another are one gzip file to everybody else (RFC 1952 2.2).
 *
 * The index tells where members begin. It is a chain of members that hold
 * nothing but an extra field (RFC 1952 2.3.1.1), "S3", with the stored
 * length of INDEX_MEMBER members each, 32 bits little-endian. Only files of
 * more than one member have one. Two headers tell the rest:
 *
 *   x-amz-meta-s3storefs-size: bytes of the file
 *   x-amz-meta-s3storefs-gzip: 1 MEMBER_BYTES INDEX_BYTES STORED_BYTES
 *
 * or "raw" for the second: what was written through the mount was compressed
 * already and has to be read back as it was written.
 */
#ifndef STORE_GZIP_H
#define STORE_GZIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "pairs.h"

struct pieces;

/*
 * Of plain bytes. Style sheets and scripts are smaller: one member, as
 * Django's. A member of text is about 250 KiB stored, what a random read
 * takes of a plain file; a dictionary that starts again after 1 MiB costs
 * less than 1% of the size.
 */
#define GZIP_MEMBER_BYTES (1024u * 1024)

/* Larger files have larger members, so that an index stays in memory. */
#define GZIP_MEMBERS_MAX      (1024u * 1024)
#define GZIP_MEMBER_BYTES_MAX (64u * 1024 * 1024)

enum gzip_kind {
	GZIP_NONE,    /* read as it is stored */
	GZIP_MEMBERS, /* laid out as above */
	GZIP_FOREIGN, /* somebody else's: to be expanded as a whole */
	GZIP_BROKEN,  /* says it is gzip and is not: never read */
};

struct gzip_layout {
	enum gzip_kind kind;
	uint64_t plain_size; /* what a read gives; BROKEN: as stored */
	uint64_t stored_size;
	uint64_t member_bytes; /* MEMBERS only */
	uint64_t index_bytes;  /* 0: there is just one member */
};

/* An object that reads as it is stored. */
static inline struct gzip_layout gzip_layout_none(uint64_t size)
{
	return (struct gzip_layout){ .plain_size = size, .stored_size = size };
}

static inline bool gzip_layout_is_equal(const struct gzip_layout *a,
					const struct gzip_layout *b)
{
	return a->kind == b->kind && a->plain_size == b->plain_size &&
	       a->stored_size == b->stored_size &&
	       a->member_bytes == b->member_bytes &&
	       a->index_bytes == b->index_bytes;
}

/* A Content-Encoding that has gzip among its tokens, in any case. */
bool gzip_is_encoding(const char *content_encoding);

/* All numbers of it go together and are within our limits. */
bool gzip_layout_is_sound(const struct gzip_layout *layout);

/* The layout of a file to be stored; stored_size and index_bytes are 0. */
struct gzip_layout gzip_layout_plan(uint64_t plain_size);

/* How many members the file has, an empty file one. */
size_t gzip_member_count(const struct gzip_layout *layout);
/* Plain bytes of a member. */
size_t gzip_member_length(const struct gzip_layout *layout, size_t member);

/* Room that a member of length plain bytes needs at most, stored. */
size_t gzip_member_bound(size_t length);
/* Compresses plain to out as one member; *len: room, then the length. */
MUST_USE int gzip_member_write(const struct pieces *plain, void *out,
			       size_t *len);

/*
 * Expands what must be exactly one member of exactly out_len bytes. Returns
 * 0, -EIO if it is anything else (its checksum included), or -ENOMEM.
 */
MUST_USE int gzip_member_read(const void *data, size_t len, void *out,
			      size_t out_len);

/* Bytes of the index of so many members; 0 for one. */
uint64_t gzip_index_bytes(size_t members);
/* Appends the index; out's max must allow it. Returns out->error. */
MUST_USE int gzip_index_write(const uint32_t *lengths, size_t members,
			      struct buf *out);

/* Where members begin: offsets[count] is where the last one ends. */
struct gzip_index {
	size_t count;
	uint64_t offsets[];
};

/*
 * Reads layout's index; data may be NULL if there is just one member.
 * Returns 0, -EIO if it does not fit the layout, or -ENOMEM. *out: free.
 */
MUST_USE int gzip_index_read(const void *data, size_t len,
			     const struct gzip_layout *layout,
			     struct gzip_index **out);

#endif
