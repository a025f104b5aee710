/* SPDX-License-Identifier: MIT */
/*
 * Every operation, as it should go: against the test server, or any other
 * with S3_ENDPOINT, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY set.
 */
#include "fixture.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "crc32c.h"
#include "multipart.h"

#define MIB (1024 * 1024)

static void a_put_object_is_there(void **state)
{
	AUTO_BUF struct buf got = BUF_INIT(MIB);
	char etag[S3_ETAG_MAX];
	uint64_t size;

	assert_int_equal(do_put("dir/hello", "hello", 5), 0);
	assert_int_equal(do_head("dir/hello", &size, etag), 0);
	assert_int_equal(size, 5);
	assert_string_equal(etag, "5d41402abc4b2a76b9719d911017c592");
	assert_int_equal(do_get("dir/hello", 0, S3_WHOLE, etag, &got), 0);
	assert_string_equal(buf_str(&got), "hello");
}

static void an_empty_object_is_read_and_written(void **state)
{
	AUTO_BUF struct buf got = BUF_INIT(MIB);
	uint64_t size = 7;

	assert_int_equal(do_put("empty", "", 0), 0);
	assert_int_equal(do_head("empty", &size, NULL), 0);
	assert_int_equal(size, 0);
	assert_int_equal(do_get("empty", 0, S3_WHOLE, NULL, &got), 0);
	assert_int_equal(got.len, 0);
	assert_int_equal(do_get("empty", 0, 10, NULL, &got), -ERANGE);
}

static void a_missing_object_is_enoent(void **state)
{
	AUTO_BUF struct buf got = BUF_INIT(MIB);

	assert_int_equal(do_head("nothing", NULL, NULL), -ENOENT);
	assert_int_equal(do_get("nothing", 0, S3_WHOLE, NULL, &got), -ENOENT);
	assert_int_equal(do_delete("nothing"), 0);
}

static void ranges_bring_what_there_is(void **state)
{
	AUTO_BUF struct buf got = BUF_INIT(MIB);

	assert_int_equal(do_put("digits", "0123456789", 10), 0);
	assert_int_equal(do_get("digits", 2, 3, NULL, &got), 0);
	assert_string_equal(buf_str(&got), "234");
	assert_int_equal(do_get("digits", 8, 100, NULL, &got), 0);
	assert_string_equal(buf_str(&got), "89");
	assert_int_equal(do_get("digits", 4, S3_WHOLE, NULL, &got), 0);
	assert_string_equal(buf_str(&got), "456789");
	assert_int_equal(do_get("digits", 0, 10, NULL, &got), 0);
	assert_string_equal(buf_str(&got), "0123456789");
	assert_int_equal(do_get("digits", 10, 1, NULL, &got), -ERANGE);
}

static void another_version_is_estale(void **state)
{
	AUTO_BUF struct buf got = BUF_INIT(MIB);

	assert_int_equal(do_put("k", "one", 3), 0);
	assert_int_equal(do_get("k", 0, 3, "00000000000000000000000000000000",
				&got),
			 -ESTALE);
	assert_int_equal(got.len, 0);
}

static void attributes_come_back(void **state)
{
	struct bytes bytes = { "x", 1 };
	struct s3_put put = { .key = "attr", .body = bytes_body(&bytes, true) };
	struct s3_head head = { .key = "attr" };
	int64_t now = clock_wall_ns();

	assert_int_equal(pairs_set(&put.headers, "Content-Type", "text/x"), 0);
	assert_int_equal(pairs_set(&put.headers, "Cache-Control", "no-store"),
			 0);
	assert_int_equal(pairs_set(&put.headers, "x-amz-meta-Colour", "red"),
			 0);
	s3_put_start(fixture.client, &put);
	assert_int_equal(s3_wait(fixture.client, &put.op), 0);
	assert_string_equal(put.etag, "9dd4e461268c8034f5c8564e155c67a6");
	s3_head_start(fixture.client, &head);
	assert_int_equal(s3_wait(fixture.client, &head.op), 0);
	assert_string_equal(pairs_get(&head.object.headers, "content-type"),
			    "text/x");
	assert_string_equal(pairs_get(&head.object.headers, "cache-control"),
			    "no-store");
	assert_string_equal(
		pairs_get(&head.object.headers, "x-amz-meta-colour"), "red");
	assert_null(pairs_get(&head.object.headers, "date"));
	assert_true(llabs(head.object.mtime_ns - now) < 10000000000ll);
	s3_put_release(&put);
	s3_head_release(&head);
}

