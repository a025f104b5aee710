/* SPDX-License-Identifier: MIT */
/*
 * The checksums S3 knows, several at once over the same pieces.
 *
 *   struct sums s;
 *   sums_start(&s, SUM_BIT(SUM_MD5) | SUM_BIT(SUM_CRC32C));
 *   sums_add(&s, data, len);
 *   sums_finish(&s);           then s.value[kind], sums_size(kind) bytes
 *
 * CRCs are kept big-endian, as the headers carry them. One thread at a time.
 */
#ifndef SERVER_SUMS_H
#define SERVER_SUMS_H

#include <stdint.h>

#include "buf.h"
#include "wire/digest.h"

enum sum_kind {
	SUM_MD5,
	SUM_SHA1,
	SUM_SHA256,
	SUM_CRC32,
	SUM_CRC32C,
	SUM_CRC64NVME,
	SUM_KINDS
};

#define SUM_BIT(kind) (1u << (kind))

struct sums {
	unsigned kinds; /* SUM_BITs */
	struct digest *digests[SUM_SHA256 + 1];
	uint64_t crc[SUM_KINDS];
	unsigned char value[SUM_KINDS][DIGEST_MAX];
};

/* Returns 0 or -ENOMEM. */
MUST_USE int sums_start(struct sums *s, unsigned kinds);
MUST_USE int sums_add(struct sums *s, const void *data, size_t len);
MUST_USE int sums_finish(struct sums *s);
void sums_drop(struct sums *s);

size_t sums_size(enum sum_kind kind);

/* "crc32c": what follows x-amz-checksum-; "md5" for MD5. */
const char *sums_name(enum sum_kind kind);

/* The kind of such a name, any case; SUM_KINDS if it is none. */
enum sum_kind sums_kind(const char *name);

/* Appends the value in base64. */
void sums_text(const struct sums *s, enum sum_kind kind, struct buf *out);

#endif
