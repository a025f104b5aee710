/* SPDX-License-Identifier: MIT */
/* What is known of a directory's entries; see listing.h. */
#include "names/listing.h"

#include <string.h>

#include "names/segment.h"

/* A range of which the listing owns all; last is NULL for "to the end". */
struct held {
	struct segment *segment;
	char *after;
	char *last;
	int64_t fetched_ms;
	uint64_t seq;
};

static bool is_fresh(const struct held *h, int64_t now_ms, int64_t ttl_ms)
{
	return now_ms - h->fetched_ms < ttl_ms;
}

static void held_release(struct held *h)
{
	segment_put(h->segment);
	free(h->after);
	free(h->last);
}

/* The bounds (after, last] of what source tells; last may be NULL. */
static int held_init(struct held *h, const struct held *source,
		     const char *after, const char *last)
{
	*h = (struct held){
		.segment = segment_get(source->segment),
		.after = strdup(after),
		.last = last ? strdup(last) : NULL,
		.fetched_ms = source->fetched_ms,
		.seq = source->seq,
	};
	if (h->after && (h->last || !last))
		return 0;
	held_release(h);
	return -ENOMEM;
}

/* A last that is NULL is behind every key. */
static bool reaches_beyond(const char *last, const char *key)
{
	return !last || strcmp(last, key) > 0;
}