static int put_if_free(const char *key, const char *text, char *etag)
{
	struct bytes bytes = { text, strlen(text) };
	struct s3_put put = { .key = key,
			      .body = bytes_body(&bytes, true),
			      .if_none_match = true };
	int result;

	s3_put_start(fixture.client, &put);
	result = s3_wait(fixture.client, &put.op);
	if (etag)
		memcpy(etag, put.etag, S3_ETAG_MAX);
	s3_put_release(&put);
	return result;
}

static void a_taken_key_is_eexist(void **state)
{
	AUTO_BUF struct buf got = BUF_INIT(MIB);

	assert_int_equal(put_if_free("once", "first", NULL), 0);
	assert_int_equal(put_if_free("once", "second", NULL), -EEXIST);
	assert_int_equal(do_get("once", 0, S3_WHOLE, NULL, &got), 0);
	assert_string_equal(buf_str(&got), "first");
}

static void payloads_are_signed_or_not(void **state)
{
	struct s3_options options = fixture.options;
	AUTO_BUF struct buf got = BUF_INIT(4 * MIB);
	char *data = make_bytes(MIB + 17, 1);

	for (int mode = S3_PAYLOAD_AUTO; mode <= S3_PAYLOAD_UNSIGNED; mode++) {
		options.payload = (enum s3_payload)mode;
		fixture_use(&options);
		assert_int_equal(do_put("big", data, MIB + 17), 0);
		assert_int_equal(do_get("big", 0, S3_WHOLE, NULL, &got), 0);
		assert_int_equal(got.len, MIB + 17);
		assert_memory_equal(got.data, data, got.len);
	}
	options.signature = S3_SIGNATURE_V2;
	fixture_use(&options);
	assert_int_equal(do_put("v2", "v2", 2), 0);
	assert_int_equal(do_get("v2", 0, 2, NULL, &got), 0);
	free(data);
}

static void a_copy_has_its_own_etag_and_headers(void **state)
{
	struct s3_copy copy = { .source_key = "from here/ü+%",
				.key = "to there" };
	AUTO_BUF struct buf got = BUF_INIT(MIB);

	assert_int_equal(do_put("from here/ü+%", "copied", 6), 0);
	s3_copy_start(fixture.client, &copy);
	assert_int_equal(s3_wait(fixture.client, &copy.op), 0);
	assert_string_equal(copy.etag, "ac9f7584d3fd6d49faa7bcf5e1ebec1f");
	assert_true(copy.mtime_ns > 0);
	assert_int_equal(do_get("to there", 0, S3_WHOLE, copy.etag, &got), 0);
	assert_string_equal(buf_str(&got), "copied");
	s3_copy_release(&copy);
	copy = (struct s3_copy){ .source_key = "no such", .key = "x" };
	s3_copy_start(fixture.client, &copy);
	assert_int_equal(s3_wait(fixture.client, &copy.op), -ENOENT);
	s3_copy_release(&copy);
}

static void headers_are_replaced_by_a_copy_onto_itself(void **state)
{
	struct s3_copy copy = { .source_key = "self",
				.key = "self",
				.length = 4,
				.replace_headers = true };
	struct s3_head head = { .key = "self" };

	assert_int_equal(do_put("self", "self", 4), 0);
	assert_int_equal(pairs_set(&copy.headers, "x-amz-meta-mode", "33188"),
			 0);
	s3_copy_start(fixture.client, &copy);
	assert_int_equal(s3_wait(fixture.client, &copy.op), 0);
	s3_head_start(fixture.client, &head);
	assert_int_equal(s3_wait(fixture.client, &head.op), 0);
	assert_string_equal(pairs_get(&head.object.headers, "x-amz-meta-mode"),
			    "33188");
	s3_copy_release(&copy);
	s3_head_release(&head);
}

/* Names that a listing has to bring back byte for byte, in their order. */
static const char *const odd_keys[] = {
	"\x01 control", "\t tab", "\n line",  "\r return",
	" blank",       "!",      "%41",      "&amp;<>",
	"(a+b)",        "+plus",  "..",       "/lead",
	"a//b",         "dir/",   "dir/x",    "quote\"'",
	"t\\back",      "x\x7f",  "\xc3\xbc", "\xf0\x9f\x98\x80",
};

