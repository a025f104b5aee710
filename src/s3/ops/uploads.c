/* SPDX-License-Identifier: MIT */
/*
 * ListMultipartUploads and ListParts.
 *
 * Keys of uploads are asked for as they are: RGW encodes them when told
 * encoding-type=url, but does not say so, and a "%" would be a riddle. The
 * price is that a control character in a key comes as "?".
 */
#include <stdlib.h>
#include <string.h>

#include "client/message.h"
#include "client/request.h"
#include "multipart.h"
#include "ops/actions.h"
#include "ops/page.h"
#include "params/params_table.h"
#include "text.h"
#include "wire/attrs.h"

/* --- ListMultipartUploads ----------------------------------------------- */

struct uploads_parser {
	struct s3_list_uploads *list;
	struct s3_listed_upload *item; /* the open one */
	size_t cap;
};

static void uploads_clear(struct s3_list_uploads *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->items[i].key);
		free(list->items[i].upload_id);
	}
	free(list->items);
	list->items = NULL;
	list->count = 0;
	list->is_truncated = false;
}

static int uploads_build(struct s3_request *r)
{
	const struct s3_list_uploads *list =
		container_of(r->op, struct s3_list_uploads, op);

	query_add(&r->query, "uploads", NULL);
	query_add(&r->query, "max-uploads", "1000");
	if (list->prefix && list->prefix[0])
		query_add(&r->query, "prefix", list->prefix);
	if (list->key_marker)
		query_add(&r->query, "key-marker", list->key_marker);
	if (list->upload_id_marker)
		query_add(&r->query, "upload-id-marker",
			  list->upload_id_marker);
	return 0;
}

static int uploads_begin(void *arg, unsigned kind)
{
	struct uploads_parser *p = arg;
	struct s3_list_uploads *list = p->list;
	struct s3_listed_upload *items =
		page_grow(list->items, list->count, &p->cap, sizeof(*items));

	if (!items)
		return -ENOMEM;
	list->items = items;
	p->item = &items[list->count++];
	*p->item = (struct s3_listed_upload){ .key = NULL };
	return 0;
}

static int upload_keep_text(char **to, const char *text, size_t len)
{
	if (*to || len == 0)
		return -EBADMSG;
	*to = strdup(text);
	return *to ? 0 : -ENOMEM;
}

static int uploads_text(void *arg, const char *name, const char *text,
			size_t len)
{
	struct uploads_parser *p = arg;

	if (strcmp(name, "Key") == 0)
		return upload_keep_text(&p->item->key, text, len);
	if (strcmp(name, "UploadId") == 0)
		return upload_keep_text(&p->item->upload_id, text, len);
	if (strcmp(name, "Initiated") == 0)
		return text_parse_iso_date(text, &p->item->initiated_ns) < 0 ?
			       -EBADMSG :
			       0;
	return 0;
}

static int uploads_end(void *arg)
{
	const struct uploads_parser *p = arg;

	return p->item->key && p->item->upload_id ? 0 : -EBADMSG;
}

static const struct page_kind uploads_page = {
	.root = "ListMultipartUploadsResult",
	.items = { "Upload" },
	.is_lenient = true, /* one odd key shall not hide the others */
	.begin = uploads_begin,
	.text = uploads_text,
	.end = uploads_end,
};

/* As for objects: a page that says "more" has to bring its caller forward. */
static int uploads_check(struct s3_list_uploads *list)
{
	const struct s3_listed_upload *last;
	int order;

	if (!list->is_truncated)
		return 0;
	if (list->count == 0)
		return -EBADMSG;
	last = &list->items[list->count - 1];
	if (!list->key_marker)
		return 0;
	order = strcmp(last->key, list->key_marker);
	if (order < 0)
		return -EBADMSG;
	if (order == 0 &&
	    (!list->upload_id_marker ||
	     strcmp(last->upload_id, list->upload_id_marker) == 0))
		return -EBADMSG;
	return 0;
}

static int uploads_parse(struct s3_request *r)
{
	struct s3_list_uploads *list =
		container_of(r->op, struct s3_list_uploads, op);
	struct uploads_parser parser = { .list = list };
	int rc;

	uploads_clear(list);
	rc = page_read(&r->http.response_body, &uploads_page, &parser,
		       &list->is_truncated);
	if (rc == 0)
		rc = uploads_check(list);
	if (rc < 0)
		uploads_clear(list);
	return rc;
}

const struct s3_action list_uploads_action = {
	.name = "ListMultipartUploads",
	.method = "GET",
	.params = PARAMS_BUCKET,
	.answer_max = ANSWER_MAX,
	.build = uploads_build,
	.parse = uploads_parse,
};

