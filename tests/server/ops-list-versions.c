/* SPDX-License-Identifier: MIT */
/* ListObjectVersions: every version of every key, the newest first. */
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "listing.h"
#include "object.h"
#include "request.h"

struct markers {
	const char *key;
	const char *version; /* "" or where in key's versions to go on */
	const char *next_key;
	uint64_t next_version;
};

static void add_version_id(struct buf *out, const char *element,
			   uint64_t version)
{
	if (version)
		buf_add_fmt(out, "<%s>%016llx</%s>", element,
			    (unsigned long long)version, element);
	else
		xml_add(out, element, "null");
}

static void add_version(const struct request *req, const struct bucket *bucket,
			const struct listing *l, const char *key,
			const struct object *object, bool is_latest)
{
	const char *element =
		object->is_delete_marker ? "DeleteMarker" : "Version";
	struct buf *out = l->out;

	buf_add_fmt(out, "<%s>", element);
	listing_add_name(l, "Key", key);
	add_version_id(out, "VersionId", object->version);
	xml_add(out, "IsLatest", is_latest ? "true" : "false");
	xml_add_time(out, "LastModified", object->mtime_ns);
	if (!object->is_delete_marker) {
		buf_add_fmt(out, "<ETag>&quot;%s&quot;</ETag>", object->etag);
		xml_add_number(out, "Size", object->body.size);
		xml_add(out, "StorageClass", "STANDARD");
	}
	listing_add_owner(out, req, bucket, "Owner");
	buf_add_fmt(out, "</%s>", element);
}

/* The versions of one key; false when the page is full. */
static bool add_versions(const struct request *req, const struct bucket *bucket,
			 struct listing *l, struct markers *m,
			 const struct index_node *node)
{
	const struct object *object = node->value;
	uint64_t after = 0;

	if (*m->version && strcmp(node->key, m->key) == 0 &&
	    object_version_param(m->version, &after)) {
		while (object && object->version != after)
			object = object->older;
		object = object ? object->older : NULL;
	}
	for (; object; object = object->older) {
		if (l->count == l->max_keys) {
			l->is_truncated = true;
			return false;
		}
		l->count++;
		m->next_key = node->key;
		m->next_version = object->version;
		add_version(req, bucket, l, node->key, object,
			    object == node->value);
	}
	return true;
}

static void add_all(const struct request *req, const struct bucket *bucket,
		    struct listing *l, struct markers *m)
{
	const char *start = strcmp(m->key, l->prefix) > 0 ? m->key : l->prefix;
	struct index_node *node = index_seek(&bucket->keys, start);
	size_t prefix_len = strlen(l->prefix);

	if (node && *m->key && !*m->version && strcmp(node->key, m->key) == 0)
		node = node->next[0];
	while (node && strncmp(node->key, l->prefix, prefix_len) == 0) {
		size_t common = listing_common(l, node->key);

		if (!common) {
			if (!add_versions(req, bucket, l, m, node))
				return;
			node = node->next[0];
			continue;
		}
		if (l->count == l->max_keys) {
			l->is_truncated = true;
			return;
		}
		l->count++;
		memcpy(l->last, node->key, common);
		l->last[common] = 0;
		m->next_key = l->last;
		buf_add_str(l->out, "<CommonPrefixes>");
		listing_add_name(l, "Prefix", l->last);
		buf_add_str(l->out, "</CommonPrefixes>");
		node = listing_skip(&bucket->keys, l->last);
	}
}

enum s3_error op_list_object_versions(struct request *req)
{
	const char *key = request_param(req, "key-marker");
	const char *version = request_param(req, "version-id-marker");
	struct markers m = { key ? key : "", version ? version : "", "", 0 };
	struct store *store = &req->server->store;
	const struct bucket *bucket;
	struct listing l;
	enum s3_error error = listing_start(req, "max-keys", &l);

	if (error)
		return error;
	LOCK(&store->lock);
	bucket = store_bucket_locked(store, req->bucket);
	if (!bucket)
		return S3_NO_SUCH_BUCKET;
	answer_xml(req, "ListVersionsResult");
	listing_add_name(&l, "KeyMarker", m.key);
	xml_add(l.out, "VersionIdMarker", m.version);
	add_all(req, bucket, &l, &m);
	listing_add_echo(&l, req->bucket, "MaxKeys");
	if (l.is_truncated) {
		listing_add_name(&l, "NextKeyMarker", m.next_key);
		add_version_id(l.out, "NextVersionIdMarker", m.next_version);
	}
	buf_add_str(l.out, "</ListVersionsResult>");
	return S3_OK;
}
