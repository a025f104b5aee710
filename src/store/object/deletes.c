/* SPDX-License-Identifier: MIT */
/* Removals on their way; see deletes.h. */
#include "object/deletes.h"

#include <string.h>

#include "clock.h"
#include "internal.h"
#include "log.h"
#include "names/absence.h"
#include "names/listing.h"
#include "names/notify.h"
#include "names/tree.h"
#include "thread.h"

#define IDLE_MS           20
#define OLDEST_MS         200
#define BATCHES_IN_FLIGHT 8

/*
 * | deletion   | holds | must_send | left to                             |
 * |------------|-------|-----------|-------------------------------------|
 * | held       | > 0   | any       | queued, or freed: nothing to remove |
 * | is_queued  | any   | true      | is_sent                             |
 * | is_sent    | any   | any       | freed, held, queued once more       |
 */
struct deletion {
	struct list_link link; /* in queue, while it is_queued */
	struct list_link all;  /* in all, oldest first */
	struct node *parent;   /* counted */
	char *name;
	char *key;
	uint64_t number;
	unsigned holds;
	bool must_send, is_queued, is_sent;
};

struct batch {
	struct s3_delete_many many;
	struct deletes *deletes;
	struct deletion *deletions[S3_DELETE_MAX];
	struct s3_delete_key keys[S3_DELETE_MAX];
};

struct deletes {
	struct store *store;
	pthread_t thread;
	struct lock lock;
	pthread_cond_t work;    /* for the thread */
	pthread_cond_t settled; /* a removal is over */
	struct {
		struct strmap by_key; /* -> struct deletion */
		struct list_link queue, all;
		uint64_t last_number;
		size_t queued;
		int64_t first_ms, last_ms; /* of the queue */
		unsigned batches;
		unsigned in_a_hurry; /* callers that wait */
		bool is_closing;
	} locked;
};

static void deletion_free(struct deletion *del)
{
	free(del->name);
	free(del->key);
	free(del);
}

/* The object is not there any more, and the absence of its name has a number. */
static void deletion_note_done_locked(struct deletes *d, struct deletion *del)
{
	struct tree *tree = &d->store->tree;
	struct dir *dir = node_dir_locked(del->parent);
	struct absence *absence =
		dir ? strmap_get(&dir->absent, del->name) : NULL;

	if (!absence || absence->seq != SEQ_PENDING)
		return;
	absence->seq = tree_next_seq_locked(tree);
	absence->until_ms =
		clock_now_ms() + d->store->options.negative_timeout_ms;
}

void deletes_bring_back_locked(struct store *store, struct node *parent,
			       const char *name, int result)
{
	struct dir *dir = node_dir_locked(parent);

	tree_forget_absent_locked(parent, name);
	if (dir) {
		if (dir->delete_error == 0)
			dir->delete_error = result;
		listing_drop(&dir->listing);
	}
	notify_entry(store, parent->id, name);
	store_note_error(store, result);
}

static void deletion_failed(struct deletes *d, struct deletion *del, int result)
{
	log_error("delete", "%s was not removed and is back: %s", del->key,
		  strerror(-result));
	LOCK(&d->store->tree.lock);
	LOCK(&d->lock);
	deletes_bring_back_locked(d->store, del->parent, del->name, result);
}

static void enqueue_locked(struct deletes *d, struct deletion *del);

/* True: nobody holds it, it is sent, and nobody has asked for it again. */
static bool deletion_is_over_locked(struct deletes *d, struct deletion *del)
{
	if (del->holds > 0 || del->is_queued || del->is_sent)
		return false;
	if (del->must_send)
		enqueue_locked(d, del);
	return !del->is_queued;
}

/*
 * Takes it out if it is over; the caller frees it then. tree.lock is held as
 * well: whoever waited for it, or asks for it again, finds the tree as it is.
 */
static bool retire_locked(struct deletes *d, struct deletion *del)
{
	if (!deletion_is_over_locked(d, del))
		return false;
	deletion_note_done_locked(d, del);
	strmap_remove(&d->locked.by_key, del->key);
	list_remove(&del->all);
	pthread_cond_broadcast(&d->settled);
	return true;
}

