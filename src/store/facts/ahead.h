/* SPDX-License-Identifier: MIT */
/*
 * HEADs of objects whose facts will be wanted next: side by side, and never
 * two of one version. What they tell is in store.facts; who fails is asked
 * by who wants it. A lock of its own, a leaf; any thread.
 */
#ifndef STORE_AHEAD_H
#define STORE_AHEAD_H

#include "list.h"
#include "lock.h"
#include "macros.h"
#include "strmap.h"

struct object_version;
struct store;

struct ahead {
	struct lock lock;
	struct strmap flying; /* versions */
	pthread_cond_t none_flying;
};

void ahead_init(struct ahead *ahead);
/* Waits for those under way; nothing is asked any more. */
void ahead_release(struct ahead *ahead);

/*
 * Adds a HEAD to heads, to be started by ahead_start when no lock is held;
 * none if one is under way. Its key is copied. -ENOMEM.
 */
MUST_USE int ahead_plan(struct store *store, const struct object_version *v,
			struct list_link *heads);
void ahead_start(struct store *store, struct list_link *heads);

#endif
