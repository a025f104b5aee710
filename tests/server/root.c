/* SPDX-License-Identifier: MIT */
/* Objects in a folder: writing them; see root.h for the form. */
#include "root.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "root-files.h"
#include "sidecar.h"
#include "text.h"
#include "wire/digest.h"

struct root *root_open(const char *dir)
{
	AUTO_BUF struct buf staging = BUF_INIT(ROOT_PATH_MAX);
	struct root *root = calloc(1, sizeof(*root));
	struct dirent *entry;
	DIR *left;

	if (!root)
		return NULL;
	root->dir = realpath(dir, NULL);
	if (!root->dir && mkdir(dir, 0777) == 0)
		root->dir = realpath(dir, NULL);
	buf_add_fmt(&staging, "%s/" ROOT_STAGING, root->dir ? root->dir : "");
	if (!root->dir ||
	    (mkdir(buf_str(&staging), 0777) < 0 && errno != EEXIST)) {
		root_close(root);
		return NULL;
	}
	/* What a server that was killed had not finished. */
	left = opendir(buf_str(&staging));
	while (left && (entry = readdir(left)))
		if (entry->d_name[0] != '.')
			unlinkat(dirfd(left), entry->d_name, 0);
	if (left)
		closedir(left);
	return root;
}

void root_close(struct root *root)
{
	int saved = errno;

	free(root->dir);
	free(root);
	errno = saved;
}

void root_path(const struct root *root, struct buf *out, const char *bucket,
	       const char *key)
{
	*out = (struct buf)BUF_INIT(ROOT_PATH_MAX);
	buf_add_fmt(out, "%s/%s", root->dir, bucket);
	if (*key)
		buf_add_fmt(out, "/%s", key);
}

void root_hash_path(const struct root *root, struct buf *out,
		    const char *bucket, const char *key, const char *suffix)
{
	unsigned char hash[DIGEST_MAX] = { 0 };
	char hex[2 * DIGEST_MAX + 1];

	root_path(root, out, bucket, ROOT_HIDDEN);
	if (digest_of(DIGEST_SHA256, key, strlen(key), hash) < 0)
		out->error = out->error ? out->error : -EIO;
	text_hex(hex, hash, sizeof(hash));
	buf_add_fmt(out, "/%s%s", hex, suffix);
}

bool root_key_is_path(const char *key)
{
	size_t len;

	if (!*key || strlen(key) > KEY_MAX)
		return false;
	for (;; key += len + 1) {
		len = strcspn(key, "/");
		if (len == 0 || len > NAME_MAX)
			return false;
		if ((len == 1 && key[0] == '.') ||
		    (len == 2 && key[0] == '.' && key[1] == '.') ||
		    (len == 3 && memcmp(key, ROOT_HIDDEN, 3) == 0))
			return false;
		if (!key[len])
			return true;
	}
}

int root_add_bucket(struct root *root, const char *bucket)
{
	AUTO_BUF struct buf path = BUF_INIT(0);

	root_path(root, &path, bucket, "");
	if (mkdir(buf_str(&path), 0777) < 0 && errno != EEXIST)
		return -errno;
	buf_add_str(&path, "/" ROOT_HIDDEN);
	if (mkdir(buf_str(&path), 0777) < 0 && errno != EEXIST)
		return -errno;
	return path.error;
}

int root_remove_bucket(struct root *root, const char *bucket)
{
	AUTO_BUF struct buf path = BUF_INIT(0), hidden = BUF_INIT(0);

	root_path(root, &path, bucket, "");
	root_path(root, &hidden, bucket, ROOT_HIDDEN);
	if (rmdir(buf_str(&hidden)) < 0 && errno != ENOENT)
		return -errno;
	return rmdir(buf_str(&path)) < 0 ? -errno : 0;
}

/* Writes body to a new staged file, whose path out gets. */
static int write_staged(struct root *root, const struct body *body,
			struct buf *out)
{
	AUTO_CLOSE int fd = -1;
	int rc;

	*out = (struct buf)BUF_INIT(ROOT_PATH_MAX);
	buf_add_fmt(out, "%s/" ROOT_STAGING "/%llu", root->dir,
		    (unsigned long long)atomic_fetch_add(&root->last_staged,
							 1));
	fd = open(buf_str(out), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0)
		return -errno;
	rc = body_write(body, fd);
	if (rc < 0)
		unlink(buf_str(out));
	return rc;
}

