/* SPDX-License-Identifier: MIT */
/*
 * What a tool's words name: BUCKET[:PREFIX] with names in it, or paths on a
 * mount. A path is told by a slash that stands before any colon: "/mnt/a",
 * "./a"; no bucket has one in its name. One thread.
 */
#ifndef TOOLS_TARGET_H
#define TOOLS_TARGET_H

#include <stdbool.h>

#include "tools.h"

bool target_is_path(const char *word);

/*
 * Whether path is on a mount of s3storefs. What is not there yet is where
 * its folder is. Returns TOOL_OK or has said why and returns TOOL_USAGE.
 */
MUST_USE int target_check_mount(const struct tool_call *call, const char *path);

/*
 * The path below the location of a name, by django-storages' rules
 * (clean_name, safe_join), or of --exact as it is. A name that leads out of
 * the location is refused as Django does it. Returns TOOL_OK or has said why
 * and returns TOOL_USAGE.
 */
MUST_USE int target_path(const struct tool_call *call,
			 const struct tool_bucket *bucket, const char *name,
			 struct buf *out);

/* The key of such a path. */
void target_key(const struct tool_bucket *bucket, const char *path,
		struct buf *out);

/* A 404 to a HEAD has no words: it may be the bucket that is missing. */
bool target_has_bucket(const struct tool_bucket *bucket);

#endif
