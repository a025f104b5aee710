/* SPDX-License-Identifier: MIT */
/*
 * Each call of the store with each of its allocations failing in turn: it
 * returns 0 or -ENOMEM, does right the next time, and once the
 * layers are taken down nothing of theirs is left.
 */
#include "fixture.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "alloc.h"
#include "call.h"
#include "log.h"

#define MIB            (1024u * 1024)
#define LARGE          (6 * MIB) /* two parts */
#define TYPE           "user.s3.content-type"
#define NOT_MANY       3000 /* failures until something is wrong */
#define COMPLAINTS_MAX 20
#define PREPARED       "prepared"
#define TIMEOUT_MS     60000
#define SMALL_BYTES    1000

struct scenario {
	const char *name;
	/* What there is before; may fail the test. */
	void (*prepare)(void);
	/* Returns 0 or the first error; must do when called again. */
	int (*run)(void);
	struct store_options options;
	unsigned alike_max; /* see alloc_begin */
};

/* The world of one run; of its own, so that all of it can be taken down. */
static struct {
	struct http *http;
	struct s3_client *client;
	struct store *store;
} world;

static unsigned complaints;
static unsigned char *large; /* LARGE bytes, not from malloc */

static int world_make(const struct store_options *options)
{
	const struct http_options http = { .stall_timeout_ms = 2000,
					   .connect_timeout_ms = 2000 };
	struct errinfo err = ERRINFO_INIT;
	int result = http_new(&http, &world.http, &err);

	if (result == 0)
		result = s3_client_new(world.http, &fixture.options,
				       &world.client, &err);
	if (result == 0)
		result = store_new(world.client, options, &world.store, &err);
	return result;
}

static void world_end(void)
{
	if (world.store)
		(void)store_free(world.store);
	s3_client_free(world.client);
	http_free(world.http);
	memset(&world, 0, sizeof(world));
}

/* --- calls ------------------------------------------------------------- */

static int look_up(const char *name, struct node **node)
{
	struct call call = CALL_INIT;
	int result;

	store_lookup(world.store, store_root(world.store), name, &call.read.op);
	result = await(&call);
	*node = result == 0 ? call.read.op.node : NULL;
	return result;
}

static void put(struct node *node)
{
	if (node)
		node_put(world.store, node, 1);
}

/* Opened, or made if there is none. */
static int open_name(const char *name, int flags, struct handle **handle)
{
	const struct store_attr attr = { .mode = 0644 };
	struct call call = CALL_INIT;
	struct node *node;
	int result = look_up(name, &node);

	if (result == 0)
		store_open(world.store, node, flags, &call.read.op);
	else if (result == -ENOENT)
		store_create(world.store, store_root(world.store), name, flags,
			     &attr, &call.read.op);
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

	store_sync_dir(world.store, store_root(world.store), &call.read.op);
	return await(&call);
}

/* --- scenarios --------------------------------------------------------- */

static void prepare_nothing(void)
{
}

static void prepare_object(const char *key, size_t size)
{
	assert_int_equal(do_put(key, (const char *)large, size), 0);
}

static void prepare_small(void)
{
	prepare_object(PREPARED, SMALL_BYTES);
}

static void prepare_large(void)
{
	prepare_object(PREPARED, LARGE);
}

