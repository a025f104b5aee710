/* SPDX-License-Identifier: MIT */
/* The boto backend's settings on their way; see migrate_rows.h. */
#ifndef MIGRATE_BOTO_H
#define MIGRATE_BOTO_H

#include "migrate_rows.h"

/* Its names to today's; changes rows. Returns 0 or -ENOMEM. */
MUST_USE int migration_translate_boto(struct migration_rows *rows);

#endif
