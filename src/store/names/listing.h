/* SPDX-License-Identifier: MIT */
/*
 * What is known of one directory's entries: ranges of keys, each with the
 * segment that holds all entries of that range and the time it was fetched.
 * A name inside a fresh range and not in its segment is proven absent.
 *
 *   struct listing l = LISTING_INIT;
 *   rc = listing_insert(&l, &(struct listing_range){ ... });
 *   switch (listing_lookup(&l, name, len, now_ms, ttl_ms, &hit)) ...
 *   listing_drop(&l);
 *
 * Bounds are keys relative to the directory, compared byte by byte as S3
 * does: "d/" for a directory, "f" for a file, "" for the start; see
 * segment.h for the order. Time is any clock in milliseconds; what is older
 * than ttl_ms is as if it were not there. Pure: the caller locks.
 */
#ifndef STORE_LISTING_H
#define STORE_LISTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "macros.h"
#include "names/segment.h"

/* Claims: the entries in (after, last] are those of segment, no others. */
struct listing_range {
	struct segment *segment;
	const char *after; /* "": from the start */
	const char *last;  /* not used if is_end */
	bool is_end;       /* (after, end of the directory) */
	int64_t fetched_ms;
	uint64_t seq; /* the change counter when the request was started */
};

struct listing {
	struct held *held; /* rising, none overlaps another */
	size_t count;
	size_t cap;
};

#define LISTING_INIT \
	{            \
		0    \
	}

/*
 * Adds what an answer told. Where it overlaps ranges of a smaller or equal
 * seq it takes their place, where it overlaps ranges of a greater seq (asked
 * for later) these stay: an answer that was long on its way cannot bring
 * back what is gone. The segment gets a reference and the bounds are copied;
 * the caller keeps its own. Entries of the segment outside the bounds are
 * ignored. Returns 0, -EINVAL if last is not behind after, or -ENOMEM; then
 * the listing is as it was.
 */
MUST_USE int listing_insert(struct listing *l,
			    const struct listing_range *range);

enum listing_answer {
	LISTING_UNKNOWN, /* ask the server */
	LISTING_ABSENT,  /* neither a file nor a directory */
	LISTING_FOUND,
};

struct listing_hit {
	struct segment_entry entry;
	bool hides_file; /* entry is a directory, and a file has its name */
	int64_t fetched_ms;
	uint64_t seq;
};

/*
 * Answers for a name without slash. A file and a directory of one name: the
 * directory is given. FOUND of a file and ABSENT are given only if it is
 * known that no directory has the name. fetched_ms and seq are the oldest of
 * what the answer rests on, set for FOUND and ABSENT; entry for FOUND.
 */
enum listing_answer listing_lookup(const struct listing *l, const char *name,
				   size_t len, int64_t now_ms, int64_t ttl_ms,
				   struct listing_hit *hit);

struct listing_page {
	struct segment *segment;
	size_t first, count;
	const char *last; /* go on behind this key, unless is_end */
	bool is_end;
	int64_t fetched_ms;
	uint64_t seq;
};

/*
 * The entries right behind the key after ("": from the start) that one fresh
 * range tells: segment's entries first to first + count - 1. count may be 0;
 * then go on behind last. False if the key next to after is in no fresh
 * range. segment and last are borrowed until the listing changes.
 */
bool listing_next_page(const struct listing *l, const char *after,
		       int64_t now_ms, int64_t ttl_ms,
		       struct listing_page *page);

/* Fresh ranges cover the directory from start to end. */
bool listing_is_complete(const struct listing *l, int64_t now_ms,
			 int64_t ttl_ms);

/* Forgets everything and frees it. */
void listing_drop(struct listing *l);

#endif
