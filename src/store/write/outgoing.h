/* SPDX-License-Identifier: MIT */
/*
 * How one version of a file goes out: under which key, with which headers,
 * as it is or compressed, and whether only if the key is free. Decided once,
 * before its first request, and taken along by all that make it.
 *
 *   struct outgoing out = { .file = file, .key = key };
 *   result = outgoing_prepare_locked(&out, err);
 *   if (result == 0)
 *           result = outgoing_decide_locked(&out);
 *   ...
 *   outgoing_release(&out);
 */
#ifndef STORE_OUTGOING_H
#define STORE_OUTGOING_H

#include <stdbool.h>

#include "macros.h"
#include "pairs.h"

struct errinfo;
struct file;
struct gzip_layout;
struct parked_put;

struct outgoing {
	struct file *file;         /* whose name and headers it has */
	const char *key;           /* borrowed */
	bool is_exclusive;         /* only if the key is free, else -EEXIST */
	struct parked_put *parked; /* where one PUT may be left; or NULL */
	bool keeps;                /* headers that the base has */
	bool is_compressed;        /* its bytes are another file's */
	struct pairs headers;      /* to be sent */
	unsigned changes;          /* by hand that headers have */
	unsigned sent;             /* those that the server was told */
};

/*
 * Finds out what of the object's headers is kept. Waits; on the pool;
 * file.lock held, given up meanwhile.
 */
MUST_USE int outgoing_prepare_locked(struct outgoing *out, struct errinfo *err);
/* Headers and form for the key, anew with another key. -ENOMEM. */
MUST_USE int outgoing_decide_locked(struct outgoing *out);
/* What a compressed form has to say of its bytes. -ENOMEM. */
MUST_USE int outgoing_add_form(struct outgoing *out,
			       const struct gzip_layout *form);
void outgoing_release(struct outgoing *out);

#endif
