/* SPDX-License-Identifier: MIT */
/* Tag sets of objects. */
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "object.h"
#include "request.h"
#include "xmlread.h"

#define TAGS_MAX 10

static void answer_tags(struct request *req, const struct fields *tags)
{
	struct buf *out = answer_xml(req, "Tagging");
	const char *name, *value;
	size_t at = 0;

	buf_add_str(out, "<TagSet>");
	while (fields_next(tags, &at, &name, &value)) {
		buf_add_str(out, "<Tag>");
		xml_add(out, "Key", name);
		xml_add(out, "Value", value);
		buf_add_str(out, "</Tag>");
	}
	buf_add_str(out, "</TagSet></Tagging>");
}

static enum s3_error add_tag(xmlNodePtr node, struct fields *tags)
{
	AUTO_FREE char *key = xml_text(node, "Key");
	AUTO_FREE char *value = xml_text(node, "Value");

	if (!key || !value)
		return S3_MALFORMED_XML;
	if (!*key || strlen(key) > 128 || strlen(value) > 256 ||
	    fields_get(tags, key))
		return S3_INVALID_TAG;
	return s3_error_from(fields_add(tags, key, value));
}

static enum s3_error read_tags(struct request *req, struct fields *tags)
{
	xmlDocPtr doc = xml_read(req, "Tagging");
	xmlNodePtr set = NULL, tag;
	enum s3_error error = S3_OK;
	unsigned count = 0;

	if (doc)
		set = xml_child(xmlDocGetRootElement(doc), "TagSet");
	if (!set)
		error = S3_MALFORMED_XML;
	tag = set ? xml_child(set, "Tag") : NULL;
	for (; tag && !error; tag = xml_next(tag, "Tag"))
		error = ++count > TAGS_MAX ? S3_INVALID_TAG :
					     add_tag(tag, tags);
	xmlFreeDoc(doc);
	if (error)
		fields_release(tags);
	return error;
}

enum s3_error op_get_object_tagging(struct request *req)
{
	struct store *store = &req->server->store;
	const struct bucket *bucket;
	struct object *object;
	enum s3_error error;

	LOCK(&store->lock);
	bucket = store_bucket_locked(store, req->bucket);
	error = object_find_locked(req, bucket, req->key, &object);
	if (error)
		return error;
	answer_tags(req, &object->tags);
	return S3_OK;
}

/* Takes tags over. */
static enum s3_error set_object_tags(struct request *req, struct fields tags)
{
	struct store *store = &req->server->store;
	struct bucket *bucket;
	struct object *object;
	enum s3_error error;

	LOCK(&store->lock);
	bucket = store_bucket_locked(store, req->bucket);
	error = object_find_locked(req, bucket, req->key, &object);
	if (error) {
		fields_release(&tags);
		return error;
	}
	fields_release(&object->tags);
	object->tags = tags;
	return s3_error_from(
		store_update_locked(store, bucket, req->key, object));
}

enum s3_error op_put_object_tagging(struct request *req)
{
	struct fields tags = { 0 };
	enum s3_error error = read_tags(req, &tags);

	return error ? error : set_object_tags(req, tags);
}
