/* SPDX-License-Identifier: MIT */
/* From rows to lines of the settings file; see migrate_rows.h. */
#ifndef MIGRATE_CONVERT_H
#define MIGRATE_CONVERT_H

#include "migrate_rows.h"

/* Turns all rows into entries. */
void migration_convert(struct migration_rows *rows);

/*
 * Appends the row's value as the settings file has it. Returns whether it can
 * be had; if not, the row says why.
 */
MUST_USE bool migration_literal(struct migration_rows *rows,
				const struct setting_def *def, struct buf *out);

#endif
