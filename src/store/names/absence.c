/* SPDX-License-Identifier: MIT */
/* Names that are known not to be there; see absence.h. */
#include "names/absence.h"

#include <errno.h>
#include <stdlib.h>

#include "clock.h"
#include "names/tree.h"

#define PRUNE_LEAST 1024

/* Takes out what has expired, so that the map stays small. */
static void absences_prune(struct dir *dir)
{
	struct strmap kept = STRMAP_INIT;
	int64_t now_ms = clock_now_ms();

	for (struct strmap_entry *e = strmap_next(&dir->absent, NULL); e;
	     e = strmap_next(&dir->absent, e)) {
		struct absence *absence = e->value;

		if (absence->until_ms <= now_ms ||
		    strmap_set(&kept, e->key, absence, NULL) < 0)
			free(absence);
	}
	strmap_release(&dir->absent);
	dir->absent = kept;
	dir->prune_at =
		kept.count * 2 > PRUNE_LEAST ? kept.count * 2 : PRUNE_LEAST;
}

int tree_note_absent_locked(struct node *parent, const char *name, uint64_t seq,
			    int64_t until_ms)
{
	struct dir *dir = node_dir_locked(parent);
	struct absence *absence;

	if (!dir)
		return -ENOMEM;
	absence = strmap_get(&dir->absent, name);
	if (!absence) {
		if (dir->absent.count >= dir->prune_at)
			absences_prune(dir);
		absence = calloc(1, sizeof(*absence));
		if (!absence ||
		    strmap_set(&dir->absent, name, absence, NULL) < 0) {
			free(absence);
			return -ENOMEM;
		}
	}
	absence->seq = seq;
	absence->until_ms = until_ms;
	return 0;
}

void tree_forget_absent_locked(struct node *parent, const char *name)
{
	if (parent->dir)
		free(strmap_remove(&parent->dir->absent, name));
}
