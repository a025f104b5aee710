/* SPDX-License-Identifier: MIT */
/* Unfinished multipart uploads and their parts; see store.h. */
#include <stdlib.h>
#include <string.h>

#include "store.h"

struct upload *upload_new_locked(struct store *store, struct bucket *bucket,
				 const char *key)
{
	struct upload *upload = calloc(1, sizeof(*upload));
	struct list_link *before = &bucket->uploads;

	if (!upload)
		return NULL;
	list_init(&upload->link);
	upload->key = strdup(key);
	if (!upload->key) {
		free(upload);
		return NULL;
	}
	upload->id = store_id_locked(store);
	upload->created_ns = store_time_locked(store);
	/* Sorted by key; of one key the oldest comes first. */
	while (before->prev != &bucket->uploads &&
	       strcmp(container_of(before->prev, struct upload, link)->key,
		      key) > 0)
		before = before->prev;
	list_push(before, &upload->link);
	return upload;
}

struct upload *upload_find_locked(struct bucket *bucket, const char *key,
				  uint64_t id)
{
	list_for_each(link, &bucket->uploads) {
		struct upload *u = container_of(link, struct upload, link);

		if (u->id == id && strcmp(u->key, key) == 0)
			return u;
	}
	return NULL;
}

/* Where the part of that number is or would be. */
static unsigned part_place(const struct upload *upload, unsigned number)
{
	unsigned low = 0, high = upload->part_count;

	while (low < high) {
		unsigned middle = (low + high) / 2;

		if (upload->parts[middle]->number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct part *upload_part(const struct upload *upload, unsigned number)
{
	unsigned i = part_place(upload, number);

	if (i < upload->part_count && upload->parts[i]->number == number)
		return upload->parts[i];
	return NULL;
}

int upload_put_part(struct upload *upload, struct part *part)
{
	unsigned i = part_place(upload, part->number), n = upload->part_count;
	struct part **more;

	if (i < n && upload->parts[i]->number == part->number) {
		part_free(upload->parts[i]);
		upload->parts[i] = part;
		return 0;
	}
	more = realloc(upload->parts, (n + 1) * sizeof(struct part *));
	if (!more) {
		part_free(part);
		return -ENOMEM;
	}
	memmove(more + i + 1, more + i, (n - i) * sizeof(struct part *));
	more[i] = part;
	upload->parts = more;
	upload->part_count = n + 1;
	return 0;
}

void part_free(struct part *part)
{
	if (!part)
		return;
	body_release(&part->body);
	fields_release(&part->sums);
	free(part);
}

void upload_free_locked(struct upload *upload)
{
	list_remove(&upload->link);
	for (unsigned i = 0; i < upload->part_count; i++)
		part_free(upload->parts[i]);
	free(upload->parts);
	fields_release(&upload->headers);
	fields_release(&upload->tags);
	free(upload->key);
	free(upload);
}
