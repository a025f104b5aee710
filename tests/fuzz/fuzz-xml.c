/* SPDX-License-Identifier: MIT */
/*
 * Answers of a server, as each operation reads them. The first byte chooses
 * the reader, the rest is the body. What is taken has to keep the promises
 * of s3.h.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "client/client.h"
#include "client/request.h"
#include "log.h"
#include "multipart.h"
#include "ops/actions.h"
#include "wire/attrs.h"
#include "wire/xml.h"

/* A request with nothing but an answer in it. */
static int parse(const struct s3_action *action, struct s3_op *op,
		 const struct buf *body)
{
	static struct s3_client client;
	struct s3_request r = { .client = &client, .op = op, .action = action };

	r.http.response_body = *body; /* read only */
	return action->parse(&r);
}

static void fuzz_list(const struct buf *body)
{
	struct s3_list list = { .prefix = "", .start_after = "a" };

	if (parse(&list_action, &list.op, body) == 0) {
		for (size_t i = 0; i < list.count; i++) {
			const struct s3_listed *item = &list.items[i];

			assert(strlen(item->key) == item->key_len);
			assert(item->key_len <= S3_KEY_MAX);
			assert(i == 0 ||
			       strcmp(list.items[i - 1].key, item->key) < 0);
			assert(strcmp(item->key, list.last_key) <= 0);
		}
		assert(!list.is_truncated ||
		       strcmp(list.last_key, list.start_after) > 0);
	} else {
		assert(list.count == 0 && !list.items && !list.last_key);
	}
	s3_list_release(&list);
}

static void fuzz_delete_many(const struct buf *body)
{
	struct s3_delete_key keys[] = { { "a", -EINPROGRESS },
					{ "b", -EINPROGRESS },
					{ "a", 0 } };
	struct s3_delete_many del = { .keys = keys, .count = 3 };

	if (parse(&delete_many_action, &del.op, body) == 0)
		for (size_t i = 0; i < del.count; i++)
			assert(keys[i].result == 0);
	s3_delete_many_release(&del);
}

static void fuzz_list_uploads(const struct buf *body)
{
	struct s3_list_uploads list = { .prefix = "", .key_marker = "a" };

	if (parse(&list_uploads_action, &list.op, body) == 0)
		for (size_t i = 0; i < list.count; i++)
			assert(list.items[i].key && list.items[i].upload_id);
	s3_list_uploads_release(&list);
}

static void fuzz_list_parts(const struct buf *body)
{
	struct s3_list_parts list = { .number_marker = 1 };

	if (parse(&list_parts_action, &list.op, body) == 0)
		for (size_t i = 0; i < list.count; i++) {
			assert(list.items[i].number > 1);
			assert(list.sizes[i] <= S3_PART_MAX);
			assert(list.items[i].etag[0]);
		}
	s3_list_parts_release(&list);
}

static void fuzz_complete(const struct buf *body)
{
	struct s3_complete_upload up = { .count = 0 };

	if (parse(&complete_upload_action, &up.op, body) == 0)
		assert(up.etag[0]);
}

static void fuzz_error(const struct buf *body)
{
	struct error_body error;

	if (error_parse(body, &error) == 0)
		assert(error.code[0]);
}

static void fuzz_attrs(const struct buf *body)
{
	struct attrs_range range;
	uint32_t crc;

	if (attrs_content_range(buf_str(body), &range) == 0)
		assert(range.first <= range.last && range.last < range.total);
	(void)attrs_crc32c_text(buf_str(body), &crc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const readers[])(const struct buf *) = {
		fuzz_list,       fuzz_delete_many, fuzz_list_uploads,
		fuzz_list_parts, fuzz_complete,    fuzz_error,
		fuzz_attrs,
	};
	struct buf body = BUF_INIT(LISTING_MAX);

	if (size == 0)
		return 0;
	log_setup(LOG_LEVEL_ERROR, false);
	buf_add(&body, data + 1, size - 1);
	if (!body.error)
		readers[data[0] % ARRAY_SIZE(readers)](&body);
	buf_release(&body);
	return 0;
}
