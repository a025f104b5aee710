/* SPDX-License-Identifier: MIT */
/*
 * Objects that are too large for one CopyObject, on a small scale: they are
 * copied in parts and keep their headers and tags. And open files below a
 * folder that moves.
 */
#include "fixture.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "call.h"
#include "file/file.h"
#include "multipart.h"
#include "names/name_change.h"
#include "write/upload.h"
#include "write/upload_stream.h"

#define MIB     (1024u * 1024)
#define LARGE   (12 * MIB + 5)
#define AT_MOST (5 * MIB)
#define TAGS    "a=b&c=d%20e"

static struct store *store;

static int set_up(void **state)
{
	const struct store_options options = { .copy_max_bytes = AT_MOST,
					       .attr_timeout_ms = 60000,
					       .negative_timeout_ms = 60000 };
	struct errinfo err = ERRINFO_INIT;

	if (fixture_fresh(state) < 0)
		return -1;
	return store_new(fixture.client, &options, &store, &err);
}

static int tear_down(void **state)
{
	return store_free(store);
}

static void put_large(const char *key)
{
	char *data = make_bytes(LARGE, 1);
	struct bytes bytes = { data, LARGE };
	struct s3_put put = { .key = key, .body = bytes_body(&bytes, true) };

	assert_int_equal(pairs_set(&put.headers, "content-type", "text/mine"),
			 0);
	assert_int_equal(pairs_set(&put.headers, "cache-control", "max-age=1"),
			 0);
	assert_int_equal(pairs_set(&put.headers, "x-amz-meta-owner", "web"), 0);
	assert_int_equal(pairs_set(&put.headers, "x-amz-storage-class",
				   "STANDARD_IA"),
			 0);
	assert_int_equal(pairs_set(&put.headers, "x-amz-tagging", TAGS), 0);
	s3_put_start(fixture.client, &put);
	assert_int_equal(s3_wait(fixture.client, &put.op), 0);
	s3_put_release(&put);
	free(data);
}

static void check_header(const struct s3_head *head, const char *name,
			 const char *wanted)
{
	const char *got = pairs_get(&head->object.headers, name);

	assert_string_equal(got ? got : "(none)", wanted);
}

static void check_large(const char *key, const char *cache_control)
{
	struct s3_head head = { .key = key };
	struct s3_get_tags tags = { .key = key };
	struct buf got = BUF_INIT(LARGE);
	char *data = make_bytes(LARGE, 1);

	s3_get_tags_start(fixture.client, &tags);
	assert_int_equal(s3_wait(fixture.client, &tags.op), 0);
	assert_string_equal(buf_str(&tags.tags), TAGS);
	s3_get_tags_release(&tags);
	s3_head_start(fixture.client, &head);
	assert_int_equal(s3_wait(fixture.client, &head.op), 0);
	check_header(&head, "content-type", "text/mine");
	check_header(&head, "cache-control", cache_control);
	check_header(&head, "x-amz-meta-owner", "web");
	check_header(&head, "x-amz-storage-class", "STANDARD_IA");
	assert_non_null(strstr(head.object.etag, "-3"));
	s3_head_release(&head);
	assert_int_equal(do_get(key, 0, S3_WHOLE, NULL, &got), 0);
	assert_int_equal(got.len, LARGE);
	assert_memory_equal(got.data, data, LARGE);
	buf_release(&got);
	free(data);
}

static void rename_to(const char *from, const char *to)
{
	struct node *root = store_root(store);
	struct call call = CALL_INIT;

	store_rename(store, root, from, root, to, 0, &call.read.op);
	assert_int_equal(await(&call), 0);
}

static void a_renamed_file_keeps_its_headers(void **state)
{
	put_large("a.css");
	rename_to("a.css", "b.html");
	check_large("b.html", "max-age=1");
	assert_int_equal(fixture_requests("UploadPartCopy"), 3);
	assert_int_equal(fixture_requests("CopyObject"), 0);
}

/* More parts than are copied at once. */
static void many_parts_come_in_their_order(void **state)
{
	size_t size = 10 * AT_MOST + 1;
	struct buf got = BUF_INIT(size);
	char *data = make_bytes(size, 2);

	assert_int_equal(do_put("a", data, size), 0);
	rename_to("a", "b");
	assert_int_equal(fixture_requests("UploadPartCopy"), 11);
	assert_int_equal(do_get("b", 0, S3_WHOLE, NULL, &got), 0);
	assert_int_equal(got.len, size);
	assert_memory_equal(got.data, data, size);
	buf_release(&got);
	free(data);
}

static void a_file_in_a_renamed_folder_keeps_them(void **state)
{
	put_large("d/a.css");
	assert_int_equal(do_put("d/small", "x", 1), 0);
	rename_to("d", "e");
	check_large("e/a.css", "max-age=1");
	assert_int_equal(do_head("e/small", NULL, NULL), 0);
	assert_int_equal(fixture_requests("UploadPartCopy"), 3);
	assert_int_equal(fixture_requests("CopyObject"), 1);
}

