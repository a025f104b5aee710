/* SPDX-License-Identifier: MIT */
/* Patterns of paths; what they mean stands in params.h. Pure. */
#ifndef S3_PATTERN_H
#define S3_PATTERN_H

#include <stdbool.h>

/*
 * Whether pattern stands for path, which begins with no slash; one at its
 * end (a folder's marker) does not count.
 */
bool pattern_matches(const char *pattern, const char *path);

#endif
