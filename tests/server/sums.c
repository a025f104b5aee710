/* SPDX-License-Identifier: MIT */
/* Several checksums at once; see sums.h. */
#include "sums.h"

#include <pthread.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>

#include "crc32c.h"

static const char *const names[SUM_KINDS] = { "md5",   "sha1",   "sha256",
					      "crc32", "crc32c", "crc64nvme" };
static const size_t sizes[SUM_KINDS] = { 16, 20, 32, 4, 4, 8 };
static const enum digest_kind digest_kinds[] = { DIGEST_MD5, DIGEST_SHA1,
						 DIGEST_SHA256 };

static uint64_t crc64_table[256];

/* NVM Express Base Specification 2.0, 64-bit CRC, reflected polynomial. */
static void fill_crc64_table(void)
{
	for (uint64_t i = 0; i < 256; i++) {
		uint64_t crc = i;

		for (int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? (crc >> 1) ^ 0x9a6c9329ac4bc9b5u :
					crc >> 1;
		crc64_table[i] = crc;
	}
}

static uint64_t crc64nvme(uint64_t crc, const unsigned char *data, size_t len)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, fill_crc64_table);
	crc = ~crc;
	for (size_t i = 0; i < len; i++)
		crc = (crc >> 8) ^ crc64_table[(crc ^ data[i]) & 255];
	return ~crc;
}

int sums_start(struct sums *s, unsigned kinds)
{
	*s = (struct sums){ .kinds = kinds };
	for (enum sum_kind k = 0; k <= SUM_SHA256; k++) {
		if (!(kinds & SUM_BIT(k)))
			continue;
		s->digests[k] = digest_start(digest_kinds[k]);
		if (!s->digests[k]) {
			sums_drop(s);
			return -ENOMEM;
		}
	}
	return 0;
}

int sums_add(struct sums *s, const void *data, size_t len)
{
	for (enum sum_kind k = 0; k <= SUM_SHA256; k++)
		if (s->digests[k] && digest_add(s->digests[k], data, len) < 0)
			return -EIO;
	if (s->kinds & SUM_BIT(SUM_CRC32))
		s->crc[SUM_CRC32] =
			crc32_z((uLong)s->crc[SUM_CRC32], data, len);
	if (s->kinds & SUM_BIT(SUM_CRC32C))
		s->crc[SUM_CRC32C] =
			crc32c((uint32_t)s->crc[SUM_CRC32C], data, len);
	if (s->kinds & SUM_BIT(SUM_CRC64NVME))
		s->crc[SUM_CRC64NVME] =
			crc64nvme(s->crc[SUM_CRC64NVME], data, len);
	return 0;
}

int sums_finish(struct sums *s)
{
	int rc = 0;

	for (enum sum_kind k = 0; k <= SUM_SHA256; k++) {
		if (s->digests[k] && digest_finish(s->digests[k], s->value[k]))
			rc = -EIO;
		s->digests[k] = NULL;
	}
	for (enum sum_kind k = SUM_CRC32; k < SUM_KINDS; k++)
		for (size_t i = 0; i < sizes[k]; i++)
			s->value[k][i] =
				(unsigned char)(s->crc[k] >>
						8 * (sizes[k] - 1 - i));
	return rc;
}

void sums_drop(struct sums *s)
{
	for (enum sum_kind k = 0; k <= SUM_SHA256; k++) {
		digest_drop(s->digests[k]);
		s->digests[k] = NULL;
	}
}

size_t sums_size(enum sum_kind kind)
{
	return sizes[kind];
}

const char *sums_name(enum sum_kind kind)
{
	return names[kind];
}

enum sum_kind sums_kind(const char *name)
{
	enum sum_kind k = 0;

	while (k < SUM_KINDS && strcasecmp(names[k], name) != 0)
		k++;
	return k;
}

void sums_text(const struct sums *s, enum sum_kind kind, struct buf *out)
{
	digest_base64(out, s->value[kind], sizes[kind]);
}
