/* SPDX-License-Identifier: MIT */
/* The store's life: options in, everything in the bucket at the end. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "data/budget.h"
#include "data/room.h"
#include "facts/mime.h"
#include "internal.h"
#include "list/walk.h"
#include "metrics.h"
#include "name.h"
#include "names/tree.h"
#include "object/deletes.h"

#define POOL_THREADS       64
#define DISK_THREADS       4
#define CODEC_THREADS      32
#define RESUME_THREADS     8
#define MIB                (1024ull * 1024)
#define DEFAULT_PUT_BYTES  (8 * MIB)
#define DEFAULT_PART_BYTES (8 * MIB)
#define DEFAULT_AHEAD      (256 * MIB)
#define LEAST_BUDGET       (32 * MIB)

static int check_options(const struct store_options *o, struct errinfo *err)
{
	if (o->part_bytes && o->part_bytes < S3_PART_MIN)
		return errinfo_set(err, -EINVAL,
				   "a part has to have 5 MiB at least");
	if (o->copy_max_bytes && o->copy_max_bytes < S3_PART_MIN)
		return errinfo_set(err, -EINVAL,
				   "a copied part has to have 5 MiB at least");
	if (o->single_put_bytes > S3_PART_MAX)
		return errinfo_set(err, -EINVAL,
				   "one PUT can store 5 GiB at most");
	if (o->memory_budget_bytes && o->memory_budget_bytes < LEAST_BUDGET)
		return errinfo_set(err, -EINVAL,
				   "the memory budget has to be 32 MiB at "
				   "least");
	return name_location_check(o->location ? o->location : "", err);
}

static void set_defaults(struct store *store)
{
	struct store_options *o = &store->options;

	if (!o->part_bytes)
		o->part_bytes = DEFAULT_PART_BYTES;
	if (!o->single_put_bytes)
		o->single_put_bytes = DEFAULT_PUT_BYTES;
	if (!o->copy_max_bytes || o->copy_max_bytes > S3_COPY_MAX)
		o->copy_max_bytes = S3_COPY_MAX;
	if (!o->read_ahead_bytes)
		o->read_ahead_bytes = DEFAULT_AHEAD;
	if (!o->memory_budget_bytes)
		o->memory_budget_bytes = budget_default_bytes();
	budget_init(&store->budget, o->memory_budget_bytes);
}

/* "media" and "media/" both become "media/"; "" stays. */
static int set_location(struct store *store, const char *location)
{
	size_t len = location ? strlen(location) : 0;

	while (len > 0 && location[len - 1] == '/')
		len--;
	store->location = calloc(1, len + 2);
	if (!store->location)
		return -ENOMEM;
	if (len > 0) {
		memcpy(store->location, location, len);
		store->location[len] = '/';
	}
	return 0;
}

/* Others must not be able to plant or read what we spool. */
static int set_temp_dir(struct store *store, const char *given,
			struct errinfo *err)
{
	const char *dir = given && *given ? given : getenv("TMPDIR");
	AUTO_CLOSE int fd = -1;
	struct stat st;

	if (!dir || !*dir)
		dir = "/tmp";
	fd = open(dir, O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return errinfo_set(err, -errno,
				   "the spool folder %s cannot be opened: %s",
				   dir, strerror(errno));
	if ((st.st_mode & S_IWOTH) && !(st.st_mode & S_ISVTX))
		return errinfo_set(
			err, -EINVAL,
			"everybody can write to the spool folder %s; "
			"give another FILE_UPLOAD_TEMP_DIR or chmod "
			"it",
			dir);
	store->temp_dir = strdup(dir);
	return store->temp_dir ? 0 : -ENOMEM;
}

static void store_release_all(struct store *store)
{
	pool_free(store->disk_pool);
	/* Jobs may queue removals. */
	pool_free(store->pool);
	pool_free(store->resume_pool);
	pool_free(store->codec_pool);
	ahead_release(&store->ahead);
	facts_release(&store->facts);
	deletes_free(store->deletes);
	walks_free(store, store->walks);
	failed_keys_release(&store->failed_keys);
	pthread_cond_destroy(&store->files_gone);
	pthread_mutex_destroy(&store->files_lock.mutex);
	pthread_mutex_destroy(&store->notify_lock.mutex);
	tree_release(&store->tree);
	free(store->location);
	mime_free(store->mime);
	free(store->temp_dir);
	budget_release(&store->budget);
	room_release(&store->room);
	free(store);
}

/* What has threads, and what queues work for them. */
static int start_pools(struct store *store)
{
	bool needs_codec = store->options.gzip;

	store->walks = walks_new();
	store->pool = pool_new(POOL_THREADS);
	store->disk_pool = pool_new(DISK_THREADS);
	store->resume_pool = pool_new(RESUME_THREADS);
	if (needs_codec)
		store->codec_pool = pool_new(CODEC_THREADS);
	if (!store->walks || !store->pool || !store->disk_pool ||
	    !store->resume_pool || (needs_codec && !store->codec_pool))
		return -ENOMEM;
	store->deletes = deletes_new(store);
	return store->deletes ? 0 : -ENOMEM;
}

int store_new(struct s3_client *s3, const struct store_options *options,
	      struct store **out, struct errinfo *err)
{
	struct store *store;
	int result = check_options(options, err);

	if (result < 0)
		return result;
	store = calloc(1, sizeof(*store));
	if (!store)
		return -ENOMEM;
	store->s3 = s3;
	store->options = *options;
	store->files_lock = (struct lock)LOCK_INIT(LOCK_FILES);
	store->notify_lock = (struct lock)LOCK_INIT(LOCK_STORE_NOTIFY);
	store->failed_keys.lock = (struct lock)LOCK_INIT(LOCK_FAILED_KEYS);
	pthread_cond_init(&store->files_gone, NULL);
	room_init(&store->room);
	facts_init(&store->facts);
	ahead_init(&store->ahead);
	list_init(&store->files);
	set_defaults(store);
	result = tree_init(&store->tree);
	if (result < 0) {
		free(store);
		return result;
	}
	result = set_location(store, options->location);
	if (result == 0)
		result = set_temp_dir(store, options->temp_dir, err);
	if (result == 0 && options->mime_types)
		result = mime_new(options->mime_types, &store->mime, err);
	if (result == 0)
		result = start_pools(store);
	if (result < 0)
		store_release_all(store);
	else
		*out = store;
	return result;
}

void store_preload(struct store *store)
{
	walk_preload(store);
}

void store_end_reads(struct store *store)
{
	store->has_no_readers = true;
	s3_cancel_reads(store->s3);
}

void store_set_notify(struct store *store, const struct store_notify *notify)
{
	LOCK(&store->notify_lock);
	store->notify = *notify;
}

void store_gauges(struct store *store, uint64_t *values)
{
	values[METRIC_STORE_REMOVALS] += deletes_count(store->deletes);
	values[METRIC_STORE_MEMORY] += store->budget.used;
	values[METRIC_STORE_MEMORY_LIMIT] += store->budget.limit;
	values[METRIC_STORE_SPOOL] += store->budget.spool;
}

int store_free(struct store *store)
{
	int result;

	/* Files live until their requests are answered and they are stored. */
	{
		LOCK(&store->files_lock);
		while (store->file_count > 0)
			lock_wait(&store->files_lock, &store->files_gone);
	}
	deletes_wait_all(store->deletes);
	result = store->first_error;
	store_release_all(store);
	return result;
}

struct node *store_root(struct store *store)
{
	return store->tree.root;
}
