/* SPDX-License-Identifier: MIT */
/* Operations of src/s3 without memory, against the test server. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fixture.h"
#include "log.h"
#include "multipart.h"
#include "scenarios.h"
#include "traits.h"

#define KEY   "a/k e y"
#define COPY  "a/copy"
#define LEFT  "left"
#define BYTES "0123456789"

static struct http *http;
static struct s3_client *client;
static char folder[64] = "/tmp/s3storefs-alloc-XXXXXX";

/* --- the client ---------------------------------------------------------- */

static int client_begin(const void *more)
{
	const struct http_options with = { .stall_timeout_ms = 2000 };
	const struct s3_options *m = more;
	struct s3_options options = fixture.options;
	int result = http_new(&with, &http, &words);

	options.signature = m->signature;
	options.rules = m->rules;
	options.rule_count = m->rule_count;
	options.record_folders[0] = m->record_folders[0];
	return result < 0 ? result :
			    s3_client_new(http, &options, &client, &words);
}

static void client_end(void)
{
	s3_client_free(client);
	http_free(http);
	client = NULL;
	http = NULL;
}

static int run_client(void)
{
	int result = client_begin(&(struct s3_options){ 0 });

	client_end();
	return result;
}

/* Waits for what was started. */
static int over(struct s3_op *op)
{
	int result = s3_wait(client, op);

	words = op->err;
	return result;
}

/* OVER(head, &head): starts it and waits. */
#define OVER(kind, what) (s3_##kind##_start(client, what), over(&(what)->op))

/* --- objects ------------------------------------------------------------- */

static int run_head(void)
{
	struct s3_head head = { .key = KEY };
	int result = OVER(head, &head);

	if (result == 0)
		result = expect(head.object.size == strlen(BYTES) &&
				pairs_get(&head.object.headers,
					  "content-type") != NULL);
	s3_head_release(&head);
	return result;
}

static int run_missing(void)
{
	struct s3_head head = { .key = "missing" };
	int result = OVER(head, &head);

	s3_head_release(&head);
	return result == -ENOENT ? 0 : result;
}

struct sunk {
	struct s3_get get;
	size_t len;
	char bytes[sizeof(BYTES)];
};

static int sink(struct s3_get *get, const void *data, size_t len)
{
	struct sunk *s = container_of(get, struct sunk, get);

	if (len > sizeof(s->bytes) - s->len)
		return WRONG;
	memcpy(s->bytes + s->len, data, len);
	s->len += len;
	return 0;
}

static int get_range(uint64_t offset, uint64_t length, const char *bytes)
{
	struct sunk s = { .get = { .key = KEY,
				   .offset = offset,
				   .length = length,
				   .sink = sink } };
	int result = OVER(get, &s.get);

	if (result == 0)
		result = expect(strcmp(s.bytes, bytes) == 0);
	s3_get_release(&s.get);
	return result;
}

static int run_get(void)
{
	return get_range(0, S3_WHOLE, BYTES);
}

static int run_get_range(void)
{
	return get_range(2, 3, "234");
}

/* The server says why in XML. */
static int run_refused(void)
{
	struct sunk s = { .get = { .key = KEY,
				   .length = 1,
				   .if_match = "another",
				   .sink = sink } };
	int result = OVER(get, &s.get);

	s3_get_release(&s.get);
	return result == -ESTALE ? 0 : result;
}

static int run_put(void)
{
	struct bytes bytes = { BYTES, strlen(BYTES) };
	struct s3_put put = { .key = KEY, .body = bytes_body(&bytes, true) };
	int result = pairs_set(&put.headers, "x-amz-meta-a", "b");

	if (result == 0)
		result = pairs_set(&put.headers, "content-type", "text/x");
	if (result == 0)
		result = OVER(put, &put);
	if (result == 0)
		result = expect(put.etag[0]);
	s3_put_release(&put);
	return result;
}

static int run_copy(void)
{
	struct s3_copy copy = { .key = COPY,
				.source_key = KEY,
				.replace_headers = true };
	int result = pairs_set(&copy.headers, "content-type", "text/y");

	if (result == 0)
		result = OVER(copy, &copy);
	if (result == 0)
		result = expect(copy.etag[0]);
	s3_copy_release(&copy);
	return result;
}

static int run_tags(void)
{
	struct s3_get_tags get = { .key = KEY };
	int result = OVER(get_tags, &get);

	s3_get_tags_release(&get);
	return result;
}

static int run_delete(void)
{
	struct s3_delete del = { .key = COPY };
	int result = OVER(delete, &del);

	s3_delete_release(&del);
	return result;
}

