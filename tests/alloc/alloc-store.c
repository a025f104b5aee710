/* SPDX-License-Identifier: MIT */
/* Calls of the store without memory, against the test server. */
#include "fixture.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "call.h"
#include "log.h"
#include "scenarios.h"

#define MIB         (1024u * 1024)
#define LARGE       (6 * MIB) /* two parts */
#define TYPE        "user.s3.content-type"
#define PREPARED    "prepared"
#define TIMEOUT_MS  60000
#define SMALL_BYTES 1000

/* The layers of one run; its own, so that all of it is taken down. */
static struct {
	struct http *http;
	struct s3_client *client;
	struct store *store;
} layers;

static unsigned char *large; /* LARGE bytes, not from malloc */

static int layers_begin(const void *options)
{
	const struct http_options http = { .stall_timeout_ms = 2000,
					   .connect_timeout_ms = 2000 };
	int result = http_new(&http, &layers.http, &words);

	if (result == 0)
		result = s3_client_new(layers.http, &fixture.options,
				       &layers.client, &words);
	if (result == 0)
		result = store_new(layers.client, options, &layers.store,
				   &words);
	return result;
}

static void layers_end(void)
{
	if (layers.store)
		(void)store_free(layers.store);
	s3_client_free(layers.client);
	http_free(layers.http);
	memset(&layers, 0, sizeof(layers));
}

/* --- calls ------------------------------------------------------------- */

static int look_up(const char *name, struct node **node)
{
	struct call call = CALL_INIT;
	int result;

	store_lookup(layers.store, store_root(layers.store), name,
		     &call.read.op);
	result = await(&call);
	*node = result == 0 ? call.read.op.node : NULL;
	return result;
}

static void put(struct node *node)
{
	if (node)
		node_put(layers.store, node, 1);
}

/* Opened, or made if there is none. */
static int open_name(const char *name, int flags, struct handle **handle)
{
	const struct store_attr attr = { .mode = 0644 };
	struct call call = CALL_INIT;
	struct node *node;
	int result = look_up(name, &node);

	if (result == 0)
		store_open(layers.store, node, flags, &call.read.op);
	else if (result == -ENOENT)
		store_create(layers.store, store_root(layers.store), name,
			     flags, &attr, &call.read.op);
	else
		return result;
	result = await(&call);
	put(node ? node : result == 0 ? call.read.op.node : NULL);
	*handle = result == 0 ? call.read.op.handle : NULL;
	return result;
}

static int write_at(struct handle *handle, uint64_t offset, size_t len)
{
	struct call call = CALL_INIT;
	int result;

	store_write(handle, offset, large + offset, len, false, &call.read.op);
	result = await(&call);
	return result < 0 ? result : result == (int)len ? 0 : -EIO;
}

static int flush(struct handle *handle)
{
	struct call call = CALL_INIT;

	store_flush(handle, true, &call.read.op);
	return await(&call);
}

static int write_file(const char *name, int flags, uint64_t offset, size_t len)
{
	struct handle *handle;
	int result = open_name(name, flags, &handle);

	if (result < 0)
		return result;
	while (result == 0 && len > 0) {
		size_t step = len < MIB ? len : MIB;

		result = write_at(handle, offset, step);
		offset += step;
		len -= step;
	}
	if (result == 0)
		result = flush(handle);
	store_release(handle);
	return result;
}

/* The file's bytes are the first of large. */
static int read_file(const char *name, size_t size)
{
	struct handle *handle;
	size_t at = 0;
	int result = open_name(name, O_RDONLY, &handle);

	if (result < 0)
		return result;
	while (at < size) {
		struct call call = CALL_INIT;

		store_read(handle, at, 128 * 1024, &call.read);
		result = await(&call);
		for (unsigned i = 0; result > 0 && i < call.read.iov_count;
		     i++) {
			struct iovec *iov = &call.read.iov[i];

			if (memcmp(iov->iov_base, large + at, iov->iov_len) !=
			    0)
				result = -EIO;
			at += iov->iov_len;
		}
		store_read_release(&call.read);
		if (result <= 0)
			break;
	}
	store_release(handle);
	return result < 0 ? result : at == size ? 0 : -EIO;
}

/* Removals on their way are over. */
static int sync_root(void)
{
	struct call call = CALL_INIT;

	store_sync_dir(layers.store, store_root(layers.store), &call.read.op);
	return await(&call);
}

