/* SPDX-License-Identifier: MIT */
/* An open file whose object is another one by now; see version.h. */
#include "read/version.h"

#include <string.h>

#include "data/blocks.h"
#include "data/extents.h"
#include "facts/facts.h"
#include "file/file.h"
#include "names/notify.h"
#include "names/tree.h"
#include "read/fetch.h"
#include "read/waiters.h"

void version_note_read_locked(struct file *file)
{
	lock_assert_held(&file->lock);
	if (file->was_read)
		return;
	file->was_read = true;
	LOCK(&file->store->tree.lock);
	file->node->was_read = true;
}

bool version_may_switch_locked(const struct file *file)
{
	lock_assert_held(&file->lock);
	return file->state == FILE_SAVED && !file->was_read &&
	       !file->is_unlinked;
}

void version_doubt(struct file *file)
{
	LOCK(&file->store->tree.lock);
	node_doubt_locked(file->store, file->node);
}

/* The node first: without memory all stays as it is. */
static int version_switch_locked(struct file *file,
				 const struct s3_object *object,
				 const struct gzip_layout *layout)
{
	struct store *store = file->store;
	int result;

	lock_assert_held(&file->lock);
	{
		LOCK(&store->tree.lock);
		result = node_learn_locked(store, file->node, layout,
					   object->mtime_ns, object->etag,
					   tree_next_seq_locked(&store->tree));
	}
	if (result < 0)
		return result;
	file_set_base_locked(file, NULL, object->etag);
	file_forget_kept(file);
	file->base.layout = *layout;
	file->base.size = layout->plain_size;
	file->base.valid = layout->plain_size;
	file->size = layout->plain_size;
	extents_clear(&file->held);
	blocks_drop(&file->blocks, 0, UINT64_MAX);
	file_check_locked(file);
	return 0;
}

int version_check(struct file *file, struct errinfo *err)
{
	struct s3_head head = { .op.priority = S3_FOREGROUND };
	AUTO_FREE char *key = NULL;
	struct object_facts facts;
	struct list_link waiters;
	int result = -ENOMEM;
	uint64_t old_size;

	list_init(&waiters);
	{
		/* A rename may give the file another one meanwhile. */
		LOCK(&file->lock);
		key = strdup(file->base.key);
	}
	if (key) {
		head.key = key;
		s3_head_start(file->store->s3, &head);
		result = s3_wait(file->store->s3, &head.op);
	}
	if (result == 0)
		result = facts_learn_wait(file->store, head.key, &head.object,
					  &facts, &head.op.err);
	{
		LOCK(&file->lock);
		file->base.is_checking = false;
		old_size = file->size;
		/*
		 * Somebody may have written or read meanwhile. And a reader of
		 * a file that got shorter would see zeros behind its end: the
		 * kernel believes a short answer only if it was told nothing of
		 * the file since it asked (fuse_short_read).
		 */
		if (result == 0 && (!version_may_switch_locked(file) ||
				    facts.layout.plain_size < old_size))
			result = -ESTALE;
		if (result == 0)
			result = version_switch_locked(file, &head.object,
						       &facts.layout);
		if (result == 0)
			fetch_rebase_locked(file, &waiters);
		else
			waiters_fail_locked(file, 0, UINT64_MAX,
					    fetch_told_as(file->store, result),
					    &waiters);
	}
	/* A read ends where the kernel believes the file to end. */
	if (result == 0 && facts.layout.plain_size > old_size)
		notify_size(file->store, file->node->id);
	if (result == -ESTALE || result == -ENOENT)
		version_doubt(file);
	fetch_tell(&waiters, &head.op.err);
	s3_head_release(&head);
	return result;
}
