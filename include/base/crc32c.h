/* SPDX-License-Identifier: MIT */
/*
 * CRC-32C (Castagnoli, RFC 3720 B.4), the checksum S3 knows as
 * x-amz-checksum-crc32c. Uses the SSE4.2 instruction where there is one.
 *
 *   crc = crc32c(0, first, n);
 *   crc = crc32c(crc, second, m);
 */
#ifndef BASE_CRC32C_H
#define BASE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

uint32_t crc32c(uint32_t crc, const void *data, size_t len);

#endif
