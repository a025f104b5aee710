/* SPDX-License-Identifier: MIT */
/*
 * Headers behind extended attributes. Of a file that is not stored yet they
 * are remembered until it is; a stored object is copied onto itself.
 */
#include "xattr/xattr_header.h"

#include <string.h>
#include <sys/xattr.h>

#include "facts/headers.h"
#include "facts/headers_tags.h"
#include "file/file.h"
#include "names/key.h"
#include "object/copy.h"
#include "write/claim.h"
#include "write/outgoing.h"
#include "write/rebase.h"

#define CLASS "x-amz-storage-class"

/* A change of one header. */
struct change {
	struct store *store;
	struct file *file; /* claimed */
	const char *header, *value;
	int flags;
};

/* Of a claimed file that is not stored as it is now. */
static int unsaved_headers(struct file *file, struct pairs *out,
			   struct errinfo *err)
{
	AUTO_BUF struct buf key = BUF_INIT(S3_KEY_MAX + 1);
	struct outgoing plan = { .file = file };
	const char *class;
	int result;

	node_key(file->store, file->node, &key);
	plan.key = buf_str(&key);
	LOCK(&file->lock);
	result = file->error ? file->error : key.error;
	if (result == 0)
		result = outgoing_prepare_locked(&plan, err);
	if (result == 0)
		result = outgoing_decide_locked(&plan);
	if (result == 0)
		result = pairs_merge(out, &plan.headers);
	outgoing_release(&plan);
	class = s3_client_param(file->store->s3, buf_str(&key), CLASS);
	if (result == 0 && class && !pairs_get(out, CLASS))
		result = pairs_set(out, CLASS, class);
	s3_drop_not_sent(out);
	return result;
}

static int stored_headers(struct store *store, struct node *node,
			  struct pairs *out, struct errinfo *err)
{
	AUTO_BUF struct buf key = BUF_INIT(S3_KEY_MAX + 1);

	node_key(store, node, &key);
	return key.error ? key.error :
			   headers_ask(store, node, buf_str(&key), out, err);
}

int xattr_headers(struct store *store, struct node *node, bool may_ask,
		  struct pairs *out, struct errinfo *err)
{
	struct file *file = NULL;
	bool is_dirty = false, is_open;
	int result = -ENODATA;

	if (!may_ask)
		return headers_known(store, node, out);
	{
		LOCK(&store->tree.lock);
		is_open = node->file;
	}
	if (is_open) {
		file = file_claim(store, node, &is_dirty);
		if (!file)
			return -ENOMEM;
		if (is_dirty)
			result = unsaved_headers(file, out, err);
		file_unclaim(file);
		file_put(file);
	}
	return is_dirty ? result : stored_headers(store, node, out, err);
}

/* Whether headers with the change are allowed; they had the value before. */
static int check_change(const struct change *c, const char *before,
			const struct pairs *headers, struct errinfo *err)
{
	if (before && (c->flags & XATTR_CREATE))
		return -EEXIST;
	if (!before && ((c->flags & XATTR_REPLACE) || !*c->value))
		return -ENODATA;
	if (headers_metadata_bytes(headers) > HEADERS_METADATA_MAX)
		return errinfo_set(err, -ENOSPC,
				   "an object may have %d bytes of metadata",
				   HEADERS_METADATA_MAX);
	return 0;
}

static int want(const struct change *c)
{
	LOCK(&c->store->tree.lock);

	return headers_want_locked(c->file->node, c->header, c->value);
}

static int change_unsaved(const struct change *c, struct errinfo *err)
{
	CLEANUP(pairs_release) struct pairs headers = PAIRS_INIT;
	AUTO_FREE char *before = NULL;
	int result = unsaved_headers(c->file, &headers, err);

	if (result < 0)
		return result;
	if (pairs_get(&headers, c->header)) {
		before = strdup(pairs_get(&headers, c->header));
		if (!before)
			return -ENOMEM;
	}
	result = pairs_set(&headers, c->header, c->value);
	if (result == 0)
		result = check_change(c, before, &headers, err);
	return result == 0 ? want(c) : result;
}

/* Asks what there is, and says all of it again, with the change. */
static int restate(const struct change *c, const struct object_copy *copy,
		   struct pairs *out, struct errinfo *err)
{
	const char *key = copy->key;
	CLEANUP(pairs_release) struct pairs stored = PAIRS_INIT;
	CLEANUP(pairs_release) struct pairs wanted = PAIRS_INIT;
	struct header_defaults defaults;
	struct headers_plan plan = {
		.stored = &stored,
		.wanted = &wanted,
		.applies_wanted = true,
		.is_copy = true,
		.before = &defaults,
		.after = &defaults,
	};
	int result;

	{
		LOCK(&c->store->tree.lock);
		headers_forget_locked(c->file->node, true);
	}
	result = headers_ask(c->store, c->file->node, key, &stored, err);
	if (result == 0 && copy_is_large(c->store, copy))
		result = headers_add_tags(c->store, key, &stored, err);
	if (result == 0)
		result = pairs_set(&wanted, c->header, c->value);
	headers_defaults(c->store, key, &defaults);
	if (result == 0)
		result = headers_compose(&plan, out);
	if (result == 0)
		result = check_change(c, pairs_get(&stored, c->header), out,
				      err);
	return result;
}

static int change_stored(const struct change *c, struct errinfo *err)
{
	CLEANUP(pairs_release) struct pairs headers = PAIRS_INIT;
	AUTO_BUF struct buf key = BUF_INIT(S3_KEY_MAX + 1);
	char etag[S3_ETAG_MAX];
	struct object_copy copy = { .etag = etag, .headers = &headers };
	int result;

	node_key(c->store, c->file->node, &key);
	copy.source_key = copy.key = buf_str(&key);
	{
		LOCK(&c->file->lock);
		memcpy(etag, c->file->base.etag, sizeof(etag));
		copy.size = c->file->base.layout.stored_size;
	}
	result = key.error ? key.error : restate(c, &copy, &headers, err);
	if (result == 0)
		result = copy_object(c->store, &copy, err);
	if (result == 0)
		result = want(c);
	if (result == 0)
		result = file_learn_copy(c->file, copy.new_etag, copy.mtime_ns);
	return result;
}

int xattr_change(struct store *store, struct node *node, const char *header,
		 const char *value, int flags, struct errinfo *err)
{
	struct change c = {
		.store = store,
		.header = header,
		.value = value,
		.flags = flags,
	};
	bool is_dirty;
	int result;

	c.file = file_claim(store, node, &is_dirty);
	if (!c.file)
		return -ENOMEM;
	result = is_dirty ? change_unsaved(&c, err) : change_stored(&c, err);
	file_unclaim(c.file);
	file_put(c.file);
	return result;
}
