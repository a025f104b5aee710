/* SPDX-License-Identifier: MIT */
/*
 * Who wants a file to be stored. All who asked so far are answered by one
 * publish; who asks later waits for the next. While the file's key is used
 * nobody waits on a thread: file_leave_key_locked asks again.
 */
#include "write/flush.h"

#include <errno.h>
#include <string.h>

#include "file/file.h"
#include "file/job.h"
#include "log.h"
#include "names/key.h"
#include "write/publish.h"

/* A publish, and who is to hear of it. */
struct save {
	struct publish publish;
	struct list_link ops; /* of store_op.link */
	bool is_close;        /* and a handle that is closed */
	bool is_on_heap;
};

/* What could not be stored is gone with the last handle: say so, once. */
static void save_report_loss(struct file *file, int result)
{
	struct buf key = BUF_INIT(S3_KEY_MAX + 1);

	node_key(file->store, file->node, &key);
	log_error("store",
		  "%s was not stored, %llu bytes are lost; the bucket keeps "
		  "what it had: %s",
		  buf_str(&key), (unsigned long long)file->size,
		  file->err.text[0] ? file->err.text : strerror(-result));
	buf_release(&key);
	store_note_error(file->store, result);
}

static void save_done(struct publish *p, int result)
{
	struct save *save = container_of(p, struct save, publish);
	struct file *file = p->out.file;
	struct list_link *link;
	bool was_told;

	{
		LOCK(&file->lock);
		was_told = file->was_told;
		if (result < 0 && !list_is_empty(&save->ops))
			file->was_told = true;
	}
	if (result < 0 && save->is_close && list_is_empty(&save->ops) &&
	    !was_told)
		save_report_loss(file, result);
	while ((link = list_pop(&save->ops))) {
		struct store_op *op = container_of(link, struct store_op, link);

		op->err = p->err;
		op->done(op, result);
	}
	if (save->is_on_heap)
		free(save);
	file_put(file);
}

/* On the pool. Without memory for more, this thread waits for the PUT. */
static int save_run(struct file *file, struct errinfo *err)
{
	struct save here = { 0 };
	struct save *save = calloc(1, sizeof(*save));
	struct list_link *link;
	bool is_mine;
	int result;

	(void)err;
	if (save)
		save->is_on_heap = true;
	else
		save = &here;
	list_init(&save->ops);
	{
		LOCK(&file->lock);
		is_mine = file->must_save && !file_is_busy_locked(file);
		while (is_mine && (link = list_pop(&file->savers)))
			list_push(&save->ops, link);
		if (is_mine) {
			save->is_close = file->is_closed;
			file->must_save = file->is_closed = false;
		}
	}
	if (!is_mine) {
		if (save->is_on_heap)
			free(save);
		return 0;
	}
	save->publish.out.file = file_get(file);
	if (save->is_on_heap)
		save->publish.done = save_done;
	result = publish_run(&save->publish);
	if (result != -EINPROGRESS)
		save_done(&save->publish, result);
	return 0;
}

static void save_start_locked(struct file *file)
{
	lock_assert_held(&file->lock);
	file->must_save = true;
	file->save_task.run = save_run;
	file_task(file, &file->save_task, save_run);
}

void file_close_locked(struct file *file)
{
	file->is_closed = true;
	save_start_locked(file);
}

enum store_unsaved store_unsaved(struct handle *handle)
{
	struct file *file = handle->file;
	LOCK(&file->lock);

	if (file_is_busy_locked(file))
		return STORE_WRITTEN;
	return file_is_dirty_locked(file) && !file->is_unlinked ?
		       handle->unsaved :
		       STORE_SAVED;
}

void store_flush(struct handle *handle, bool must_store, struct store_op *op)
{
	struct file *file = handle->file;
	bool must_wait;
	int result;

	{
		LOCK(&file->lock);
		result = file->error;
		if (result < 0) {
			op->err = file->err;
			file->was_told = true;
		}
		must_wait = must_store && result == 0 && !file->is_unlinked &&
			    (file_is_dirty_locked(file) ||
			     file_is_busy_locked(file));
		if (must_wait) {
			list_push(&file->savers, &op->link);
			save_start_locked(file);
		}
	}
	if (!must_wait)
		op->done(op, result);
}
