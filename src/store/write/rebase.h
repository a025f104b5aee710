/* SPDX-License-Identifier: MIT */
/* The object that an open file stands on is another one, by us. */
#ifndef STORE_REBASE_H
#define STORE_REBASE_H

#include <stdbool.h>
#include <stdint.h>

#include "macros.h"

struct file;
struct gzip_layout;
struct list_link;
struct outgoing;

/*
 * out, of that layout and version, is stored: the file, which is being sent,
 * stands on it, and the tree knows of it. True in *is_clean: it is all that
 * the file has. Who waits for bytes moves to waiters, for fetch_tell.
 * -ENOMEM. out's headers are taken over.
 */
MUST_USE int file_rebase_locked(struct outgoing *out,
				const struct gzip_layout *layout,
				const char *etag, bool *is_clean,
				struct list_link *waiters);
/* The object was copied onto itself, to have other headers. -ENOMEM. */
MUST_USE int file_learn_copy(struct file *file, const char *etag,
			     int64_t mtime_ns);

#endif
