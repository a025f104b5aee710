/* SPDX-License-Identifier: MIT */
/*
 * The settings of one storage on their way: a row each, by the table in
 * settings.c, with its Python value; see migrate.h.
 */
#ifndef MIGRATE_ROWS_H
#define MIGRATE_ROWS_H

#include "migrate.h"

struct migration_row {
	const struct py_value *value; /* NULL: not set */
	const char *file;
	unsigned line;
	const char *why; /* "" or sentences so far */
	bool is_warning;
};

struct migration_rows {
	struct migration *m;
	const char *section;
	struct migration_row *rows;       /* settings_count of them */
	const struct migration_rows *top; /* NULL in the top itself */
};

/* Returns 0 or -ENOMEM. */
MUST_USE int migration_rows_init(struct migration_rows *rows,
				 struct migration *m, const char *section);

/* The row of a setting's full name. */
struct migration_row *migration_row(const struct migration_rows *rows,
				    const char *name);

/* The same of the section or, if it is not set there, of the top. */
const struct migration_row *
migration_row_or_top(const struct migration_rows *rows, const char *name);

/* A name of django-storages, not one of ours; NULL for others. */
const struct setting_def *migration_setting(const char *name);

/* Sets a row to value; where: the place it comes from. */
void migration_set(struct migration_row *row, const struct py_value *value,
		   const struct migration_row *where, const char *why);

/* Adds a sentence. */
void migration_tell(struct migration *m, struct migration_row *row,
		    const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Adds an entry of the state; its memory is zero but for what is given. */
struct migration_entry *migration_add(struct migration *m,
				      enum migration_state state,
				      const char *section, const char *file,
				      unsigned line, const char *why);

/* The boto backend's names to today's; changes rows. */
void migration_translate_boto(struct migration_rows *rows);

/* Turns all rows into entries. */
void migration_convert(struct migration_rows *rows);

/* A copy of fmt's text in the module's memory, never NULL. */
const char *migration_text(struct migration *m, const char *fmt, ...)
	PRINTF_LIKE(2, 3);

#endif