/* One that no XML can carry goes by itself. */
static int run_delete_many(void)
{
	struct s3_delete_key keys[] = { { .key = "a&b" },
					{ .key = "c\x01" },
					{ .key = "d" } };
	struct s3_delete_many del = { .keys = keys, .count = ARRAY_SIZE(keys) };
	int result = OVER(delete_many, &del);

	for (size_t i = 0; result == 0 && i < ARRAY_SIZE(keys); i++)
		result = expect(keys[i].result == 0);
	s3_delete_many_release(&del);
	return result;
}

/* --- lists --------------------------------------------------------------- */

static int list(const char *prefix, const char *delimiter)
{
	struct s3_list page = { .prefix = prefix,
				.delimiter = delimiter,
				.max_keys = 1 };
	int result = OVER(list, &page);

	if (result == 0)
		result = expect(page.count == 1 && page.last_key);
	s3_list_release(&page);
	return result;
}

static int run_list(void)
{
	return list("a/", NULL);
}

static int run_list_prefixes(void)
{
	return list("", "/");
}

static int run_list_v1(void)
{
	s3_trait_learn(client, S3_TRAIT_LIST_V2, S3_NO, NULL);
	return list("", "/");
}

/* --- the bucket ---------------------------------------------------------- */

static int run_bucket(void)
{
	struct s3_head_bucket head = { .region = "" };
	struct s3_bucket_location location = { .region = "" };
	int result = OVER(head_bucket, &head);

	if (result == 0)
		result = OVER(bucket_location, &location);
	if (result == 0)
		result = expect(strcmp(location.region, "us-east-1") == 0);
	s3_bucket_location_release(&location);
	s3_head_bucket_release(&head);
	return result;
}

static int run_create_bucket(void)
{
	struct s3_create_bucket create = { .acl = "private" };
	int result = OVER(create_bucket, &create);

	s3_create_bucket_release(&create);
	return result;
}

/* --- uploads in parts ---------------------------------------------------- */

static int begin_upload(struct s3_create_upload *up, const char *key)
{
	*up = (struct s3_create_upload){ .key = key };
	return OVER(create_upload, up);
}

static int send_part(const char *id, struct s3_part *out)
{
	struct bytes bytes = { BYTES, strlen(BYTES) };
	struct s3_upload_part part = { .key = COPY,
				       .upload_id = id,
				       .number = 1,
				       .body = bytes_body(&bytes, true) };
	int result = OVER(upload_part, &part);

	out->number = 1;
	memcpy(out->etag, part.etag, sizeof(out->etag));
	s3_upload_part_release(&part);
	return result;
}

static int copy_part(const char *id, struct s3_part *out)
{
	struct s3_copy_part part = { .key = COPY,
				     .upload_id = id,
				     .number = 1,
				     .source_key = KEY,
				     .length = strlen(BYTES) };
	int result = OVER(copy_part, &part);

	out->number = 1;
	memcpy(out->etag, part.etag, sizeof(out->etag));
	s3_copy_part_release(&part);
	return result;
}

static int look_at_upload(const char *id)
{
	struct s3_list_parts parts = { .key = COPY, .upload_id = id };
	struct s3_list_uploads uploads = { .prefix = COPY };
	int result = OVER(list_parts, &parts);

	if (result == 0)
		result = expect(parts.count == 1 &&
				parts.sizes[0] == strlen(BYTES));
	if (result == 0)
		result = OVER(list_uploads, &uploads);
	if (result == 0)
		result = expect(uploads.count > 0);
	s3_list_uploads_release(&uploads);
	s3_list_parts_release(&parts);
	return result;
}

static int complete(const char *id, const struct s3_part *part)
{
	struct s3_complete_upload up = {
		.key = COPY, .upload_id = id, .parts = part, .count = 1
	};
	int result = OVER(complete_upload, &up);

	s3_complete_upload_release(&up);
	return result;
}

static int abort_upload(const char *id)
{
	struct s3_abort_upload up = { .key = COPY, .upload_id = id };
	int result = OVER(abort_upload, &up);

	s3_abort_upload_release(&up);
	return result;
}

static int upload(int (*give_part)(const char *id, struct s3_part *out))
{
	struct s3_create_upload up = { 0 };
	struct s3_part part = { 0 };
	int result = begin_upload(&up, COPY);

	if (result == 0)
		result = give_part(up.upload_id, &part);
	if (result == 0)
		result = look_at_upload(up.upload_id);
	if (result == 0)
		result = complete(up.upload_id, &part);
	s3_create_upload_release(&up);
	return result;
}

static int run_upload(void)
{
	return upload(send_part);
}

static int run_upload_copy(void)
{
	return upload(copy_part);
}