static void batch_finish(struct deletes *d, struct batch *batch, size_t count)
{
	size_t over = 0;

	{
		LOCK(&d->store->tree.lock);
		LOCK(&d->lock);
		for (size_t i = 0; i < count; i++) {
			struct deletion *del = batch->deletions[i];

			del->is_sent = false;
			if (retire_locked(d, del))
				batch->deletions[over++] = del;
		}
		/* Once it is 0 the store may be gone: after the last use. */
		pthread_cond_signal(&d->work);
	}
	for (size_t i = 0; i < over; i++) {
		node_put(d->store, batch->deletions[i]->parent, 1);
		deletion_free(batch->deletions[i]);
	}
	{
		LOCK(&d->lock);
		d->locked.batches--;
		pthread_cond_broadcast(&d->settled);
		pthread_cond_signal(&d->work);
	}
}

static void batch_done(struct s3_op *op)
{
	struct batch *batch = container_of(op, struct batch, many.op);
	struct deletes *d = batch->deletes;
	size_t count = batch->many.count;

	for (size_t i = 0; i < count; i++) {
		int result = batch->keys[i].result;

		/* Without memory for the request no key was looked at. */
		if (result == -EINPROGRESS)
			result = op->result;
		if (result < 0)
			deletion_failed(d, batch->deletions[i], result);
	}
	s3_delete_many_release(&batch->many);
	batch_finish(d, batch, count);
	free(batch);
}

/* When the queue is due; NEVER_MS if it is empty. */
static int64_t due_ms_locked(const struct deletes *d)
{
	int64_t idle_ms = d->locked.last_ms + IDLE_MS;
	int64_t oldest_ms = d->locked.first_ms + OLDEST_MS;

	if (d->locked.queued == 0 || d->locked.batches >= BATCHES_IN_FLIGHT)
		return NEVER_MS;
	if (d->locked.queued >= S3_DELETE_MAX || d->locked.in_a_hurry > 0 ||
	    d->locked.is_closing)
		return 0;
	return idle_ms < oldest_ms ? idle_ms : oldest_ms;
}

static void fill_batch_locked(struct deletes *d, struct batch *batch)
{
	size_t n = 0;

	while (n < S3_DELETE_MAX) {
		struct list_link *link = list_pop(&d->locked.queue);
		struct deletion *del;

		if (!link)
			break;
		del = container_of(link, struct deletion, link);
		del->is_queued = false;
		del->must_send = false;
		del->is_sent = true;
		batch->deletions[n] = del;
		batch->keys[n++] = (struct s3_delete_key){ .key = del->key };
	}
	d->locked.queued -= n;
	d->locked.batches++;
	d->locked.first_ms = clock_now_ms();
	batch->deletes = d;
	batch->many.op.done = batch_done;
	batch->many.op.priority = S3_BACKGROUND;
	batch->many.keys = batch->keys;
	batch->many.count = n;
}

static void sleep_until_locked(struct deletes *d, int64_t until_ms)
{
	struct timespec ts = {
		.tv_sec = until_ms / 1000,
		.tv_nsec = until_ms % 1000 * 1000000,
	};

	if (until_ms == NEVER_MS)
		lock_wait(&d->lock, &d->work);
	else
		lock_wait_until(&d->lock, &d->work, &ts);
}

static void *thread_main(void *arg)
{
	struct deletes *d = arg;

	lock_enter(&d->lock);
	while (!d->locked.is_closing || d->locked.queued > 0 ||
	       d->locked.batches > 0) {
		int64_t due_ms = due_ms_locked(d);
		struct batch *batch;

		if (due_ms > clock_now_ms()) {
			sleep_until_locked(d, due_ms);
			continue;
		}
		batch = calloc(1, sizeof(*batch));
		if (!batch) {
			sleep_until_locked(d, clock_now_ms() + OLDEST_MS);
			continue;
		}
		fill_batch_locked(d, batch);
		lock_leave(&d->lock);
		s3_delete_many_start(d->store->s3, &batch->many);
		lock_enter(&d->lock);
	}
	lock_leave(&d->lock);
	return NULL;
}

struct deletes *deletes_new(struct store *store)
{
	struct deletes *d = calloc(1, sizeof(*d));
	pthread_condattr_t attr;

	if (!d)
		return NULL;
	d->store = store;
	d->lock = (struct lock)LOCK_INIT(LOCK_DELETES);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&d->work, &attr);
	pthread_cond_init(&d->settled, &attr);
	pthread_condattr_destroy(&attr);
	list_init(&d->locked.queue);
	list_init(&d->locked.all);
	if (thread_start(&d->thread, 0, thread_main, d) < 0) {
		free(d);
		return NULL;
	}
	return d;
}

