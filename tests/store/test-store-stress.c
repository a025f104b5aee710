/* SPDX-License-Identifier: MIT */
/*
 * Threads that make, write, read, cut, rename and remove files of one
 * directory by chance, each with a model of what its files must hold. At the
 * end the bucket must hold exactly that. STRESS_SEED gives other chances.
 */
#include "fixture.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "call.h"

#define THREADS     6
#define SLOTS       4
#define STEPS       120
#define LARGE_BYTES (6u * 1024 * 1024) /* over a part */
#define SIZE_MOST   (8u * 1024 * 1024)

/* A cmocka assertion must not jump out of a thread. */
#define CHECK(condition) check(condition, #condition, __LINE__)

/* One name, what it must hold, and the open file. */
struct slot {
	char name[32];
	bool exists;
	char *data;
	size_t size;
	struct node *node;
	struct handle *handle;
};

struct worker {
	pthread_t thread;
	uint64_t chance;
	struct slot slots[SLOTS];
};

static struct store *store;
static struct node *folder;
static struct worker workers[THREADS];

static unsigned seed(void)
{
	const char *given = getenv("STRESS_SEED");

	return given ? (unsigned)strtoul(given, NULL, 10) : 1;
}

static void check(bool is_true, const char *what, int line)
{
	if (is_true)
		return;
	fprintf(stderr, "line %d: %s (seed %u)\n", line, what, seed());
	if (fixture.server)
		kill(fixture.server, SIGTERM);
	abort();
}

static uint64_t chance(struct worker *w, uint64_t below)
{
	w->chance = w->chance * 6364136223846793005u + 1442695040888963407u;
	return (w->chance >> 33) % below;
}

/* --- calls that wait for their answer ------------------------------------ */

static int look_up(struct node *parent, const char *name, struct node **node)
{
	struct call call = CALL_INIT;
	int result;

	store_lookup(store, parent, name, &call.read.op);
	result = await(&call);
	*node = result == 0 ? call.read.op.node : NULL;
	return result;
}

/* --- the model ------------------------------------------------------------ */

static void resize(struct slot *slot, size_t size)
{
	slot->data = realloc(slot->data, size + 1);
	CHECK(slot->data);
	if (size > slot->size)
		memset(slot->data + slot->size, 0, size - slot->size);
	slot->size = size;
}

static void forget(struct slot *slot)
{
	resize(slot, 0);
	slot->exists = false;
}

/* --- steps ---------------------------------------------------------------- */

static void open_slot(struct slot *slot)
{
	struct call call = CALL_INIT;
	struct store_attr attr = { .mode = 0644 };
	int result = look_up(folder, slot->name, &slot->node);

	if (result != (slot->exists ? 0 : -ENOENT))
		fprintf(stderr, "%s: %d\n", slot->name, result);
	CHECK(result == (slot->exists ? 0 : -ENOENT));
	if (slot->exists)
		store_open(store, slot->node, O_RDWR, &call.read.op);
	else
		store_create(store, folder, slot->name, O_RDWR, &attr,
			     &call.read.op);
	CHECK(await(&call) == 0);
	slot->handle = call.read.op.handle;
	if (!slot->exists)
		slot->node = call.read.op.node;
	slot->exists = true;
}

static void flush_slot(struct slot *slot)
{
	struct call call = CALL_INIT;

	store_flush(slot->handle, true, &call.read.op);
	CHECK(await(&call) == 0);
}

static void close_slot(struct slot *slot)
{
	if (!slot->handle)
		return;
	flush_slot(slot);
	store_release(slot->handle);
	node_put(store, slot->node, 1);
	slot->handle = NULL;
	slot->node = NULL;
}

static void read_slot(struct slot *slot, size_t offset, size_t size)
{
	struct call call = CALL_INIT;
	size_t want = offset >= slot->size       ? 0 :
		      slot->size - offset < size ? slot->size - offset :
						   size;
	size_t at = offset;

	store_read(slot->handle, offset, size, &call.read);
	CHECK(await(&call) == (int)want);
	for (unsigned i = 0; i < call.read.iov_count; i++) {
		const struct iovec *v = &call.read.iov[i];

		CHECK(memcmp(slot->data + at, v->iov_base, v->iov_len) == 0);
		at += v->iov_len;
	}
	CHECK(at == offset + want);
	store_read_release(&call.read);
}

