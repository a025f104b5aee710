/* SPDX-License-Identifier: MIT */
/*
 * From the settings to a client of the bucket's server: what the mount and
 * the tools begin with. One thread.
 */
#ifndef NETWORK_H
#define NETWORK_H

#include "buf.h"
#include "config.h"
#include "http.h"
#include "s3.h"
#include "state_dir.h"

struct network {
	struct state_dir state; /* s3 borrows from it */
	struct http *http;
	struct object_settings *objects; /* s3 borrows from it */
	struct s3_client *s3;
};

/*
 * Sends nothing yet. config is borrowed until network_stop, which is due in
 * every case. Returns 0 or a negative errno, and why is then one line.
 */
MUST_USE int network_start(const struct config *config, struct network *out,
			   struct buf *why);

void network_stop(struct network *network);

#endif
