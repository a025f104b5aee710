/* SPDX-License-Identifier: MIT */
/* What rename.c and rename_dir.c share. On the pool; no lock held. */
#ifndef STORE_RENAME_H
#define STORE_RENAME_H

#include "file/file.h"
#include "file/job.h"
#include "name.h"

struct rename_job {
	struct store_job job;
	struct node *parent, *new_parent; /* counted */
	char name[NAME_SIZE], new_name[NAME_SIZE];
	unsigned flags;
	struct buf key, new_key;
	bool has_other_name; /* new_name is not the one asked for */
};

/*
 * node leads to its new name now; tree.lock is held. -ENOMEM: nothing has
 * changed. etag is the copy's, or NULL. had_object:
 * the old name is absent once its removal is done, else at once.
 */
MUST_USE int rename_move_node_locked(struct rename_job *r, struct node *node,
				     const char *etag, bool had_object);

/* An open file stands on the copy with this key, taken over, from now on. */
void rename_rebase_file(struct file *file, char *key, const char *etag);

#endif
