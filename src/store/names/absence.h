/* SPDX-License-Identifier: MIT */
/* Names that are known not to be there: part of what a directory knows. */
#ifndef STORE_ABSENCE_H
#define STORE_ABSENCE_H

#include <stdint.h>

#include "macros.h"

struct node;

struct absence {
	uint64_t seq;
	int64_t until_ms;
};

/* All _locked: tree.lock is held. */

/* Notes that name is not below parent. -ENOMEM: nothing is noted. */
MUST_USE int tree_note_absent_locked(struct node *parent, const char *name,
				     uint64_t seq, int64_t until_ms);
void tree_forget_absent_locked(struct node *parent, const char *name);

#endif
