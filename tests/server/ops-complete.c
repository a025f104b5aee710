/* SPDX-License-Identifier: MIT */
/* CompleteMultipartUpload: the object is the chain of its parts' bytes. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "answer.h"
#include "conditions.h"
#include "keep.h"
#include "multipart.h"
#include "object.h"
#include "request.h"
#include "text.h"
#include "xmlread.h"

#define PART_MIN ((uint64_t)5 << 20) /* of all but the last: S3's limit */

/* An upload's parts as they are being put together. */
struct assembly {
	struct object *object;
	struct digest *etag_md5; /* of the parts' MD5s */
	struct sums sums;        /* of the parts' checksums or bytes */
	enum sum_kind sum_kind;  /* SUM_KINDS: none */
	bool sum_of_whole;       /* of bytes */
	char sum_header[48];
	unsigned last_number;
	uint64_t last_size;
};

static void assembly_drop(struct assembly *a)
{
	object_unref(a->object);
	digest_drop(a->etag_md5);
	sums_drop(&a->sums);
}

static int from_hex(const char *hex, unsigned char *out, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++) {
		unsigned byte;

		if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
			return -EINVAL;
		out[i] = (unsigned char)byte;
	}
	return 0;
}

static int add_bytes(struct sums *sums, const struct body *body)
{
	int rc = 0;

	for (unsigned i = 0; rc == 0 && i < body->count; i++) {
		const struct slice *s = &body->slices[i];

		rc = sums_add(sums, s->blob->data + s->off, s->len);
	}
	return rc;
}

static int sum_of_bytes(enum sum_kind kind, const struct body *body,
			unsigned char *out)
{
	struct sums sums;
	int rc = sums_start(&sums, SUM_BIT(kind));

	if (rc == 0)
		rc = add_bytes(&sums, body);
	if (rc == 0)
		rc = sums_finish(&sums);
	sums_drop(&sums);
	memcpy(out, sums.value[kind], sums_size(kind));
	return rc;
}

static enum s3_error add_part_sum(struct assembly *a, const struct part *part)
{
	const char *told = fields_get(&part->sums, a->sum_header);
	unsigned char value[96];
	size_t size;

	if (a->sum_kind == SUM_KINDS)
		return S3_OK;
	if (a->sum_of_whole)
		return s3_error_from(add_bytes(&a->sums, &part->body));
	size = sums_size(a->sum_kind);
	if (told && digest_unbase64(value, told, strlen(told)) != (int)size)
		return S3_INVALID_PART;
	/* A copied part was told none: S3 computes it. */
	if (!told && sum_of_bytes(a->sum_kind, &part->body, value) < 0)
		return S3_INTERNAL_ERROR;
	return s3_error_from(sums_add(&a->sums, value, size));
}

static enum s3_error add_part(struct assembly *a, const struct part *part)
{
	struct part_sizes *sizes = a->object->parts;
	unsigned char md5[16];
	enum s3_error error;

	if (a->last_number && a->last_size < PART_MIN)
		return S3_ENTITY_TOO_SMALL;
	if (body_add_range(&a->object->body, &part->body, 0, part->body.size) <
	    0)
		return S3_INTERNAL_ERROR;
	if (from_hex(part->etag, md5, 16) < 0 ||
	    digest_add(a->etag_md5, md5, 16) < 0)
		return S3_INTERNAL_ERROR;
	error = add_part_sum(a, part);
	sizes->sizes[sizes->count++] = part->body.size;
	a->last_number = part->number;
	a->last_size = part->body.size;
	return error;
}

/* <Part>: number, ETag and perhaps a checksum, which must be ours. */
static enum s3_error check_part(struct assembly *a, const struct upload *upload,
				xmlNodePtr node, const struct part **out)
{
	AUTO_FREE char *number_text = xml_text(node, "PartNumber");
	AUTO_FREE char *etag = xml_text(node, "ETag");
	const struct part *part;
	uint64_t number;

	if (!number_text || !etag ||
	    text_parse_u64(number_text, PART_NUMBER_MAX, &number) < 0)
		return S3_MALFORMED_XML;
	if (number <= a->last_number)
		return S3_INVALID_PART_ORDER;
	part = upload_part(upload, (unsigned)number);
	if (!part || !condition_etag_in(etag, part->etag))
		return S3_INVALID_PART;
	for (enum sum_kind k = SUM_SHA1; k < SUM_KINDS; k++) {
		char element[32], header[40];
		AUTO_FREE char *told = NULL;
		const char *have;
		size_t i = 8;

		snprintf(element, sizeof(element), "Checksum%s", sums_name(k));
		for (; element[i]; i++)
			element[i] = (char)toupper((unsigned char)element[i]);
		snprintf(header, sizeof(header), "x-amz-checksum-%s",
			 sums_name(k));
		told = xml_text(node, element);
		have = fields_get(&part->sums, header);
		if (told && have && strcmp(told, have) != 0)
			return S3_INVALID_PART;
	}
	*out = part;
	return S3_OK;
}

