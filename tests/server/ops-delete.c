/* SPDX-License-Identifier: MIT */
/* DeleteObject and DeleteObjects. */
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "conditions.h"
#include "object.h"
#include "request.h"
#include "xmlread.h"

#define DELETE_MAX 1000

enum s3_error op_delete_object(struct request *req)
{
	const char *match = request_header(req, "if-match");
	struct store *store = &req->server->store;
	struct object *current;
	struct bucket *bucket;

	LOCK(&store->lock);
	bucket = store_bucket_locked(store, req->bucket);
	if (!bucket)
		return S3_NO_SUCH_BUCKET;
	current = store_object_locked(bucket, req->key);
	if (match && !current)
		return S3_NO_SUCH_KEY;
	if (match && !condition_etag_in(match, current->etag))
		return S3_PRECONDITION_FAILED;
	req->answer.status = 204;
	return s3_error_from(store_delete_locked(store, bucket, req->key));
}

static void add_error(struct buf *out, const char *key, const char *code,
		      const char *message)
{
	buf_add_str(out, "<Error>");
	xml_add(out, "Key", key);
	xml_add(out, "Code", code);
	xml_add(out, "Message", message);
	buf_add_str(out, "</Error>");
}

/* A fault plan may refuse some of the keys. */
static const char *planned_error(const struct request *req, const char *key)
{
	const char *code = fault_text(&req->fault, "key_error");
	const char *glob = fault_text(&req->fault, "key");

	if (!code || (glob && fnmatch(glob, key, 0) != 0))
		return NULL;
	return code;
}

static enum s3_error delete_one(struct request *req, xmlNodePtr node,
				bool quiet, struct buf *out)
{
	AUTO_FREE char *key = xml_text(node, "Key");
	struct store *store = &req->server->store;
	const char *planned = key ? planned_error(req, key) : NULL;
	struct bucket *bucket;
	enum s3_error error;

	if (!key || !*key)
		return S3_MALFORMED_XML;
	if (planned) {
		add_error(out, key, planned, "as the fault plan says");
		return S3_OK;
	}
	LOCK(&store->lock);
	bucket = store_bucket_locked(store, req->bucket);
	error = bucket ?
			s3_error_from(store_delete_locked(store, bucket, key)) :
			S3_NO_SUCH_BUCKET;
	if (error) {
		add_error(out, key, s3_error_info(error)->code,
			  s3_error_info(error)->message);
	} else if (!quiet) {
		buf_add_str(out, "<Deleted>");
		xml_add(out, "Key", key);
		buf_add_str(out, "</Deleted>");
	}
	return S3_OK;
}

static enum s3_error delete_all(struct request *req, xmlNodePtr root)
{
	AUTO_FREE char *quiet = xml_text(root, "Quiet");
	bool is_quiet = quiet && strcmp(quiet, "true") == 0;
	xmlNodePtr node = xml_child(root, "Object");
	struct buf *out;
	unsigned count = 0;

	for (xmlNodePtr n = node; n; n = xml_next(n, "Object"))
		count++;
	if (count == 0 || count > DELETE_MAX)
		return S3_MALFORMED_XML;
	out = answer_xml(req, "DeleteResult");
	for (; node; node = xml_next(node, "Object")) {
		enum s3_error error = delete_one(req, node, is_quiet, out);

		if (error)
			return error;
	}
	buf_add_str(out, "</DeleteResult>");
	return S3_OK;
}

enum s3_error op_delete_objects(struct request *req)
{
	enum s3_error error;
	xmlDocPtr doc;

	if (!request_header(req, "content-md5") && !req->receiver.stored)
		return S3_MISSING_CHECKSUM;
	doc = xml_read(req, "Delete");
	if (!doc)
		return S3_MALFORMED_XML;
	error = delete_all(req, xmlDocGetRootElement(doc));
	xmlFreeDoc(doc);
	return error;
}