/* The first range that reaches beyond key, or count. */
static size_t find_beyond(const struct listing *l, const char *key)
{
	size_t low = 0, high = l->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (reaches_beyond(l->held[middle].last, key))
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* What takes the place of the ranges first to end - 1. */
struct splice {
	size_t first, end;
	struct held *pieces;
	size_t count;
};

static int add_piece(struct splice *s, const struct held *source,
		     const char *after, const char *last)
{
	int rc = held_init(&s->pieces[s->count], source, after, last);

	if (rc == 0)
		s->count++;
	return rc;
}

/*
 * Goes through the ranges that overlap the new one. at is how far the bounds
 * of pieces have come; NULL when that is the end.
 */
static int make_pieces(const struct listing *l, const struct held *new,
		       struct splice *s)
{
	const struct held *tail = NULL;
	const char *at = new->after;
	int rc = 0;

	for (size_t i = s->first; i < s->end && rc == 0; i++) {
		const struct held *old = &l->held[i];

		if (old->seq > new->seq) {
			if (strcmp(at, old->after) < 0)
				rc = add_piece(s, new, at, old->after);
			if (rc == 0)
				rc = add_piece(s, old, old->after, old->last);
			at = old->last;
			continue;
		}
		if (strcmp(old->after, new->after) < 0)
			rc = add_piece(s, old, old->after, new->after);
		if (new->last && reaches_beyond(old->last, new->last))
			tail = old;
	}
	if (rc == 0 && at && reaches_beyond(new->last, at))
		rc = add_piece(s, new, at, new->last);
	if (rc == 0 && tail)
		rc = add_piece(s, tail, new->last, tail->last);
	return rc;
}

static int reserve(struct listing *l, size_t count)
{
	size_t cap = l->cap ? l->cap : 2;
	struct held *held;

	while (cap < count)
		cap *= 2;
	if (cap == l->cap)
		return 0;
	held = realloc(l->held, cap * sizeof(*held));
	if (!held)
		return -ENOMEM;
	l->held = held;
	l->cap = cap;
	return 0;
}

static int apply(struct listing *l, const struct splice *s)
{
	size_t behind = l->count - s->end;

	if (reserve(l, s->first + s->count + behind) < 0)
		return -ENOMEM;
	for (size_t i = s->first; i < s->end; i++)
		held_release(&l->held[i]);
	memmove(l->held + s->first + s->count, l->held + s->end,
		behind * sizeof(*l->held));
	for (size_t i = 0; i < s->count; i++)
		l->held[s->first + i] = s->pieces[i];
	l->count = s->first + s->count + behind;
	return 0;
}

static int insert(struct listing *l, const struct held *new)
{
	struct splice s = { .first = find_beyond(l, new->after) };
	int rc;

	for (s.end = s.first; s.end < l->count; s.end++) {
		if (!reaches_beyond(new->last, l->held[s.end].after))
			break;
	}
	/* A piece of the new one before each old one and one behind them,
	   the old ones, and what is left of the outer two. */
	s.pieces = calloc(2 * (s.end - s.first) + 3, sizeof(*s.pieces));
	if (!s.pieces)
		return -ENOMEM;
	rc = make_pieces(l, new, &s);
	if (rc == 0)
		rc = apply(l, &s);
	for (size_t i = 0; rc < 0 && i < s.count; i++)
		held_release(&s.pieces[i]);
	free(s.pieces);
	return rc;
}

int listing_insert(struct listing *l, const struct listing_range *range)
{
	struct held source = {
		.segment = range->segment,
		.fetched_ms = range->fetched_ms,
		.seq = range->seq,
	};
	struct held new;
	int rc;

	if (!range->is_end && strcmp(range->after, range->last) >= 0)
		return -EINVAL;
	rc = held_init(&new, &source, range->after,
		       range->is_end ? NULL : range->last);
	if (rc < 0)
		return rc;
	rc = insert(l, &new);
	held_release(&new);
	return rc;
}

/* The fresh range that tells whether key is there, or NULL. */
static const struct held *find_covering(const struct listing *l,
					const char *key, int64_t now_ms,
					int64_t ttl_ms)
{
	size_t low = 0, high = l->count;

	/* The first range whose last is at key or behind it. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const char *last = l->held[middle].last;

		if (last && strcmp(last, key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == l->count || strcmp(l->held[low].after, key) >= 0 ||
	    !is_fresh(&l->held[low], now_ms, ttl_ms))
		return NULL;
	return &l->held[low];
}

/* Fills in the hit from h's entry of this key, if it has one. */
static bool take_entry(const struct held *h, const char *name, size_t len,
		       bool is_dir, struct listing_hit *hit)
{
	size_t index;

	if (!segment_find(h->segment, name, len, is_dir, &index))
		return false;
	segment_read(h->segment, index, &hit->entry);
	return true;
}

enum listing_answer listing_lookup(const struct listing *l, const char *name,
				   size_t len, int64_t now_ms, int64_t ttl_ms,
				   struct listing_hit *hit)
{
	const struct held *of_dir, *of_file;
	char key[NAME_SIZE + 1];
	size_t index;

	if (len >= NAME_SIZE)
		return LISTING_UNKNOWN;
	memcpy(key, name, len);
	key[len] = '\0';
	of_file = find_covering(l, key, now_ms, ttl_ms);
	memcpy(key + len, "/", 2);
	of_dir = find_covering(l, key, now_ms, ttl_ms);
	if (!of_dir)
		return LISTING_UNKNOWN;
	hit->fetched_ms = of_dir->fetched_ms;
	hit->seq = of_dir->seq;
	hit->hides_file = false;
	if (take_entry(of_dir, name, len, true, hit)) {
		hit->hides_file =
			of_file && segment_find(of_file->segment, name, len,
						false, &index);
		return LISTING_FOUND;
	}
	if (!of_file)
		return LISTING_UNKNOWN;
	if (of_file->fetched_ms < hit->fetched_ms)
		hit->fetched_ms = of_file->fetched_ms;
	if (of_file->seq < hit->seq)
		hit->seq = of_file->seq;
	return take_entry(of_file, name, len, false, hit) ? LISTING_FOUND :
							    LISTING_ABSENT;
}

/* How many of the segment's entries have keys up to this one. */
static size_t count_up_to(const struct segment *seg, const char *key)
{
	size_t index;
	bool is_there = segment_find(seg, key, strlen(key), false, &index);

	return index + is_there;
}

bool listing_next_page(const struct listing *l, const char *after,
		       int64_t now_ms, int64_t ttl_ms,
		       struct listing_page *page)
{
	size_t i = find_beyond(l, after), end;
	const struct held *h;

	if (i == l->count)
		return false;
	h = &l->held[i];
	if (strcmp(h->after, after) > 0 || !is_fresh(h, now_ms, ttl_ms))
		return false;
	end = h->last ? count_up_to(h->segment, h->last) :
			segment_count(h->segment);
	*page = (struct listing_page){
		.segment = h->segment,
		.first = count_up_to(h->segment, after),
		.last = h->last,
		.is_end = !h->last,
		.fetched_ms = h->fetched_ms,
		.seq = h->seq,
	};
	page->count = end - page->first;
	return true;
}

bool listing_is_complete(const struct listing *l, int64_t now_ms,
			 int64_t ttl_ms)
{
	const char *at = "";

	for (size_t i = 0; i < l->count; i++) {
		const struct held *h = &l->held[i];

		if (strcmp(h->after, at) != 0 || !is_fresh(h, now_ms, ttl_ms))
			return false;
		if (!h->last)
			return true;
		at = h->last;
	}
	return false;
}

void listing_drop(struct listing *l)
{
	for (size_t i = 0; i < l->count; i++)
		held_release(&l->held[i]);
	free(l->held);
	*l = (struct listing)LISTING_INIT;
}
