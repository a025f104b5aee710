/* SPDX-License-Identifier: MIT */
/*
 * The settings of one storage on their way: a row each, by the table in
 * settings.c, with its value as ask.py tells it; see migrate.h.
 */
#ifndef MIGRATE_ROWS_H
#define MIGRATE_ROWS_H

#include "migrate.h"
#include "py_json.h"

struct migration_row {
	json_t *value;    /* NULL: not set; borrowed */
	const char *from; /* "settings.py:12", or NULL */
	const char *why;  /* "" or sentences so far */
	bool is_warning;
};

struct migration_rows {
	struct migration *m;
	const char *section;
	struct migration_row *rows;       /* owned; settings_count of them */
	const struct migration_rows *top; /* NULL in the top itself */
};

/* Returns 0 or -ENOMEM. */
MUST_USE int migration_rows_init(struct migration_rows *rows,
				 struct migration *m, const char *section);
void migration_rows_release(struct migration_rows *rows);

/* The row of a setting's full name. */
struct migration_row *migration_row(const struct migration_rows *rows,
				    const char *name);

/* The same of the section or, if it is not set there, of the top. */
const struct migration_row *
migration_row_or_top(const struct migration_rows *rows, const char *name);

/* A name of django-storages, not one of ours; NULL for others. */
const struct setting_def *migration_setting(const char *name);

/* Sets a row anew. why is borrowed. */
void migration_set(struct migration_row *row, json_t *value, const char *from,
		   const char *why);

/* Adds a sentence. */
void migration_tell(struct migration *m, struct migration_row *row,
		    const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Adds an entry of the state; its memory is zero but for what is given. */
struct migration_entry *migration_add(struct migration *m,
				      enum migration_state state,
				      const char *section, const char *from,
				      const char *why);

/* Where the project sets it, "settings.py:12", or NULL. */
const char *migration_place(const struct migration *m, const char *name);

/* A copy of fmt's text that lives as long as m, never NULL. */
const char *migration_text(struct migration *m, const char *fmt, ...)
	PRINTF_LIKE(2, 3);

/* Takes over a new value, NULL for no memory; null then, and m's error. */
json_t *migration_keep(struct migration *m, json_t *value);

/* Sets a map's item; takes over value as migration_keep does. */
void migration_put(struct migration *m, json_t *map, const char *name,
		   json_t *value);

#endif
