/* SPDX-License-Identifier: MIT */
/*
 * The bytes of objects: immutable, shared, never copied to be served.
 *
 * A blob is a piece of memory (or a file) with a count of its users. A body
 * is a chain of slices of blobs: a multipart object is the chain of its
 * parts, a copy shares the blobs of its source.
 *
 * Blobs may be shared by any threads; one body belongs to one at a time.
 */
#ifndef SERVER_BODY_H
#define SERVER_BODY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "macros.h"

struct blob {
	atomic_uint refs;
	size_t len;          /* bytes in use */
	size_t cap;          /* bytes of room */
	size_t mapped;       /* bytes of mmap, 0 if malloc */
	unsigned char *data; /* NULL while it is only a file */
	bool is_file;        /* a mapping of a file, not to be written */
	union {
		char *path; /* of that file, or NULL */
		struct blob *next_spare;
	};
};

/* Room for cap bytes, none in use, one user. NULL if there is no memory. */
struct blob *blob_new(size_t cap);

/* A blob that is the file at path, len bytes. Not opened yet. */
struct blob *blob_file(const char *path, size_t len);

struct blob *blob_ref(struct blob *blob);
void blob_unref(struct blob *blob);

struct slice {
	struct blob *blob;
	size_t off;
	size_t len;
};

struct body {
	uint64_t size;
	unsigned count;
	struct slice *slices;
};

/* Adds a slice; takes a new reference. Returns 0 or -ENOMEM. */
MUST_USE int body_add(struct body *body, struct blob *blob, size_t off,
		      size_t len);

/*
 * Adds the range of another body, which must lie within it. Slices are
 * shared. Returns 0 or -ENOMEM.
 */
MUST_USE int body_add_range(struct body *body, const struct body *from,
			    uint64_t off, uint64_t len);

/*
 * Maps the files among the blobs, so that all slices are in memory. Returns
 * 0 or a negative errno (-ESTALE: a file is shorter than it was).
 */
MUST_USE int body_load(struct body *body);

/* Copies up to len bytes from off on to out. Returns how many. */
size_t body_read(const struct body *body, uint64_t off, void *out, size_t len);

/* Writes the whole body to fd. Returns 0 or a negative errno. */
MUST_USE int body_write(const struct body *body, int fd);

void body_release(struct body *body);

/* Gives back the memory that was kept for new blobs: at the end. */
void body_free_spares(void);

#endif
