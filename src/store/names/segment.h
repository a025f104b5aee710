/* SPDX-License-Identifier: MIT */
/*
 * A run of directory entries in key order, packed: about 40 bytes an entry.
 *
 *   struct segment_builder b;
 *   segment_builder_init(&b);
 *   rc = segment_builder_add(&b, &entry);       for each, rising
 *   rc = segment_builder_finish(&b, &segment);
 *   segment_builder_release(&b);                in any case
 *
 * Key order is the order in which S3 lists: a directory "d" stands for the
 * common prefix "d/" and compares with its slash, so the file "d-x" comes
 * before it although "d" is the shorter name, and "d0" after it. A file "d"
 * and a directory "d" may both be there; their keys differ.
 *
 * A builder is one thread's. A finished segment never changes, is counted,
 * and may be read by any thread.
 */
#ifndef STORE_SEGMENT_H
#define STORE_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "macros.h"
#include "name.h"
#include "s3.h"

struct segment_entry {
	char name[NAME_SIZE]; /* no slash at the end */
	size_t name_len;
	bool is_dir;
	bool has_class;  /* another storage class than STANDARD */
	bool is_archive; /* one that is read only once it is restored */
	uint64_t size;
	int64_t mtime_ns;       /* whole milliseconds are kept; 0: unknown */
	char etag[S3_ETAG_MAX]; /* "" if unknown */
};

struct segment;

struct segment_builder {
	struct buf data;
	struct buf restarts;
	size_t count;
	int64_t base_ms; /* the first mtime's second */
	bool has_base;
	char last[NAME_SIZE];
	size_t last_len;
	bool last_is_dir;
};

void segment_builder_init(struct segment_builder *b);

/*
 * Returns 0, -EINVAL if the name is empty, over 255 bytes or does not come
 * behind the last one in key order, -ENOMEM, or -EMSGSIZE past 64 MiB. After
 * an error the builder holds what it held.
 */
MUST_USE int segment_builder_add(struct segment_builder *b,
				 const struct segment_entry *entry);

/*
 * *out is a new segment, counted once, owned by the caller; the builder is
 * empty again. A segment of no entries is one too. Returns 0 or -ENOMEM.
 */
MUST_USE int segment_builder_finish(struct segment_builder *b,
				    struct segment **out);
void segment_builder_release(struct segment_builder *b);

/* Counts one more use; returns seg. The last put frees; NULL is allowed. */
struct segment *segment_get(struct segment *seg);
void segment_put(struct segment *seg);

size_t segment_count(const struct segment *seg);
size_t segment_bytes(const struct segment *seg); /* of memory */

/* Entry index < count. Copies everything out. */
void segment_read(const struct segment *seg, size_t index,
		  struct segment_entry *out);

/*
 * The entry of this key: the file name, or the directory if is_dir. False if
 * it is not there; *index is then where it would stand (up to count).
 */
bool segment_find(const struct segment *seg, const char *name, size_t len,
		  bool is_dir, size_t *index);

/* Key order of two names: negative, 0 or positive. */
int segment_compare(const char *a, size_t a_len, bool a_is_dir, const char *b,
		    size_t b_len, bool b_is_dir);

#endif
