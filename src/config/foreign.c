/* SPDX-License-Identifier: MIT */
/* The reader of the table of other programs' names; see foreign.h. */
#include "foreign.h"

#include <stdio.h>
#include <string.h>

#include "buf.h"
#include "config_edit.h"

#define VALUE_MAX 1100

bool foreign_next_name(const char **names, char out[FOREIGN_NAME_MAX])
{
	size_t len = strcspn(*names, " ");

	snprintf(out, FOREIGN_NAME_MAX, "%.*s", (int)len, *names);
	*names += len;
	*names += strspn(*names, " ");
	return len > 0;
}

static bool has_name(const struct foreign *row, enum foreign_of of,
		     const char *name)
{
	char word[FOREIGN_NAME_MAX];

	for (const char *names = row->names;
	     row->of == of && foreign_next_name(&names, word);)
		if (strcmp(word, name) == 0)
			return true;
	return false;
}

const struct foreign *foreign_find(enum foreign_of of, const char *name)
{
	for (size_t i = 0; i < foreign_count; i++)
		if (has_name(&foreign_table[i], of, name))
			return &foreign_table[i];
	return NULL;
}

void foreign_try_names(enum foreign_of of, struct text_nearest *nearest)
{
	char name[FOREIGN_NAME_MAX];

	for (size_t i = 0; i < foreign_count; i++)
		for (const char *names = foreign_table[i].names;
		     foreign_table[i].of == of &&
		     foreign_next_name(&names, name);)
			text_nearest_try(nearest, name);
}

int foreign_bad(const struct foreign_sink *sink, const char *due,
		struct errinfo *err)
{
	return errinfo_set(err, -EINVAL, "%s%s%s: %s", sink->from,
			   *sink->from ? ": " : "", sink->name, due);
}

/* FROM and TO of the words that fit; *to is NULL if none does. */
static size_t find_word(const char *words, const char *value, const char **to)
{
	*to = NULL;
	while (*words) {
		size_t from = strcspn(words, "=");
		size_t len = strcspn(words, " ");
		bool is_start = from && words[from - 1] == '*';

		if (strncmp(words, value, is_start ? from - 1 : from) == 0 &&
		    (is_start || !value[from])) {
			*to = words + from + 1;
			return len - from - 1;
		}
		words += len;
		words += strspn(words, " ");
	}
	return 0;
}

/* "not one of crit err warn" */
static int unknown_word(const struct foreign_sink *sink, struct errinfo *err)
{
	AUTO_BUF struct buf due = BUF_INIT(200);
	const char *words = sink->row->words;

	buf_add_str(&due, "not one of");
	while (*words) {
		buf_add_fmt(&due, " %.*s", (int)strcspn(words, "*="), words);
		words += strcspn(words, " ");
		words += strspn(words, " ");
	}
	return foreign_bad(sink, buf_str(&due), err);
}

static int set_by_words(struct foreign_sink *sink, const char *value,
			struct errinfo *err)
{
	char text[VALUE_MAX + 1];
	const char *to;
	size_t len = find_word(sink->row->words, value, &to);

	if (!to)
		return unknown_word(sink, err);
	if (!len)
		return 0;
	if (*to == '&')
		snprintf(text, sizeof(text), "%s%.*s", value, (int)len - 1,
			 to + 1);
	else
		snprintf(text, sizeof(text), "%.*s", (int)len, to);
	return sink->set(sink, sink->row->to, text, err);
}

/* What must have a value, and what cannot make use of a long one. */
static int check_value(const struct foreign_sink *sink,
		       const struct foreign *row, const char *value,
		       struct errinfo *err)
{
	/* A switch, or what may be bare, has one of its own. */
	bool is_bare = row->words && (!*row->words || *row->words == '0');

	if (!value && row->kind == FOREIGN_SETS && !is_bare)
		return errinfo_set(err, -EINVAL, "write %s=VALUE", sink->name);
	if (value && strlen(value) >= VALUE_MAX)
		return errinfo_set(err, -EINVAL, "%s: the value is too long",
				   sink->name);
	return 0;
}

int foreign_take(struct foreign_sink *sink, const struct foreign *row,
		 const char *value, struct errinfo *err)
{
	int rc = check_value(sink, row, value, err);

	sink->row = row;
	if (rc)
		return rc;
	switch (row->kind) {
	case FOREIGN_SETS:
		value = value ? value : "";
		if (row->own)
			return row->own(sink, value, err);
		return row->words ? set_by_words(sink, value, err) :
				    sink->set(sink, row->to, value, err);
	case FOREIGN_SILENT:
		return 0;
	case FOREIGN_NO_EFFECT:
		config_note(sink->config, "%s%s%s has no effect: %s",
			    sink->from, *sink->from ? ": " : "", sink->name,
			    row->to);
		return 0;
	case FOREIGN_REFUSED:
		return foreign_bad(sink, row->to, err);
	}
	return -EINVAL;
}

/* A number, text or boolean as settings are written. */
static int scalar_text(const struct foreign_sink *sink, char out[VALUE_MAX],
		       struct errinfo *err)
{
	const struct value *v = sink->value;
	int len = 0;

	switch (v->kind) {
	case VALUE_BOOL:
		len = snprintf(out, VALUE_MAX, "%s",
			       v->boolean ? "true" : "false");
		break;
	case VALUE_INTEGER:
		len = snprintf(out, VALUE_MAX, "%lld", (long long)v->integer);
		break;
	case VALUE_REAL:
		len = snprintf(out, VALUE_MAX, "%.3f", v->real);
		break;
	case VALUE_TEXT:
		len = snprintf(out, VALUE_MAX, "%s", v->text);
		break;
	case VALUE_NONE:
	case VALUE_LIST:
	case VALUE_MAP:
		return foreign_bad(sink, "not a single value", err);
	}
	return len < VALUE_MAX ? 0 : foreign_bad(sink, "too long", err);
}

static int take_item(struct foreign_sink *sink, const struct foreign *row,
		     struct errinfo *err)
{
	char text[VALUE_MAX] = "";
	const struct value *value = sink->value;
	int rc = 0;

	sink->row = row;
	/* False asks for nothing. */
	if (row->kind == FOREIGN_REFUSED && value->kind == VALUE_BOOL &&
	    !value->boolean)
		return 0;
	if (text_is(row->words, FOREIGN_MAP))
		rc = value->kind == VALUE_MAP ?
			     0 :
			     foreign_bad(sink, "not a map", err);
	else if (row->kind == FOREIGN_SETS)
		rc = scalar_text(sink, text, err);
	return rc ? rc : foreign_take(sink, row, text, err);
}

int foreign_take_map(struct foreign_sink *sink, struct value *map,
		     enum foreign_of of, struct errinfo *err)
{
	for (size_t i = 0; i < map->count; i++) {
		struct text_nearest nearest = { .to = map->names[i] };

		if (foreign_find(of, map->names[i]))
			continue;
		foreign_try_names(of, &nearest);
		return errinfo_set(err, -EINVAL, "%s: there is no %.40s%s",
				   sink->from, map->names[i],
				   text_nearest_hint(&nearest));
	}
	for (size_t row = 0; row < foreign_count; row++) {
		for (size_t i = 0; i < map->count; i++) {
			int rc;

			/* None is the default in both classes. */
			if (map->items[i].kind == VALUE_NONE ||
			    !has_name(&foreign_table[row], of, map->names[i]))
				continue;
			sink->name = map->names[i];
			sink->value = &map->items[i];
			rc = take_item(sink, &foreign_table[row], err);
			if (rc)
				return rc;
		}
	}
	return 0;
}
