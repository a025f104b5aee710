/* SPDX-License-Identifier: MIT */
/* The format of compressed objects; see gzip.h. */
#include "codec/gzip.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>

#include "data/pieces.h"
#include "text.h"

#define GZIP_WINDOW  (15 | 16) /* 32 KiB, with gzip's header and trailer */
#define GZIP_LEVEL   9
#define GZIP_MEMORY  8    /* zlib's default, which Python uses */
#define RATIO_MAX    1032 /* deflate's: 258 bytes in two bits */
#define INDEX_MEMBER 16000u
#define INDEX_HEADER 16 /* up to the first entry */
#define INDEX_TAIL   10 /* an empty block, CRC and length of nothing */
#define HEADER_EXTRA 4  /* FLG.FEXTRA */

/* ------------------------------------------------------------- headers */

bool gzip_is_encoding(const char *text)
{
	while (text && *text) {
		size_t len;

		text += strspn(text, ", \t");
		len = strcspn(text, ", \t");
		if ((len == 4 && strncasecmp(text, "gzip", 4) == 0) ||
		    (len == 6 && strncasecmp(text, "x-gzip", 6) == 0))
			return true;
		text += len;
	}
	return false;
}

size_t gzip_member_count(const struct gzip_layout *layout)
{
	uint64_t size = layout->plain_size, member = layout->member_bytes;

	return size == 0 ? 1 : (size_t)((size + member - 1) / member);
}

size_t gzip_member_length(const struct gzip_layout *layout, size_t member)
{
	uint64_t start = member * layout->member_bytes;
	uint64_t left = layout->plain_size - start;

	return (size_t)(left < layout->member_bytes ? left :
						      layout->member_bytes);
}

bool gzip_layout_is_sound(const struct gzip_layout *layout)
{
	uint64_t member = layout->member_bytes;

	if (member < GZIP_MEMBER_BYTES || member > GZIP_MEMBER_BYTES_MAX ||
	    (member & (member - 1)) != 0)
		return false;
	if (layout->plain_size / member >= GZIP_MEMBERS_MAX ||
	    layout->plain_size / RATIO_MAX > layout->stored_size)
		return false;
	return layout->index_bytes ==
		       gzip_index_bytes(gzip_member_count(layout)) &&
	       layout->index_bytes < layout->stored_size;
}

struct gzip_layout gzip_layout_plan(uint64_t plain_size)
{
	struct gzip_layout layout = {
		.kind = GZIP_MEMBERS,
		.plain_size = plain_size,
		.member_bytes = GZIP_MEMBER_BYTES,
	};

	while (plain_size / layout.member_bytes >= GZIP_MEMBERS_MAX)
		layout.member_bytes *= 2;
	return layout;
}

/* ------------------------------------------------------------- members */

size_t gzip_member_bound(size_t length)
{
	/* zlib's own figure for these parameters, without a stream. */
	return compressBound(length) + 18;
}

/* Not const in zlib's interface; it only reads. */
static Bytef *input(const void *data)
{
	union {
		const void *from;
		Bytef *to;
	} p = { .from = data };

	return p.to;
}

int gzip_member_write(const struct pieces *plain, void *out, size_t *len)
{
	z_stream z = { .next_out = out, .avail_out = (uInt)*len };
	int rc = deflateInit2(&z, GZIP_LEVEL, Z_DEFLATED, GZIP_WINDOW,
			      GZIP_MEMORY, Z_DEFAULT_STRATEGY);

	if (rc != Z_OK)
		return -ENOMEM;
	for (size_t i = 0; rc == Z_OK && i < plain->count; i++) {
		z.next_in = input(plain->items[i].data);
		z.avail_in = (uInt)plain->items[i].len;
		if (z.avail_in > 0)
			rc = deflate(&z, Z_NO_FLUSH);
		if (rc == Z_OK && z.avail_in > 0)
			rc = Z_BUF_ERROR;
	}
	if (rc == Z_OK)
		rc = deflate(&z, Z_FINISH);
	*len = z.total_out;
	deflateEnd(&z);
	return rc == Z_STREAM_END ? 0 : -EIO;
}

