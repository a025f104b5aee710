/* SPDX-License-Identifier: MIT */
/*
 * CRC-32C; see crc32c.h. Three streams run side by side, because the
 * instruction has a latency of three cycles and a throughput of one.
 */
#include "crc32c.h"

#include <pthread.h>
#include <string.h>
#ifdef __x86_64__
#include <nmmintrin.h>
#endif

#define POLYNOMIAL   0x82f63b78u /* reflected */
#define STREAM_BYTES 4096u       /* of each of the three */

static uint32_t table[256];
static uint32_t skip_stream[4][256]; /* appends STREAM_BYTES zeros */
static pthread_once_t tables_once = PTHREAD_ONCE_INIT;

/* a * b modulo the polynomial, bit-reflected. */
static uint32_t crc_multiply(uint32_t a, uint32_t b)
{
	uint32_t product = 0;

	for (uint32_t bit = 1u << 31; bit; bit >>= 1) {
		if (a & bit)
			product ^= b;
		b = b & 1 ? b >> 1 ^ POLYNOMIAL : b >> 1;
	}
	return product;
}

/* x to the power 8 * bytes: multiplying by it appends that many zeros. */
static uint32_t crc_zeros(uint64_t bytes)
{
	uint32_t power = 1u << 23; /* x^8 */
	uint32_t result = 1u << 31;

	for (; bytes; bytes >>= 1) {
		if (bytes & 1)
			result = crc_multiply(result, power);
		power = crc_multiply(power, power);
	}
	return result;
}

static void crc_make_tables(void)
{
	uint32_t skip = crc_zeros(STREAM_BYTES);

	for (uint32_t i = 0; i < 256; i++) {
		uint32_t crc = i;

		for (int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ POLYNOMIAL : crc >> 1;
		table[i] = crc;
		for (int byte = 0; byte < 4; byte++)
			skip_stream[byte][i] =
				crc_multiply(i << 8 * byte, skip);
	}
}

static uint32_t crc_by_table(uint32_t crc, const unsigned char *p, size_t len)
{
	for (; len > 0; len--)
		crc = crc >> 8 ^ table[(crc ^ *p++) & 0xff];
	return crc;
}

#ifdef __x86_64__
static uint32_t crc_append_zeros(uint32_t crc)
{
	return skip_stream[0][crc & 0xff] ^ skip_stream[1][crc >> 8 & 0xff] ^
	       skip_stream[2][crc >> 16 & 0xff] ^ skip_stream[3][crc >> 24];
}

static uint64_t crc_load(const unsigned char *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof(word));
	return word;
}

__attribute__((target("sse4.2"))) static uint32_t
by_instruction(uint32_t crc, const unsigned char *p, size_t len)
{
	uint64_t a = crc, b, c;

	while (len >= 3 * STREAM_BYTES) {
		b = c = 0;
		for (size_t i = 0; i < STREAM_BYTES; i += 8) {
			a = _mm_crc32_u64(a, crc_load(p + i));
			b = _mm_crc32_u64(b, crc_load(p + STREAM_BYTES + i));
			c = _mm_crc32_u64(c,
					  crc_load(p + 2 * STREAM_BYTES + i));
		}
		a = crc_append_zeros((uint32_t)a) ^ b;
		a = crc_append_zeros((uint32_t)a) ^ c;
		p += 3 * STREAM_BYTES;
		len -= 3 * STREAM_BYTES;
	}
	for (; len >= 8; p += 8, len -= 8)
		a = _mm_crc32_u64(a, crc_load(p));
	for (; len > 0; p++, len--)
		a = _mm_crc32_u8((uint32_t)a, *p);
	return (uint32_t)a;
}
#endif

uint32_t crc32c(uint32_t crc, const void *data, size_t len)
{
	pthread_once(&tables_once, crc_make_tables);
#ifdef __x86_64__
	if (__builtin_cpu_supports("sse4.2"))
		return ~by_instruction(~crc, data, len);
#endif
	return ~crc_by_table(~crc, data, len);
}
