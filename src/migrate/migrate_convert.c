/* SPDX-License-Identifier: MIT */
/*
 * From Python's values to lines of the settings file, by each setting's type;
 * see migrate_convert.h.
 */
#include "migrate_convert.h"

#include <string.h>
#include <strings.h>

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

static void write_literal(struct line *line, json_t *v)
{
	const json_t *opaque = NULL;

	buf_clear(&line->literal);
	if (py_write(v, &line->literal, &opaque)) {
		buf_clear(&line->literal);
		buf_add_str(&line->literal, "''");
		refuse(line, "nothing that a settings file can hold");
	}
}

static void convert_bool(struct line *line)
{
	static const char *const no[] = { "false", "no", "off", "0",
					  "n",     "f",  "none" };
	const char *text = py_text(line->row->value);

	buf_add_str(&line->literal,
		    py_truth(line->row->value) ? "True" : "False");
	for (size_t i = 0; text && i < ARRAY_SIZE(no); i++) {
		if (strcasecmp(text, no[i]) != 0)
			continue;
		migration_tell(line->rows->m, line->row,
			       "the text '%s' is true in Python, and so "
			       "it was in Django; write False if that was "
			       "meant",
			       text);
		line->row->is_warning = true;
	}
}

static bool is_default_none(const struct setting_def *def)
{
	return def->default_text && strcmp(def->default_text, "None") == 0;
}

static void convert_number(struct line *line)
{
	const json_t *v = line->row->value;
	const char *text = py_text(v);
	double real = json_real_value(v);

	if (json_is_integer(v) || json_is_boolean(v)) {
		buf_add_fmt(&line->literal, "%lld",
			    json_is_true(v) ? 1 :
					      (long long)json_integer_value(v));
	} else if (json_is_real(v) && real >= 0 && real < 1e15) {
		buf_add_fmt(&line->literal, "%lld", (long long)real);
	} else if (text && *text && !text[strspn(text, "0123456789")]) {
		buf_add_str(&line->literal, text);
	} else if (json_is_null(v) && is_default_none(line->def)) {
		buf_add_str(&line->literal, "None");
	} else if (json_is_null(v)) {
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
	AUTO_BUF struct buf text = BUF_INIT(1000);
	json_t *v = line->row->value;
	bool is_path = line->def->type == SETTING_BOOL_OR_PATH;

	if (!json_is_null(v) && !py_truth(v) && !is_path) {
		/* '' and False are as good as None in Django. */
		buf_add_str(&line->literal,
			    is_default_none(line->def) ? "None" : "''");
	} else if (json_is_null(v) || py_text(v) ||
		   (json_is_boolean(v) && is_path)) {
		write_literal(line, v);
	} else if (py_str(v, &text) == 0) {
		buf_add_fmt(&line->literal, "'%s'", buf_str(&text));
	} else {
		buf_add_str(&line->literal, "''");
		refuse(line, "no text");
	}
}

static void convert_list(struct line *line)
{
	write_literal(line, line->row->value);
	if (py_text(line->row->value))
		refuse(line, "a text where a list is due");
}

/* The items of a map that can be written; the others are named. */
static void convert_map(struct line *line)
{
	json_t *kept = migration_keep(line->rows->m, json_object()), *item;
	const char *name;

	if (!json_is_object(line->row->value)) {
		write_literal(line, line->row->value);
		return;
	}
	json_object_foreach(line->row->value, name, item)
	{
		AUTO_BUF struct buf scratch = BUF_INIT(VALUE_BYTES_MAX);
		const json_t *opaque = NULL;

		if (py_write(item, &scratch, &opaque) == 0) {
			migration_put(line->rows->m, kept, name,
				      json_incref(item));
			continue;
		}
		migration_tell(line->rows->m, line->row,
			       "%s in it is no value that a settings file can "
			       "hold (%s): set it yourself",
			       name, opaque ? py_type(opaque) : "too long");
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

/*
 * In its section a bucket that is not known must not be taken for one of the
 * section's own name: '' is refused with a sentence that helps.
 */
static bool must_stay(const struct line *line)
{
	return *line->rows->section &&
	       strcmp(line->def->name, "AWS_STORAGE_BUCKET_NAME") == 0;
}

/* What only Python has. */
static void convert_opaque(struct line *line)
{
	buf_add_str(&line->literal, "''");
	line->is_problem = true;
	line->state = must_stay(line) ? MIGRATION_SET : MIGRATION_OFF;
	migration_tell(line->rows->m, line->row,
		       "no value that a settings file can hold (%s): set it "
		       "yourself",
		       py_type(line->row->value));
}

/* What is written must be what the loader takes. */
static void verify(struct line *line)
{
	struct errinfo err = ERRINFO_INIT;
	struct value value;

	if (line->literal.error)
		refuse(line, "too long");
	if (line->state != MIGRATION_SET)
		return;
	if (settings_parse(line->def, buf_str(&line->literal), true, &value,
			   &err) == 0)
		value_release(&value);
	else
		refuse(line, err.text);
}

static void convert(struct line *line)
{
	migration_mend(line->rows, line->def, line->row);
	if (py_type(line->row->value))
		convert_opaque(line);
	else
		convert_value(line);
	verify(line);
}

static void line_init(struct line *line, struct migration_rows *rows,
		      const struct setting_def *def)
{
	*line = (struct line){ .rows = rows,
			       .def = def,
			       .row = &rows->rows[def - settings_table],
			       .state = MIGRATION_SET,
			       .literal = BUF_INIT(4 * VALUE_BYTES_MAX) };
}

static void line_release(struct line *line)
{
	if (line->literal.data)
		explicit_bzero(line->literal.data, line->literal.len);
	buf_release(&line->literal);
}

bool migration_literal(struct migration_rows *rows,
		       const struct setting_def *def, struct buf *out)
{
	CLEANUP(line_release) struct line line;

	line_init(&line, rows, def);
	convert(&line);
	buf_add_str(out, buf_str(&line.literal));
	return !line.is_problem;
}

static void add_line(struct line *line)
{
	struct migration *m = line->rows->m;
	const struct migration_row *row = line->row;
	struct migration_entry *e;

	e = migration_add(m, line->state, line->rows->section, row->from,
			  row->why);
	if (!e)
		return;
	e->name = line->def->name;
	e->literal = migration_text(m, "%s", buf_str(&line->literal));
	e->is_secret = is_secret(line);
	e->is_warning = row->is_warning || line->is_problem;
	m->problems += line->is_problem;
}

void migration_convert(struct migration_rows *rows)
{
	for (size_t i = 0; i < settings_count; i++) {
		CLEANUP(line_release) struct line line;

		line_init(&line, rows, &settings_table[i]);
		if (!line.row->value)
			continue;
		convert(&line);
		add_line(&line);
	}
}
