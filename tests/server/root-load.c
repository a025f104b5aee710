/* SPDX-License-Identifier: MIT */
/* Objects in a folder: finding them at the start; see root.h for the form. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "log.h"
#include "root-files.h"
#include "root.h"
#include "sidecar.h"
#include "text.h"
#include "wire/digest.h"

static const struct {
	const char *ending;
	const char *type;
} types[] = {
	{ ".css", "text/css" },          { ".csv", "text/csv" },
	{ ".gif", "image/gif" },         { ".htm", "text/html" },
	{ ".html", "text/html" },        { ".jpeg", "image/jpeg" },
	{ ".jpg", "image/jpeg" },        { ".js", "text/javascript" },
	{ ".json", "application/json" }, { ".md", "text/markdown" },
	{ ".pdf", "application/pdf" },   { ".png", "image/png" },
	{ ".svg", "image/svg+xml" },     { ".txt", "text/plain" },
	{ ".xml", "application/xml" },
};

static int64_t file_time(const struct stat *st)
{
	return (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
}

/* Gives object the file at path as its bytes, and to the store. */
static int adopt(struct store *store, struct bucket *bucket, const char *key,
		 const char *path, uint64_t size, struct object *object)
{
	struct blob *blob = size ? blob_file(path, (size_t)size) : NULL;
	int rc = 0;

	if (size)
		rc = blob ? body_add(&object->body, blob, 0, (size_t)size) :
			    -ENOMEM;
	blob_unref(blob);
	if (rc < 0) {
		object_unref(object);
		return rc;
	}
	return store_adopt_locked(store, bucket, key, object);
}

/* One of HASH.json: the bytes are at HASH.data or at the key's path. */
static int load_sidecar(struct root *root, struct store *store,
			struct bucket *bucket, const char *path)
{
	AUTO_BUF struct buf plain = BUF_INIT(0), data = BUF_INIT(0);
	const char *found = NULL;
	AUTO_FREE char *key = NULL;
	struct object *object;
	struct stat st;
	uint64_t size;

	object = sidecar_read(path, &key, &size);
	if (!object)
		return 0;
	root_path(root, &plain, bucket->name, key);
	root_hash_path(root, &data, bucket->name, key, ROOT_DATA);
	if (lstat(buf_str(&data), &st) == 0)
		found = data.data;
	else if (root_key_is_path(key) && lstat(buf_str(&plain), &st) == 0)
		found = plain.data;
	if (found && S_ISREG(st.st_mode) && (uint64_t)st.st_size == size &&
	    file_time(&st) == object->mtime_ns)
		return adopt(store, bucket, key, found, size, object);
	/* Somebody changed or removed the file: what is noted is not of it. */
	object_unref(object);
	unlink(path);
	return 0;
}

static int load_sidecars(struct root *root, struct store *store,
			 struct bucket *bucket)
{
	AUTO_BUF struct buf dir = BUF_INIT(0);
	struct dirent *entry;
	DIR *stream;
	int rc = 0;

	root_path(root, &dir, bucket->name, ROOT_HIDDEN);
	stream = opendir(buf_str(&dir));
	while (stream && rc == 0 && (entry = readdir(stream))) {
		AUTO_BUF struct buf path = BUF_INIT(ROOT_PATH_MAX);
		const char *end = strrchr(entry->d_name, '.');

		if (!end || strcmp(end, ROOT_SIDECAR) != 0)
			continue;
		buf_add_fmt(&path, "%s/%s", buf_str(&dir), entry->d_name);
		rc = path.error ? path.error :
				  load_sidecar(root, store, bucket, path.data);
	}
	if (stream)
		closedir(stream);
	return rc;
}

/* A file that was not written by us, as an object. */
static int load_foreign(struct store *store, struct bucket *bucket,
			const char *key, const char *path,
			const struct stat *st)
{
	struct object *object = object_new();
	unsigned char hash[DIGEST_MAX];
	const char *end = strrchr(key, '.');
	char name[64];
	int rc = 0;

	if (!object)
		return -ENOMEM;
	object->mtime_ns = file_time(st);
	/* Not an MD5, and the -1 says so to those who would check it. */
	snprintf(name, sizeof(name), "%llu %lld",
		 (unsigned long long)st->st_size, (long long)object->mtime_ns);
	rc = digest_of(DIGEST_MD5, name, strlen(name), hash);
	text_hex(object->etag, hash, 16);
	snprintf(object->etag + 32, ETAG_SIZE - 32, "-1");
	for (size_t i = 0; end && rc == 0 && i < ARRAY_SIZE(types); i++)
		if (strcasecmp(types[i].ending, end) == 0)
			rc = fields_add(&object->headers, "content-type",
					types[i].type);
	if (rc < 0) {
		object_unref(object);
		return rc;
	}
	return adopt(store, bucket, key, path, (uint64_t)st->st_size, object);
}

static int walk(struct store *store, struct bucket *bucket, struct buf *path,
		size_t bucket_len);

static int visit(struct store *store, struct bucket *bucket, struct buf *path,
		 size_t bucket_len)
{
	const char *key = path->data + bucket_len + 1;
	struct stat st;

	if (strcmp(key, ROOT_HIDDEN) == 0 || lstat(path->data, &st) < 0)
		return 0;
	if (S_ISDIR(st.st_mode))
		return walk(store, bucket, path, bucket_len);
	if (!S_ISREG(st.st_mode) || store_object_locked(bucket, key))
		return 0;
	if (!text_is_utf8(key, strlen(key)) || strlen(key) > KEY_MAX) {
		log_warn("root", "%s cannot be a key", path->data);
		return 0;
	}
	return load_foreign(store, bucket, key, path->data, &st);
}

static int walk(struct store *store, struct bucket *bucket, struct buf *path,
		size_t bucket_len)
{
	DIR *stream = opendir(path->data);
	size_t len = path->len;
	struct dirent *entry;
	int rc = 0;

	while (stream && rc == 0 && (entry = readdir(stream))) {
		if (strcmp(entry->d_name, ".") == 0 ||
		    strcmp(entry->d_name, "..") == 0)
			continue;
		buf_add_fmt(path, "/%s", entry->d_name);
		if (path->error)
			path->error = 0; /* too long to open: passed over */
		else
			rc = visit(store, bucket, path, bucket_len);
		path->len = len;
		path->data[len] = 0;
	}
	if (stream)
		closedir(stream);
	return rc;
}

static int load_bucket(struct root *root, struct store *store, const char *name)
{
	AUTO_BUF struct buf path = BUF_INIT(0);
	struct bucket *bucket;
	int rc = store_add_bucket_locked(store, name, 0, ACL_PRIVATE);

	if (rc < 0)
		return rc;
	bucket = store_bucket_locked(store, name);
	rc = load_sidecars(root, store, bucket);
	root_path(root, &path, name, "");
	if (rc == 0)
		rc = path.error;
	return rc < 0 ? rc : walk(store, bucket, &path, path.len);
}

int root_load(struct root *root, struct store *store)
{
	DIR *stream = opendir(root->dir);
	struct dirent *entry;
	struct stat st;
	int rc = 0;

	if (!stream)
		return -errno;
	while (rc == 0 && (entry = readdir(stream)))
		if (entry->d_name[0] != '.' &&
		    fstatat(dirfd(stream), entry->d_name, &st,
			    AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISDIR(st.st_mode))
			rc = load_bucket(root, store, entry->d_name);
	closedir(stream);
	return rc;
}
