/* SPDX-License-Identifier: MIT */
/*
 * Packed directory entries; see segment.h.
 *
 * An entry is: flags, how many bytes its name shares with the one before,
 * how many follow, these; size; mtime less the segment's base, in seconds or
 * milliseconds; ETag. Numbers are varints (7 bits a byte, low ones first),
 * signed ones zigzag. Every 16th entry shares nothing and its place is kept,
 * so that a search need not start at the front.
 */
#include "names/segment.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "text.h"

#define RESTART_EVERY 16
#define DATA_MAX      (64u * 1024 * 1024)
#define MD5_SIZE      16
#define VARINT_MAX    10 /* bytes of 64 bits */
#define HEAD_SIZE     3
#define ENTRY_MAX     (HEAD_SIZE + NAME_SIZE + 2 * VARINT_MAX + S3_ETAG_MAX)

#define MS_NS     1000000
#define SECOND_MS 1000

enum entry_flags {
	ENTRY_DIR = 1,
	ENTRY_MTIME = 2,     /* there is one */
	ENTRY_SECONDS = 4,   /* it counts seconds */
	ENTRY_MD5 = 8,       /* the ETag is 16 bytes */
	ENTRY_PARTS = 16,    /* and a number of parts */
	ENTRY_TEXT = 32,     /* the ETag is a length and text */
	ENTRY_CLASS = 64,    /* the storage class is not STANDARD */
	ENTRY_ARCHIVE = 128, /* it is an archive */
};

struct segment {
	atomic_uint uses;
	size_t count;
	size_t bytes;
	int64_t base_ms;
	const unsigned char *data; /* behind restarts */
	uint32_t restarts[];       /* offsets in data */
};

/* Stands behind entry index - 1 and holds what that was. */
struct cursor {
	const unsigned char *at;
	size_t index;
	unsigned flags;
	char name[NAME_SIZE];
	size_t name_len;
	uint64_t size;
	uint64_t mtime;
	const unsigned char *etag;
};

/* Byte i of an entry's key, -1 behind its end. */
static int key_byte(const char *name, size_t len, bool is_dir, size_t i)
{
	if (i < len)
		return (unsigned char)name[i];
	return i == len && is_dir ? '/' : -1;
}

int segment_compare(const char *a, size_t a_len, bool a_is_dir, const char *b,
		    size_t b_len, bool b_is_dir)
{
	size_t i = a_len < b_len ? a_len : b_len;
	int order = memcmp(a, b, i);

	if (order != 0)
		return order;
	for (;; i++) {
		int from_a = key_byte(a, a_len, a_is_dir, i);
		int from_b = key_byte(b, b_len, b_is_dir, i);

		if (from_a != from_b || from_a < 0)
			return from_a - from_b;
	}
}

static unsigned char *put_varint(unsigned char *to, uint64_t value)
{
	for (; value >= 0x80; value >>= 7)
		*to++ = (unsigned char)(value | 0x80);
	*to++ = (unsigned char)value;
	return to;
}

static uint64_t take_varint(const unsigned char **at)
{
	uint64_t value = 0;
	unsigned shift = 0;

	for (;; shift += 7) {
		unsigned char byte = *(*at)++;

		value |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80)
			return value;
	}
}

static uint64_t to_zigzag(int64_t value)
{
	return (uint64_t)value << 1 ^ (value < 0 ? UINT64_MAX : 0);
}

