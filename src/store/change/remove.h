/* SPDX-License-Identifier: MIT */
/* What renaming needs of removing. On the pool; no lock held. */
#ifndef STORE_REMOVE_H
#define STORE_REMOVE_H

#include "errinfo.h"
#include "macros.h"

struct file;
struct node;
struct store;

/*
 * The file's object is to go: if it is open all its bytes are fetched first.
 * Nothing is published at the same time: it is unlinked, or claimed.
 */
MUST_USE int file_keep(struct file *file, struct errinfo *err);

#endif
