/* SPDX-License-Identifier: MIT */
/*
 * Invalidating what the kernel caches of names and attributes.
 *
 * An invalidation may wait in the kernel for a lock that a request of ours
 * holds until it is answered. So it is sent by a thread that answers nothing
 * and holds nothing; the store only queues. Items that wait already are not
 * queued twice.
 */
#include "notify.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "buf.h"
#include "internal.h"
#include "log.h"
#include "strmap.h"
#include "thread.h"

/* When the kernel is that slow, the time-outs of its caches must do. */
#define QUEUE_LIMIT 65536

struct item {
	struct list_link link;
	uint64_t id; /* the kernel's number */
	char *key;   /* its key in pending, owned */
	char name[]; /* "": the inode itself */
};

struct notifier {
	struct fs *fs;
	pthread_t thread;
	struct lock lock;
	pthread_cond_t work;
	struct {
		struct list_link queue;
		struct strmap pending; /* what is in the queue */
		bool is_closing;
	} locked;
};

static void item_free(struct item *item)
{
	free(item->key);
	free(item);
}

static struct item *item_new(uint64_t id, const char *name)
{
	struct buf AUTO_BUF key = BUF_INIT(8192);
	size_t room = strlen(name) + 1;
	struct item *item = calloc(1, sizeof(*item) + room);

	buf_add_fmt(&key, "%" PRIx64 "/%s", id, name);
	if (!item || key.error) {
		free(item);
		return NULL;
	}
	list_init(&item->link);
	item->id = id;
	item->key = buf_detach(&key);
	memcpy(item->name, name, room);
	return item;
}

/* The store may hold locks of its own here: only the queue's is taken. */
static void notifier_enqueue(struct notifier *n, uint64_t id, const char *name)
{
	struct item *item = item_new(id, name);

	if (!item)
		return;
	{
		LOCK(&n->lock);
		if (!n->locked.is_closing &&
		    n->locked.pending.count < QUEUE_LIMIT &&
		    !strmap_get(&n->locked.pending, item->key) &&
		    strmap_set(&n->locked.pending, item->key, item, NULL) ==
			    0) {
			list_push(&n->locked.queue, &STEAL(item)->link);
			pthread_cond_signal(&n->work);
		}
	}
	if (item)
		item_free(item);
}

static void notifier_entry_changed(void *arg, uint64_t parent_id,
				   const char *name)
{
	struct notifier *n = arg;

	notifier_enqueue(n, inodes_number(&n->fs->inodes, parent_id), name);
}

static void notifier_inode_changed(void *arg, uint64_t id)
{
	struct notifier *n = arg;

	notifier_enqueue(n, inodes_number(&n->fs->inodes, id), "");
}

/*
 * Negative: attributes only. The kernel waits for no page and no lock then,
 * so that who answers a read may tell it.
 */
static void notifier_size_changed(void *arg, uint64_t id)
{
	const struct notifier *n = arg;

	fuse_lowlevel_notify_inval_inode(
		n->fs->session, inodes_number(&n->fs->inodes, id), -1, 0);
}

static void notifier_tell_kernel(struct notifier *n, const struct item *item)
{
	struct fuse_session *session = n->fs->session;
	int rc;

	if (!inodes_has(&n->fs->inodes, item->id))
		return;
	if (item->name[0])
		rc = fuse_lowlevel_notify_inval_entry(
			session, item->id, item->name, strlen(item->name));
	else
		rc = fuse_lowlevel_notify_inval_inode(session, item->id, 0, 0);
	/* ENOENT: the kernel does not know it any more. */
	if (rc < 0 && rc != -ENOENT)
		log_debug("fs", "invalidation of inode=%" PRIu64 " %s: %s",
			  item->id, item->name, strerrordesc_np(-rc));
}

static void *notifier_main(void *arg)
{
	struct notifier *n = arg;
	struct item *item;

	lock_enter(&n->lock);
	for (;;) {
		while (!n->locked.is_closing && list_is_empty(&n->locked.queue))
			lock_wait(&n->lock, &n->work);
		if (n->locked.is_closing)
			break;
		item = container_of(list_pop(&n->locked.queue), struct item,
				    link);
		strmap_remove(&n->locked.pending, item->key);
		lock_leave(&n->lock);
		notifier_tell_kernel(n, item);
		item_free(item);
		lock_enter(&n->lock);
	}
	lock_leave(&n->lock);
	return NULL;
}

struct notifier *notifier_new(struct fs *fs)
{
	struct notifier *n = calloc(1, sizeof(*n));
	struct store_notify notify = {
		.arg = n,
		.entry = notifier_entry_changed,
		.inode = notifier_inode_changed,
		.size = notifier_size_changed,
	};

	if (!n)
		return NULL;
	n->fs = fs;
	n->lock = (struct lock)LOCK_INIT(LOCK_NOTIFIER);
	pthread_cond_init(&n->work, NULL);
	list_init(&n->locked.queue);
	if (thread_start(&n->thread, 0, notifier_main, n) < 0) {
		pthread_cond_destroy(&n->work);
		pthread_mutex_destroy(&n->lock.mutex);
		free(n);
		return NULL;
	}
	store_set_notify(fs->store, &notify);
	return n;
}

void notifier_inode(struct notifier *n, fuse_ino_t ino)
{
	notifier_enqueue(n, ino, "");
}

void notifier_stop(struct notifier *n)
{
	static const struct store_notify none;

	store_set_notify(n->fs->store, &none);
	{
		LOCK(&n->lock);
		if (n->locked.is_closing)
			return;
		n->locked.is_closing = true;
		pthread_cond_signal(&n->work);
	}
	pthread_join(n->thread, NULL);
}

void notifier_free(struct notifier *n)
{
	struct list_link *link;

	if (!n)
		return;
	notifier_stop(n);
	while ((link = list_pop(&n->locked.queue)))
		item_free(container_of(link, struct item, link));
	strmap_release(&n->locked.pending);
	pthread_cond_destroy(&n->work);
	pthread_mutex_destroy(&n->lock.mutex);
	free(n);
}
