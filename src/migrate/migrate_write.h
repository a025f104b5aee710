/* SPDX-License-Identifier: MIT */
/* The result as a settings file, and in words; see migrate.h. */
#ifndef MIGRATE_WRITE_H
#define MIGRATE_WRITE_H

#include "migrate.h"

/* The settings file. Without secrets, their lines are comments. */
MUST_USE int migration_write(const struct migration *m, bool with_secrets,
			     struct buf *out);

/* "settings.py:12: AWS_X: ..." for each line that people should look at. */
MUST_USE int migration_explain(const struct migration *m, struct buf *out);

#endif