static int run_abort(void)
{
	struct s3_create_upload up = { 0 };
	int result = begin_upload(&up, COPY);

	if (result == 0)
		result = abort_upload(up.upload_id);
	s3_create_upload_release(&up);
	return result;
}

/* --- what a killed client has left -------------------------------------- */

static const struct s3_options noting = { .record_folders = { folder } };

/* The files in the folder. */
static unsigned notes(bool remove)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	unsigned count = 0;

	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		count++;
		if (remove)
			unlinkat(dirfd(dir), entry->d_name, 0);
	}
	if (dir)
		closedir(dir);
	return count;
}

static int leave_upload(const void *options)
{
	struct s3_create_upload up = { 0 };
	int result = client_begin(options);

	if (result == 0)
		result = begin_upload(&up, LEFT);
	s3_create_upload_release(&up);
	client_end();
	return result;
}

static void forget_notes(void)
{
	notes(true);
}

static int count_left(size_t *count)
{
	struct s3_list_uploads uploads = { .prefix = LEFT };
	int result = OVER(list_uploads, &uploads);

	*count = uploads.count;
	s3_list_uploads_release(&uploads);
	return result;
}

/* What cannot be aborted now stays noted, and goes the next time. */
static int run_sweep(void)
{
	int result = client_begin(&noting);
	size_t count = 0;

	if (result == 0) {
		s3_sweep_start(client);
		s3_sweep_wait(client);
		result = count_left(&count);
	}
	client_end();
	if (result < 0 || scenario_lacks_memory())
		return result;
	return expect(count == 0 && notes(false) == 0);
}

/* --- scenarios ----------------------------------------------------------- */

static struct s3_rule rules[1];

static const struct s3_options v4 = { .signature = S3_SIGNATURE_V4 };
static const struct s3_options v2 = { .signature = S3_SIGNATURE_V2 };
static const struct s3_options ruled = { .rules = rules, .rule_count = 1 };
static const struct world usual = { client_begin, client_end, &v4 };
static const struct world old = { client_begin, client_end, &v2 };
static const struct world with_rules = { client_begin, client_end, &ruled };
static const struct world noted = { client_begin, client_end, &noting };
static const struct world left = { leave_upload, forget_notes, &noting };

static void prepare(void)
{
	fixture_fresh(NULL);
	if (do_put(KEY, BYTES, strlen(BYTES)) < 0 ||
	    do_put("b/c", BYTES, strlen(BYTES)) < 0)
		abort();
}

static const struct scenario scenarios[] = {
	SCENARIO("client", run_client, .prepare = prepare),
	SCENARIO("head", run_head, .world = &usual),
	SCENARIO("head of nothing", run_missing, .world = &usual),
	SCENARIO("get", run_get, .world = &usual),
	SCENARIO("get a range", run_get_range, .world = &usual),
	SCENARIO("get, version 2", run_get, .world = &old),
	SCENARIO("get, refused", run_refused, .world = &usual),
	SCENARIO("put", run_put, .world = &usual),
	SCENARIO("put by rules", run_put, .world = &with_rules),
	SCENARIO("copy", run_copy, .world = &usual),
	SCENARIO("tags", run_tags, .world = &usual),
	SCENARIO("list", run_list, .world = &usual),
	SCENARIO("list prefixes", run_list_prefixes, .world = &usual),
	SCENARIO("list, version 1", run_list_v1, .world = &usual),
	SCENARIO("delete", run_delete, .world = &usual),
	SCENARIO("delete many", run_delete_many, .world = &usual),
	SCENARIO("bucket", run_bucket, .world = &usual),
	SCENARIO("create a bucket", run_create_bucket, .world = &usual),
	SCENARIO("upload", run_upload, .world = &noted, .alike_max = 1),
	SCENARIO("upload of a copied part", run_upload_copy, .world = &noted,
		 .alike_max = 1),
	SCENARIO("abort", run_abort, .world = &noted),
	SCENARIO("sweep", run_sweep, .world = &left, .prepare = forget_notes),
};

int main(void)
{
	struct s3_params *params = s3_params_new();
	int failed;

	if (!params || !mkdtemp(folder) ||
	    s3_params_set(params, "CacheControl", "no-cache", NULL) < 0 ||
	    s3_params_set_metadata(params, "owner", "web", NULL) < 0)
		return 1;
	rules[0] = (struct s3_rule){ .pattern = "a/*", .params = params };
	fixture_begin(NULL);
	if (log_setup_file(LOG_LEVEL_ERROR, "/dev/null") < 0)
		return 1;
	failed = scenarios_run(scenarios, ARRAY_SIZE(scenarios));
	fixture_end(NULL);
	s3_params_free(params);
	notes(true);
	return rmdir(folder) < 0 ? 1 : failed;
}