int gzip_member_read(const void *data, size_t len, void *out, size_t out_len)
{
	/* One byte of room beyond, or too long a member would look right. */
	unsigned char beyond;
	z_stream z = {
		.next_in = input(data),
		.avail_in = (uInt)len,
		.next_out = out,
		.avail_out = (uInt)out_len,
	};
	int rc;

	if (len > UINT32_MAX || out_len > UINT32_MAX)
		return -EIO;
	if (inflateInit2(&z, GZIP_WINDOW) != Z_OK)
		return -ENOMEM;
	rc = inflate(&z, Z_FINISH);
	if (rc == Z_BUF_ERROR && z.avail_out == 0) {
		z.next_out = &beyond;
		z.avail_out = 1;
		rc = inflate(&z, Z_FINISH);
	}
	if (rc == Z_STREAM_END &&
	    (z.avail_in > 0 || z.total_out != (uLong)out_len))
		rc = Z_DATA_ERROR;
	inflateEnd(&z);
	if (rc == Z_MEM_ERROR)
		return -ENOMEM;
	return rc == Z_STREAM_END ? 0 : -EIO;
}

/* --------------------------------------------------------------- index */

static const unsigned char index_tail[INDEX_TAIL] = { 3 };

uint64_t gzip_index_bytes(size_t members)
{
	uint64_t chain = (members + INDEX_MEMBER - 1) / INDEX_MEMBER;

	return members < 2 ?
		       0 :
		       members * 4ull + chain * (INDEX_HEADER + INDEX_TAIL);
}

/* The header of an index member with so many entries. */
static void index_header(unsigned char out[INDEX_HEADER], size_t entries)
{
	size_t field = entries * 4, extra = field + 4;
	const unsigned char header[INDEX_HEADER] = {
		0x1f,
		0x8b,
		Z_DEFLATED,
		HEADER_EXTRA,
		[8] = 2, /* XFL: level 9 */
		[9] = 3, /* OS: Unix */
		[10] = (unsigned char)extra,
		[11] = (unsigned char)(extra >> 8),
		[12] = 'S',
		[13] = '3',
		[14] = (unsigned char)field,
		[15] = (unsigned char)(field >> 8),
	};

	memcpy(out, header, sizeof(header));
}

int gzip_index_write(const uint32_t *lengths, size_t members, struct buf *out)
{
	for (size_t at = 0; members > 1 && at < members; at += INDEX_MEMBER) {
		size_t left = members - at;
		size_t n = left < INDEX_MEMBER ? left : INDEX_MEMBER;
		unsigned char header[INDEX_HEADER];

		index_header(header, n);
		buf_add(out, header, sizeof(header));
		for (size_t i = 0; i < n; i++) {
			uint32_t length = lengths[at + i];
			unsigned char entry[4] = {
				(unsigned char)length,
				(unsigned char)(length >> 8),
				(unsigned char)(length >> 16),
				(unsigned char)(length >> 24),
			};

			buf_add(out, entry, sizeof(entry));
		}
		buf_add(out, index_tail, sizeof(index_tail));
	}
	return out->error;
}

static uint32_t read_entry(const unsigned char *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[3] << 24;
}

/* One member of the index, whose entries go to index from at on. */
static bool read_index_member(const unsigned char *data, size_t entries,
			      struct gzip_index *index, size_t at)
{
	unsigned char header[INDEX_HEADER];

	index_header(header, entries);
	if (memcmp(data, header, sizeof(header)) != 0 ||
	    memcmp(data + INDEX_HEADER + entries * 4, index_tail,
		   sizeof(index_tail)) != 0)
		return false;
	for (size_t i = 0; i < entries; i++)
		index->offsets[at + i + 1] =
			index->offsets[at + i] +
			read_entry(data + INDEX_HEADER + i * 4);
	return true;
}

int gzip_index_read(const void *data, size_t len,
		    const struct gzip_layout *layout, struct gzip_index **out)
{
	size_t count = gzip_member_count(layout);
	const unsigned char *from = data;
	struct gzip_index *index;
	bool is_good =
		gzip_layout_is_sound(layout) && len == layout->index_bytes;

	if (!is_good)
		return -EIO;
	index = calloc(1, sizeof(*index) + (count + 1) * sizeof(uint64_t));
	if (!index)
		return -ENOMEM;
	index->count = count;
	if (len == 0)
		index->offsets[1] = layout->stored_size;
	for (size_t at = 0; len > 0 && is_good && at < count;
	     at += INDEX_MEMBER) {
		size_t n =
			count - at < INDEX_MEMBER ? count - at : INDEX_MEMBER;

		is_good = read_index_member(from, n, index, at);
		from += INDEX_HEADER + n * 4 + INDEX_TAIL;
	}
	if (!is_good || index->offsets[count] !=
				layout->stored_size - layout->index_bytes) {
		free(index);
		return -EIO;
	}
	*out = index;
	return 0;
}
