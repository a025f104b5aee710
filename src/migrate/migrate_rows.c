/* SPDX-License-Identifier: MIT */
/* Rows and entries; see migrate_rows.h. */
#include "migrate_rows.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

json_t *migration_keep(struct migration *m, json_t *value)
{
	if (value && json_array_append_new(m->kept, value) == 0)
		return value;
	m->error = -ENOMEM;
	return json_null();
}

const char *migration_place(const struct migration *m, const char *name)
{
	return py_text(
		json_object_get(json_object_get(m->answer, "lines"), name));
}

void migration_put(struct migration *m, json_t *map, const char *name,
		   json_t *value)
{
	if (json_object_set_new(map, name, value) < 0)
		m->error = -ENOMEM;
}

__attribute__((format(printf, 2, 0))) static const char *
migration_text_va(struct migration *m, const char *fmt, va_list args)
{
	AUTO_FREE char *text = NULL;
	const char *copy;

	if (vasprintf(&text, fmt, args) < 0)
		text = NULL;
	copy = json_string_value(
		migration_keep(m, text ? json_string_nocheck(text) : NULL));
	return copy ? copy : "";
}

const char *migration_text(struct migration *m, const char *fmt, ...)
{
	const char *text;
	va_list args;

	va_start(args, fmt);
	text = migration_text_va(m, fmt, args);
	va_end(args);
	return text;
}

void migration_tell(struct migration *m, struct migration_row *row,
		    const char *fmt, ...)
{
	const char *text;
	va_list args;

	va_start(args, fmt);
	text = migration_text_va(m, fmt, args);
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
	rows->rows = calloc(settings_count, sizeof(*rows->rows));
	for (size_t i = 0; rows->rows && i < settings_count; i++)
		rows->rows[i].why = "";
	return rows->rows ? 0 : -ENOMEM;
}

void migration_rows_release(struct migration_rows *rows)
{
	free(rows->rows);
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

void migration_set(struct migration_row *row, json_t *value, const char *from,
		   const char *why)
{
	*row = (struct migration_row){ .value = value,
				       .from = from,
				       .why = why };
}

struct migration_entry *migration_add(struct migration *m,
				      enum migration_state state,
				      const char *section, const char *from,
				      const char *why)
{
	struct migration_entry *e = calloc(1, sizeof(*e));

	if (!e) {
		m->error = -ENOMEM;
		return NULL;
	}
	e->state = state;
	e->section = section;
	e->from = from;
	e->why = why;
	e->is_warning = state == MIGRATION_PROBLEM;
	m->problems += state == MIGRATION_PROBLEM;
	if (!m->last_entry)
		m->last_entry = &m->entries;
	*m->last_entry = e;
	m->last_entry = &e->next;
	return e;
}
