/* SPDX-License-Identifier: MIT */
/* ListObjects and ListObjectsV2. */
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "listing.h"
#include "request.h"
#include "text.h"

/* A continuation token is this and the hex of where to go on after. */
#define TOKEN_START "s3t1-"

#define PAGE_BYTES_MAX ((size_t)16 << 20)

static void add_entry(const struct request *req, const struct bucket *bucket,
		      struct listing *l, const char *key,
		      const struct object *object)
{
	const char *class = fields_get(&object->headers, "x-amz-storage-class");
	char iso[TEXT_ISO_DATE_SIZE];
	struct buf *out = l->out;

	text_iso_date(iso, object->mtime_ns);
	buf_add_str(out, "<Contents>");
	listing_add_name(l, "Key", key);
	buf_add_fmt(out,
		    "<LastModified>%s</LastModified>"
		    "<ETag>&quot;%s&quot;</ETag><Size>%llu</Size>",
		    iso, object->etag, (unsigned long long)object->body.size);
	if (l->wants_owner)
		listing_add_owner(out, req, bucket, "Owner");
	buf_add_fmt(out, "<StorageClass>%s</StorageClass></Contents>",
		    class ? class : "STANDARD");
}

/* The first entry, up to end, becomes the last. */
static void put_last(struct buf *out, size_t start, size_t end)
{
	AUTO_BUF struct buf first = BUF_INIT(PAGE_BYTES_MAX);

	buf_add(&first, out->data + start, end - start);
	if (first.error || out->error)
		return;
	memmove(out->data + start, out->data + end, out->len - end);
	memcpy(out->data + out->len - first.len, first.data, first.len);
}

/* Lists what is after start (or a prefix), a page at most, into l->out. */
static void add_page(const struct request *req, const struct bucket *bucket,
		     struct listing *l, struct index_node *node)
{
	size_t prefix_len = strlen(l->prefix);
	struct buf prefixes = BUF_INIT(PAGE_BYTES_MAX);
	struct buf *contents = l->out;
	size_t start = contents->len, first_end = 0;

	while (node && strncmp(node->key, l->prefix, prefix_len) == 0) {
		const struct object *object = node->value;
		size_t common = listing_common(l, node->key);

		if (l->count == l->max_keys) {
			l->is_truncated = l->max_keys > 0;
			break;
		}
		l->count++;
		memcpy(l->last, node->key, common ? common : node->key_len);
		l->last[common ? common : node->key_len] = 0;
		l->last_is_prefix = common;
		if (!common) {
			add_entry(req, bucket, l, node->key, object);
			first_end = first_end ? first_end : contents->len;
			node = node->next[0];
			continue;
		}
		l->out = &prefixes;
		buf_add_str(l->out, "<CommonPrefixes>");
		listing_add_name(l, "Prefix", l->last);
		buf_add_str(l->out, "</CommonPrefixes>");
		l->out = contents;
		node = listing_skip(&bucket->keys, l->last);
	}
	if (req->fault.xml == FAULT_XML_UNORDERED && first_end)
		put_last(contents, start, first_end);
	buf_add(contents, prefixes.data, prefixes.len);
	buf_release(&prefixes);
}

/* The first node after what was listed before, but not before the prefix. */
static struct index_node *first_node(const struct bucket *bucket,
				     const struct listing *l, const char *after)
{
	size_t common;

	if (strcmp(after, l->prefix) < 0)
		return index_seek(&bucket->keys, l->prefix);
	/* After a common prefix comes what is behind all it stands for. */
	if (strncmp(after, l->prefix, strlen(l->prefix)) == 0) {
		common = listing_common(l, after);
		if (common && common == strlen(after))
			return listing_skip(&bucket->keys, after);
	}
	return index_after(&bucket->keys, after);
}

static void add_token(struct buf *out, const char *element, const char *after)
{
	buf_add_fmt(out, "<%s>" TOKEN_START, element);
	for (; *after; after++)
		buf_add_fmt(out, "%02x", (unsigned char)*after);
	buf_add_fmt(out, "</%s>", element);
}

