/* SPDX-License-Identifier: MIT */
/* Reading somebody else's gzip: all of it is expanded. */
#ifndef STORE_GZIP_EXPAND_H
#define STORE_GZIP_EXPAND_H

struct fetch;

/* Runs a FETCH_ALL on the gzip pool. */
void gzip_expand_start(struct fetch *fetch);

#endif