static int64_t from_zigzag(uint64_t value)
{
	return (int64_t)(value >> 1 ^ (value & 1 ? UINT64_MAX : 0));
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Whether etag is 32 lower-case digits and perhaps "-" and a number. */
static bool parse_md5(const char *etag, unsigned char md5[MD5_SIZE],
		      uint64_t *parts)
{
	for (size_t i = 0; i < MD5_SIZE; i++) {
		int high = hex_digit(etag[2 * i]);
		int low = high < 0 ? -1 : hex_digit(etag[2 * i + 1]);

		if (low < 0)
			return false;
		md5[i] = (unsigned char)(high * 16 + low);
	}
	etag += 2 * MD5_SIZE;
	*parts = 0;
	if (!*etag)
		return true;
	/* Only what comes back the same: no zero in front. */
	return etag[0] == '-' && etag[1] != '0' &&
	       text_parse_u64(etag + 1, UINT32_MAX, parts) == 0;
}

static unsigned char *put_etag(unsigned char *to, const char *etag,
			       unsigned *flags)
{
	size_t len = strnlen(etag, S3_ETAG_MAX - 1);
	uint64_t parts;

	if (len == 0)
		return to;
	if (parse_md5(etag, to, &parts)) {
		*flags |= ENTRY_MD5;
		to += MD5_SIZE;
		if (parts > 0) {
			*flags |= ENTRY_PARTS;
			to = put_varint(to, parts);
		}
		return to;
	}
	*flags |= ENTRY_TEXT;
	*to++ = (unsigned char)len;
	memcpy(to, etag, len);
	return to + len;
}

static unsigned char *put_mtime(unsigned char *to, int64_t ms, int64_t base_ms,
				unsigned *flags)
{
	int64_t delta = ms - base_ms;

	*flags |= ENTRY_MTIME;
	if (delta % SECOND_MS == 0) {
		*flags |= ENTRY_SECONDS;
		delta /= SECOND_MS;
	}
	return put_varint(to, to_zigzag(delta));
}

static size_t shared_length(const struct segment_builder *b, const char *name,
			    size_t len)
{
	size_t shared = 0;

	if (b->count % RESTART_EVERY == 0)
		return 0;
	while (shared < len && shared < b->last_len &&
	       name[shared] == b->last[shared])
		shared++;
	return shared;
}

static size_t encode(const struct segment_builder *b,
		     const struct segment_entry *entry,
		     unsigned char out[ENTRY_MAX])
{
	size_t shared = shared_length(b, entry->name, entry->name_len);
	size_t rest = entry->name_len - shared;
	unsigned flags = (entry->is_dir ? ENTRY_DIR : 0) |
			 (entry->has_class ? ENTRY_CLASS : 0) |
			 (entry->is_archive ? ENTRY_ARCHIVE : 0);
	unsigned char *to = out + HEAD_SIZE;

	memcpy(to, entry->name + shared, rest);
	to = put_varint(to + rest, entry->size);
	if (entry->mtime_ns != 0)
		to = put_mtime(to, entry->mtime_ns / MS_NS, b->base_ms, &flags);
	to = put_etag(to, entry->etag, &flags);
	out[0] = (unsigned char)flags;
	out[1] = (unsigned char)shared;
	out[2] = (unsigned char)rest;
	return (size_t)(to - out);
}

void segment_builder_init(struct segment_builder *b)
{
	memset(b, 0, sizeof(*b));
	b->data = (struct buf)BUF_INIT(DATA_MAX);
	b->restarts = (struct buf)BUF_INIT(DATA_MAX);
}

static bool fits_behind(const struct segment_builder *b,
			const struct segment_entry *entry)
{
	if (entry->name_len == 0 || entry->name_len >= NAME_SIZE ||
	    memchr(entry->name, '/', entry->name_len))
		return false;
	return b->count == 0 ||
	       segment_compare(b->last, b->last_len, b->last_is_dir,
			       entry->name, entry->name_len, entry->is_dir) < 0;
}

/* Room for both, or the builder is as it was. */
static int reserve(struct segment_builder *b, size_t data, size_t restarts)
{
	int rc = buf_reserve(&b->data, data);

	if (rc == 0)
		rc = buf_reserve(&b->restarts, restarts);
	b->data.error = 0;
	b->restarts.error = 0;
	return rc;
}

int segment_builder_add(struct segment_builder *b,
			const struct segment_entry *entry)
{
	uint32_t offset = (uint32_t)b->data.len;
	unsigned char bytes[ENTRY_MAX];
	size_t len;
	int rc;

	if (!fits_behind(b, entry))
		return -EINVAL;
	if (!b->has_base && entry->mtime_ns != 0) {
		b->base_ms = entry->mtime_ns / MS_NS / SECOND_MS * SECOND_MS;
		b->has_base = true;
	}
	len = encode(b, entry, bytes);
	rc = reserve(b, len, sizeof(offset));
	if (rc < 0)
		return rc;
	if (b->count % RESTART_EVERY == 0)
		buf_add(&b->restarts, &offset, sizeof(offset));
	buf_add(&b->data, bytes, len);
	memcpy(b->last, entry->name, entry->name_len);
	b->last_len = entry->name_len;
	b->last_is_dir = entry->is_dir;
	b->count++;
	return 0;
}

int segment_builder_finish(struct segment_builder *b, struct segment **out)
{
	size_t bytes = sizeof(struct segment) + b->restarts.len + b->data.len;
	struct segment *seg = malloc(bytes);
	unsigned char *data;

	if (!seg)
		return -ENOMEM;
	data = (unsigned char *)seg->restarts + b->restarts.len;
	if (b->count > 0) {
		memcpy(seg->restarts, b->restarts.data, b->restarts.len);
		memcpy(data, b->data.data, b->data.len);
	}
	atomic_init(&seg->uses, 1);
	seg->count = b->count;
	seg->bytes = bytes;
	seg->base_ms = b->base_ms;
	seg->data = data;
	segment_builder_release(b);
	*out = seg;
	return 0;
}

void segment_builder_release(struct segment_builder *b)
{
	buf_release(&b->data);
	buf_release(&b->restarts);
	segment_builder_init(b);
}

struct segment *segment_get(struct segment *seg)
{
	atomic_fetch_add_explicit(&seg->uses, 1, memory_order_relaxed);
	return seg;
}

void segment_put(struct segment *seg)
{
	if (seg &&
	    atomic_fetch_sub_explicit(&seg->uses, 1, memory_order_acq_rel) == 1)
		free(seg);
}

size_t segment_count(const struct segment *seg)
{
	return seg->count;
}

size_t segment_bytes(const struct segment *seg)
{
	return seg->bytes;
}

/* Before the entry index, which must be one with a restart. */
static void cursor_set(struct cursor *c, const struct segment *seg,
		       size_t index)
{
	c->at = seg->data + seg->restarts[index / RESTART_EVERY];
	c->index = index;
}

static void cursor_next(struct cursor *c)
{
	const unsigned char *at = c->at;
	size_t shared = at[1], rest = at[2];

	c->flags = at[0];
	at += HEAD_SIZE;
	memcpy(c->name + shared, at, rest);
	c->name_len = shared + rest;
	at += rest;
	c->size = take_varint(&at);
	c->mtime = c->flags & ENTRY_MTIME ? take_varint(&at) : 0;
	c->etag = at;
	if (c->flags & ENTRY_MD5)
		at += MD5_SIZE;
	if (c->flags & ENTRY_PARTS)
		take_varint(&at);
	if (c->flags & ENTRY_TEXT)
		at += 1 + *at;
	c->at = at;
	c->index++;
}

static void etag_text(const struct cursor *c, char out[S3_ETAG_MAX])
{
	const unsigned char *at = c->etag;

	*out = '\0';
	if (c->flags & ENTRY_MD5) {
		text_hex(out, at, MD5_SIZE);
		at += MD5_SIZE;
	}
	if (c->flags & ENTRY_PARTS)
		snprintf(out + 2 * MD5_SIZE, S3_ETAG_MAX - 2 * MD5_SIZE, "-%u",
			 (unsigned)take_varint(&at));
	if (c->flags & ENTRY_TEXT) {
		memcpy(out, at + 1, *at);
		out[*at] = '\0';
	}
}

void segment_read(const struct segment *seg, size_t index,
		  struct segment_entry *out)
{
	struct cursor c;
	int64_t delta;

	cursor_set(&c, seg, index - index % RESTART_EVERY);
	while (c.index <= index)
		cursor_next(&c);
	memcpy(out->name, c.name, c.name_len);
	out->name[c.name_len] = '\0';
	out->name_len = c.name_len;
	out->is_dir = c.flags & ENTRY_DIR;
	out->has_class = c.flags & ENTRY_CLASS;
	out->is_archive = c.flags & ENTRY_ARCHIVE;
	out->size = c.size;
	out->mtime_ns = 0;
	delta = from_zigzag(c.mtime);
	if (c.flags & ENTRY_SECONDS)
		delta *= SECOND_MS;
	if (c.flags & ENTRY_MTIME)
		out->mtime_ns = (seg->base_ms + delta) * MS_NS;
	etag_text(&c, out->etag);
}

/* How the first entry of this restart compares to the key. */
static int compare_restart(const struct segment *seg, size_t restart,
			   const char *name, size_t len, bool is_dir)
{
	const unsigned char *at = seg->data + seg->restarts[restart];

	return segment_compare((const char *)at + HEAD_SIZE, at[2],
			       at[0] & ENTRY_DIR, name, len, is_dir);
}

bool segment_find(const struct segment *seg, const char *name, size_t len,
		  bool is_dir, size_t *index)
{
	size_t low = 0;
	size_t high = (seg->count + RESTART_EVERY - 1) / RESTART_EVERY;
	struct cursor c;

	/* low ends up as the number of restarts that are not behind the key. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_restart(seg, middle, name, len, is_dir) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	*index = 0;
	if (low == 0)
		return false;
	cursor_set(&c, seg, (low - 1) * RESTART_EVERY);
	while (c.index < seg->count && c.index < low * RESTART_EVERY) {
		int order;

		*index = c.index;
		cursor_next(&c);
		order = segment_compare(c.name, c.name_len, c.flags & ENTRY_DIR,
					name, len, is_dir);
		if (order >= 0)
			return order == 0;
	}
	*index = c.index;
	return false;
}
