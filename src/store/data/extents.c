/* SPDX-License-Identifier: MIT */
/* A set of byte ranges; see extents.h. */
#include "data/extents.h"

#include <string.h>

#include "minmax.h"

/* The first range that ends at or behind offset, or count. */
static size_t find_touching(const struct extents *set, uint64_t offset)
{
	size_t low = 0, high = set->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (set->items[middle].end < offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The first range that ends behind offset, or count. */
static size_t find_behind(const struct extents *set, uint64_t offset)
{
	return offset == UINT64_MAX ? set->count :
				      find_touching(set, offset + 1);
}

static int reserve(struct extents *set, size_t count)
{
	size_t cap = set->cap ? set->cap : 4;
	struct extent *items;

	if (count <= set->cap)
		return 0;
	while (cap < count)
		cap *= 2;
	if (cap > SIZE_MAX / sizeof(*items))
		return -ENOMEM;
	items = realloc(set->items, cap * sizeof(*items));
	if (!items)
		return -ENOMEM;
	set->items = items;
	set->cap = cap;
	return 0;
}

/* Puts the new ranges in place of items[first] to items[end - 1]. */
static int replace(struct extents *set, size_t first, size_t end,
		   const struct extent *with, size_t count)
{
	size_t behind = set->count - end;

	if (reserve(set, set->count - (end - first) + count) < 0)
		return -ENOMEM;
	for (size_t i = first; i < end; i++)
		set->total -= set->items[i].end - set->items[i].start;
	if (behind > 0 && first + count != end)
		memmove(set->items + first + count, set->items + end,
			behind * sizeof(*set->items));
	for (size_t i = 0; i < count; i++) {
		set->items[first + i] = with[i];
		set->total += with[i].end - with[i].start;
	}
	set->count = first + count + behind;
	return 0;
}

int extents_add(struct extents *set, uint64_t start, uint64_t end)
{
	struct extent merged = { start, end };
	size_t first, last;

	if (end <= start)
		return 0;
	first = find_touching(set, start);
	for (last = first; last < set->count; last++) {
		if (set->items[last].start > end)
			break;
		merged.start = min_u64(merged.start, set->items[last].start);
		merged.end = max_u64(merged.end, set->items[last].end);
	}
	return replace(set, first, last, &merged, 1);
}

int extents_remove(struct extents *set, uint64_t start, uint64_t end)
{
	struct extent left[2];
	size_t count = 0, first, last;

	if (end <= start)
		return 0;
	first = find_behind(set, start);
	for (last = first; last < set->count; last++) {
		const struct extent *item = &set->items[last];

		if (item->start >= end)
			break;
		if (item->start < start)
			left[count++] = (struct extent){ item->start, start };
		if (item->end > end)
			left[count++] = (struct extent){ end, item->end };
	}
	return replace(set, first, last, left, count);
}

bool extents_contains(const struct extents *set, uint64_t start, uint64_t end)
{
	size_t i;

	if (end <= start)
		return true;
	i = find_behind(set, start);
	return i < set->count && set->items[i].start <= start &&
	       set->items[i].end >= end;
}

uint64_t extents_overlap(const struct extents *set, uint64_t start,
			 uint64_t end)
{
	uint64_t bytes = 0;

	if (end <= start)
		return 0;
	for (size_t i = find_behind(set, start);
	     i < set->count && set->items[i].start < end; i++)
		bytes += min_u64(set->items[i].end, end) -
			 max_u64(set->items[i].start, start);
	return bytes;
}

bool extents_next(const struct extents *set, uint64_t from, uint64_t *start,
		  uint64_t *end)
{
	size_t i = find_behind(set, from);

	if (i == set->count)
		return false;
	*start = set->items[i].start;
	*end = set->items[i].end;
	return true;
}

bool extents_next_gap(const struct extents *set, uint64_t from, uint64_t limit,
		      uint64_t *start, uint64_t *end)
{
	size_t i = find_behind(set, from);

	if (i < set->count && set->items[i].start <= from)
		from = set->items[i++].end;
	if (from >= limit)
		return false;
	*start = from;
	*end = i < set->count ? min_u64(set->items[i].start, limit) : limit;
	return true;
}

uint64_t extents_total(const struct extents *set)
{
	return set->total;
}

void extents_clear(struct extents *set)
{
	set->count = 0;
	set->total = 0;
}

void extents_truncate(struct extents *set, uint64_t size)
{
	while (set->count > 0) {
		struct extent *last = &set->items[set->count - 1];

		if (last->end <= size)
			return;
		if (last->start < size) {
			set->total -= last->end - size;
			last->end = size;
			return;
		}
		set->total -= last->end - last->start;
		set->count--;
	}
}

void extents_release(struct extents *set)
{
	free(set->items);
	*set = (struct extents)EXTENTS_INIT;
}