static void write_slot(struct worker *w, struct slot *slot)
{
	struct call call = CALL_INIT;
	size_t offset = chance(w, 8) ? chance(w, slot->size + 1) :
				       chance(w, LARGE_BYTES);
	size_t size = chance(w, 30) ? chance(w, 100000) : LARGE_BYTES;
	char *data;

	if (offset + size > SIZE_MOST)
		offset = SIZE_MOST - size;
	data = make_bytes(size, (unsigned)chance(w, 1u << 30));
	if (size > 0 && offset + size > slot->size)
		resize(slot, offset + size);
	memcpy(slot->data + offset, data, size);
	for (size_t at = 0; at < size;) {
		struct call part = call;
		size_t n = size - at < 131072 ? size - at : 131072;

		store_write(slot->handle, offset + at, data + at, n, false,
			    &part.read.op);
		CHECK(await(&part) == (int)n);
		at += n;
	}
	free(data);
}

static void cut_slot(struct worker *w, struct slot *slot)
{
	struct call call = CALL_INIT;
	size_t most = chance(w, 3) ? slot->size + 1 : 200000;
	struct store_attr attr = { .size = chance(w, most) };

	store_setattr(store, slot->node, slot->handle, STORE_SET_SIZE, &attr,
		      &call.read.op);
	CHECK(await(&call) == 0);
	resize(slot, attr.size);
}

static void remove_slot(struct slot *slot)
{
	struct call call = CALL_INIT;

	store_unlink(store, folder, slot->name, &call.read.op);
	CHECK(await(&call) == 0);
	if (slot->handle)
		read_slot(slot, 0, slot->size + 10);
	close_slot(slot);
	forget(slot);
}

/* What to held is still read through its handle, and then closed. */
static void rename_slot(struct slot *from, struct slot *to)
{
	struct call call = CALL_INIT;
	struct slot old = *to;

	store_rename(store, folder, from->name, folder, to->name, 0,
		     &call.read.op);
	CHECK(await(&call) == 0);
	if (old.handle)
		read_slot(&old, 0, old.size);
	close_slot(&old);
	free(old.data);
	*to = *from;
	memcpy(to->name, old.name, sizeof(to->name));
	from->data = NULL;
	from->handle = NULL;
	from->node = NULL;
	from->size = 0;
	forget(from);
}

static void step(struct worker *w)
{
	struct slot *slot = &w->slots[chance(w, SLOTS)];
	struct slot *other = &w->slots[chance(w, SLOTS)];
	uint64_t what = chance(w, 100);

	if (what < 8 && slot->exists && slot != other) {
		rename_slot(slot, other);
	} else if (what < 16 && slot->exists) {
		remove_slot(slot);
	} else if (what < 30) {
		close_slot(slot);
	} else {
		if (!slot->handle)
			open_slot(slot);
		if (what < 36)
			cut_slot(w, slot);
		else if (what < 46)
			flush_slot(slot);
		else if (what < 70)
			read_slot(slot, chance(w, slot->size + 1000), 131072);
		else
			write_slot(w, slot);
	}
}

static void *work(void *arg)
{
	struct worker *w = arg;

	for (int i = 0; i < STEPS; i++)
		step(w);
	for (int i = 0; i < SLOTS; i++)
		close_slot(&w->slots[i]);
	return NULL;
}

/* --- the run -------------------------------------------------------------- */

static void begin(const struct store_options *options)
{
	struct errinfo err = ERRINFO_INIT;
	struct store_attr attr = { .mode = 0755 };
	struct call call = CALL_INIT;

	if (store_new(fixture.client, options, &store, &err) < 0)
		fail_msg("no store: %s", err.text);
	store_mkdir(store, store_root(store), "folder", &attr, &call.read.op);
	assert_int_equal(await(&call), 0);
	folder = call.read.op.node;
	memset(workers, 0, sizeof(workers));
	for (unsigned i = 0; i < THREADS; i++) {
		workers[i].chance = seed() * 1000 + i;
		for (int j = 0; j < SLOTS; j++)
			snprintf(workers[i].slots[j].name,
				 sizeof(workers[i].slots[j].name), "f%u-%d", i,
				 j);
	}
}

