/* SPDX-License-Identifier: MIT */
/* An object's headers (lower case) to facts, and back. Pure; any thread. */
#ifndef STORE_FACTS_CODEC_H
#define STORE_FACTS_CODEC_H

#include <stdbool.h>
#include <stdint.h>

#include "macros.h"

/* Metadata of ours: nobody else sets it or sees it. */
#define FACTS_META "x-amz-meta-s3storefs-"

struct object_facts;
struct pairs;

/*
 * What headers tell. False if the object is a foreign gzip: its plain size,
 * 0 here, is told by its bytes only. Headers of ours that do not fit the
 * object, because somebody stored other bytes with them, make it foreign.
 */
bool facts_read(const struct pairs *headers, uint64_t stored_size,
		struct object_facts *out);

/*
 * This header, of an object that has those of stored, tells of its bytes: with
 * others it is told again.
 */
bool facts_tell_of_bytes(const struct pairs *stored, const char *name);

/* Sets the headers of a compressed object. -ENOMEM. */
MUST_USE int facts_write(const struct object_facts *facts,
			 struct pairs *headers);
/* Marks an object that is to be read as it is stored. -ENOMEM. */
MUST_USE int facts_write_raw(struct pairs *headers);

#endif
