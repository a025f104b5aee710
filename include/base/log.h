/* SPDX-License-Identifier: MIT */
/*
 * One line per event, to stderr, to syslog or to a file.
 *
 *   log_warn("upload", "part %d sent again key=%s", n, key);
 *
 * The first argument is the area: the module that speaks. ERROR: a user's
 * call failed or data is at risk. WARN: somebody should look. INFO: mount,
 * unmount, retries. DEBUG: state changes and requests. Control characters in
 * a message are shown as \xHH, so a key cannot forge a line. Secrets are
 * never passed in. Any thread; log_setup before the threads start.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

#include "macros.h"

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARN,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG
};

/* Lines above level are dropped. to_syslog: syslog instead of stderr. */
void log_setup(enum log_level level, bool to_syslog);

/* Whether somebody takes what goes to syslog. */
bool log_syslog_answers(void);

/*
 * To a file. It may be moved away (logrotate) while we write: within a second
 * there is a new one. Returns 0, or -errno of opening it: lines then go to
 * stderr.
 */
MUST_USE int log_setup_file(enum log_level level, const char *path);

/* "error", "warn", "info", "debug" to a level. Returns 0 or -EINVAL. */
int log_level_parse(const char *name, enum log_level *level);

bool log_enabled(enum log_level level);

void log_write(enum log_level level, const char *area, const char *fmt, ...)
	PRINTF_LIKE(3, 4);

#define log_error(area, ...) log_write(LOG_LEVEL_ERROR, area, __VA_ARGS__)
#define log_warn(area, ...)  log_write(LOG_LEVEL_WARN, area, __VA_ARGS__)
#define log_info(area, ...)  log_write(LOG_LEVEL_INFO, area, __VA_ARGS__)
#define log_debug(area, ...)                                           \
	do {                                                           \
		if (log_enabled(LOG_LEVEL_DEBUG))                      \
			log_write(LOG_LEVEL_DEBUG, area, __VA_ARGS__); \
	} while (0)

#endif