static void enqueue_locked(struct deletes *d, struct deletion *del)
{
	int64_t now_ms = clock_now_ms();

	if (d->locked.queued++ == 0)
		d->locked.first_ms = now_ms;
	d->locked.last_ms = now_ms;
	del->is_queued = true;
	list_push(&d->locked.queue, &del->link);
	if (d->locked.queued == 1 || d->locked.queued >= S3_DELETE_MAX)
		pthread_cond_signal(&d->work);
}

static struct deletion *deletion_new(struct deletes *d, struct node *parent,
				     const char *name, const char *key)
{
	struct deletion *del = calloc(1, sizeof(*del));

	if (!del)
		return NULL;
	list_init(&del->link);
	list_init(&del->all);
	del->name = strdup(name);
	del->key = strdup(key);
	if (!del->name || !del->key) {
		deletion_free(del);
		return NULL;
	}
	del->parent = node_get(parent);
	return del;
}

/* Of key's removal, the one under way or del; NULL: no memory. */
static struct deletion *join_locked(struct deletes *d, struct deletion *del)
{
	struct deletion *old = strmap_get(&d->locked.by_key, del->key);
	struct node *parent = del->parent;

	if (!old) {
		if (strmap_set(&d->locked.by_key, del->key, del, NULL) < 0)
			return NULL;
		del->number = ++d->locked.last_number;
		list_push(&d->locked.all, &del->all);
		return del;
	}
	/* Another directory of the same name may have the absence now. */
	del->parent = old->parent;
	old->parent = parent;
	return old;
}

int deletes_add(struct deletes *d, struct node *parent, const char *name,
		const char *key, bool held)
{
	struct deletion *del = deletion_new(d, parent, name, key);
	struct deletion *joined;

	if (!del)
		return -ENOMEM;
	{
		LOCK(&d->lock);
		joined = join_locked(d, del);
		if (joined && held)
			joined->holds++;
		else if (joined)
			joined->must_send = true;
		if (joined && !held)
			(void)deletion_is_over_locked(d, joined);
	}
	if (joined != del) {
		node_put(d->store, del->parent, 1);
		deletion_free(del);
	}
	return joined ? 0 : -ENOMEM;
}

void deletes_let_go(struct deletes *d, const char *key, bool must_send)
{
	struct deletion *del;

	{
		LOCK(&d->store->tree.lock);
		LOCK(&d->lock);
		del = strmap_get(&d->locked.by_key, key);
		if (!del || del->holds == 0)
			return;
		del->must_send = del->must_send || must_send;
		del->holds--;
		if (!retire_locked(d, del))
			return;
	}
	node_put(d->store, del->parent, 1);
	deletion_free(del);
}

void deletes_wait(struct deletes *d, const char *key)
{
	LOCK(&d->lock);
	d->locked.in_a_hurry++;
	while (strmap_get(&d->locked.by_key, key)) {
		pthread_cond_signal(&d->work);
		lock_wait(&d->lock, &d->settled);
	}
	d->locked.in_a_hurry--;
}

static bool has_older_locked(const struct deletes *d, uint64_t last)
{
	struct list_link *first = d->locked.all.next;

	return first != &d->locked.all &&
	       container_of(first, struct deletion, all)->number <= last;
}

void deletes_wait_all(struct deletes *d)
{
	uint64_t last;
	LOCK(&d->lock);

	d->locked.in_a_hurry++;
	last = d->locked.last_number;
	while (has_older_locked(d, last)) {
		pthread_cond_signal(&d->work);
		lock_wait(&d->lock, &d->settled);
	}
	d->locked.in_a_hurry--;
}

size_t deletes_count(struct deletes *d)
{
	LOCK(&d->lock);
	return d->locked.by_key.count;
}

void deletes_free(struct deletes *d)
{
	if (!d)
		return;
	{
		LOCK(&d->lock);
		d->locked.is_closing = true;
		pthread_cond_signal(&d->work);
	}
	pthread_join(d->thread, NULL);
	strmap_release(&d->locked.by_key);
	pthread_cond_destroy(&d->work);
	pthread_cond_destroy(&d->settled);
	pthread_mutex_destroy(&d->lock.mutex);
	free(d);
}
