/* SPDX-License-Identifier: MIT */
/* s3storefs umount: ends a mount, whoever may. */
#include <libgen.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "mounted.h"
#include "tool.h"

static const char help[] =
	"usage: s3storefs umount MOUNTPOINT\n"
	"\n"
	"Ends the mount, as fusermount3 -u MOUNTPOINT does, or umount for root.\n"
	"\n"
	"Exit status: 0, 1 it failed, 2 wrong usage.\n";

static const struct command_own options[] = { { 0 } };

/* Where a daemon is gone, nothing but the folder above can be asked. */
static bool umount_find_path(const char *word, char out[PATH_MAX])
{
	AUTO_FREE char *name = NULL, *folder = NULL;
	char above[PATH_MAX];

	if (realpath(word, out))
		return true;
	if (errno != ENOTCONN)
		return false;
	name = strdup(word);
	folder = strdup(word);
	if (!name || !folder || !realpath(dirname(folder), above))
		return false;
	return snprintf(out, PATH_MAX, "%s/%s",
			strcmp(above, "/") == 0 ? "" : above,
			basename(name)) < PATH_MAX;
}

static int umount_by_root(const struct tool_call *call, const char *path)
{
	if (umount2(path, UMOUNT_NOFOLLOW) == 0)
		return TOOL_OK;
	if (errno == EBUSY)
		return tool_fail(call, TOOL_NO,
				 "%s is in use: see who by fuser -vm %s", path,
				 path);
	return tool_fail(call, TOOL_NO, "%s: %s", path, strerrordesc_np(errno));
}

/* Its own words say what went wrong. */
static int umount_by_helper(const struct tool_call *call, char *path)
{
	char name[] = "fusermount3", option[] = "-u";
	char *argv[] = { name, option, path, NULL };
	int status = 0;
	pid_t child;
	int rc = posix_spawnp(&child, name, NULL, NULL, argv, environ);

	if (rc == ENOENT)
		return tool_fail(call, TOOL_NO,
				 "fusermount3 is missing: install the package "
				 "fuse3");
	if (rc)
		return tool_fail(call, TOOL_NO, "fusermount3: %s",
				 strerrordesc_np(rc));
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		continue;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? TOOL_OK :
							       TOOL_NO;
}

static int tool_umount_run(const struct tool_call *call)
{
	CLEANUP(mounted_release) struct mounted mounted = { 0 };
	const struct command_line *line = &call->line;
	char path[PATH_MAX];

	if (line->word_count != 1 || line->option_count || line->config_path)
		return tool_usage(call);
	if (!umount_find_path(line->words[0], path))
		return tool_fail(call, TOOL_NO, "%s: %s", line->words[0],
				 strerrordesc_np(errno));
	if (mounted_find(path, &mounted) || !mounted.is_ours)
		return tool_fail(call, TOOL_NO, "no bucket is mounted on %s",
				 path);
	return geteuid() == 0 ? umount_by_root(call, path) :
				umount_by_helper(call, path);
}

const struct tool tool_umount = { "umount", help, options, tool_umount_run };
