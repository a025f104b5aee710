/* SPDX-License-Identifier: MIT */
/*
 * The headers of a version: what it keeps of the object that the file stands
 * on, what was set by hand, what its name gives; see outgoing.h.
 */
#include "write/outgoing.h"

#include <string.h>

#include "facts/facts.h"
#include "facts/facts_codec.h"
#include "facts/headers.h"
#include "facts/headers_tags.h"
#include "file/file.h"
#include "read/waiters.h"
#include "write/gzip_publish.h"

int outgoing_prepare_locked(struct outgoing *out, struct errinfo *err)
{
	struct file *file = out->file;
	struct store *store = file->store;
	struct pairs stored = PAIRS_INIT;
	AUTO_FREE char *key = NULL;
	int result;

	lock_assert_held(&file->lock);
	{
		LOCK(&store->tree.lock);
		out->keeps = file->base.exists && !file->is_fresh;
		if (!out->keeps || file->base.has_kept)
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
	if (result == 0) {
		LOCK(&store->tree.lock);
		pairs_release(&file->base.kept);
		file->base.kept = stored;
		file->base.has_kept = true;
		return 0;
	}
	pairs_release(&stored);
	/* Somebody removed it: there is nothing to keep. */
	if (result == -ENOENT)
		out->keeps = false;
	return result == -ENOENT ? 0 : result;
}

int outgoing_decide_locked(struct outgoing *out)
{
	struct file *file = out->file;
	struct store *store = file->store;
	struct header_defaults before, after;
	struct headers_plan plan = { .before = &before, .after = &after };
	int result;

	lock_assert_held(&file->lock);
	pairs_release(&out->headers);
	headers_defaults(store, out->key, &after);
	headers_defaults(store, out->keeps ? file->base.key : out->key,
			 &before);
	{
		LOCK(&store->tree.lock);
		plan.stored = out->keeps ? &file->base.kept : NULL;
		plan.wanted = headers_wanted_locked(file->node);
		plan.applies_wanted =
			!out->keeps || headers_is_pending_locked(file->node);
		out->changes = headers_changes_locked(file->node);
		result = headers_compose(&plan, &out->headers);
	}
	out->sent = out->changes;
	/* Said here, so that who asks what the file will have is told, too. */
	if (result == 0)
		result = s3_client_metadata(store->s3, out->key, &out->headers);
	if (result < 0)
		return result;
	out->is_compressed = gzip_is_wanted(file, out->key, &out->headers);
	return out->is_compressed ?
		       0 :
		       gzip_note_raw(store, out->key, &out->headers);
}

int outgoing_add_form(struct outgoing *out, const struct gzip_layout *form)
{
	return facts_write(&(struct object_facts){ .layout = *form },
			   &out->headers);
}

void outgoing_release(struct outgoing *out)
{
	pairs_release(&out->headers);
}
