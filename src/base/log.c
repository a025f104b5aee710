/* SPDX-License-Identifier: MIT */
/* One line per event; see log.h. The only global state of the program. */
#include "log.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>

#include "clock.h"
#include "lock.h"

#define MOVED_CHECK_MS 1000

static const struct {
	const char *name;
	int priority;
} levels[] = {
	[LOG_LEVEL_ERROR] = { "error", LOG_ERR },
	[LOG_LEVEL_WARN] = { "warn", LOG_WARNING },
	[LOG_LEVEL_INFO] = { "info", LOG_INFO },
	[LOG_LEVEL_DEBUG] = { "debug", LOG_DEBUG },
};

static _Atomic int threshold = LOG_LEVEL_WARN;
static atomic_bool use_syslog;

static struct {
	struct lock lock;
	char *path; /* NULL: none */
	int fd;     /* -1: none, to stderr then */
	int64_t checked_ms;
} file = { .lock = LOCK_INIT(LOCK_LOG), .fd = -1 };

static int log_file_open(const char *path)
{
	return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY,
		    0600);
}

int log_setup_file(enum log_level level, const char *path)
{
	char *copy = strdup(path);
	LOCK(&file.lock);

	threshold = (int)level;
	if (!copy)
		return -ENOMEM;
	free(file.path);
	file.path = copy;
	close_fd(&file.fd);
	file.fd = log_file_open(path);
	file.checked_ms = clock_now_ms();
	return file.fd < 0 ? -errno : 0;
}

void log_setup(enum log_level level, bool to_syslog)
{
	threshold = (int)level;
	if (to_syslog)
		openlog("s3storefs", LOG_PID | LOG_NDELAY, LOG_DAEMON);
	use_syslog = to_syslog;
}

bool log_syslog_answers(void)
{
	static const int types[] = { SOCK_DGRAM, SOCK_STREAM };
	const struct sockaddr_un address = { AF_UNIX, _PATH_LOG };

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		AUTO_CLOSE int fd = socket(AF_UNIX, types[i] | SOCK_CLOEXEC, 0);

		if (fd >= 0 && connect(fd, (const struct sockaddr *)&address,
				       sizeof(address)) == 0)
			return true;
	}
	return false;
}

int log_level_parse(const char *name, enum log_level *level)
{
	for (size_t i = 0; i < ARRAY_SIZE(levels); i++) {
		if (strcmp(name, levels[i].name) == 0) {
			*level = (enum log_level)i;
			return 0;
		}
	}
	return -EINVAL;
}

bool log_enabled(enum log_level level)
{
	return (int)level <= threshold;
}

/* Makes the line safe to print: no control characters, cut to the room. */
static void log_escape(char *out, size_t room, const char *in)
{
	size_t n = 0;

	for (; *in && n + 5 < room; in++) {
		unsigned char c = (unsigned char)*in;

		if (c >= 0x20 && c != 0x7f)
			out[n++] = (char)c;
		else
			n += (size_t)snprintf(out + n, room - n, "\\x%02x", c);
	}
	out[n] = '\0';
}

static bool log_file_is_at_path_locked(void)
{
	struct stat ours, named;

	return file.fd >= 0 && fstat(file.fd, &ours) == 0 &&
	       stat(file.path, &named) == 0 && ours.st_dev == named.st_dev &&
	       ours.st_ino == named.st_ino;
}

/* The file may be moved away at any time: another one is begun soon. */
static int log_file_fd_locked(void)
{
	int64_t now_ms = clock_now_ms();
	int fd;

	if (!file.path)
		return STDERR_FILENO;
	if (now_ms - file.checked_ms >= MOVED_CHECK_MS) {
		file.checked_ms = now_ms;
		fd = log_file_is_at_path_locked() ? -1 :
						    log_file_open(file.path);
		if (fd >= 0) {
			close_fd(&file.fd);
			file.fd = fd;
		}
	}
	return file.fd >= 0 ? file.fd : STDERR_FILENO;
}

static void log_to_file(enum log_level level, const char *area,
			const char *line)
{
	struct timespec now;
	struct tm tm;
	LOCK(&file.lock);

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	dprintf(log_file_fd_locked(),
		"%04d-%02d-%02dT%02d:%02d:%02d.%03ldZ %s %s: %s\n",
		tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
		tm.tm_min, tm.tm_sec, now.tv_nsec / 1000000, levels[level].name,
		area, line);
}

void log_write(enum log_level level, const char *area, const char *fmt, ...)
{
	char text[4096], line[4096];
	va_list args;

	if (!log_enabled(level))
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	log_escape(line, sizeof(line), text);
	if (use_syslog)
		syslog(levels[level].priority, "%s: %s", area, line);
	else
		log_to_file(level, area, line);
}
