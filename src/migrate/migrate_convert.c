/* SPDX-License-Identifier: MIT */
/*
 * From Python values to lines of the settings file, by each setting's type;
 * see migrate_rows.h.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "migrate_rows.h"
#include "migrate_special.h"

/* The row on its way to a line. */
struct line {
	struct migration_rows *rows;
	const struct setting_def *def;
	struct migration_row *row;
	enum migration_state state;
	struct buf literal;
	bool is_problem;
};

static struct py_arena *arena_of(const struct line *line)
{
	return py_module_arena(line->rows->m->module);
}

/* Keys; and what may hold a password, as a URL does before its @. */
static bool is_secret(const struct line *line)
{
	const char *literal = buf_str(&line->literal);

	if (strcmp(literal, "None") == 0 || strcmp(literal, "''") == 0)
		return false;
	return line->def->type == SETTING_SECRET || strchr(literal, '@') ||
	       strstr(literal, "SSECustomerKey");
}

static void refuse(struct line *line, const char *why)
{
	line->state = MIGRATION_OFF;
	line->is_problem = true;
	migration_tell(line->rows->m, line->row, "%s", why);
}

static void write_literal(struct line *line, const struct py_value *v)
{
	const struct py_value *unknown = NULL;

	buf_clear(&line->literal);
	if (py_write(v, &line->literal, &unknown)) {
		buf_clear(&line->literal);
		buf_add_str(&line->literal, "''");
		refuse(line, "no text that a settings file can hold");
	}
}

static void write_text(struct line *line, const char *text)
{
	write_literal(line,
		      py_text(arena_of(line), PY_TEXT, text, strlen(text)));
}

static void convert_bool(struct line *line)
{
	static const char *const no[] = { "false", "no", "off", "0",
					  "n",     "f",  "none" };
	const struct py_value *v = line->row->value;

	buf_add_str(&line->literal, py_truth(v) ? "True" : "False");
	for (size_t i = 0; v->kind == PY_TEXT && i < ARRAY_SIZE(no); i++) {
		if (strcasecmp(v->text, no[i]) != 0)
			continue;
		migration_tell(line->rows->m, line->row,
			       "the text '%s' is true in Python, and so "
			       "it was in Django; write False if that was "
			       "meant",
			       v->text);
		line->row->is_warning = true;
	}
}

static bool is_default_none(const struct setting_def *def)
{
	return def->default_text && strcmp(def->default_text, "None") == 0;
}

static void convert_number(struct line *line)
{
	const struct py_value *v = line->row->value;

	if (v->kind == PY_INT || v->kind == PY_BOOL) {
		buf_add_fmt(&line->literal, "%lld", (long long)v->integer);
	} else if (v->kind == PY_REAL && v->real >= 0 && v->real < 1e15) {
		buf_add_fmt(&line->literal, "%lld", (long long)v->real);
	} else if (v->kind == PY_TEXT && v->len &&
		   strspn(v->text, "0123456789") == v->len) {
		buf_add_str(&line->literal, v->text);
	} else if (v->kind == PY_NONE && is_default_none(line->def)) {
		buf_add_str(&line->literal, "None");
	} else if (v->kind == PY_NONE) {
		line->state = MIGRATION_OFF;
		buf_add_str(&line->literal, line->def->default_text);
		migration_tell(line->rows->m, line->row,
			       "None, so the default stays");
	} else {
		buf_add_str(&line->literal, line->def->default_text);
		refuse(line, "no number");
	}
}

static void convert_text(struct line *line)
{
	AUTO_BUF struct buf text = BUF_INIT(PY_TEXT_MAX);
	const struct py_value *v = line->row->value;
	bool is_path = line->def->type == SETTING_BOOL_OR_PATH;

	if (v->kind != PY_NONE && py_truth(v) == 0 && !is_path) {
		/* '' and False are as good as None in Django. */
		buf_add_str(&line->literal,
			    is_default_none(line->def) ? "None" : "''");
	} else if (v->kind == PY_NONE || v->kind == PY_TEXT ||
		   v->kind == PY_BYTES || (v->kind == PY_BOOL && is_path)) {
		write_literal(line, v);
	} else if (py_str(v, &text) == 0) {
		write_text(line, buf_str(&text));
	} else {
		buf_add_str(&line->literal, "''");
		refuse(line, "no text");
	}
}

