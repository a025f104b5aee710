/* SPDX-License-Identifier: MIT */
/* CRC-32C by published vectors, and against the plain bitwise loop. */
#include "crc32c.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "macros.h"

#define STREAMS (3 * 4096) /* the code takes three streams at once */
#define ROOM    (3 * STREAMS + 64)

static unsigned char data[ROOM];

/* The definition: no table, no instruction, one bit after the other. */
static uint32_t bitwise(uint32_t crc, const unsigned char *p, size_t len)
{
	crc = ~crc;
	for (; len > 0; len--) {
		crc ^= *p++;
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0x82f63b78u : crc >> 1;
	}
	return ~crc;
}

static int fill(void **state)
{
	uint64_t random = 88172645463325252u;

	for (size_t i = 0; i < ROOM; i++) {
		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		data[i] = (unsigned char)random;
	}
	return 0;
}

static void published_vectors_come_out(void **state)
{
	/* RFC 3720 B.4: an iSCSI SCSI Read (10) command PDU. */
	static const unsigned char read_pdu[48] = {
		0x01, 0xc0, 0x00, 0x00, [16] = 0x14, [22] = 0x04, 0x00, 0x00,
		0x00, 0x00, 0x14, 0x00, 0x00,        0x00,        0x18, 0x28,
		0x00, 0x00, 0x00, 0x00, 0x00,        0x00,        0x00, 0x02
	};
	unsigned char v[32];

	memset(v, 0, sizeof(v));
	assert_int_equal(crc32c(0, v, 32), 0x8a9136aa);
	memset(v, 0xff, sizeof(v));
	assert_int_equal(crc32c(0, v, 32), 0x62a8ab43);
	for (unsigned char i = 0; i < 32; i++)
		v[i] = i;
	assert_int_equal(crc32c(0, v, 32), 0x46dd794e);
	for (unsigned char i = 0; i < 32; i++)
		v[i] = (unsigned char)(31 - i);
	assert_int_equal(crc32c(0, v, 32), 0x113fdb5c);
	assert_int_equal(crc32c(0, read_pdu, 48), 0xd9963a56);
	/* The check value of the catalogue of parametrised CRCs. */
	assert_int_equal(crc32c(0, "123456789", 9), 0xe3069283);
}

static void no_bytes_change_nothing(void **state)
{
	assert_int_equal(crc32c(0, "", 0), 0);
	assert_int_equal(crc32c(0x12345678, "", 0), 0x12345678);
	assert_int_equal(crc32c(0x12345678, NULL, 0), 0x12345678);
}

static void every_short_length_and_alignment_matches_the_loop(void **state)
{
	for (size_t at = 0; at < 16; at++) {
		for (size_t len = 0; len < 80; len++)
			assert_int_equal(crc32c(7, data + at, len),
					 bitwise(7, data + at, len));
	}
}

static void lengths_around_the_streams_match_the_loop(void **state)
{
	for (size_t times = 1; times <= 3; times++) {
		for (size_t len = times * STREAMS - 9;
		     len <= times * STREAMS + 9; len++) {
			size_t at = len % 11;

			assert_int_equal(crc32c(0, data + at, len),
					 bitwise(0, data + at, len));
		}
	}
	for (size_t len = 4096 - 9; len <= 4096 + 9; len++)
		assert_int_equal(crc32c(0, data + 3, len),
				 bitwise(0, data + 3, len));
}

static void pieces_give_what_the_whole_gives(void **state)
{
	static const size_t steps[] = { 1, 7, 8, 4095, 4096, 4097, STREAMS };
	uint32_t whole = bitwise(0, data, ROOM);

	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		uint32_t crc = 0;

		for (size_t at = 0; at < ROOM; at += steps[i]) {
			size_t n = steps[i] < ROOM - at ? steps[i] : ROOM - at;

			crc = crc32c(crc, data + at, n);
		}
		assert_int_equal(crc, whole);
	}
}

static void *first_call(void *arg)
{
	uint32_t *crc = arg;

	*crc = crc32c(0, data, ROOM);
	return NULL;
}

static void threads_may_make_the_first_call_together(void **state)
{
	uint32_t crc[4] = { 0 };
	pthread_t threads[4];

	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, first_call,
						&crc[i]),
				 0);
	for (size_t i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(crc[i], bitwise(0, data, ROOM));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		/* First, while no table is made yet. */
		cmocka_unit_test(threads_may_make_the_first_call_together),
		cmocka_unit_test(published_vectors_come_out),
		cmocka_unit_test(no_bytes_change_nothing),
		cmocka_unit_test(
			every_short_length_and_alignment_matches_the_loop),
		cmocka_unit_test(lengths_around_the_streams_match_the_loop),
		cmocka_unit_test(pieces_give_what_the_whole_gives),
	};

	return cmocka_run_group_tests(tests, fill, NULL);
}
