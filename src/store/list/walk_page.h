/* SPDX-License-Identifier: MIT */
/*
 * A page of a listing without delimiter, taken apart into directories.
 *
 * Paths are keys relative to the listing's prefix, the top: "" is the top
 * itself, "a/b/" a directory below it. Pure; any thread.
 */
#ifndef STORE_WALK_PAGE_H
#define STORE_WALK_PAGE_H

#include <stddef.h>

#include "macros.h"
#include "names/listing.h"
#include "s3.h"

/* All keys in (after, last] below the top. */
struct walk_page {
	const struct s3_listed *items; /* rising, with the top's key */
	size_t count;
	size_t top_len;
	const char *after; /* a path; "" for the start */
	const char *last;  /* a path; NULL if no key follows */
};

/*
 * Calls tell for each directory of which the page proves something: those
 * that hold a key and those that hold after, inner ones before outer ones.
 * The range, without fetched_ms and seq, and its segment are the caller's
 * for the call; a whole directory has after "" and is_end. Entries are as a
 * listing with the delimiter gives them. Returns 0, -ENOMEM, -EINVAL if keys
 * do not rise, or what tell returned if that was not 0.
 */
struct walk_teller {
	int (*tell)(struct walk_teller *teller, const char *path,
		    struct listing_range *range);
	const char *unshown; /* out: the first path that none can be; or NULL */
};

MUST_USE int walk_page_split(const struct walk_page *page,
			     struct walk_teller *teller);

#endif
