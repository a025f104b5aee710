/* SPDX-License-Identifier: MIT */
/* ListParts and ListMultipartUploads. */
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "listing.h"
#include "multipart.h"
#include "request.h"
#include "text.h"

static void add_part(struct buf *out, const struct part *part)
{
	buf_add_str(out, "<Part>");
	xml_add_number(out, "PartNumber", part->number);
	xml_add_time(out, "LastModified", part->mtime_ns);
	buf_add_fmt(out, "<ETag>&quot;%s&quot;</ETag>", part->etag);
	xml_add_number(out, "Size", part->body.size);
	multipart_add_sums(out, &part->sums);
	buf_add_str(out, "</Part>");
}

static void add_parts(struct listing *l, const struct upload *upload,
		      uint64_t marker)
{
	unsigned last = 0;

	for (unsigned i = 0; i < upload->part_count; i++) {
		const struct part *part = upload->parts[i];

		if (part->number <= marker)
			continue;
		if (l->count == l->max_keys) {
			l->is_truncated = true;
			break;
		}
		add_part(l->out, part);
		l->count++;
		last = part->number;
	}
	xml_add_number(l->out, "PartNumberMarker", marker);
	if (l->is_truncated)
		xml_add_number(l->out, "NextPartNumberMarker", last);
}

enum s3_error op_list_parts(struct request *req)
{
	const char *marker_text = request_param(req, "part-number-marker");
	struct store *store = &req->server->store;
	struct bucket *bucket;
	struct upload *upload;
	struct listing l;
	enum s3_error error = listing_start(req, "max-parts", &l);
	uint64_t marker = 0;

	if (!error && marker_text && *marker_text &&
	    text_parse_u64(marker_text, INT32_MAX, &marker) < 0)
		error = S3_INVALID_ARGUMENT;
	if (error)
		return error;
	LOCK(&store->lock);
	error = multipart_find_locked(req, &bucket, &upload);
	if (error)
		return error;
	answer_xml(req, "ListPartsResult");
	xml_add(l.out, "Bucket", req->bucket);
	listing_add_name(&l, "Key", req->key);
	xml_add(l.out, "UploadId", request_param(req, "uploadId"));
	listing_add_owner(l.out, req, bucket, "Initiator");
	listing_add_owner(l.out, req, bucket, "Owner");
	xml_add(l.out, "StorageClass", "STANDARD");
	add_parts(&l, upload, marker);
	xml_add_number(l.out, "MaxParts", l.max_keys);
	xml_add(l.out, "IsTruncated", l.is_truncated ? "true" : "false");
	buf_add_str(l.out, "</ListPartsResult>");
	return S3_OK;
}

static void add_upload(const struct request *req, const struct bucket *bucket,
		       const struct listing *l, const struct upload *upload)
{
	buf_add_str(l->out, "<Upload>");
	listing_add_name(l, "Key", upload->key);
	buf_add_fmt(l->out, "<UploadId>%016llx</UploadId>",
		    (unsigned long long)upload->id);
	listing_add_owner(l->out, req, bucket, "Initiator");
	listing_add_owner(l->out, req, bucket, "Owner");
	xml_add(l->out, "StorageClass", "STANDARD");
	xml_add_time(l->out, "Initiated", upload->created_ns);
	buf_add_str(l->out, "</Upload>");
}

/* Is the upload behind the markers of the page before? */
static bool is_behind(const struct upload *upload, const char *key_marker,
		      const char *id_marker)
{
	int order = strcmp(upload->key, key_marker);

	if (order != 0)
		return order > 0;
	return *id_marker && upload->id > strtoull(id_marker, NULL, 16);
}

static void add_uploads(const struct request *req, struct bucket *bucket,
			struct listing *l, const char *key_marker,
			const char *id_marker)
{
	const struct upload *last = NULL;
	char prefix[KEY_MAX + 1] = "";

	list_for_each(link, &bucket->uploads) {
		const struct upload *u =
			container_of(link, struct upload, link);
		size_t common;

		if (strncmp(u->key, l->prefix, strlen(l->prefix)) != 0 ||
		    !is_behind(u, key_marker, id_marker))
			continue;
		common = listing_common(l, u->key);
		if (common && strncmp(prefix, u->key, common) == 0)
			continue;
		if (l->count == l->max_keys) {
			l->is_truncated = true;
			break;
		}
		l->count++;
		last = u;
		if (!common) {
			add_upload(req, bucket, l, u);
			continue;
		}
		memcpy(prefix, u->key, common);
		prefix[common] = 0;
		buf_add_str(l->out, "<CommonPrefixes>");
		listing_add_name(l, "Prefix", prefix);
		buf_add_str(l->out, "</CommonPrefixes>");
	}
	if (l->is_truncated && last) {
		listing_add_name(l, "NextKeyMarker", last->key);
		buf_add_fmt(l->out,
			    "<NextUploadIdMarker>%016llx"
			    "</NextUploadIdMarker>",
			    (unsigned long long)last->id);
	}
}

enum s3_error op_list_uploads(struct request *req)
{
	const char *key_marker = request_param(req, "key-marker");
	const char *id_marker = request_param(req, "upload-id-marker");
	struct store *store = &req->server->store;
	struct bucket *bucket;
	struct listing l;
	enum s3_error error = listing_start(req, "max-uploads", &l);

	if (error)
		return error;
	LOCK(&store->lock);
	bucket = store_bucket_locked(store, req->bucket);
	if (!bucket)
		return S3_NO_SUCH_BUCKET;
	answer_xml(req, "ListMultipartUploadsResult");
	xml_add(l.out, "Bucket", req->bucket);
	listing_add_name(&l, "KeyMarker", key_marker ? key_marker : "");
	xml_add(l.out, "UploadIdMarker", id_marker ? id_marker : "");
	add_uploads(req, bucket, &l, key_marker ? key_marker : "",
		    id_marker ? id_marker : "");
	listing_add_name(&l, "Prefix", l.prefix);
	if (*l.delimiter)
		listing_add_name(&l, "Delimiter", l.delimiter);
	if (l.url_encoded)
		xml_add(l.out, "EncodingType", "url");
	xml_add_number(l.out, "MaxUploads", l.max_keys);
	xml_add(l.out, "IsTruncated", l.is_truncated ? "true" : "false");
	buf_add_str(l.out, "</ListMultipartUploadsResult>");
	return S3_OK;
}
