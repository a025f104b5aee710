/* SPDX-License-Identifier: MIT */
/* What an open file and its node know once a version is stored; see rebase.h. */
#include "write/rebase.h"

#include <string.h>

#include "clock.h"
#include "data/extents.h"
#include "facts/facts.h"
#include "facts/headers.h"
#include "file/file.h"
#include "names/absence.h"
#include "names/notify.h"
#include "names/tree.h"
#include "read/fetch.h"
#include "read/waiters.h"
#include "write/outgoing.h"

#define CLASS "x-amz-storage-class"

/* What the new version was sent with is what an edit of it keeps. */
static void rebase_headers_locked(struct outgoing *out, const char *rule)
{
	struct file *file = out->file;
	struct node *node = file->node;
	const char *kept;

	lock_assert_held(&file->lock);
	pairs_release(&file->base.kept);
	file->base.kept = out->headers;
	out->headers = (struct pairs)PAIRS_INIT;
	file->base.has_kept = true;
	headers_forget_locked(node, true);
	kept = pairs_get(&file->base.kept, CLASS);
	node->has_class = kept || rule;
	node->is_archive = s3_class_is_archive(kept ? kept : rule);
	if (node->headers && node->headers->changes == out->sent)
		node->headers->is_pending = false;
}

/* The name led to what another client stored: this replaced it. */
static void rebase_name_locked(struct file *file)
{
	struct node *node = file->node;

	lock_assert_held(&file->lock);
	if (!node->is_detached || file->is_unlinked)
		return;
	tree_attach_locked(&file->store->tree, node);
	tree_forget_absent_locked(node->parent, node->name);
	node_mark_created_locked(node);
	notify_entry(file->store, node->parent->id, node->name);
}

static int rebase_node_locked(struct outgoing *out,
			      const struct gzip_layout *layout,
			      const char *etag, bool is_clean)
{
	struct file *file = out->file;
	struct store *store = file->store;
	struct node *node = file->node;
	const char *rule = s3_client_param(store->s3, file->base.key, CLASS);

	lock_assert_held(&file->lock);
	s3_drop_not_sent(&out->headers);
	LOCK(&store->tree.lock);
	if (node_set_version_locked(node, etag, layout) < 0)
		return -ENOMEM;
	rebase_name_locked(file);
	rebase_headers_locked(out, rule);
	if (!is_clean)
		return 0;
	node->size = layout->plain_size;
	node->seq = tree_next_seq_locked(&store->tree);
	node->until_ms = clock_now_ms() + store->options.attr_timeout_ms;
	return 0;
}

static void rebase_clean_locked(struct file *file)
{
	lock_assert_held(&file->lock);
	extents_clear(&file->dirty);
	list_for_each(link, &file->handles)
		container_of(link, struct handle, link)->unsaved = STORE_SAVED;
}

/* What only the upload had can be fetched now. */
static void rebase_gone_locked(struct file *file)
{
	lock_assert_held(&file->lock);
	for (size_t i = 0; i < file->gone.count; i++) {
		const struct extent *item = &file->gone.items[i];

		/* Without memory it is sent again with the next version. */
		if (extents_remove(&file->dirty, item->start, item->end) < 0)
			break;
	}
	extents_clear(&file->gone);
}

int file_rebase_locked(struct outgoing *out, const struct gzip_layout *layout,
		       const char *etag, bool *is_clean,
		       struct list_link *waiters)
{
	struct file *file = out->file;
	uint64_t size = layout->plain_size;
	char *key = strdup(out->key);

	lock_assert_held(&file->lock);
	*is_clean = file->state == FILE_SENDING;

	if (!key)
		return -ENOMEM;
	file_set_base_locked(file, key, etag);
	file->base.exists = true;
	file->covers_object = false;
	file->base.layout = *layout;
	file->base.size = size;
	file->base.valid = size < file->least_size ? size : file->least_size;
	file->base.is_ours = true;
	file->is_exclusive = false;
	rebase_gone_locked(file);
	if (*is_clean)
		rebase_clean_locked(file);
	fetch_rebase_locked(file, waiters);
	file->is_fresh = file->least_size == 0;
	return rebase_node_locked(out, layout, etag, *is_clean);
}

int file_learn_copy(struct file *file, const char *etag, int64_t mtime_ns)
{
	struct store *store = file->store;
	struct node *node = file->node;
	struct list_link waiters;
	int result;

	list_init(&waiters);
	{
		LOCK(&file->lock);
		if (strcmp(file->base.etag, etag) != 0) {
			file_set_base_locked(file, NULL, etag);
			fetch_rebase_locked(file, &waiters);
		}
	}
	file_forget_kept(file);
	{
		LOCK(&store->tree.lock);
		result = node_set_etag_locked(node, etag);
		headers_forget_locked(node, true);
		if (node->headers)
			node->headers->is_pending = false;
		if (mtime_ns > 0)
			node->mtime_ns = mtime_ns / 1000000000 * 1000000000;
		node_touch_locked(node);
		node->seq = tree_next_seq_locked(&store->tree);
		node->until_ms =
			clock_now_ms() + store->options.attr_timeout_ms;
		/* With other headers it has other facts. */
		if (facts_are_asked(store) || result < 0)
			node->until_ms = IN_DOUBT_MS;
	}
	fetch_tell(&waiters, NULL);
	return result;
}