static void odd_keys_are_listed_as_they_are(void **state)
{
	struct s3_list list = { .prefix = "" };

	for (size_t i = 0; i < ARRAY_SIZE(odd_keys); i++)
		if (do_put(odd_keys[i], "1", 1) < 0)
			fail_msg("no PUT of %s", odd_keys[i]);
	s3_list_start(fixture.client, &list);
	assert_int_equal(s3_wait(fixture.client, &list.op), 0);
	assert_int_equal(list.count, ARRAY_SIZE(odd_keys));
	for (size_t i = 0; i < list.count; i++) {
		assert_string_equal(list.items[i].key, odd_keys[i]);
		assert_int_equal(list.items[i].key_len, strlen(odd_keys[i]));
		assert_int_equal(list.items[i].size, 1);
		assert_string_equal(list.items[i].etag,
				    "c4ca4238a0b923820dcc509a6f75849b");
		assert_true(list.items[i].mtime_ns > 0);
		assert_int_equal(do_head(odd_keys[i], NULL, NULL), 0);
	}
	assert_false(list.is_truncated);
	assert_string_equal(list.last_key, "\xf0\x9f\x98\x80");
	s3_list_release(&list);
}

static void a_listing_merges_keys_and_prefixes(void **state)
{
	static const char *const keys[] = { "d/a",   "d/b/1", "d/b/2", "d/c",
					    "d/e/1", "d/f",   "e" };
	struct s3_list list = { .prefix = "d/", .delimiter = "/" };

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		assert_int_equal(do_put(keys[i], "", 0), 0);
	s3_list_start(fixture.client, &list);
	assert_int_equal(s3_wait(fixture.client, &list.op), 0);
	assert_int_equal(list.count, 5);
	assert_string_equal(list.items[0].key, "d/a");
	assert_string_equal(list.items[1].key, "d/b/");
	assert_true(list.items[1].is_prefix);
	assert_string_equal(list.items[2].key, "d/c");
	assert_string_equal(list.items[3].key, "d/e/");
	assert_string_equal(list.items[4].key, "d/f");
	s3_list_release(&list);
}

static void pages_follow_each_other(void **state)
{
	static const char *const want[] = { "p/a", "p/b/", "p/c", "p/d/",
					    "p/e" };
	struct s3_list list = { .prefix = "p/",
				.delimiter = "/",
				.max_keys = 1 };
	char after[64] = "";
	size_t n = 0;

	assert_int_equal(do_put("p/a", "", 0), 0);
	assert_int_equal(do_put("p/b/1", "", 0), 0);
	assert_int_equal(do_put("p/b/2", "", 0), 0);
	assert_int_equal(do_put("p/c", "", 0), 0);
	assert_int_equal(do_put("p/d/1", "", 0), 0);
	assert_int_equal(do_put("p/e", "", 0), 0);
	do {
		list.start_after = after[0] ? after : NULL;
		s3_list_start(fixture.client, &list);
		assert_int_equal(s3_wait(fixture.client, &list.op), 0);
		if (list.count == 0)
			break;
		assert_int_equal(list.count, 1);
		assert_true(n < ARRAY_SIZE(want));
		assert_string_equal(list.items[0].key, want[n++]);
		/* Behind a common prefix with all that is below it. */
		snprintf(after, sizeof(after), "%s%s", list.last_key,
			 list.items[0].is_prefix ? "\xf4\x8f\xbf\xbf" : "");
	} while (list.is_truncated);
	assert_int_equal(n, ARRAY_SIZE(want));
	s3_list_release(&list);
}

static void many_keys_are_deleted_at_once(void **state)
{
	struct s3_delete_key keys[ARRAY_SIZE(odd_keys) + 1];
	struct s3_delete_many del = { .keys = keys, .count = ARRAY_SIZE(keys) };
	struct s3_list list = { .prefix = "" };

	for (size_t i = 0; i < ARRAY_SIZE(odd_keys); i++) {
		assert_int_equal(do_put(odd_keys[i], "1", 1), 0);
		keys[i].key = odd_keys[i];
	}
	keys[ARRAY_SIZE(odd_keys)].key = "was never there";
	assert_int_equal(do_put("stays", "1", 1), 0);
	s3_delete_many_start(fixture.client, &del);
	assert_int_equal(s3_wait(fixture.client, &del.op), 0);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		assert_int_equal(keys[i].result, 0);
	s3_list_start(fixture.client, &list);
	assert_int_equal(s3_wait(fixture.client, &list.op), 0);
	assert_int_equal(list.count, 1);
	assert_string_equal(list.items[0].key, "stays");
	s3_list_release(&list);
	s3_delete_many_release(&del);
}

/* --- multipart ---------------------------------------------------------- */

