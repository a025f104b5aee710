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
#include "ops/actions.h"
#include "params/params_table.h"
#include "text.h"
#include "wire/attrs.h"
#include "wire/xml.h"

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

static int uploads_open(void *arg, unsigned depth, const char *name)
{
	struct uploads_parser *p = arg;
	struct s3_list_uploads *list = p->list;

	if (depth == 1)
		return strcmp(name, "ListMultipartUploadsResult") == 0 ?
			       0 :
			       -EBADMSG;
	if (depth != 2 || strcmp(name, "Upload") != 0)
		return 0;
	if (list->count == p->cap) {
		size_t cap = p->cap ? p->cap * 2 : 16;
		struct s3_listed_upload *more =
			reallocarray(list->items, cap, sizeof(*more));

		if (!more)
			return -ENOMEM;
		list->items = more;
		p->cap = cap;
	}
	p->item = &list->items[list->count++];
	memset(p->item, 0, sizeof(*p->item));
	return 0;
}

static int keep_text(char **to, const char *text, size_t len)
{
	if (*to || len == 0)
		return -EBADMSG;
	*to = strdup(text);
	return *to ? 0 : -ENOMEM;
}

static int uploads_close(void *arg, unsigned depth, const char *name,
			 const char *text, size_t len)
{
	struct uploads_parser *p = arg;

	if (depth == 2 && p->item) {
		bool is_whole = p->item->key && p->item->upload_id;

		p->item = NULL;
		return is_whole ? 0 : -EBADMSG;
	}
	if (depth == 2 && strcmp(name, "IsTruncated") == 0)
		p->list->is_truncated = strcmp(text, "true") == 0;
	if (depth != 3 || !p->item)
		return 0;
	if (strcmp(name, "Key") == 0)
		return keep_text(&p->item->key, text, len);
	if (strcmp(name, "UploadId") == 0)
		return keep_text(&p->item->upload_id, text, len);
	if (strcmp(name, "Initiated") == 0)
		return text_parse_iso_date(text, &p->item->initiated_ns) < 0 ?
			       -EBADMSG :
			       0;
	return 0;
}

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
	static const struct xml_reader reader = {
		.open = uploads_open,
		.close = uploads_close,
		.is_lenient = true, /* one odd key shall not hide the others */
	};
	struct s3_list_uploads *list =
		container_of(r->op, struct s3_list_uploads, op);
	const struct buf *body = &r->http.response_body;
	struct uploads_parser parser = { .list = list };
	int rc;

	uploads_clear(list);
	rc = xml_parse(body->data, body->len, &reader, &parser);
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
	size_t cap;
	bool is_open, has_size;
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

static int parts_grow(struct parts_parser *p)
{
	struct s3_list_parts *list = p->list;
	size_t cap = p->cap ? p->cap * 2 : 64;
	struct s3_part *items = reallocarray(list->items, cap, sizeof(*items));
	uint64_t *sizes;

	if (!items)
		return -ENOMEM;
	list->items = items;
	sizes = reallocarray(list->sizes, cap, sizeof(*sizes));
	if (!sizes)
		return -ENOMEM;
	list->sizes = sizes;
	p->cap = cap;
	return 0;
}

static int parts_open(void *arg, unsigned depth, const char *name)
{
	struct parts_parser *p = arg;
	struct s3_list_parts *list = p->list;

	if (depth == 1)
		return strcmp(name, "ListPartsResult") == 0 ? 0 : -EBADMSG;
	if (depth != 2 || strcmp(name, "Part") != 0)
		return 0;
	if (list->count == p->cap && parts_grow(p) < 0)
		return -ENOMEM;
	memset(&list->items[list->count], 0, sizeof(*list->items));
	list->sizes[list->count++] = 0;
	p->is_open = true;
	p->has_size = false;
	return 0;
}

static int on_part_text(struct parts_parser *p, const char *name,
			const char *text)
{
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

static int parts_close(void *arg, unsigned depth, const char *name,
		       const char *text, size_t len)
{
	struct parts_parser *p = arg;

	if (depth == 3 && p->is_open)
		return on_part_text(p, name, text);
	if (depth == 2 && p->is_open) {
		const struct s3_part *part =
			&p->list->items[p->list->count - 1];

		p->is_open = false;
		return part->number && part->etag[0] && p->has_size ? 0 :
								      -EBADMSG;
	}
	if (depth == 2 && strcmp(name, "IsTruncated") == 0)
		p->list->is_truncated = strcmp(text, "true") == 0;
	return 0;
}

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
	static const struct xml_reader reader = {
		.open = parts_open,
		.close = parts_close,
		.is_lenient = true,
	};
	struct s3_list_parts *list =
		container_of(r->op, struct s3_list_parts, op);
	const struct buf *body = &r->http.response_body;
	struct parts_parser parser = { .list = list };
	int rc;

	parts_clear(list);
	rc = xml_parse(body->data, body->len, &reader, &parser);
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
