/* SPDX-License-Identifier: MIT */
/* What ls of a bucket (ls.c) and of a folder on a mount share. One thread. */
#ifndef TOOLS_LS_H
#define TOOLS_LS_H

#include "s3.h"
#include "tools.h"

struct listing {
	const struct tool_call *call;
	const struct tool_bucket *bucket; /* NULL: a path on a mount */
	bool is_long, is_human, is_json, is_recursive;
	struct buf prefix; /* "media/a/" */
	uint64_t count;    /* also the marker of the folder itself */
};

/* One line for item, called name. */
void ls_print(const struct listing *l, const struct s3_listed *item,
	      const char *name);

/* Lists a folder or a file on a mount, in the order of names' bytes. */
int ls_path(const struct listing *l, const char *path);

#endif