static void prepare_folder(void)
{
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
	struct stream *stream = store_opendir(world.store, dir);
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

	store_unlink(world.store, store_root(world.store), PREPARED,
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

	store_mkdir(world.store, store_root(world.store), "new", &attr,
		    &made.read.op);
	result = await(&made);
	if (result == 0)
		put(made.read.op.node);
	if (result < 0 && result != -EEXIST)
		return result;
	store_rmdir(world.store, store_root(world.store), "new",
		    &removed.read.op);
	result = await(&removed);
	return result < 0 ? result : sync_root();
}

static int rename_to(const char *from, const char *to)
{
	struct node *root = store_root(world.store);
	struct call call = CALL_INIT;
	int result;

	store_rename(world.store, root, from, root, to, 0, &call.read.op);
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
	store_setxattr(world.store, node, TYPE, "text/x", 6, 0, &set.read.op);
	result = await(&set);
	if (result == 0) {
		store_getxattr(world.store, node, TYPE, &value, &get.read.op);
		result = await(&get);
	}
	if (result == 0 && strcmp(buf_str(&value), "text/x") != 0)
		result = -EIO;
	buf_clear(&value);
	if (result == 0) {
		store_listxattr(world.store, node, true, &value, &list.read.op);
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
	store_setattr(world.store, node, NULL, STORE_SET_SIZE, &attr,
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

#define USUAL .attr_timeout_ms = TIMEOUT_MS, .negative_timeout_ms = TIMEOUT_MS
#define GZIP  USUAL, .gzip = true, .is_gzip_type = is_any_type
#define PARTS USUAL, .single_put_bytes = 64 * 1024, .part_bytes = 5 * MIB

static const struct scenario scenarios[] = {
	{ "write", prepare_nothing, run_write_small, { USUAL }, 2 },
	{ "write in parts", prepare_nothing, run_write_large, { PARTS }, 1 },
	{ "edit", prepare_large, run_edit, { PARTS }, 1 },
	{ "read", prepare_small, run_read_small, { USUAL }, 2 },
	{ "read ahead", prepare_large, run_read_large, { USUAL }, 1 },
	{ "list", prepare_folder, run_list, { USUAL }, 2 },
	{ "unlink", prepare_small, run_unlink, { USUAL }, 2 },
	{ "mkdir and rmdir", prepare_nothing, run_folder, { USUAL }, 1 },
	{ "rename", prepare_small, run_rename, { USUAL }, 1 },
	{ "rename a folder", prepare_folder, run_rename_folder, { USUAL }, 1 },
	{ "attributes", prepare_small, run_attributes, { USUAL }, 1 },
	{ "resize", prepare_small, run_resize, { USUAL }, 1 },
	{ "gzip", prepare_nothing, run_gzip, { GZIP }, 1 },
};

static void complain(const struct scenario *s, unsigned n, const char *what,
		     int result)
{
	alloc_report_refused();
	print_error("%s, failure %u: %s (%d, %s)\n", s->name, n, what, result,
		    strerror(-result));
	/* A list is more helpful than the first. */
	if (++complaints >= COMPLAINTS_MAX)
		fail();
}

/* False: no allocation was left to fail. */
static bool try_failing(const struct scenario *s, unsigned n)
{
	bool has_failed;
	int result;

	alloc_count();
	assert_int_equal(world_make(&s->options), 0);
	alloc_fail_next();
	result = s->run();
	alloc_stop();
	has_failed = alloc_has_failed();
	if (result < 0 && (!has_failed || result != -ENOMEM))
		complain(s, n, "failed", result);
	result = s->run();
	if (result < 0)
		complain(s, n, "the next time", result);
	world_end();
	if (alloc_counted() > 0) {
		alloc_report_counted();
		complain(s, n, "a leak", 0);
	}
	return has_failed;
}

static void every_failure_is_told_and_forgotten(void **state)
{
	const char *only = getenv("ALLOC_SCENARIO");

	for (size_t i = 0; i < ARRAY_SIZE(scenarios); i++) {
		const struct scenario *s = &scenarios[i];
		unsigned n = 0;

		if (only && strcmp(only, s->name) != 0)
			continue;
		assert_int_equal(fixture_fresh(state), 0);
		s->prepare();
		alloc_begin(s->alike_max);
		while (try_failing(s, ++n))
			assert_true(n < NOT_MANY);
		print_message("%s: %u failures\n", s->name, n - 1);
	}
	assert_int_equal(complaints, 0);
}

static void a_start_without_memory_leaves_nothing(void **state)
{
	const struct store_options options = { .gzip = true };
	bool has_failed = true;

	alloc_begin(2);
	while (has_failed) {
		int result;

		alloc_count();
		alloc_fail_next();
		result = world_make(&options);
		alloc_stop();
		has_failed = alloc_has_failed();
		world_end();
		assert_int_equal(result, has_failed ? -ENOMEM : 0);
		if (alloc_counted() > 0) {
			alloc_report_refused();
			alloc_report_counted();
			fail();
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_start_without_memory_leaves_nothing),
		cmocka_unit_test(every_failure_is_told_and_forgotten),
	};
	int failed;

	large = mmap(NULL, LARGE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (large == MAP_FAILED)
		return 1;
	for (size_t i = 0; i < LARGE; i++)
		large[i] = (unsigned char)(i * 2654435761u >> 13);
	/* Each failure would have its line. */
	if (log_setup_file(LOG_LEVEL_ERROR, "/dev/null") < 0)
		return 1;
	failed = cmocka_run_group_tests(tests, fixture_begin, fixture_end);
	munmap(large, LARGE);
	return failed;
}
