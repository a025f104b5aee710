/* SPDX-License-Identifier: MIT */
/*
 * The headers of a file that is being published: what its next version keeps
 * of the object it stands on, what was set by hand, what its name gives.
 */
#include "write/publish_headers.h"

#include <string.h>

#include "facts/headers.h"
#include "facts/headers_tags.h"
#include "file/file.h"
#include "read/waiters.h"
#include "write/gzip_publish.h"

int publish_prepare_locked(struct file *file, struct errinfo *err)
{
	struct store *store = file->store;
	struct pairs stored = PAIRS_INIT;
	AUTO_FREE char *key = NULL;
	int result;

	lock_assert_held(&file->lock);
	{
		LOCK(&store->tree.lock);
		file->keeps = file->base.exists && !file->is_fresh;
		if (!file->keeps || file->base.has_kept)
			return 0;
		key = strdup(file->base.key);
	}
	/* A small file is fetched to be sent, and a GET tells the headers. */
	result = key ? 0 : -ENOMEM;
	if (result == 0 && file->size < S3_PART_MIN)
		result = fetch_wait_locked(file, 0, file->size, err);
	if (result < 0)
		return result;
	lock_leave(&file->lock);
	result = headers_ask(store, file->node, key, &stored, err);
	if (result == 0)
		result = headers_add_tags(store, key, &stored, err);
	lock_enter(&file->lock);
	{
		LOCK(&store->tree.lock);
		if (result == 0) {
			pairs_release(&file->base.kept);
			file->base.kept = stored;
			file->base.has_kept = true;
			return 0;
		}
		/* Somebody removed it: there is nothing to keep. */
		if (result == -ENOENT)
			file->keeps = false;
	}
	pairs_release(&stored);
	return result == -ENOENT ? 0 : result;
}

void publish_note_sent(struct file *file)
{
	struct file *named = file->plain ? file->plain : file;
	const struct headers *h;
	LOCK(&file->store->tree.lock);

	h = named->node->headers;
	named->sent_changes = h ? h->changes : 0;
}

int publish_headers(const struct file *file, const char *key,
		    struct pairs *headers)
{
	const struct file *named = file->plain ? file->plain : file;
	struct store *store = file->store;
	struct header_defaults before, after;
	struct headers_plan plan = { .before = &before, .after = &after };
	int result;

	headers_defaults(store, key, &after);
	{
		LOCK(&store->tree.lock);
		headers_defaults(store, named->keeps ? named->base.key : key,
				 &before);
		plan.stored = named->keeps ? &named->base.kept : NULL;
		plan.wanted = headers_wanted_locked(named->node);
		plan.applies_wanted =
			!named->keeps || headers_is_pending_locked(named->node);
		result = headers_compose(&plan, headers);
	}
	/* Said here, so that who asks what the file will have is told, too. */
	if (result == 0)
		result = s3_client_metadata(store->s3, key, headers);
	return result == 0 ? gzip_headers(file, key, headers) : result;
}