static void convert_list(struct line *line)
{
	const struct py_value *v = line->row->value;

	if (v->kind != PY_TEXT) {
		write_literal(line, v);
		return;
	}
	write_literal(line, v);
	refuse(line, "a text where a list is due");
}

static const char *reason(struct migration *m, const struct py_value *v)
{
	if (v->kind == PY_NAME)
		return migration_text(m, "needs %s", v->text);
	if (v->kind == PY_CALL)
		return migration_text(m, "calls %s()", v->text);
	return v->text ? v->text : "a value of another kind";
}

/* The items of a map that can be written; the others are named. */
static void convert_map(struct line *line)
{
	const struct py_value *v = line->row->value, *unknown;
	struct py_value *kept;

	if (v->kind != PY_DICT) {
		write_literal(line, v);
		return;
	}
	kept = py_new(arena_of(line), PY_DICT);
	for (size_t i = 0; i < v->count; i++) {
		AUTO_BUF struct buf scratch = BUF_INIT(PY_TEXT_MAX);

		if (py_write(v->items[i], &scratch, &unknown) == 0) {
			if (v->items[i]->env)
				migration_tell(line->rows->m, line->row,
					       "an item of it is the default "
					       "of $%s",
					       v->items[i]->env);
			py_put(arena_of(line), kept, v->keys[i], v->items[i]);
			continue;
		}
		migration_tell(line->rows->m, line->row,
			       "%s in it cannot be read without running Python "
			       "(%s): set it yourself",
			       v->keys[i]->kind == PY_TEXT ? v->keys[i]->text :
							     "an item",
			       reason(line->rows->m, unknown));
		line->is_problem = true;
	}
	write_literal(line, kept);
}

static void convert_value(struct line *line)
{
	switch (line->def->type) {
	case SETTING_BOOL:
	case SETTING_WORD:
		convert_bool(line);
		return;
	case SETTING_NUMBER:
	case SETTING_SIZE:
	case SETTING_DURATION:
	case SETTING_MODE:
		convert_number(line);
		return;
	case SETTING_LIST:
		convert_list(line);
		return;
	case SETTING_MAP:
		convert_map(line);
		return;
	case SETTING_TEXT:
	case SETTING_CHOICE:
	case SETTING_URL:
	case SETTING_PATH:
	case SETTING_BOOL_OR_PATH:
	case SETTING_SECRET:
		convert_text(line);
		return;
	}
}

/* Variables that s3storefs reads as Django's storage did: its own names. */
static bool is_read_by_us(const struct line *line, const char *variable)
{
	static const char *const keys[] = {
		"AWS_ACCESS_KEY_ID",    "AWS_SECRET_ACCESS_KEY",
		"AWS_S3_ACCESS_KEY_ID", "AWS_S3_SECRET_ACCESS_KEY",
		"AWS_SESSION_TOKEN",    "AWS_SECURITY_TOKEN",
		"AWS_CLOUDFRONT_KEY",
	};

	if (line->def->type != SETTING_SECRET)
		return strcmp(line->def->name, variable) == 0 &&
		       isupper((unsigned char)*variable);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (strcmp(variable, keys[i]) == 0)
			return true;
	return false;
}

/*
 * In its section a bucket that is not known must not be taken for one of the
 * section's own name: '' is refused with a sentence that helps.
 */
static bool must_stay(const struct line *line)
{
	return *line->rows->section &&
	       strcmp(line->def->name, "AWS_STORAGE_BUCKET_NAME") == 0;
}

