/* SPDX-License-Identifier: MIT */
/*
 * How to publish an object: which bytes are sent, which the server copies
 * from the stored version. Pure; any thread.
 *
 *   struct plan plan;
 *   rc = plan_make(&plan, &input);
 *   for (i = 0; i < plan.count; i++) ... plan.parts[i], part number i + 1
 *   plan_release(&plan);
 */
#ifndef STORE_PLAN_H
#define STORE_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "data/extents.h"
#include "macros.h"

#define PLAN_MIB            (1024ull * 1024)
#define PLAN_PART_SIZE      (8 * PLAN_MIB)
#define PLAN_SINGLE_PUT_MAX (8 * PLAN_MIB)

/* 10,000 parts of 5 GiB, which is what S3 calls 48.8 TiB or 50 TB. */
#define PLAN_SIZE_MAX (10000 * 5 * 1024 * PLAN_MIB)

enum plan_kind {
	PLAN_UPLOAD,
	PLAN_COPY
};

struct plan_part {
	enum plan_kind kind;
	uint64_t offset;
	uint64_t length; /* bytes */
};

struct plan_input {
	uint64_t size;      /* of the object to be */
	uint64_t base_size; /* of the stored version; 0 if there is none */
	/*
	 * Bytes that differ from the stored version. What is behind base_size
	 * and not in here is zeros. Ranges behind size are ignored.
	 */
	const struct extents *dirty;
	const struct extents *held; /* bytes that need no fetch; or NULL */
	uint64_t single_put_max;    /* bytes; 0: PLAN_SINGLE_PUT_MAX */
	bool can_copy;              /* the server knows UploadPartCopy */
	bool copies_cheap;          /* few large copies, not many fast ones */
};

struct plan {
	struct plan_part *parts; /* one after the other from 0 to size */
	size_t count;            /* 1 to 10,000 */
	bool is_single;          /* the one part is a PUT, no multipart */
};

/*
 * Parts cover [0, size) exactly. Of a multipart upload each has 5 MiB to 5
 * GiB, but the last, which may be short. No part is a copy of anything dirty
 * or behind base_size. Bytes of an upload that are neither dirty nor held
 * nor behind base_size have to be fetched first. Returns 0, -EFBIG (no
 * object can be as large), -ENOMEM.
 */
MUST_USE int plan_make(struct plan *plan, const struct plan_input *in);
void plan_release(struct plan *plan);

/*
 * The parts of a file that is sent while it is written: part_size x 1000, 2
 * part_size x 1000, 8 part_size x 2000, 64 part_size x 6000, none over 5
 * GiB; with 8 MiB these are 8, 16, 64 and 512 MiB, 3 TiB in all. number is 1
 * to 10,000.
 */
void plan_stream_part(uint64_t part_size, unsigned number, uint64_t *offset,
		      uint64_t *length);

/* The number of the part that holds offset; 0 if it is behind the last. */
unsigned plan_stream_number(uint64_t part_size, uint64_t offset);

/*
 * The least part_size, PLAN_PART_SIZE or that doubled, with which a file of
 * this size fits; for a file whose size is known.
 */
uint64_t plan_stream_part_size(uint64_t size);

#endif
