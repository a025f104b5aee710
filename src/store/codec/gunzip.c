/* SPDX-License-Identifier: MIT */
/* Any gzip file, piece by piece; see gunzip.h. */
#include "codec/gunzip.h"

#include <string.h>

#define OUT_BYTES   (64u * 1024)
#define GZIP_WINDOW (15 | 16)
#define MAGIC_BYTES 2
#define FEED_MAX    (1u << 30)

int gunzip_init(struct gunzip *g,
		int (*sink)(void *arg, const void *data, size_t len), void *arg)
{
	memset(g, 0, sizeof(*g));
	g->sink = sink;
	g->arg = arg;
	g->out = malloc(OUT_BYTES);
	if (!g->out)
		return -ENOMEM;
	if (inflateInit2(&g->z, GZIP_WINDOW) != Z_OK) {
		free(g->out);
		return -ENOMEM;
	}
	return 0;
}

void gunzip_release(struct gunzip *g)
{
	inflateEnd(&g->z);
	free(g->out);
}

/* What zlib said of some input; 0: go on. */
static int judge(struct gunzip *g, int rc)
{
	if (rc == Z_STREAM_END) {
		g->members++;
		return inflateReset(&g->z) == Z_OK ? 0 : -EBADMSG;
	}
	/* The first bytes are no member's: what stands behind the last one. */
	if (rc == Z_DATA_ERROR && g->members > 0 &&
	    g->z.total_in <= MAGIC_BYTES) {
		g->has_garbage = true;
		return 0;
	}
	if (rc == Z_MEM_ERROR)
		return -ENOMEM;
	return rc == Z_OK || rc == Z_BUF_ERROR ? 0 : -EBADMSG;
}

static int feed(struct gunzip *g, const void *data, size_t len)
{
	union {
		const void *from;
		Bytef *to; /* zlib only reads */
	} p = { .from = data };
	bool is_full = false;
	int result = 0;

	g->z.next_in = p.to;
	g->z.avail_in = (uInt)len;
	while (result == 0 && !g->has_garbage &&
	       (g->z.avail_in > 0 || is_full)) {
		size_t got;
		int rc;

		g->z.next_out = g->out;
		g->z.avail_out = OUT_BYTES;
		rc = inflate(&g->z, Z_NO_FLUSH);
		got = OUT_BYTES - g->z.avail_out;
		is_full = g->z.avail_out == 0;
		result = judge(g, rc);
		if (got > 0 && result == 0)
			result = g->sink(g->arg, g->out, got);
		g->plain_bytes += got;
	}
	return result;
}

int gunzip_feed(struct gunzip *g, const void *data, size_t len)
{
	const char *from = data;
	int result = 0;

	while (result == 0 && len > 0) {
		size_t n = len < FEED_MAX ? len : FEED_MAX;

		result = feed(g, from, n);
		from += n;
		len -= n;
	}
	return result;
}

int gunzip_finish(const struct gunzip *g)
{
	if (g->members == 0)
		return -EBADMSG;
	/* A lone first byte of a header is garbage, too. */
	return g->has_garbage || g->z.total_in < MAGIC_BYTES ? 0 : -EBADMSG;
}
