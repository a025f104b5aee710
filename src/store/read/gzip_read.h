/* SPDX-License-Identifier: MIT */
/* Reading a compressed base: the members that a range touches. */
#ifndef STORE_GZIP_READ_H
#define STORE_GZIP_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "macros.h"

struct base;
struct errinfo;
struct fetch;
struct file;

/* The base is compressed, and where its members begin is not known yet. */
bool gzip_lacks_index(const struct base *base);
/* Widens a range of the file to what has to be expanded at once. */
void gzip_align(const struct base *base, uint64_t *start, uint64_t *end);
/* The piece to fetch at once, whole members; piece_bytes if not compressed. */
uint64_t gzip_piece(const struct base *base, uint64_t piece_bytes);
/* Memory that stored bytes of an aligned range take while they come. */
uint64_t gzip_stored_span(const struct base *base, uint64_t start,
			  uint64_t end);
/* What a fetch of [start, end), or of the index, has to ask for. -ENOMEM. */
MUST_USE int gzip_prepare_locked(struct fetch *fetch, bool is_index);
/* Says why nothing could be asked for, if that is it. Returns result. */
int gzip_refuse(const struct file *file, int result, struct errinfo *err);
/* Takes stored bytes. */
MUST_USE int gzip_take(struct fetch *fetch, const void *data, size_t len);
/* All have come: expands them on the gzip pool, then ends the fetch. */
void gzip_fetched(struct fetch *fetch);

#endif
