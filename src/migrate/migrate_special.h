/* SPDX-License-Identifier: MIT */
/* Settings with rules of their own on their way; see migrate_rows.h. */
#ifndef MIGRATE_SPECIAL_H
#define MIGRATE_SPECIAL_H

#include "migrate_rows.h"

/* Puts right what Django or boto3 would have refused or taken otherwise. */
void migration_mend(struct migration_rows *rows, const struct setting_def *def,
		    struct migration_row *row);

#endif