void s3_list_uploads_start(struct s3_client *c, struct s3_list_uploads *list)
{
	uploads_clear(list);
	request_start(c, &list->op, &list_uploads_action, NULL, NULL, 0);
}

void s3_list_uploads_release(struct s3_list_uploads *list)
{
	uploads_clear(list);
}

/* --- ListParts ---------------------------------------------------------- */

struct parts_parser {
	struct s3_list_parts *list;
	size_t items_cap, sizes_cap;
	bool has_size; /* the open one */
};

static void parts_clear(struct s3_list_parts *list)
{
	free(list->items);
	free(list->sizes);
	list->items = NULL;
	list->sizes = NULL;
	list->count = 0;
	list->is_truncated = false;
}

static int parts_build(struct s3_request *r)
{
	const struct s3_list_parts *list =
		container_of(r->op, struct s3_list_parts, op);

	query_add(&r->query, "uploadId", list->upload_id);
	query_add(&r->query, "max-parts", "1000");
	if (list->number_marker)
		query_add(&r->query, "part-number-marker",
			  request_number(r, 0, list->number_marker));
	return 0;
}

static int parts_begin(void *arg, unsigned kind)
{
	struct parts_parser *p = arg;
	struct s3_list_parts *list = p->list;
	struct s3_part *items = page_grow(list->items, list->count,
					  &p->items_cap, sizeof(*items));
	uint64_t *sizes;

	if (!items)
		return -ENOMEM;
	list->items = items;
	sizes = page_grow(list->sizes, list->count, &p->sizes_cap,
			  sizeof(*sizes));
	if (!sizes)
		return -ENOMEM;
	list->sizes = sizes;
	items[list->count] = (struct s3_part){ .number = 0 };
	sizes[list->count++] = 0;
	p->has_size = false;
	return 0;
}

static int parts_text(void *arg, const char *name, const char *text, size_t len)
{
	struct parts_parser *p = arg;
	struct s3_part *part = &p->list->items[p->list->count - 1];
	uint64_t *size = &p->list->sizes[p->list->count - 1];
	uint64_t number;

	if (strcmp(name, "PartNumber") == 0) {
		if (text_parse_u64(text, S3_PARTS_MAX, &number) < 0)
			return -EBADMSG;
		part->number = (unsigned)number;
	} else if (strcmp(name, "ETag") == 0) {
		return attrs_etag(text, part->etag);
	} else if (strcmp(name, "Size") == 0) {
		p->has_size = true;
		if (text_parse_u64(text, S3_PART_MAX, size) < 0)
			return -EBADMSG;
	} else if (strcmp(name, "ChecksumCRC32C") == 0) {
		part->has_crc32c = attrs_crc32c_text(text, &part->crc32c);
	}
	return 0;
}

static int parts_end(void *arg)
{
	const struct parts_parser *p = arg;
	const struct s3_part *part = &p->list->items[p->list->count - 1];

	return part->number && part->etag[0] && p->has_size ? 0 : -EBADMSG;
}

static const struct page_kind parts_page = {
	.root = "ListPartsResult",
	.items = { "Part" },
	.is_lenient = true,
	.begin = parts_begin,
	.text = parts_text,
	.end = parts_end,
};

static int parts_check(const struct s3_list_parts *list)
{
	unsigned last = list->number_marker;

	for (size_t i = 0; i < list->count; i++) {
		if (list->items[i].number <= last)
			return -EBADMSG;
		last = list->items[i].number;
	}
	return list->is_truncated && list->count == 0 ? -EBADMSG : 0;
}

static int parts_parse(struct s3_request *r)
{
	struct s3_list_parts *list =
		container_of(r->op, struct s3_list_parts, op);
	struct parts_parser parser = { .list = list };
	int rc;

	parts_clear(list);
	rc = page_read(&r->http.response_body, &parts_page, &parser,
		       &list->is_truncated);
	if (rc == 0)
		rc = parts_check(list);
	if (rc < 0)
		parts_clear(list);
	return rc;
}

static enum s3_next parts_settle(struct s3_request *r, int *result)
{
	request_expect_upload(result);
	return S3_FINISH;
}

const struct s3_action list_parts_action = {
	.name = "ListParts",
	.method = "GET",
	.params = PARAMS_READ,
	.answer_max = ANSWER_MAX,
	.build = parts_build,
	.parse = parts_parse,
	.settle = parts_settle,
};

void s3_list_parts_start(struct s3_client *c, struct s3_list_parts *list)
{
	parts_clear(list);
	request_start(c, &list->op, &list_parts_action, list->key, NULL, 0);
}

void s3_list_parts_release(struct s3_list_parts *list)
{
	parts_clear(list);
}
