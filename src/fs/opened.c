/* SPDX-License-Identifier: MIT */
/* Open files and directories; see opened.h. Any thread. */
#include "opened.h"

#include "internal.h"
#include "log.h"
#include "process.h"

static void opened_give_back(struct handle *handle, struct stream *stream)
{
	if (handle)
		store_release(handle);
	if (stream)
		store_closedir(stream);
}

struct opened *opened_new(struct fs *fs, fuse_ino_t ino, struct handle *handle,
			  struct stream *stream, bool flushes, pid_t pid)
{
	struct opened *o = calloc(1, sizeof(*o));

	if (!o) {
		opened_give_back(handle, stream);
		return NULL;
	}
	o->fs = fs;
	o->ino = ino;
	o->handle = handle;
	o->stream = stream;
	o->flushes = flushes;
	if (flushes) {
		o->process = process_of_thread(pid);
		o->since = process_mark();
	}
	o->lock = (struct lock)LOCK_INIT(LOCK_OPENED_TURN);
	list_init(&o->waiting);
	{
		LOCK(&fs->opened.lock);
		list_push(&fs->opened.list, &o->link);
	}
	atomic_store(&o->refs, 1); /* see opened_of */
	return o;
}

struct opened *opened_get(struct opened *o)
{
	atomic_fetch_add(&o->refs, 1);
	return o;
}

void opened_put(struct opened *o)
{
	if (atomic_fetch_sub(&o->refs, 1) > 1)
		return;
	opened_give_back(o->handle, o->stream);
	pthread_mutex_destroy(&o->lock.mutex);
	free(o);
}

void opened_close(struct opened *o)
{
	{
		LOCK(&o->fs->opened.lock);
		list_remove(&o->link);
	}
	opened_put(o);
}

size_t opened_count(struct fs *fs)
{
	size_t count = 0;

	LOCK(&fs->opened.lock);
	list_for_each(link, &fs->opened.list)
		count += !!container_of(link, struct opened, link)->handle;
	return count;
}

void opened_close_all(struct fs *fs)
{
	struct list_link *link;
	struct opened *o;

	for (;;) {
		{
			LOCK(&fs->opened.lock);
			link = list_pop(&fs->opened.list);
		}
		if (!link)
			return;
		o = container_of(link, struct opened, link);
		log_debug("fs", "closed at unmount inode=%llu",
			  (unsigned long long)o->ino);
		opened_put(o);
	}
}
