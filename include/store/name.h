/* SPDX-License-Identifier: MIT */
/*
 * For the store, and for tools that name objects as django-storages does.
 *
 * Which names and keys there can be, and which other name a file gets when
 * its own is taken. Pure but for the random letters; any thread.
 *
 * A name is one component of a path, bytes as the kernel gives them. A key
 * is location + "/" + components joined by "/"; it is never changed on the
 * way (no Unicode normalisation, a backslash stays one).
 */
#ifndef STORE_NAME_H
#define STORE_NAME_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "errinfo.h"
#include "macros.h"

#define NAME_SIZE 256 /* 255 bytes, the kernel's NAME_MAX, and a NUL */

/*
 * Returns 0 if a file may have this name, else -EINVAL ("", ".", "..", or a
 * slash or NUL in it), -ENAMETOOLONG (over 255 bytes) or -EILSEQ (not UTF-8,
 * which S3 asks of keys).
 */
MUST_USE int name_check(const char *name, size_t len);

/* Whether a listing may show this part of a key as an entry. */
bool name_is_showable(const char *component, size_t len);

/* Returns 0 or -ENAMETOOLONG: S3 has no key of more than 1024 bytes. */
MUST_USE int name_key_check(size_t key_len);

/*
 * How long name is without its extension: up to the last dot, but dots at
 * the front begin none (Python's os.path.splitext). len if it has none.
 */
size_t name_root_length(const char *name, size_t len);

/* The code points of valid UTF-8. */
size_t name_points(const char *s, size_t len);

/*
 * Another name for a file whose name is taken, as Django's
 * get_available_name makes it: "p.tar.gz" -> "p.tar_Ab3xY9z.gz", ".hid" ->
 * ".hid_Ab3xY9z", seven letters or digits from the system's generator. The
 * part before them is shortened, at a UTF-8 boundary, until the name fits in
 * 255 bytes, in key_room (what the parent's key leaves of 1024) and in
 * point_room code points (SIZE_MAX: no limit).
 * Returns 0, -ENAMETOOLONG if nothing would be left of it, -EIO if the
 * system gives no random bytes.
 */
MUST_USE int name_unique(char out[NAME_SIZE], const char *name, size_t key_room,
			 size_t point_room);

/*
 * The same of a whole path below the location, with Django's max_length:
 * code points of the path in all, 0 for no limit. Appends to out.
 * Returns 0, -ENAMETOOLONG, -EIO, or out's error.
 */
MUST_USE int name_unique_path(struct buf *out, const char *path,
			      size_t max_points);

/*
 * Cuts the last component's root so that path has at most max_points code
 * points (0: no limit), its extension kept; what django-storages does when
 * it overwrites. Appends to out. Returns 0, -ENAMETOOLONG if nothing would
 * be left of the root, or out's error.
 */
MUST_USE int name_shorten_path(struct buf *out, const char *path,
			       size_t max_points);

/*
 * A location is "" or a normalised relative path, with or without slashes
 * behind it. Returns 0, -EINVAL, -EILSEQ or -ENAMETOOLONG; err says why and
 * what to write instead.
 */
MUST_USE int name_location_check(const char *location, struct errinfo *err);

/*
 * django-storages' clean_name: collapses slashes, resolves "." and "..",
 * makes slashes of backslashes, keeps a slash at the end; "." becomes "".
 * Appends to out; returns 0 or out's error.
 */
MUST_USE int name_clean(struct buf *out, const char *name);

/*
 * django-storages' safe_join: base, then each of paths relative to what came
 * before (an absolute one replaces it), normalised. Appends to out. Returns
 * 0, -EACCES if the result is not below base, -ENOMEM, or out's error.
 */
MUST_USE int name_safe_join(struct buf *out, const char *base,
			    const char *const *paths, size_t count);

/*
 * The key that django-storages gives name (clean_name, then safe_join).
 * Appends to out. Returns as name_safe_join, and -ENAMETOOLONG, -EILSEQ;
 * err says which name was refused.
 */
MUST_USE int name_to_key(struct buf *out, const char *location,
			 const char *name, struct errinfo *err);

#endif
