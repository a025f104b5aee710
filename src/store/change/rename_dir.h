/* SPDX-License-Identifier: MIT */
/* A folder gets another name: key by key. */
#ifndef STORE_RENAME_DIR_H
#define STORE_RENAME_DIR_H

#include "macros.h"

struct errinfo;
struct node;
struct rename_job;

/*
 * All keys below r->key to r->new_key, then the node and its open files.
 * target is the directory that is known to have the new name, or NULL.
 */
MUST_USE int rename_dir(struct rename_job *r, struct node *node,
			struct node *target, struct errinfo *err);

#endif