int root_stage(struct root *root, struct object *object)
{
	AUTO_BUF struct buf path = BUF_INIT(0);
	struct body staged = { 0 };
	struct blob *blob;
	int rc;

	if (object->body.size == 0)
		return 0;
	rc = write_staged(root, &object->body, &path);
	if (rc < 0)
		return rc;
	blob = blob_file(buf_str(&path), (size_t)object->body.size);
	rc = blob ? body_add(&staged, blob, 0, blob->len) : -ENOMEM;
	blob_unref(blob);
	if (rc < 0) {
		unlink(buf_str(&path));
		return rc;
	}
	body_release(&object->body);
	object->body = staged;
	return 0;
}

/* Makes the folders that path needs below the bucket's. */
static int make_parents(char *path, size_t bucket_len)
{
	for (char *slash = strchr(path + bucket_len + 1, '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		int rc;

		*slash = 0;
		rc = mkdir(path, 0777) < 0 && errno != EEXIST ? -errno : 0;
		*slash = '/';
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* Takes away the folders that became empty with the file at path. */
static void remove_parents(char *path, size_t bucket_len)
{
	char *slash;

	while ((slash = strrchr(path, '/')) &&
	       (size_t)(slash - path) > bucket_len) {
		*slash = 0;
		if (rmdir(path) < 0)
			return;
	}
}

/* Renames the staged file to the key's path, or to its hash. */
static int move_in(struct root *root, const char *bucket, const char *key,
		   const char *staged, struct buf *place)
{
	AUTO_BUF struct buf plain = BUF_INIT(0);
	size_t bucket_len = strlen(root->dir) + 1 + strlen(bucket);

	root_hash_path(root, place, bucket, key, ROOT_DATA);
	root_path(root, &plain, bucket, key);
	if (place->error || plain.error)
		return -ENOMEM;
	if (root_key_is_path(key) &&
	    make_parents(plain.data, bucket_len) == 0 &&
	    rename(staged, plain.data) == 0) {
		unlink(place->data);
		buf_clear(place);
		buf_add_str(place, plain.data);
		return place->error;
	}
	return rename(staged, place->data) < 0 ? -errno : 0;
}

static int set_time(const char *path, int64_t mtime_ns)
{
	struct timespec times[2] = {
		{ mtime_ns / 1000000000, mtime_ns % 1000000000 },
		{ mtime_ns / 1000000000, mtime_ns % 1000000000 }
	};

	return utimensat(AT_FDCWD, path, times, 0) < 0 ? -errno : 0;
}

int root_publish(struct root *root, const char *bucket, const char *key,
		 struct object *object)
{
	AUTO_BUF struct buf place = BUF_INIT(0), empty = BUF_INIT(0);
	struct blob *blob = NULL;
	const char *staged;
	int rc = 0;

	if (object->body.count > 0) {
		blob = object->body.slices[0].blob;
		staged = blob->path;
	} else {
		rc = write_staged(root, &object->body, &empty);
		staged = buf_str(&empty);
	}
	if (rc == 0)
		rc = move_in(root, bucket, key, staged, &place);
	if (rc < 0)
		return rc;
	if (blob) {
		free(blob->path);
		blob->path = strdup(place.data);
		if (!blob->path)
			return -ENOMEM;
	}
	rc = set_time(place.data, object->mtime_ns);
	return rc < 0 ? rc : root_save_headers(root, bucket, key, object);
}

int root_save_headers(struct root *root, const char *bucket, const char *key,
		      const struct object *object)
{
	AUTO_BUF struct buf path = BUF_INIT(0);

	root_hash_path(root, &path, bucket, key, ROOT_SIDECAR);
	return path.error ? path.error : sidecar_write(path.data, key, object);
}

int root_delete(struct root *root, const char *bucket, const char *key)
{
	AUTO_BUF struct buf path = BUF_INIT(0);
	size_t bucket_len = strlen(root->dir) + 1 + strlen(bucket);
	int rc;

	root_hash_path(root, &path, bucket, key, ROOT_SIDECAR);
	unlink(buf_str(&path));
	buf_release(&path);
	root_hash_path(root, &path, bucket, key, ROOT_DATA);
	if (path.error)
		return path.error;
	if (unlink(path.data) == 0)
		return 0;
	buf_release(&path);
	root_path(root, &path, bucket, key);
	if (path.error || !root_key_is_path(key))
		return path.error;
	rc = unlink(path.data) < 0 && errno != ENOENT && errno != ENOTDIR ?
		     -errno :
		     0;
	if (rc == 0)
		remove_parents(path.data, bucket_len);
	return rc;
}