static void explain_variable(struct line *line, const char *variable)
{
	struct migration *m = line->rows->m;
	bool has_value = py_truth(line->row->value) >= 0;

	if (must_stay(line) && has_value)
		migration_tell(m, line->row,
			       "the default of $%s, which is not read when "
			       "the mount is called by this section's name",
			       variable);
	else if (must_stay(line))
		migration_tell(m, line->row,
			       "comes from $%s: write the bucket's name "
			       "here%s",
			       variable,
			       is_read_by_us(line, variable) ?
				       "; \"s3storefs -c THIS-FILE "
				       "MOUNTPOINT\", without a name, takes it "
				       "from there, with the settings above "
				       "all sections" :
				       "");
	else if (!line->row->value->is_env_direct)
		migration_tell(m, line->row,
			       has_value ?
				       "made with the default of $%s" :
				       "made from $%s: write its value here",
			       variable);
	else if (is_read_by_us(line, variable))
		migration_tell(m, line->row,
			       "comes from $%s, which s3storefs reads itself%s",
			       variable,
			       has_value ? "; this is the default" :
					   ": leave it in its environment");
	else if (line->def->type == SETTING_SECRET)
		migration_tell(m, line->row,
			       "comes from $%s: start s3storefs with its value "
			       "in $%s, or write it here and chmod 600",
			       variable, line->def->name);
	else
		migration_tell(m, line->row,
			       "comes from $%s, which s3storefs does not "
			       "read: %swrite its value here, or start "
			       "s3storefs with it in $%s",
			       variable,
			       has_value ? "this is the default; " : "",
			       line->def->name);
}

/* What only Python or the environment knows. */
static void convert_unknown(struct line *line)
{
	const struct py_value *v = line->row->value;

	line->state = must_stay(line) ? MIGRATION_SET : MIGRATION_OFF;
	buf_add_str(&line->literal, "''");
	if (v->env) {
		explain_variable(line, v->env);
		line->row->is_warning |=
			!v->is_env_direct || !is_read_by_us(line, v->env);
		return;
	}
	line->is_problem = true;
	migration_tell(line->rows->m, line->row,
		       "cannot be read without running Python (%s): set it "
		       "yourself",
		       reason(line->rows->m, v));
}

/* What is written must be what the loader takes. */
static void verify(struct line *line)
{
	struct errinfo err = ERRINFO_INIT;
	struct value value;

	if (line->state != MIGRATION_SET)
		return;
	if (settings_parse(line->def, buf_str(&line->literal), true, &value,
			   &err) == 0)
		value_release(&value);
	else
		refuse(line, err.text);
}

static void finish(struct line *line)
{
	struct migration *m = line->rows->m;
	const struct migration_row *row = line->row;
	struct migration_entry *e;

	if (line->literal.error)
		refuse(line, "too long");
	verify(line);
	e = migration_add(m, line->state, line->rows->section, row->file,
			  row->line, row->why);
	if (!e)
		return;
	e->name = line->def->name;
	e->literal = migration_literal(m, buf_str(&line->literal),
				       line->literal.len);
	e->is_secret = is_secret(line);
	e->is_problem = line->is_problem;
	e->is_warning = row->is_warning || line->is_problem;
	m->problems += line->is_problem;
}

void migration_convert(struct migration_rows *rows)
{
	for (size_t i = 0; i < settings_count; i++) {
		struct line line = { .rows = rows,
				     .def = &settings_table[i],
				     .row = &rows->rows[i],
				     .state = MIGRATION_SET,
				     .literal = BUF_INIT(4 * PY_TEXT_MAX) };

		if (!line.row->value)
			continue;
		migration_mend(rows, line.def, line.row);
		if (py_truth(line.row->value) < 0) {
			convert_unknown(&line);
		} else {
			if (line.row->value->env)
				explain_variable(&line, line.row->value->env);
			convert_value(&line);
		}
		finish(&line);
		if (line.literal.data)
			explicit_bzero(line.literal.data, line.literal.len);
		buf_release(&line.literal);
	}
}
