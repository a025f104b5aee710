/* SPDX-License-Identifier: MIT */
/* s3storefs put: stores a file, as django-storages' save() does. */
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "await.h"
#include "io.h"
#include "multipart.h"
#include "name.h"
#include "output.h"
#include "target.h"
#include "tool.h"

#define CHUNK (1024 * 1024) /* bytes of a read and a write */

static const char help[] =
	"usage: s3storefs put [OPTION...] FILE BUCKET[:PREFIX] KEY\n"
	"       s3storefs put [OPTION...] FILE PATH\n"
	"\n"
	"Stores FILE (-: the standard input) and prints the name it got, below\n"
	"PREFIX or AWS_LOCATION. That is another one than KEY if KEY is taken\n"
	"and AWS_S3_FILE_OVERWRITE is False, or if it is longer than max_length.\n"
	"Type, parameters, ACL and compression are those of a mount with the same\n"
	"settings. Large files go in parts, in parallel. Whatever fails, the\n"
	"object that was there before stays as it is.\n"
	"A PATH, with a slash in it, is on a mount, which then stores the file;\n"
	"as with cp, what was read before an interrupt is stored.\n"
	"\n"
	"  --json             print name, key, bucket and size as JSON\n"
	"  --exact            KEY is a key as it is; else // and .. in it are\n"
	"                     resolved and \\ is /, as django-storages does it\n"
	"  -c FILE, -o NAME=VALUE,..., --NAME=VALUE  settings, as for a mount\n"
	"\n"
	"Exit status: 0 stored, 1 it failed, 2 wrong usage or setting.\n";

static const struct command_own options[] = {
	{ .name = "json" },
	{ .name = "exact" },
	{ 0 },
};

/* What is stored. */
struct input {
	int fd;
	uint64_t size; /* bytes so far */
	struct progress progress;
};

static int input_open(const struct tool_call *call, const char *name,
		      struct input *in)
{
	struct stat st;

	in->fd = strcmp(name, "-") == 0 ? dup(STDIN_FILENO) :
					  open(name, O_RDONLY | O_CLOEXEC);
	if (in->fd < 0 || fstat(in->fd, &st) < 0)
		return tool_fail(call, TOOL_NO, "%s: %s", name,
				 strerrordesc_np(errno));
	if (S_ISDIR(st.st_mode))
		return tool_fail(call, TOOL_USAGE, "%s is a folder", name);
	progress_begin(&in->progress, name,
		       S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0);
	return TOOL_OK;
}

/* The next bytes: their number, 0 at the end, or an errno. */
static ssize_t input_read(struct input *in, char *to)
{
	ssize_t n;

	do {
		n = read(in->fd, to, CHUNK);
	} while (n < 0 && errno == EINTR && !tool_is_interrupted());
	if (tool_is_interrupted())
		return -EINTR;
	if (n < 0)
		return -errno;
	in->size += (uint64_t)n;
	progress_step(&in->progress, in->size);
	return n;
}

static int put_print_result(const struct tool_call *call, const char *name,
			    const char *key, const char *bucket, uint64_t size)
{
	if (!tool_option(call, "json")) {
		print_name(stdout, name);
		putchar('\n');
		return TOOL_OK;
	}
	putchar('{');
	print_member(stdout, true, "name", name);
	print_member(stdout, false, "key", key);
	if (bucket)
		print_member(stdout, false, "bucket", bucket);
	print_number(stdout, false, "size", size);
	puts("}");
	return TOOL_OK;
}

/* ------------------------------------------------------- into a bucket */

/* django-storages' get_available_name, as far as max_length decides. */
static int put_fit_name(const struct tool_call *call,
			const struct tool_bucket *bucket, struct buf *path)
{
	const struct config *config = &bucket->config;
	AUTO_BUF struct buf fitting = BUF_INIT(S3_KEY_MAX);
	size_t most = config->max_length;
	int rc;

	if (config->max_length == CONFIG_UNSET ||
	    name_points(path->data, path->len) <= most)
		return TOOL_OK;
	rc = config->file_overwrite ?
		     name_shorten_path(&fitting, path->data, most) :
		     name_unique_path(&fitting, path->data, most);
	if (rc)
		return tool_fail(call, TOOL_NO,
				 "max_length = %zu leaves nothing of the name "
				 "'%s'",
				 most, path->data);
	buf_clear(path);
	buf_add_str(path, fitting.data);
	return path->error ? TOOL_NO : TOOL_OK;
}

/* Reads and writes are in turn; the store sends meanwhile. */
static int put_write_all(struct handle *handle, struct input *in,
			 struct await *a)
{
	AUTO_FREE char *chunk = malloc(CHUNK);
	uint64_t offset = 0;
	ssize_t n = 0;
	int rc = chunk ? 0 : -ENOMEM;

	while (rc >= 0 && (n = input_read(in, chunk)) > 0) {
		store_write(handle, offset, chunk, (size_t)n, false,
			    await_op(a));
		rc = await_end(a);
		offset += (uint64_t)n;
	}
	if (rc >= 0 && n < 0) {
		await_fail(a, (int)n);
		rc = (int)n;
	}
	return rc < 0 ? rc : 0;
}

/*
 * Prints the name that the object got. A file that could not be read to its
 * end must not be stored: unlinked, it is forgotten.
 */