/* --- scenarios --------------------------------------------------------- */

static void prepare_object(const char *key, size_t size)
{
	assert_int_equal(do_put(key, (const char *)large, size), 0);
}

static void prepare_nothing(void)
{
	fixture_fresh(NULL);
}

static void prepare_small(void)
{
	fixture_fresh(NULL);
	prepare_object(PREPARED, SMALL_BYTES);
}

static void prepare_large(void)
{
	fixture_fresh(NULL);
	prepare_object(PREPARED, LARGE);
}

static void prepare_folder(void)
{
	fixture_fresh(NULL);
	prepare_object("d/a", SMALL_BYTES);
	prepare_object("d/b", SMALL_BYTES);
}

static int run_write_small(void)
{
	return write_file("f", O_WRONLY | O_TRUNC, 0, SMALL_BYTES);
}

static int run_write_large(void)
{
	return write_file("f", O_WRONLY | O_TRUNC, 0, LARGE);
}

static int run_edit(void)
{
	return write_file(PREPARED, O_RDWR, LARGE - SMALL_BYTES, SMALL_BYTES);
}

static int run_read_small(void)
{
	return read_file(PREPARED, SMALL_BYTES);
}

static int run_read_large(void)
{
	return read_file(PREPARED, LARGE);
}

static int list_folder(struct node *dir, unsigned *count)
{
	struct stream *stream = store_opendir(layers.store, dir);
	struct store_entry entry;
	uint64_t cookie = 0;
	int result = stream ? 1 : -ENOMEM;

	*count = 0;
	while (result > 0) {
		struct call call = CALL_INIT;
		struct node *node;

		store_readdir(stream, cookie, &call.read.op);
		result = await(&call);
		if (result < 0)
			break;
		while ((result = store_dir_entry(stream, cookie, &entry)) > 0) {
			node = store_dir_node(stream, &entry);
			put(node);
			++*count;
			cookie = entry.next;
		}
		result = result == -EAGAIN ? 1 : result;
	}
	if (stream)
		store_closedir(stream);
	return result;
}

static int run_list(void)
{
	struct node *dir;
	unsigned count = 0;
	int result = look_up("d", &dir);

	if (result == 0)
		result = list_folder(dir, &count);
	put(dir);
	return result < 0 ? result : count == 2 ? 0 : -EIO;
}

static int run_unlink(void)
{
	struct call call = CALL_INIT;
	int result;

	store_unlink(layers.store, store_root(layers.store), PREPARED,
		     &call.read.op);
	result = await(&call);
	/* Removed already, and only the wait for it failed. */
	if (result == 0 || result == -ENOENT)
		result = sync_root();
	return result;
}

static int run_folder(void)
{
	const struct store_attr attr = { .mode = 0755, .is_dir = true };
	struct call made = CALL_INIT, removed = CALL_INIT;
	int result;

	store_mkdir(layers.store, store_root(layers.store), "new", &attr,
		    &made.read.op);
	result = await(&made);
	if (result == 0)
		put(made.read.op.node);
	if (result < 0 && result != -EEXIST)
		return result;
	store_rmdir(layers.store, store_root(layers.store), "new",
		    &removed.read.op);
	result = await(&removed);
	return result < 0 ? result : sync_root();
}

static int rename_to(const char *from, const char *to)
{
	struct node *root = store_root(layers.store);
	struct call call = CALL_INIT;
	int result;

	store_rename(layers.store, root, from, root, to, 0, &call.read.op);
	result = await(&call);
	return result < 0 ? result : sync_root();
}

/* There and back, from where it is. */
static int run_rename(void)
{
	int result = rename_to(PREPARED, "renamed");

	if (result == 0 || result == -ENOENT)
		result = rename_to("renamed", PREPARED);
	return result < 0 ? result : read_file(PREPARED, SMALL_BYTES);
}

static int run_rename_folder(void)
{
	int result = rename_to("d", "e");

	return result == 0 || result == -ENOENT ? rename_to("e", "d") : result;
}