static bool read_token(const char *token, char after[KEY_MAX + 1])
{
	size_t start = strlen(TOKEN_START), len = strlen(token);

	if (strncmp(token, TOKEN_START, start) != 0 || (len - start) % 2 != 0 ||
	    len - start > 2 * (size_t)KEY_MAX)
		return false;
	for (token += start; *token; token += 2) {
		unsigned byte;

		if (sscanf(token, "%2x", &byte) != 1 || byte == 0)
			return false;
		*after++ = (char)byte;
	}
	*after = 0;
	return true;
}

/* What was asked stands first, as with S3; it knows how the page ended. */
static void end_listing(const struct listing *l, const struct buf *page)
{
	if (page->error)
		l->out->error = page->error;
	buf_add(l->out, page->data, page->len);
	buf_add_str(l->out, "</ListBucketResult>");
}

enum s3_error op_list_objects_v2(struct request *req)
{
	const char *token = request_param(req, "continuation-token");
	const char *start = request_param(req, "start-after");
	const char *owner = request_param(req, "fetch-owner");
	AUTO_BUF struct buf page = BUF_INIT(PAGE_BYTES_MAX);
	struct store *store = &req->server->store;
	char after[KEY_MAX + 1] = "";
	const struct bucket *bucket;
	struct listing l;
	enum s3_error error = listing_start(req, "max-keys", &l);

	if (error)
		return error;
	if (req->server->no_list_v2)
		return S3_NOT_IMPLEMENTED;
	if (token && !read_token(token, after))
		return S3_INVALID_ARGUMENT;
	if (!token && start && strlen(start) > KEY_MAX)
		return S3_KEY_TOO_LONG;
	l.wants_owner = owner && strcmp(owner, "true") == 0;
	answer_xml(req, "ListBucketResult");
	LOCK(&store->lock);
	bucket = store_bucket_locked(store, req->bucket);
	if (!bucket)
		return S3_NO_SUCH_BUCKET;
	l.out = &page;
	/* A start-after that looks like a prefix is a plain key. */
	add_page(req, bucket, &l,
		 token || !start ? first_node(bucket, &l, after) :
		 strcmp(start, l.prefix) < 0 ?
				   index_seek(&bucket->keys, l.prefix) :
				   index_after(&bucket->keys, start));
	if (req->fault.xml == FAULT_XML_SAME_TOKEN) {
		l.is_truncated = true;
		snprintf(l.last, sizeof(l.last), "%s", after);
	}
	l.out = &req->answer.text;
	listing_add_echo(&l, req->bucket, "MaxKeys");
	xml_add_number(l.out, "KeyCount", l.count);
	if (start)
		listing_add_name(&l, "StartAfter", start);
	if (token)
		xml_add(l.out, "ContinuationToken", token);
	if (l.is_truncated)
		add_token(l.out, "NextContinuationToken", l.last);
	end_listing(&l, &page);
	return S3_OK;
}

enum s3_error op_list_objects(struct request *req)
{
	const char *marker = request_param(req, "marker");
	AUTO_BUF struct buf page = BUF_INIT(PAGE_BYTES_MAX);
	struct store *store = &req->server->store;
	const struct bucket *bucket;
	struct listing l;
	enum s3_error error = listing_start(req, "max-keys", &l);

	if (error)
		return error;
	if (!marker)
		marker = "";
	if (strlen(marker) > KEY_MAX)
		return S3_KEY_TOO_LONG;
	l.wants_owner = true;
	answer_xml(req, "ListBucketResult");
	LOCK(&store->lock);
	bucket = store_bucket_locked(store, req->bucket);
	if (!bucket)
		return S3_NO_SUCH_BUCKET;
	l.out = &page;
	add_page(req, bucket, &l, first_node(bucket, &l, marker));
	if (req->fault.xml == FAULT_XML_SAME_TOKEN) {
		l.is_truncated = true;
		snprintf(l.last, sizeof(l.last), "%s", marker);
	}
	l.out = &req->answer.text;
	listing_add_echo(&l, req->bucket, "MaxKeys");
	listing_add_name(&l, "Marker", marker);
	/* Without delimiter the last key serves: user guide, ListObjects. */
	if (l.is_truncated && *l.delimiter)
		listing_add_name(&l, "NextMarker", l.last);
	end_listing(&l, &page);
	return S3_OK;
}
