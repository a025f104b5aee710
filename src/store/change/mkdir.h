/* SPDX-License-Identifier: MIT */
/* Directories are made by their markers. */
#ifndef STORE_MKDIR_H
#define STORE_MKDIR_H

#include "errinfo.h"
#include "macros.h"

struct store;

/*
 * An object of no bytes whose key ends in a slash. -EEXIST if it is there
 * and the server can tell: then another host has the folder. On the
 * pool; no lock held.
 */
MUST_USE int put_marker(struct store *store, const char *key,
			struct errinfo *err);

#endif