static enum s3_error start_assembly(struct assembly *a, struct upload *upload)
{
	a->sum_kind =
		*upload->sum_name ? sums_kind(upload->sum_name) : SUM_KINDS;
	a->sum_of_whole = upload->sum_of_whole;
	snprintf(a->sum_header, sizeof(a->sum_header), "x-amz-checksum-%s",
		 upload->sum_name);
	a->object = object_new();
	if (!a->object)
		return S3_INTERNAL_ERROR;
	a->object->parts =
		calloc(1, sizeof(struct part_sizes) +
				  upload->part_count * sizeof(uint64_t));
	a->etag_md5 = digest_start(DIGEST_MD5);
	if (a->sum_kind != SUM_KINDS &&
	    sums_start(&a->sums, SUM_BIT(a->sum_kind)) < 0)
		return S3_INTERNAL_ERROR;
	a->object->acl = (uint8_t)upload->acl;
	if (!a->object->parts || !a->etag_md5 ||
	    fields_add_all(&a->object->headers, &upload->headers) < 0 ||
	    fields_add_all(&a->object->tags, &upload->tags) < 0)
		return S3_INTERNAL_ERROR;
	return S3_OK;
}

static enum s3_error end_sum(struct assembly *a)
{
	AUTO_BUF struct buf text = BUF_INIT(128);
	struct fields *out = &a->object->sums;

	if (a->sum_kind == SUM_KINDS)
		return S3_OK;
	if (sums_finish(&a->sums) < 0)
		return S3_INTERNAL_ERROR;
	sums_text(&a->sums, a->sum_kind, &text);
	if (!a->sum_of_whole)
		buf_add_fmt(&text, "-%u", a->object->parts->count);
	if (fields_add(out, a->sum_header, buf_str(&text)) < 0 ||
	    fields_add(out, "x-amz-checksum-type",
		       a->sum_of_whole ? "FULL_OBJECT" : "COMPOSITE") < 0)
		return S3_INTERNAL_ERROR;
	return S3_OK;
}

static enum s3_error end_assembly(struct request *req, struct assembly *a)
{
	unsigned char md5[DIGEST_MAX];
	const char *told = request_header(req, a->sum_header);
	const char *size = request_header(req, "x-amz-mp-object-size");
	enum s3_error error;
	uint64_t want;

	if (digest_finish(STEAL(a->etag_md5), md5) < 0)
		return S3_INTERNAL_ERROR;
	text_hex(a->object->etag, md5, 16);
	snprintf(a->object->etag + 32, ETAG_SIZE - 32, "-%u",
		 a->object->parts->count);
	error = end_sum(a);
	if (error)
		return error;
	if (size && (text_parse_u64(size, INT64_MAX, &want) < 0 ||
		     want != a->object->body.size))
		return S3_INVALID_REQUEST;
	if (told && a->sum_kind != SUM_KINDS &&
	    strcmp(told, fields_get(&a->object->sums, a->sum_header)) != 0)
		return S3_BAD_DIGEST;
	return S3_OK;
}

static enum s3_error assemble_locked(struct request *req, xmlNodePtr root,
				     struct assembly *a)
{
	xmlNodePtr node = xml_child(root, "Part");
	struct bucket *bucket;
	struct upload *upload;
	enum s3_error error = multipart_find_locked(req, &bucket, &upload);

	if (!error && !node)
		error = S3_MALFORMED_XML;
	if (!error)
		error = start_assembly(a, upload);
	for (; !error && node; node = xml_next(node, "Part")) {
		const struct part *part;

		error = check_part(a, upload, node, &part);
		if (!error)
			error = add_part(a, part);
	}
	return error ? error : end_assembly(req, a);
}

static enum s3_error publish(struct request *req, struct assembly *a)
{
	struct store *store = &req->server->store;
	struct bucket *bucket;
	struct upload *upload;
	enum s3_error error;

	error = s3_error_from(store_stage(store, a->object));
	if (!error)
		error = object_publish(req, req->bucket, req->key, a->object);
	if (error)
		return error;
	LOCK(&store->lock);
	if (multipart_find_locked(req, &bucket, &upload) == S3_OK)
		upload_free_locked(upload);
	return S3_OK;
}

static enum s3_error assemble(struct request *req, struct assembly *a)
{
	struct store *store = &req->server->store;
	xmlDocPtr doc = xml_read(req, "CompleteMultipartUpload");
	enum s3_error error;

	if (!doc)
		return S3_MALFORMED_XML;
	lock_enter(&store->lock);
	error = assemble_locked(req, xmlDocGetRootElement(doc), a);
	lock_leave(&store->lock);
	xmlFreeDoc(doc);
	return error;
}

enum s3_error op_complete_multipart(struct request *req)
{
	struct assembly a = { .object = NULL };
	enum s3_error error = assemble(req, &a);
	struct buf *out;

	if (!error)
		error = publish(req, &a);
	if (!error) {
		keep_answer_sse(req, &a.object->headers);
		out = answer_xml(req, "CompleteMultipartUploadResult");
		buf_add_str(out, "<Location>http://");
		xml_add_text(out, request_header(req, "host"));
		xml_add_text(out, "/");
		xml_add_text(out, req->key);
		buf_add_str(out, "</Location>");
		xml_add(out, "Bucket", req->bucket);
		xml_add(out, "Key", req->key);
		buf_add_fmt(out, "<ETag>&quot;%s&quot;</ETag>", a.object->etag);
		multipart_add_sums(out, &a.object->sums);
		buf_add_str(out, "</CompleteMultipartUploadResult>");
	}
	assembly_drop(&a);
	return error;
}
