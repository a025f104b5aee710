/* SPDX-License-Identifier: MIT */
/*
 * Expands any gzip file piece by piece: several members, names, comments and
 * extra fields; every member's checksum is compared. Behind the last member
 * zeros or other bytes that are no member are let pass, as gunzip does.
 *
 *   rc = gunzip_init(&g, sink, arg);
 *   while (rc == 0 && more) rc = gunzip_feed(&g, data, len);
 *   if (rc == 0) rc = gunzip_finish(&g);
 *   gunzip_release(&g);
 *
 * Bytes go to sink before the checksum behind them is known. One thread at
 * a time.
 */
#ifndef STORE_GUNZIP_H
#define STORE_GUNZIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <zlib.h>

#include "macros.h"

struct gunzip {
	z_stream z;
	int (*sink)(void *arg, const void *data, size_t len);
	void *arg;
	unsigned char *out;
	uint64_t plain_bytes; /* given to sink so far */
	uint64_t members;     /* that are complete */
	bool has_garbage;     /* behind the last member */
};

/* -ENOMEM; g then needs no release. */
MUST_USE int gunzip_init(struct gunzip *g,
			 int (*sink)(void *arg, const void *data, size_t len),
			 void *arg);
/* -EBADMSG: this is no gzip or broken; -ENOMEM; or what sink returned. */
MUST_USE int gunzip_feed(struct gunzip *g, const void *data, size_t len);
/* -EBADMSG: it ends too early. */
MUST_USE int gunzip_finish(const struct gunzip *g);
void gunzip_release(struct gunzip *g);

#endif