static int run_attributes(void)
{
	struct buf value = BUF_INIT(64 * 1024);
	struct call set = CALL_INIT, get = CALL_INIT, list = CALL_INIT;
	struct node *node;
	int result = look_up(PREPARED, &node);

	if (result < 0)
		return result;
	store_setxattr(layers.store, node, TYPE, "text/x", 6, 0, &set.read.op);
	result = await(&set);
	if (result == 0) {
		store_getxattr(layers.store, node, TYPE, &value, &get.read.op);
		result = await(&get);
	}
	if (result == 0 && strcmp(buf_str(&value), "text/x") != 0)
		result = -EIO;
	buf_clear(&value);
	if (result == 0) {
		store_listxattr(layers.store, node, true, &value,
				&list.read.op);
		result = await(&list);
	}
	put(node);
	buf_release(&value);
	return result;
}

static int run_resize(void)
{
	const struct store_attr attr = { .size = SMALL_BYTES / 2 };
	struct call call = CALL_INIT;
	struct node *node;
	int result = look_up(PREPARED, &node);

	if (result < 0)
		return result;
	store_setattr(layers.store, node, NULL, STORE_SET_SIZE, &attr,
		      &call.read.op);
	result = await(&call);
	put(node);
	return result < 0 ? result : read_file(PREPARED, SMALL_BYTES / 2);
}

static bool is_any_type(const void *types, const char *type)
{
	return true;
}

static int run_gzip(void)
{
	int result = write_file("f.txt", O_WRONLY | O_TRUNC, 0, 2 * MIB + 1);

	return result < 0 ? result : read_file("f.txt", 2 * MIB + 1);
}

#define WORLD(name, ...)                                                      \
	static const struct world name = {                                    \
		layers_begin, layers_end,                                     \
		&(const struct store_options){ .attr_timeout_ms = TIMEOUT_MS, \
					       .negative_timeout_ms =         \
						       TIMEOUT_MS,            \
					       __VA_ARGS__ }                  \
	}
WORLD(usual, .gzip = false);
WORLD(gzip, .gzip = true, .is_gzip_type = is_any_type);
WORLD(parts, .single_put_bytes = 64 * 1024, .part_bytes = 5 * MIB);

/* A start that finds no memory leaves nothing. */
static int run_start(void)
{
	int result = layers_begin(gzip.options);

	layers_end();
	return result;
}

static const struct scenario scenarios[] = {
	SCENARIO("start", run_start),
	SCENARIO("write", run_write_small, .world = &usual,
		 .prepare = prepare_nothing),
	SCENARIO("write in parts", run_write_large, .world = &parts,
		 .prepare = prepare_nothing, .alike_max = 1),
	SCENARIO("edit", run_edit, .world = &parts, .prepare = prepare_large,
		 .alike_max = 1),
	SCENARIO("read", run_read_small, .world = &usual,
		 .prepare = prepare_small),
	SCENARIO("read ahead", run_read_large, .world = &usual,
		 .prepare = prepare_large, .alike_max = 1),
	SCENARIO("list", run_list, .world = &usual, .prepare = prepare_folder),
	SCENARIO("unlink", run_unlink, .world = &usual,
		 .prepare = prepare_small),
	SCENARIO("mkdir and rmdir", run_folder, .world = &usual,
		 .prepare = prepare_nothing, .alike_max = 1),
	SCENARIO("rename", run_rename, .world = &usual,
		 .prepare = prepare_small, .alike_max = 1),
	SCENARIO("rename a folder", run_rename_folder, .world = &usual,
		 .prepare = prepare_folder, .alike_max = 1),
	SCENARIO("attributes", run_attributes, .world = &usual,
		 .prepare = prepare_small, .alike_max = 1),
	SCENARIO("resize", run_resize, .world = &usual,
		 .prepare = prepare_small, .alike_max = 1),
	SCENARIO("gzip", run_gzip, .world = &gzip, .prepare = prepare_nothing,
		 .alike_max = 1),
};

int main(void)
{
	int failed;

	large = mmap(NULL, LARGE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (large == MAP_FAILED)
		return 1;
	for (size_t i = 0; i < LARGE; i++)
		large[i] = (unsigned char)(i * 2654435761u >> 13);
	fixture_begin(NULL);
	/* Each failure would have its line. */
	if (log_setup_file(LOG_LEVEL_ERROR, "/dev/null") < 0)
		return 1;
	failed = scenarios_run(scenarios, ARRAY_SIZE(scenarios));
	fixture_end(NULL);
	munmap(large, LARGE);
	return failed;
}
