/* SPDX-License-Identifier: MIT */
/* s3storefs get: fetches an object, as django-storages' open('r') reads it. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "await.h"
#include "output.h"
#include "target.h"
#include "tool.h"

#define CHUNK (1024 * 1024) /* bytes of a read and a write */

static const char help[] =
	"usage: s3storefs get [OPTION...] BUCKET[:PREFIX] KEY [FILE]\n"
	"       s3storefs get [OPTION...] PATH FILE\n"
	"\n"
	"Fetches an object into FILE (-: to the standard output; a folder: there,\n"
	"under its own name; not given: here). Large ones come in ranges, in\n"
	"parallel, all of one version; what was stored compressed comes plain\n"
	"where AWS_IS_GZIPPED is set. FILE appears when it is complete: until\n"
	"then it is FILE.XXXXXX.part, which goes if anything fails.\n"
	"A PATH, with a slash in it, is on a mount.\n"
	"\n"
	"  --json             print name, file and size as JSON\n"
	"  --exact            KEY is a key as it is, also one that no path can\n"
	"                     name (a//b); else // and .. in it are resolved and\n"
	"                     \\ is /, as django-storages does it\n"
	"  -c FILE, -o NAME=VALUE,..., --NAME=VALUE  settings, as for a mount\n"
	"\n"
	"Exit status: 0 fetched, 1 not there or it failed, 2 wrong usage or\n"
	"setting.\n";

static const struct command_own options[] = {
	{ .name = "json" },
	{ .name = "exact" },
	{ 0 },
};

/* Where it goes. */
struct output {
	const char *name;
	char *file; /* owned; NULL: to fd as it comes */
	char *part; /* owned; the name until it is complete */
	int fd;
	uint64_t size;
	struct progress progress;
};

static void output_release(struct output *out)
{
	if (out->fd >= 0)
		close(out->fd);
	if (out->part)
		(void)unlink(out->part);
	free(out->part);
	free(out->file);
}

/* The name of what is fetched, without its folders. */
static const char *output_base_name(const char *name)
{
	const char *slash = strrchr(name, '/');

	return slash && slash[1] ? slash + 1 : name;
}

/*
 * A new file beside the one it will be. Only a plain file can be replaced by
 * a rename; what else stands there (a pipe, /dev/null) is written to.
 */
static int output_open_file(const struct tool_call *call, const char *file,
			    struct output *out)
{
	const char *base = output_base_name(out->name);
	mode_t mask = umask(0);
	struct stat st;
	bool is_there = stat(file, &st) == 0;

	umask(mask);
	if (is_there && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)) {
		out->fd = open(file, O_WRONLY | O_CLOEXEC);
		return out->fd >= 0 ? TOOL_OK :
				      tool_fail(call, TOOL_NO, "%s: %s", file,
						strerrordesc_np(errno));
	}
	if (is_there && S_ISDIR(st.st_mode)) {
		if (asprintf(&out->file, "%s/%s", file, base) < 0)
			out->file = NULL;
	} else {
		out->file = strdup(file);
	}
	if (!out->file || asprintf(&out->part, "%s.XXXXXX.part", out->file) < 0)
		return tool_fail(call, TOOL_NO, "out of memory");
	out->fd = mkostemps(out->part, (int)strlen(".part"), O_CLOEXEC);
	if (out->fd < 0) {
		free(STEAL(out->part));
		return tool_fail(call, TOOL_NO, "%s: %s", out->file,
				 strerrordesc_np(errno));
	}
	if (fchmod(out->fd, 0666 & ~mask) < 0)
		return tool_fail(call, TOOL_NO, "%s: %s", out->part,
				 strerrordesc_np(errno));
	return TOOL_OK;
}

static int output_open(const struct tool_call *call, const char *file,
		       struct output *out)
{
	if (file && strcmp(file, "-") == 0) {
		out->fd = dup(STDOUT_FILENO);
		return out->fd >= 0 ? TOOL_OK :
				      tool_fail(call, TOOL_NO, "%s",
						strerrordesc_np(errno));
	}
	return output_open_file(call, file ? file : ".", out);
}

