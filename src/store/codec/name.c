/* SPDX-License-Identifier: MIT */
/* Names of files and their keys; see name.h. */
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "name.h"
#include "s3.h"
#include "text.h"

#define SUFFIX_LEN 7 /* Django's get_random_string(7) */

int name_check(const char *name, size_t len)
{
	bool is_dots = len <= 2 && memcmp(name, "..", len) == 0;

	if (is_dots || memchr(name, '/', len) || memchr(name, '\0', len))
		return -EINVAL;
	if (len >= NAME_SIZE)
		return -ENAMETOOLONG;
	return text_is_utf8(name, len) ? 0 : -EILSEQ;
}

bool name_is_showable(const char *component, size_t len)
{
	return name_check(component, len) == 0;
}

int name_key_check(size_t key_len)
{
	return key_len > S3_KEY_MAX ? -ENAMETOOLONG : 0;
}

/* Seven of A-Z a-z 0-9, all equally likely, and a NUL. */
static int random_suffix(char out[SUFFIX_LEN + 1])
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz0123456789";
	const unsigned count = sizeof(letters) - 1;
	unsigned char bytes[32];
	size_t n = 0;

	while (n < SUFFIX_LEN) {
		if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
			return -EIO;
		for (size_t i = 0; i < sizeof(bytes) && n < SUFFIX_LEN; i++) {
			/* What is left over of 256 would favour some. */
			if (bytes[i] < 256 - 256 % count)
				out[n++] = letters[bytes[i] % count];
		}
	}
	out[n] = '\0';
	return 0;
}

size_t name_root_length(const char *name, size_t len)
{
	size_t dot = len;

	while (dot > 0 && name[dot - 1] != '.')
		dot--;
	if (dot == 0 || strspn(name, ".") >= dot)
		return len;
	return dot - 1;
}

