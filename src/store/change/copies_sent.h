/* SPDX-License-Identifier: MIT */
/*
 * The keys that copies were sent of: each is noted before its copy goes out,
 * so that all can be removed, here or there. A page of them is as many as
 * DeleteObjects takes.
 */
#ifndef STORE_COPIES_SENT_H
#define STORE_COPIES_SENT_H

#include <stddef.h>

#include "errinfo.h"
#include "list.h"
#include "macros.h"

struct copies;

/* suffix is what stands behind the prefix. -ENOMEM: it is not to be sent. */
MUST_USE int copies_note_sent(struct copies *c, const char *suffix);
void copies_forget_sent(struct copies *c);

/*
 * Removes what was copied, and a claim of what has no marker; or the copies.
 * Returns the first failure.
 */
MUST_USE int copies_remove_old(struct copies *c, struct errinfo *err);
MUST_USE int copies_remove_new(struct copies *c, struct errinfo *err);

/* What stands behind the prefix: all that was sent, one after the other. */
struct copies_at {
	struct list_link *page; /* NULL: before the first */
	size_t offset;
};

const char *copies_next(const struct copies *c, struct copies_at *at);

#endif