static struct node *look_up(struct node *parent, const char *name)
{
	struct call call = CALL_INIT;

	store_lookup(store, parent, name, &call.read.op);
	assert_int_equal(await(&call), 0);
	return call.read.op.node;
}

/* One that somebody is about to have a handle on. */
static void a_file_follows_its_folder_from_the_start(void **state)
{
	struct node *folder, *node;
	struct file *file;

	assert_int_equal(do_put("d/f", "x", 1), 0);
	folder = look_up(store_root(store), "d");
	node = look_up(folder, "f");
	{
		LOCK(&store->files_lock);
		LOCK(&store->tree.lock);
		file = file_of_locked(store, node);
	}
	assert_non_null(file);
	rename_to("d", "e");
	assert_string_equal(file->base.key, "e/f");
	file_put(file);
	node_put(store, node, 1);
	node_put(store, folder, 1);
}

static struct handle *create(struct node *folder, const char *name)
{
	const struct store_attr attr = { .mode = 0644 };
	struct call call = CALL_INIT;

	store_create(store, folder, name, O_RDWR, &attr, &call.read.op);
	assert_int_equal(await(&call), 0);
	node_put(store, call.read.op.node, 1);
	return call.read.op.handle;
}

static void write_all(struct handle *handle, const char *data, size_t size)
{
	for (size_t at = 0; at < size; at += MIB) {
		struct call call = CALL_INIT;

		store_write(handle, at, data + at, MIB, false, &call.read.op);
		assert_int_equal(await(&call), MIB);
	}
}

static bool lets_go(struct file *file)
{
	LOCK(&file->lock);
	return upload_let_go_locked(file);
}

/* An upload to the old key alone would have them: nobody could close. */
static void nothing_is_let_go_once_a_move_is_awaited(void **state)
{
	size_t size = 24 * (size_t)MIB;
	char *data = make_bytes(size, 3);
	struct node *folder;
	struct handle *handle;
	struct call call = CALL_INIT;

	assert_int_equal(do_put("d/f", "x", 1), 0);
	folder = look_up(store_root(store), "d");
	handle = create(folder, "new");
	write_all(handle, data, size);
	{
		struct file *file = handle->file;
		LOCK(&file->lock);

		while (!file->upload || file->upload->count < 2 ||
		       file->upload->flying > 0)
			lock_wait(&file->lock, &file->changed);
	}
	move_await(&store->tree, folder);
	assert_false(lets_go(handle->file));
	move_end(&store->tree, folder);
	assert_true(lets_go(handle->file));
	store_flush(handle, true, &call.read.op);
	assert_int_equal(await(&call), 0);
	store_release(handle);
	node_put(store, folder, 1);
	free(data);
}

static void an_attribute_is_set_by_a_copy_onto_itself(void **state)
{
	struct call lookup = CALL_INIT, set = CALL_INIT;

	put_large("a.css");
	store_lookup(store, store_root(store), "a.css", &lookup.read.op);
	assert_int_equal(await(&lookup), 0);
	store_setxattr(store, lookup.read.op.node, "user.s3.cache-control",
		       "no-store", 8, 0, &set.read.op);
	assert_int_equal(await(&set), 0);
	node_put(store, lookup.read.op.node, 1);
	check_large("a.css", "no-store");
}

static void a_copy_that_fails_leaves_no_upload(void **state)
{
	struct node *root = store_root(store);
	struct s3_list_uploads list = { .prefix = "" };
	struct call call = CALL_INIT;

	put_large("a.css");
	fixture_plan("[{\"op\": \"UploadPartCopy\", \"skip\": 1, "
		     "\"status\": 403, \"code\": \"AccessDenied\"}]");
	store_rename(store, root, "a.css", root, "b.css", 0, &call.read.op);
	assert_int_equal(await(&call), -EACCES);
	fixture_plan("[]");
	s3_list_uploads_start(fixture.client, &list);
	assert_int_equal(s3_wait(fixture.client, &list.op), 0);
	assert_int_equal(list.count, 0);
	s3_list_uploads_release(&list);
	assert_int_equal(do_head("a.css", NULL, NULL), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_renamed_file_keeps_its_headers),
		TEST(many_parts_come_in_their_order),
		TEST(a_file_in_a_renamed_folder_keeps_them),
		TEST(a_file_follows_its_folder_from_the_start),
		TEST(nothing_is_let_go_once_a_move_is_awaited),
		TEST(an_attribute_is_set_by_a_copy_onto_itself),
		TEST(a_copy_that_fails_leaves_no_upload),
	};

	return cmocka_run_group_tests(tests, fixture_begin, fixture_end);
}
