/* SPDX-License-Identifier: MIT */
/*
 * The tools without memory, whole, against the test server: each says on
 * stderr that there is none. And what the start of a mount looks at.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "checks.h"
#include "fixture.h"
#include "log.h"
#include "mounted.h"
#include "scenarios.h"
#include "tools.h"

#define WORDS_MAX 12

static char folder[64] = "/tmp/s3storefs-alloc-XXXXXX";
static char said_path[100], file_path[100];
/* Where a tool's output goes, and where ours does. */
static int null_fd, said_fd, real_stdout, real_stderr;

static void fill(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		abort();
	close(fd);
}

/* What a tool said to people, as words. A no of check is sure: no failure. */
static int read_said(const char *line, int status)
{
	char text[sizeof(words.text)] = "";
	ssize_t n = pread(said_fd, text, sizeof(text) - 1, 0);
	bool is_right = strstr(text, "emory") &&
			(status != TOOL_NO || strncmp(line, "check", 5) != 0);

	if (status == TOOL_OK)
		return 0;
	text[n > 0 ? strcspn(text, "\n") : 0] = '\0';
	return errinfo_set(&words, is_right ? -ENOMEM : WRONG, "%s", text);
}

/* Words with blanks between them; B is the bucket, F the file. */
static int tool(const char *line)
{
	char text[300], *rest = text, *argv[WORDS_MAX + 1] = { NULL };
	char url[160];
	int argc = 0, status;

	snprintf(text, sizeof(text), "%s", line);
	while (argc < WORDS_MAX - 1 && (argv[argc] = strsep(&rest, " "))) {
		if (strcmp(argv[argc], "B") == 0)
			argv[argc] = fixture.bucket;
		if (strcmp(argv[argc], "F") == 0)
			argv[argc] = file_path;
		argc++;
	}
	snprintf(url, sizeof(url), "--endpoint_url=%s", fixture.endpoint);
	argv[argc++] = url;
	if (ftruncate(said_fd, 0) < 0)
		return WRONG;
	fflush(NULL);
	dup2(null_fd, STDOUT_FILENO);
	dup2(said_fd, STDERR_FILENO);
	status = tool_main(tools_find(argv[0]), argc, argv);
	fflush(NULL);
	dup2(real_stdout, STDOUT_FILENO);
	dup2(real_stderr, STDERR_FILENO);
	return read_said(line, status);
}

#define TOOL(name, line)            \
	static int run_##name(void) \
	{                           \
		return tool(line);  \
	}
TOOL(url, "url --expire 60 --param VersionId=v B k")
TOOL(ls, "ls -l B")
TOOL(ls_json, "ls --json -r B")
TOOL(put, "put F B k")
TOOL(get, "get B k F")
TOOL(check, "check B k")
TOOL(probe, "check --json B")
TOOL(uploads, "uploads B")

/* A mount that is there must not be overlooked. */
static int run_mounted(void)
{
	struct mounted mounted;
	int result = mounted_find("/proc", &mounted);

	if (result == 0)
		result = expect(strcmp(mounted.source, "proc") == 0);
	mounted_release(&mounted);
	return result;
}

static int run_mountpoint(void)
{
	AUTO_BUF struct buf why = BUF_INIT(1000);
	AUTO_FREE char *path = NULL;
	int result = check_mountpoint(folder, &path, &why);

	return result < 0 ? result : expect(strcmp(path, folder) == 0);
}

static void prepare(void)
{
	fixture_fresh(NULL);
	if (do_put("k", "text", 4) < 0 || do_put("d/k", "text", 4) < 0)
		abort();
	fill(file_path, "text");
}

static const struct scenario scenarios[] = {
	SCENARIO("mounted", run_mounted),
	SCENARIO("mount point", run_mountpoint),
	SCENARIO("url", run_url),
	SCENARIO("ls", run_ls, .prepare = prepare),
	SCENARIO("ls in JSON", run_ls_json),
	SCENARIO("put", run_put),
	SCENARIO("get", run_get),
	SCENARIO("check", run_check),
	SCENARIO("check of a bucket", run_probe, .alike_max = 1),
	SCENARIO("uploads", run_uploads),
};

int main(void)
{
	int failed;

	fixture_begin(NULL);
	if (!mkdtemp(folder) || !freopen("/dev/null", "w", stdin))
		return 1;
	snprintf(said_path, sizeof(said_path), "%s/said", folder);
	snprintf(file_path, sizeof(file_path), "%s/file", folder);
	fill(said_path, "");
	said_fd = open(said_path, O_RDWR | O_APPEND | O_CLOEXEC);
	null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	real_stdout = dup(STDOUT_FILENO);
	real_stderr = dup(STDERR_FILENO);
	setenv("HOME", folder, 1);
	failed = scenarios_run(scenarios, ARRAY_SIZE(scenarios));
	fixture_end(NULL);
	unlink(said_path);
	unlink(file_path);
	return rmdir(folder) < 0 ? 1 : failed;
}