/* One plan of faults after the other; plans ends with NULL. */
static void disturb(const char *const *plans)
{
	for (; plans && *plans; plans++) {
		struct timespec pause = { .tv_nsec = 300 * 1000 * 1000 };

		fixture_plan(*plans);
		nanosleep(&pause, NULL);
	}
}

static size_t count_keys(void)
{
	struct s3_list list = { .prefix = "" };
	size_t count;

	s3_list_start(fixture.client, &list);
	assert_int_equal(s3_wait(fixture.client, &list.op), 0);
	count = list.count;
	s3_list_release(&list);
	return count;
}

static void check_slot(struct slot *slot)
{
	struct buf got = BUF_INIT(2 * SIZE_MOST);
	char key[64];

	snprintf(key, sizeof(key), "folder/%s", slot->name);
	if (slot->exists && slot->size > 0) {
		assert_int_equal(do_get(key, 0, S3_WHOLE, NULL, &got), 0);
		assert_int_equal(got.len, slot->size);
		assert_memory_equal(got.data, slot->data, slot->size);
	} else {
		uint64_t size = 0;

		assert_int_equal(do_head(key, &size, NULL),
				 slot->exists ? 0 : -ENOENT);
		assert_int_equal(size, 0);
	}
	buf_release(&got);
	free(slot->data);
}

static void run(const struct store_options *options, const char *const *plans)
{
	size_t keys = 1; /* the folder's marker */

	begin(options);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&workers[i].thread, NULL, work,
						&workers[i]),
				 0);
	disturb(plans);
	for (int i = 0; i < THREADS; i++)
		pthread_join(workers[i].thread, NULL);
	if (plans)
		fixture_plan("[]");
	node_put(store, folder, 1);
	assert_int_equal(store_free(store), 0);
	for (int i = 0; i < THREADS; i++) {
		for (int j = 0; j < SLOTS; j++) {
			keys += workers[i].slots[j].exists;
			check_slot(&workers[i].slots[j]);
		}
	}
	assert_int_equal(count_keys(), keys);
}

static void test_the_bucket_holds_what_threads_wrote(void **state)
{
	run(&(struct store_options){ .attr_timeout_ms = 1000,
				     .negative_timeout_ms = 1000 },
	    NULL);
}

static void test_so_it_does_when_nothing_is_remembered(void **state)
{
	run(&(struct store_options){ .single_put_bytes = 100000,
				     .part_bytes = S3_PART_MIN },
	    NULL);
}

static void test_so_it_does_with_spool_files(void **state)
{
	run(&(struct store_options){ .attr_timeout_ms = 1000,
				     .max_memory_bytes = 50000,
				     .memory_budget_bytes = 32 * 1024 * 1024,
				     .single_put_bytes = 100000,
				     .part_bytes = S3_PART_MIN },
	    NULL);
}

/* No operation fails more often than the client tries one request. */
static void test_so_it_does_through_faults(void **state)
{
	static const char *const plans[] = {
		"[{\"op\":\"PutObject\",\"status\":503,\"count\":4},"
		"{\"op\":\"CopyObject\",\"status\":500,\"count\":2}]",
		"[{\"op\":\"GetObject\",\"cut_after\":2000,\"count\":4},"
		"{\"op\":\"DeleteObjects\",\"status\":503,\"count\":2}]",
		"[{\"op\":\"HeadObject\",\"reset\":true,\"count\":4},"
		"{\"op\":\"UploadPart\",\"reset\":true,\"count\":2}]",
		"[{\"op\":\"CopyObject\",\"reset\":true,\"count\":2},"
		"{\"op\":\"UploadPart\",\"status\":503,\"count\":2}]",
		"[{\"op\":\"DeleteObjects\",\"reset\":true,\"count\":2}]",
		NULL
	};

	if (!fixture_has_control())
		skip();
	run(&(struct store_options){ .attr_timeout_ms = 1000,
				     .part_bytes = S3_PART_MIN },
	    plans);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_the_bucket_holds_what_threads_wrote,
				       fixture_fresh),
		cmocka_unit_test_setup(
			test_so_it_does_when_nothing_is_remembered,
			fixture_fresh),
		cmocka_unit_test_setup(test_so_it_does_with_spool_files,
				       fixture_fresh),
		cmocka_unit_test_setup(test_so_it_does_through_faults,
				       fixture_fresh),
	};

	return cmocka_run_group_tests(tests, fixture_begin, fixture_end);
}