static bool continues_sequence(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

size_t name_points(const char *s, size_t len)
{
	size_t count = 0;

	for (size_t i = 0; i < len; i++)
		count += !continues_sequence(s[i]);
	return count;
}

/* The length without the last points; 0 if there are no more than these. */
static size_t drop_points(const char *s, size_t len, size_t points)
{
	while (points > 0 && len > 0) {
		len--;
		points -= !continues_sequence(s[len]);
	}
	return len;
}

/* A path's last component, taken apart; the extension has its dot. */
struct parts {
	const char *root;
	size_t dir_len; /* with its slash */
	size_t root_len;
	const char *extension;
	size_t extension_len;
};

static struct parts split(const char *path)
{
	const char *slash = strrchr(path, '/');
	struct parts p = { .root = slash ? slash + 1 : path };
	size_t len = strlen(p.root);

	p.dir_len = (size_t)(p.root - path);
	p.root_len = name_root_length(p.root, len);
	p.extension = p.root + p.root_len;
	p.extension_len = len - p.root_len;
	return p;
}

int name_unique(char out[NAME_SIZE], const char *name, size_t key_room,
		size_t point_room)
{
	size_t room = key_room < NAME_SIZE ? key_room : NAME_SIZE - 1;
	struct parts p = split(name);
	size_t points = name_points(name, strlen(name)) + 1 + SUFFIX_LEN;
	size_t root_len = p.root_len;
	char suffix[SUFFIX_LEN + 1];
	int rc;

	if (points > point_room)
		root_len = drop_points(name, root_len, points - point_room);
	while (root_len > 0 &&
	       (root_len + 1 + SUFFIX_LEN + p.extension_len > room ||
		continues_sequence(name[root_len])))
		root_len--;
	if (root_len == 0)
		return -ENAMETOOLONG;
	rc = random_suffix(suffix);
	if (rc < 0)
		return rc;
	snprintf(out, NAME_SIZE, "%.*s_%s%s", (int)root_len, name, suffix,
		 p.extension);
	return 0;
}

int name_unique_path(struct buf *out, const char *path, size_t max_points)
{
	size_t points = name_points(path, strlen(path)) + 1 + SUFFIX_LEN;
	struct parts p = split(path);
	char suffix[SUFFIX_LEN + 1];
	int rc;

	if (max_points > 0 && points > max_points)
		p.root_len =
			drop_points(p.root, p.root_len, points - max_points);
	if (p.root_len == 0)
		return -ENAMETOOLONG;
	rc = random_suffix(suffix);
	if (rc < 0)
		return rc;
	buf_add(out, path, p.dir_len + p.root_len);
	buf_add_char(out, '_');
	buf_add_str(out, suffix);
	buf_add(out, p.extension, p.extension_len);
	return out->error;
}

int name_shorten_path(struct buf *out, const char *path, size_t max_points)
{
	size_t points = name_points(path, strlen(path));
	struct parts p = split(path);

	if (max_points > 0 && points > max_points) {
		p.root_len =
			drop_points(p.root, p.root_len, points - max_points);
		if (p.root_len == 0)
			return -ENAMETOOLONG;
	}
	buf_add(out, path, p.dir_len + p.root_len);
	buf_add(out, p.extension, p.extension_len);
	return out->error;
}

static bool ends_in_slash(const char *s, size_t len)
{
	return len > 0 && s[len - 1] == '/';
}

static size_t trimmed_length(const char *path)
{
	size_t len = strlen(path);

	while (ends_in_slash(path, len))
		len--;
	return len;
}

/* Takes the last component back, if there is one that is not "..". */
static bool pop_component(struct buf *out, size_t root_len)
{
	size_t len = out->len;

	while (len > root_len && out->data[len - 1] != '/')
		len--;
	if (len == out->len || strcmp(out->data + len, "..") == 0)
		return false;
	out->len = len > root_len ? len - 1 : len;
	out->data[out->len] = '\0';
	return true;
}

/*
 * Sets out to the path without empty, "." and "x/.." components and without
 * slashes at the end; "." if nothing is left. Of slashes at the front one
 * stays, but two if there are exactly two (POSIX, 4.13 Pathname Resolution).
 */
static void normalise(struct buf *out, const char *path)
{
	size_t slashes = strspn(path, "/");
	size_t root_len = slashes < 3 ? slashes : 1;

	buf_clear(out);
	buf_add(out, path, root_len);
	for (path += slashes; *path; path += strspn(path, "/")) {
		size_t len = strcspn(path, "/");
		bool is_up = len == 2 && memcmp(path, "..", 2) == 0;
		bool is_gone = (len == 1 && *path == '.') ||
			       (is_up &&
				(pop_component(out, root_len) || root_len > 0));

		if (!is_gone && out->len > root_len)
			buf_add_char(out, '/');
		if (!is_gone)
			buf_add(out, path, len);
		path += len;
	}
	if (out->len == 0)
		buf_add_char(out, '.');
}

int name_location_check(const char *location, struct errinfo *err)
{
	AUTO_BUF struct buf trimmed = BUF_INIT(PATH_MAX);
	AUTO_BUF struct buf normal = BUF_INIT(PATH_MAX);
	const char *relative = location + strspn(location, "/");
	size_t len = trimmed_length(location);

	if (len > S3_KEY_MAX - 2)
		return errinfo_set(err, -ENAMETOOLONG,
				   "AWS_LOCATION leaves no room for names");
	if (!text_is_utf8(location, len))
		return errinfo_set(err, -EILSEQ, "AWS_LOCATION is not UTF-8");
	if (*location == '/')
		return errinfo_set(err, -EINVAL,
				   "AWS_LOCATION cannot begin with a leading "
				   "slash. Found '%s'. Use '%s' instead.",
				   location, relative);
	buf_add(&trimmed, location, len);
	normalise(&normal, buf_str(&trimmed));
	if (trimmed.error || normal.error)
		return -ENOMEM;
	if (strcmp(normal.data, ".") == 0)
		buf_clear(&normal);
	if (strcmp(buf_str(&trimmed), normal.data) != 0)
		return errinfo_set(err, -EINVAL,
				   "AWS_LOCATION '%s' is not a normalised "
				   "path. Use '%s' instead.",
				   location, normal.data);
	return 0;
}

int name_clean(struct buf *out, const char *name)
{
	AUTO_BUF struct buf clean = BUF_INIT(PATH_MAX);

	normalise(&clean, name);
	if (clean.error)
		return clean.error;
	for (size_t i = 0; i < clean.len; i++) {
		if (clean.data[i] == '\\')
			clean.data[i] = '/';
	}
	if (ends_in_slash(name, strlen(name)) &&
	    !ends_in_slash(clean.data, clean.len))
		buf_add_char(&clean, '/');
	if (clean.error || strcmp(clean.data, ".") == 0)
		return clean.error;
	buf_add(out, clean.data, clean.len);
	return out->error;
}

/* Moves *at, a path with a slash at its end or not, on by path. */
static void join_one(struct buf *at, const char *path)
{
	AUTO_BUF struct buf joined = BUF_INIT(PATH_MAX);
	AUTO_BUF struct buf normal = BUF_INIT(PATH_MAX);
	bool stays;

	if (*path != '/') {
		buf_add(&joined, at->data, at->len);
		if (!ends_in_slash(at->data, at->len))
			buf_add_char(&joined, '/');
	}
	buf_add_str(&joined, path);
	normalise(&normal, buf_str(&joined));
	stays = normal.len + 1 == at->len && ends_in_slash(at->data, at->len) &&
		memcmp(buf_str(&normal), at->data, normal.len) == 0;
	if (stays || ends_in_slash(path, strlen(path)))
		buf_add_char(&normal, '/');
	buf_clear(at);
	at->error = joined.error;
	buf_add(at, buf_str(&normal), normal.len);
	if (normal.error)
		at->error = normal.error;
}

int name_safe_join(struct buf *out, const char *base, const char *const *paths,
		   size_t count)
{
	AUTO_BUF struct buf at = BUF_INIT(PATH_MAX);
	size_t base_len = trimmed_length(base), slashes;

	buf_add(&at, base, base_len);
	buf_add_char(&at, '/');
	for (size_t i = 0; i < count && !at.error; i++)
		join_one(&at, paths[i]);
	if (at.len == base_len && memcmp(buf_str(&at), base, base_len) == 0)
		buf_add_char(&at, '/');
	if (at.error)
		return at.error;
	if (at.len <= base_len || memcmp(at.data, base, base_len) != 0 ||
	    at.data[base_len] != '/')
		return -EACCES;
	slashes = strspn(at.data, "/");
	buf_add(out, at.data + slashes, at.len - slashes);
	return out->error;
}

int name_to_key(struct buf *out, const char *location, const char *name,
		struct errinfo *err)
{
	AUTO_BUF struct buf clean = BUF_INIT(PATH_MAX);
	AUTO_BUF struct buf key = BUF_INIT(PATH_MAX);
	const char *cleaned;
	int rc = name_clean(&clean, name);

	cleaned = buf_str(&clean);
	if (rc == 0)
		rc = name_safe_join(&key, location, &cleaned, 1);
	if (rc == -EACCES)
		return errinfo_set(err, rc, "Attempted access to '%s' denied.",
				   name);
	if (rc == -EMSGSIZE || (rc == 0 && name_key_check(key.len) < 0))
		return errinfo_set(err, -ENAMETOOLONG,
				   "'%s' makes a key of over %d bytes", name,
				   S3_KEY_MAX);
	if (rc == 0 && !text_is_utf8(buf_str(&key), key.len))
		return errinfo_set(err, -EILSEQ, "'%s' is not UTF-8", name);
	if (rc < 0)
		return rc;
	buf_add(out, buf_str(&key), key.len);
	return out->error;
}
