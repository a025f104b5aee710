/* SPDX-License-Identifier: MIT */
/* HEADs of names that will be asked for next. */
#ifndef STORE_GZIP_AHEAD_H
#define STORE_GZIP_AHEAD_H

struct node;
struct store;

/* Name's size has to be asked for: the next ones' will be, too. */
void gzip_look_ahead(struct store *store, struct node *parent,
		     const char *name);

#endif