static char *begin_upload(const char *key)
{
	struct s3_create_upload create = { .key = key };
	char *id;

	assert_int_equal(pairs_set(&create.headers, "content-type", "text/y"),
			 0);
	s3_create_upload_start(fixture.client, &create);
	assert_int_equal(s3_wait(fixture.client, &create.op), 0);
	id = STEAL(create.upload_id);
	s3_create_upload_release(&create);
	return id;
}

static void send_part(const char *key, const char *id, const char *data,
		      size_t len, bool with_crc32c, struct s3_part *out)
{
	struct bytes bytes = { data, len };
	struct s3_upload_part part = {
		.key = key,
		.upload_id = id,
		.number = out->number,
		.body = bytes_body(&bytes, with_crc32c),
	};

	s3_upload_part_start(fixture.client, &part);
	assert_int_equal(s3_wait(fixture.client, &part.op), 0);
	memcpy(out->etag, part.etag, S3_ETAG_MAX);
	out->has_crc32c = true;
	out->crc32c = crc32c(0, data, len);
	s3_upload_part_release(&part);
}

static void parts_become_an_object(void **state)
{
	char *data = make_bytes(5 * MIB + 1000, 2);
	AUTO_FREE char *id = begin_upload("multi");
	struct s3_part parts[3] = { { .number = 1 },
				    { .number = 2 },
				    { .number = 3 } };
	struct s3_copy_part copy = { .key = "multi",
				     .upload_id = id,
				     .number = 2,
				     .source_key = "source",
				     .offset = 100,
				     .length = 5 * MIB };
	struct s3_complete_upload complete = {
		.key = "multi", .upload_id = id, .parts = parts, .count = 3
	};
	struct s3_list_parts list = { .key = "multi", .upload_id = id };
	AUTO_BUF struct buf got = BUF_INIT(16 * MIB);

	assert_int_equal(do_put("source", data, 5 * MIB + 1000), 0);
	send_part("multi", id, data, 5 * MIB, true, &parts[0]);
	s3_copy_part_start(fixture.client, &copy);
	assert_int_equal(s3_wait(fixture.client, &copy.op), 0);
	memcpy(parts[1].etag, copy.etag, S3_ETAG_MAX);
	parts[1].has_crc32c = copy.has_crc32c;
	parts[1].crc32c = copy.crc32c;
	send_part("multi", id, data, 9, false, &parts[2]);
	s3_list_parts_start(fixture.client, &list);
	assert_int_equal(s3_wait(fixture.client, &list.op), 0);
	assert_int_equal(list.count, 3);
	assert_int_equal(list.sizes[1], 5 * MIB);
	assert_string_equal(list.items[0].etag, parts[0].etag);
	assert_false(list.is_truncated);
	s3_complete_upload_start(fixture.client, &complete);
	assert_int_equal(s3_wait(fixture.client, &complete.op), 0);
	assert_string_equal(strrchr(complete.etag, '-'), "-3");
	assert_int_equal(do_get("multi", 0, S3_WHOLE, complete.etag, &got), 0);
	assert_int_equal(got.len, 10 * MIB + 9);
	assert_memory_equal(got.data + 5 * MIB, data + 100, 5 * MIB);
	assert_memory_equal(got.data + 10 * MIB, data, 9);
	s3_complete_upload_release(&complete);
	s3_copy_part_release(&copy);
	s3_list_parts_release(&list);
	free(data);
}

static void a_key_that_xml_cannot_carry_is_uploaded_in_parts(void **state)
{
	AUTO_FREE char *id = begin_upload("odd\x01\x1f");
	struct s3_part part = { .number = 1 };
	struct s3_complete_upload complete = { .key = "odd\x01\x1f",
					       .upload_id = id,
					       .parts = &part,
					       .count = 1 };
	uint64_t size;

	send_part("odd\x01\x1f", id, "few", 3, true, &part);
	s3_complete_upload_start(fixture.client, &complete);
	assert_int_equal(s3_wait(fixture.client, &complete.op), 0);
	assert_int_equal(do_head("odd\x01\x1f", &size, NULL), 0);
	assert_int_equal(size, 3);
	s3_complete_upload_release(&complete);
}

