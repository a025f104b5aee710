/* SPDX-License-Identifier: MIT */
/* See process.h. */

#include "process.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "macros.h"

/* The beginning of a file below dir, as text; false: it cannot be read. */
static bool proc_read(int dir, const char *path, char *text, size_t room)
{
	AUTO_CLOSE int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? -1 : read(fd, text, room - 1);

	if (len < 0)
		return false;
	text[len] = '\0';
	return true;
}

/* Why a look into proc failed: what was there has ended. */
static bool proc_is_gone(void)
{
	return errno == ENOENT || errno == ESRCH;
}

/* The number behind a label at the beginning of a line, or -1. */
static int64_t proc_number(const char *text, const char *label)
{
	const char *at = strstr(text, label);

	return at ? strtoll(at + strlen(label), NULL, 10) : -1;
}

pid_t process_of_thread(pid_t thread)
{
	char path[32], status[512];
	int64_t process = -1;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)thread);
	if (thread > 0 && proc_read(AT_FDCWD, path, status, sizeof(status)))
		process = proc_number(status, "\nTgid:");
	return process > 0 ? (pid_t)process : thread;
}

/*
 * Descriptor fd of a process, whose folder in proc is dir. What another file
 * system would have to be asked for is only looked at if the number is right
 * (fdinfo tells it since Linux 5.14), and then as the kernel knows it.
 */
static bool proc_descriptor_is_of(int dir, const char *fd,
				  const struct process_inode *inode)
{
	char path[300], info[256];
	struct statx stx;

	snprintf(path, sizeof(path), "fdinfo/%s", fd);
	if (!proc_read(dir, path, info, sizeof(info)))
		return !proc_is_gone();
	if (proc_number(info, "\nino:") >= 0 &&
	    (uint64_t)proc_number(info, "\nino:") != inode->ino)
		return false;
	snprintf(path, sizeof(path), "fd/%s", fd);
	if (statx(dir, path, AT_STATX_DONT_SYNC, STATX_INO, &stx) < 0)
		return !proc_is_gone();
	return stx.stx_ino == inode->ino &&
	       stx.stx_dev_major == inode->dev_major &&
	       stx.stx_dev_minor == inode->dev_minor;
}

/* proc is /proc, pid the name of a folder in it. */
static bool proc_table_may_hold(DIR *proc, const char *pid,
				const struct process_inode *inode)
{
	AUTO_CLOSE int dir =
		openat(dirfd(proc), pid, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fds = dir < 0 ?
			  -1 :
			  openat(dir, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = fds < 0 ? NULL : fdopendir(fds);
	struct dirent *entry;
	bool may_hold = false;

	if (!list) {
		may_hold = !proc_is_gone();
		if (fds >= 0)
			close(fds);
		return may_hold;
	}
	while (!may_hold && (entry = readdir(list)))
		may_hold = isdigit((unsigned char)entry->d_name[0]) &&
			   proc_descriptor_is_of(dir, entry->d_name, inode);
	closedir(list);
	return may_hold;
}

/* "PID (NAME) STATE ..."; the 22nd field is the start. */
static bool proc_is_young(DIR *proc, const char *pid, int64_t since_ns)
{
	int64_t ticks_a_second = sysconf(_SC_CLK_TCK);
	unsigned long long start;
	char path[300], stat[1024];
	const char *name_end;

	snprintf(path, sizeof(path), "%s/stat", pid);
	if (!proc_read(dirfd(proc), path, stat, sizeof(stat)))
		return !proc_is_gone();
	/* The name may hold anything, the 19 fields behind it are numbers. */
	name_end = strrchr(stat, ')');
	if (!name_end || sscanf(name_end,
				") %*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "
				"%*s %*s %*s %*s %*s %*s %*s %*s %llu",
				&start) != 1)
		return true;
	return (int64_t)start >= since_ns / (1000000000 / ticks_a_second);
}

/* /proc/loadavg ends in it. */
static int64_t proc_last_pid(void)
{
	char text[128];
	const char *at;

	if (!proc_read(AT_FDCWD, "/proc/loadavg", text, sizeof(text)))
		return -1;
	at = strrchr(text, ' ');
	return at ? strtoll(at, NULL, 10) : -1;
}

struct process_mark process_mark(void)
{
	struct process_mark mark = { .last_pid = proc_last_pid() };
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	mark.boot_ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
	return mark;
}

static bool proc_young_may_hold(DIR *proc, int64_t since_ns,
				const struct process_inode *inode)
{
	struct dirent *entry;

	while ((entry = readdir(proc))) {
		if (isdigit((unsigned char)entry->d_name[0]) &&
		    proc_is_young(proc, entry->d_name, since_ns) &&
		    proc_table_may_hold(proc, entry->d_name, inode))
			return true;
	}
	return false;
}

bool process_may_hold(pid_t process, const struct process_mark *since,
		      const struct process_inode *inode)
{
	DIR *proc = process > 0 ? opendir("/proc") : NULL;
	bool may_hold;
	char pid[16];

	if (!proc)
		return true;
	snprintf(pid, sizeof(pid), "%d", (int)process);
	may_hold = proc_table_may_hold(proc, pid, inode);
	/* Mostly nobody was started: no need to look at all there are. */
	if (!may_hold &&
	    (since->last_pid < 0 || since->last_pid != proc_last_pid()))
		may_hold = proc_young_may_hold(proc, since->boot_ns, inode);
	closedir(proc);
	return may_hold;
}