static int output_write(struct output *out, const char *data, size_t len)
{
	while (len > 0 && !tool_is_interrupted()) {
		ssize_t n = write(out->fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		len -= (size_t)n;
		out->size += (uint64_t)n;
	}
	progress_step(&out->progress, out->size);
	return tool_is_interrupted() ? -EINTR : 0;
}

/* Under its own name now, with the object's time. */
static int output_finish(const struct tool_call *call, struct output *out,
			 int64_t mtime_ns)
{
	const struct timespec times[2] = {
		{ .tv_nsec = UTIME_NOW },
		{ mtime_ns / 1000000000, mtime_ns % 1000000000 },
	};

	progress_end(&out->progress);
	if (out->part) {
		int fd = out->fd, rc = futimens(fd, times);

		out->fd = -1;
		if (close(fd) < 0 || rc < 0 || rename(out->part, out->file) < 0)
			return tool_fail(call, TOOL_NO, "%s: %s", out->file,
					 strerrordesc_np(errno));
		free(STEAL(out->part));
	}
	if (tool_option(call, "json")) {
		FILE *to = out->file ? stdout : stderr;

		fputc('{', to);
		print_member(to, true, "name", out->name);
		print_member(to, false, "file", out->file);
		print_number(to, false, "size", out->size);
		fputs("}\n", to);
	}
	return TOOL_OK;
}

/* -------------------------------------------------------- of a bucket */

static int get_read_all(struct handle *handle, struct output *out,
			struct await *a)
{
	int n = 1;

	while (n > 0) {
		uint64_t offset = out->size;
		int rc = 0;

		(void)await_op(a);
		store_read(handle, offset, CHUNK, &a->read);
		n = await_end(a);
		if (n < 0)
			rc = n;
		for (unsigned i = 0; i < a->read.iov_count && rc == 0; i++)
			rc = output_write(out, a->read.iov[i].iov_base,
					  a->read.iov[i].iov_len);
		store_read_release(&a->read);
		if (rc < 0 && n >= 0)
			await_fail(a, rc);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int get_fetch(const struct tool_call *call, struct tool_bucket *bucket,
		     const char *path, const char *file, struct output *out)
{
	struct await a = AWAIT_INIT;
	struct handle *handle = NULL;
	struct node *node = NULL;
	struct store_attr attr = { 0 };
	int status = TOOL_OK;
	int rc;

	store_lookup_path(bucket->store, path, await_op(&a));
	rc = await_end(&a);
	if (rc == 0) {
		node = a.read.op.node;
		store_open(bucket->store, node, O_RDONLY, await_op(&a));
		rc = await_end(&a);
	}
	if (rc == 0) {
		handle = a.read.op.handle;
		attr = a.read.op.attr;
		status = output_open(call, file, out);
		progress_begin(&out->progress, path, attr.size);
	}
	if (rc == 0 && status == TOOL_OK)
		rc = get_read_all(handle, out, &a);
	if (rc == -ENOENT && !target_has_bucket(bucket))
		status = tool_fail(call, TOOL_NO, "there is no bucket %s",
				   bucket->config.bucket);
	else if (rc == -ENOENT)
		status = tool_fail(call, TOOL_NO, "File does not exist: %s",
				   path);
	else if (rc == -EPIPE && !out->file)
		status = TOOL_NO; /* head has read enough */
	else if (rc < 0)
		status = tool_fail_request(call, bucket, path, rc,
					   &a.read.op.err, "s3:GetObject");
	else if (status == TOOL_OK)
		status = output_finish(call, out, attr.mtime_ns);
	if (handle)
		store_release(handle);
	if (node)
		node_put(bucket->store, node, 1);
	return status;
}

static int tool_get_key(const struct tool_call *call, const char *word,
			const char *name, const char *file)
{
	AUTO_BUF struct buf path = BUF_INIT(S3_KEY_MAX);
	struct output out = { .fd = -1 };
	struct tool_bucket bucket;
	int status = tool_open(call, word, &bucket);

	if (status == TOOL_OK)
		status = target_path(call, &bucket, name, &path);
	if (status == TOOL_OK && path.len == 0)
		status =
			tool_fail(call, TOOL_USAGE,
				  "'%s' names no object: write its name", name);
	if (status == TOOL_OK)
		status = tool_open_store(call, &bucket);
	out.name = buf_str(&path);
	if (status == TOOL_OK)
		status = get_fetch(call, &bucket, path.data, file, &out);
	output_release(&out);
	(void)tool_close(&bucket);
	return status;
}

/* --------------------------------------------------------- of a mount */

static int output_copy_from(int fd, struct output *out)
{
	AUTO_FREE char *chunk = malloc(CHUNK);
	int rc = chunk ? 0 : -ENOMEM;

	while (rc == 0) {
		ssize_t n = read(fd, chunk, CHUNK);

		if (n == 0)
			break;
		if (n > 0)
			rc = output_write(out, chunk, (size_t)n);
		else if (errno != EINTR)
			rc = -errno;
	}
	return rc;
}

static int tool_get_path(const struct tool_call *call, const char *path,
			 const char *file)
{
	AUTO_CLOSE int fd = -1;
	struct output out = { .name = path, .fd = -1 };
	int status = target_check_mount(call, path);
	struct stat st;
	int rc;

	if (status)
		return status;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return tool_fail(call, TOOL_NO, "%s: %s", path,
				 strerrordesc_np(errno));
	status = output_open(call, file, &out);
	progress_begin(&out.progress, path, (uint64_t)st.st_size);
	if (status == TOOL_OK) {
		rc = output_copy_from(fd, &out);
		if (rc == -EPIPE && !out.file)
			status = TOOL_NO;
		else if (rc)
			status = tool_fail(call, TOOL_NO, "%s: %s", path,
					   strerrordesc_np(-rc));
	}
	if (status == TOOL_OK)
		status = output_finish(call, &out,
				       (int64_t)st.st_mtim.tv_sec * 1000000000 +
					       st.st_mtim.tv_nsec);
	output_release(&out);
	return status;
}

static int tool_get_run(const struct tool_call *call)
{
	const char *const *words = call->line.words;
	size_t count = call->line.word_count;

	tool_catch_signals();
	if (count == 2 && target_is_path(words[0]))
		return tool_get_path(call, words[0], words[1]);
	if (count < 2 || count > 3)
		return tool_usage(call);
	return tool_get_key(call, words[0], words[1],
			    count == 3 ? words[2] : NULL);
}

const struct tool tool_get = { "get", help, options, tool_get_run };