static void unfinished_uploads_are_listed_and_aborted(void **state)
{
	AUTO_FREE char *id = begin_upload("un finished/ü+");
	struct s3_list_uploads list = { .prefix = "un" };
	struct s3_abort_upload abort = { .key = "un finished/ü+",
					 .upload_id = id };
	struct s3_list_parts parts = { .key = "un finished/ü+",
				       .upload_id = id };

	s3_list_uploads_start(fixture.client, &list);
	assert_int_equal(s3_wait(fixture.client, &list.op), 0);
	assert_int_equal(list.count, 1);
	assert_string_equal(list.items[0].key, "un finished/ü+");
	assert_string_equal(list.items[0].upload_id, id);
	assert_true(list.items[0].initiated_ns > 0);
	s3_abort_upload_start(fixture.client, &abort);
	assert_int_equal(s3_wait(fixture.client, &abort.op), 0);
	s3_abort_upload_start(fixture.client, &abort);
	assert_int_equal(s3_wait(fixture.client, &abort.op), 0);
	s3_list_parts_start(fixture.client, &parts);
	assert_int_equal(s3_wait(fixture.client, &parts.op), -ESRCH);
	s3_list_uploads_start(fixture.client, &list);
	assert_int_equal(s3_wait(fixture.client, &list.op), 0);
	assert_int_equal(list.count, 0);
	s3_list_uploads_release(&list);
	s3_list_parts_release(&parts);
	s3_abort_upload_release(&abort);
}

/* --- bucket ------------------------------------------------------------- */

static void the_bucket_is_seen(void **state)
{
	struct s3_head_bucket head = { .region = "?" };
	struct s3_bucket_location location = { .region = "?" };
	struct s3_options options = fixture.options;

	s3_head_bucket_start(fixture.client, &head);
	assert_int_equal(s3_wait(fixture.client, &head.op), 0);
	s3_bucket_location_start(fixture.client, &location);
	assert_int_equal(s3_wait(fixture.client, &location.op), 0);
	assert_string_equal(location.region, "us-east-1");
	options.bucket = "no-such-bucket-here";
	fixture_use(&options);
	s3_head_bucket_start(fixture.client, &head);
	assert_int_equal(s3_wait(fixture.client, &head.op), -ENODEV);
	assert_int_equal(do_put("k", "", 0), -ENODEV);
	s3_head_bucket_release(&head);
	s3_bucket_location_release(&location);
	fixture_use(NULL);
}

static void wrong_keys_are_eacces(void **state)
{
	struct s3_options options = fixture.options;

	options.access_key = "nobody";
	options.secret_key = "nothing";
	fixture_use(&options);
	assert_int_equal(do_put("k", "", 0), -EACCES);
	assert_int_equal(do_head("k", NULL, NULL), -EACCES);
	fixture_use(NULL);
}

/* --- threads ------------------------------------------------------------ */

static void *many_puts(void *arg)
{
	const char *name = arg;
	char key[64];

	for (int i = 0; i < 20; i++) {
		snprintf(key, sizeof(key), "%s-%d", name, i);
		if (do_put(key, key, strlen(key)) < 0)
			return arg;
	}
	return NULL;
}

static void threads_share_a_client(void **state)
{
	char names[8][2] = { "a", "b", "c", "d", "e", "f", "g", "h" };
	pthread_t threads[8];
	struct s3_list list = { .prefix = "" };
	void *failed;

	for (int i = 0; i < 8; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, many_puts,
						names[i]),
				 0);
	for (int i = 0; i < 8; i++) {
		pthread_join(threads[i], &failed);
		assert_null(failed);
	}
	s3_list_start(fixture.client, &list);
	assert_int_equal(s3_wait(fixture.client, &list.op), 0);
	assert_int_equal(list.count, 160);
	s3_list_release(&list);
}

#define TEST(name) cmocka_unit_test_setup(name, fixture_fresh)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_put_object_is_there),
		TEST(an_empty_object_is_read_and_written),
		TEST(a_missing_object_is_enoent),
		TEST(ranges_bring_what_there_is),
		TEST(another_version_is_estale),
		TEST(attributes_come_back),
		TEST(a_taken_key_is_eexist),
		TEST(payloads_are_signed_or_not),
		TEST(a_copy_has_its_own_etag_and_headers),
		TEST(headers_are_replaced_by_a_copy_onto_itself),
		TEST(odd_keys_are_listed_as_they_are),
		TEST(a_listing_merges_keys_and_prefixes),
		TEST(pages_follow_each_other),
		TEST(many_keys_are_deleted_at_once),
		TEST(parts_become_an_object),
		TEST(a_key_that_xml_cannot_carry_is_uploaded_in_parts),
		TEST(unfinished_uploads_are_listed_and_aborted),
		TEST(the_bucket_is_seen),
		TEST(wrong_keys_are_eacces),
		TEST(threads_share_a_client),
	};

	return cmocka_run_group_tests(tests, fixture_begin, fixture_end);
}