static int put_store(const struct tool_call *call, struct tool_bucket *bucket,
		     const char *path, struct input *in)
{
	AUTO_BUF struct buf name = BUF_INIT(S3_KEY_MAX);
	AUTO_BUF struct buf key = BUF_INIT(S3_KEY_MAX);
	AUTO_BUF struct buf what = BUF_INIT(S3_KEY_MAX + 40);
	struct await a = AWAIT_INIT;
	struct handle *handle;
	struct node *node;
	int rc;

	store_create_path(bucket->store, path, O_WRONLY, await_op(&a));
	rc = await_end(&a);
	if (rc)
		return tool_fail_request(call, bucket, path, rc, &a.read.op.err,
					 "s3:PutObject");
	handle = a.read.op.handle;
	node = a.read.op.node;
	rc = put_write_all(handle, in, &a);
	if (rc == 0) {
		store_flush(handle, true, await_op(&a));
		rc = await_end(&a);
	} else {
		store_discard(handle);
	}
	progress_end(&in->progress);
	if (rc == 0)
		rc = store_node_path(bucket->store, node, &name);
	store_release(handle);
	node_put(bucket->store, node, 1);
	buf_add_fmt(&what, "%s was not stored", path);
	if (rc)
		return tool_fail_request(call, bucket, buf_str(&what), rc,
					 &a.read.op.err, "s3:PutObject");
	target_key(bucket, buf_str(&name), &key);
	return put_print_result(call, buf_str(&name), buf_str(&key),
				bucket->config.bucket, in->size);
}

static int put_key(const struct tool_call *call, const char *word,
		   const char *name, struct input *in)
{
	AUTO_BUF struct buf path = BUF_INIT(S3_KEY_MAX);
	struct tool_bucket bucket;
	int status = tool_open(call, word, &bucket);

	if (status == TOOL_OK)
		status = target_path(call, &bucket, name, &path);
	if (status == TOOL_OK &&
	    (path.len == 0 || path.data[path.len - 1] == '/'))
		status = tool_fail(call, TOOL_USAGE,
				   "'%s' names a folder: write the object's "
				   "whole name",
				   name);
	if (status == TOOL_OK)
		status = put_fit_name(call, &bucket, &path);
	if (status == TOOL_OK)
		status = tool_open_store(call, &bucket);
	if (status == TOOL_OK) {
		s3_sweep_start(bucket.network.s3);
		status = put_store(call, &bucket, path.data, in);
	}
	if (status == TOOL_OK)
		s3_sweep_wait(bucket.network.s3);
	if (tool_close(&bucket) && status == TOOL_OK)
		status = tool_fail(call, TOOL_NO, "%s was not stored", name);
	return status;
}

/* -------------------------------------------------------- on a mount */

static int put_copy_to(struct input *in, int fd)
{
	AUTO_FREE char *chunk = malloc(CHUNK);
	ssize_t n = chunk ? 1 : -ENOMEM;
	int rc = 0;

	while (n > 0 && rc == 0) {
		n = input_read(in, chunk);
		if (n > 0)
			rc = io_write(fd, chunk, (size_t)n);
	}
	return n < 0 ? (int)n : rc;
}

/* The name may be another one now: user.s3.key of the descriptor tells. */
static int put_tell_path(const struct tool_call *call, int fd, const char *path,
			 uint64_t size)
{
	AUTO_FREE char *copy = strdup(path);
	AUTO_FREE char *stored = NULL;
	char key[S3_KEY_MAX + 1];
	ssize_t len = fgetxattr(fd, "user.s3.key", key, S3_KEY_MAX);
	const char *base;

	if (len < 0 || !copy)
		return tool_fail(call, TOOL_NO, "%s is stored; its name: %s",
				 path, strerrordesc_np(errno));
	key[len] = '\0';
	base = strrchr(key, '/');
	base = base ? base + 1 : key;
	if (asprintf(&stored, "%s/%s", dirname(copy), base) < 0)
		return tool_fail(call, TOOL_NO, "out of memory");
	return put_print_result(call, stored, key, NULL, size);
}

static int put_path(const struct tool_call *call, const char *path,
		    struct input *in)
{
	AUTO_CLOSE int fd = -1;
	int status = target_check_mount(call, path);
	int rc;

	if (status)
		return status;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0)
		return tool_fail(call, TOOL_NO, "%s: %s", path,
				 strerrordesc_np(errno));
	rc = put_copy_to(in, fd);
	if (rc == 0 && fsync(fd) < 0)
		rc = -errno;
	progress_end(&in->progress);
	if (rc)
		return tool_fail(call, TOOL_NO, "%s: %s", path,
				 strerrordesc_np(-rc));
	return put_tell_path(call, fd, path, in->size);
}

static int tool_put_run(const struct tool_call *call)
{
	const char *const *words = call->line.words;
	size_t count = call->line.word_count;
	struct input in = { .fd = -1 };
	bool is_path = count == 2 && target_is_path(words[1]);
	int status;

	if (!is_path && count != 3)
		return tool_usage(call);
	tool_catch_signals();
	status = input_open(call, words[0], &in);
	if (status == TOOL_OK)
		status = is_path ? put_path(call, words[1], &in) :
				   put_key(call, words[1], words[2], &in);
	if (in.fd >= 0)
		close(in.fd);
	return status;
}

const struct tool tool_put = { "put", help, options, tool_put_run };
