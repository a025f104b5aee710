/* SPDX-License-Identifier: MIT */
/* Rows and entries; see migrate_rows.h. */
#include "migrate_rows.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

__attribute__((format(printf, 2, 0))) static const char *
format(struct migration *m, const char *fmt, va_list args)
{
	char text[1000], *copy;

	vsnprintf(text, sizeof(text), fmt, args);
	copy = py_copy(py_module_arena(m->module), text, strlen(text));
	return copy ? copy : "";
}

const char *migration_text(struct migration *m, const char *fmt, ...)
{
	const char *text;
	va_list args;

	va_start(args, fmt);
	text = format(m, fmt, args);
	va_end(args);
	return text;
}

void migration_tell(struct migration *m, struct migration_row *row,
		    const char *fmt, ...)
{
	const char *text;
	va_list args;

	va_start(args, fmt);
	text = format(m, fmt, args);
	va_end(args);
	row->why =
		*row->why ? migration_text(m, "%s; %s", row->why, text) : text;
}

int migration_rows_init(struct migration_rows *rows, struct migration *m,
			const char *section)
{
	rows->m = m;
	rows->section = section;
	rows->top = NULL;
	rows->rows = py_alloc(py_module_arena(m->module),
			      settings_count * sizeof(*rows->rows));
	for (size_t i = 0; rows->rows && i < settings_count; i++)
		rows->rows[i].why = "";
	return rows->rows ? 0 : -ENOMEM;
}

struct migration_row *migration_row(const struct migration_rows *rows,
				    const char *name)
{
	const struct setting_def *def = settings_find(name);

	/* All callers name rows of the table. */
	return &rows->rows[def ? def - settings_table : 0];
}

const struct migration_row *
migration_row_or_top(const struct migration_rows *rows, const char *name)
{
	const struct migration_row *row = migration_row(rows, name);

	if (row->value || !rows->top)
		return row;
	return migration_row(rows->top, name);
}

const struct setting_def *migration_setting(const char *name)
{
	const struct setting_def *def = settings_find(name);

	if (!def || (!isupper((unsigned char)def->name[0]) &&
		     strcmp(def->name, "cloudfront_signer") != 0))
		return NULL;
	return def;
}

void migration_set(struct migration_row *row, const struct py_value *value,
		   const struct migration_row *where, const char *why)
{
	const char *file = where->file;
	unsigned line = where->line;

	row->value = value;
	row->file = file;
	row->line = line;
	row->why = why;
	row->is_warning = where->is_warning;
}

struct migration_entry *migration_add(struct migration *m,
				      enum migration_state state,
				      const char *section, const char *file,
				      unsigned line, const char *why)
{
	struct migration_entry *e =
		py_alloc(py_module_arena(m->module), sizeof(*e));

	if (!e)
		return NULL;
	e->state = state;
	e->section = section;
	e->file = file;
	e->line = line;
	e->why = why;
	e->is_problem = state == MIGRATION_PROBLEM;
	e->is_warning = e->is_problem;
	m->problems += e->is_problem;
	if (!m->last_entry)
		m->last_entry = &m->entries;
	*m->last_entry = e;
	m->last_entry = &e->next;
	return e;
}
