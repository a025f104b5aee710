/* SPDX-License-Identifier: MIT */
/*
 * The shape of a settings file: sections, names, values, comments.
 *
 *   # a comment
 *   NAME = value              # another
 *   MAP = {                   a bracket keeps its value open over lines
 *       'a': 1,
 *   }
 *   [section]
 *
 * What names and values mean is the caller's. One thread.
 */
#ifndef CONFIG_FILE_H
#define CONFIG_FILE_H

#include <stdbool.h>

#include "buf.h"
#include "errinfo.h"

/* Texts are valid during the call. name is NULL at a section's beginning. */
struct config_line {
	unsigned number;
	const char *section; /* "" before the first */
	const char *name;
	const char *value;
};

typedef int (*config_line_fn)(void *arg, const struct config_line *line,
			      struct errinfo *err);

/*
 * Calls take for each setting and each section's beginning, until it gives
 * an error. text is changed. Returns 0, -EINVAL for what is no setting, or
 * take's error; *number is the line it is about.
 */
MUST_USE int config_file_parse(char *text, config_line_fn take, void *arg,
			       unsigned *number, struct errinfo *err);

#define CONFIG_FILE_MAX (1024ul * 1024) /* bytes; ours */

/*
 * Reads the whole file. *is_private: nobody but its owner can read it, and
 * that is the caller or root. Returns 0, -errno, -EINVAL if it is no plain
 * file or holds a NUL, -EFBIG.
 */
MUST_USE int config_file_read(const char *path, struct buf *out,
			      bool *is_private, struct errinfo *err);

/*
 * The settings file: given (-c), else $S3STOREFS_CONF, which both must be
 * readable; else the user's own or the system's, if there is one: *path, for
 * the caller to free, or NULL. The system's may be for root alone, and who
 * has settings of his own needs none: then it is *unread. 0 or -ENOMEM.
 */
MUST_USE int config_file_find(const char *given, char **path, char **unread);

#endif
