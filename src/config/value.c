/* SPDX-License-Identifier: MIT */
/*
 * Reader of JSON and Python literals; see value.h. A recursive descent, its
 * depth bounded by VALUE_DEPTH_MAX.
 */
#include "value.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "text.h"

struct reader {
	const char *start, *at;
	unsigned depth;
	size_t items;
	struct errinfo *err;
};

static int reader_fail(const struct reader *r, int code, const char *what)
{
	errinfo_set(r->err, code, "%s at character %zu", what,
		    (size_t)(r->at - r->start) + 1);
	return code;
}

static void skip_blanks(struct reader *r)
{
	for (;; r->at++) {
		if (*r->at == '#')
			r->at += strcspn(r->at, "\n");
		if (!*r->at || !isspace((unsigned char)*r->at))
			return;
	}
}

static uint32_t digit_value(unsigned char c)
{
	return (uint32_t)(isdigit(c) ? c - '0' : tolower(c) - 'a' + 10);
}

/* Exactly digits hexadecimal digits. */
static int read_hex(struct reader *r, unsigned digits, uint32_t *out)
{
	uint32_t code = 0;

	for (unsigned i = 0; i < digits; i++, r->at++) {
		unsigned char c = (unsigned char)*r->at;

		if (!isxdigit(c))
			return reader_fail(r, -EINVAL,
					   "a hexadecimal digit is due");
		code = code * 16 + digit_value(c);
	}
	*out = code;
	return 0;
}

static void add_utf8(struct buf *b, uint32_t c)
{
	if (c < 0x80) {
		buf_add_char(b, (char)c);
	} else if (c < 0x800) {
		buf_add_char(b, (char)(0xc0 | c >> 6));
		buf_add_char(b, (char)(0x80 | (c & 0x3f)));
	} else if (c < 0x10000) {
		buf_add_char(b, (char)(0xe0 | c >> 12));
		buf_add_char(b, (char)(0x80 | (c >> 6 & 0x3f)));
		buf_add_char(b, (char)(0x80 | (c & 0x3f)));
	} else {
		buf_add_char(b, (char)(0xf0 | c >> 18));
		buf_add_char(b, (char)(0x80 | (c >> 12 & 0x3f)));
		buf_add_char(b, (char)(0x80 | (c >> 6 & 0x3f)));
		buf_add_char(b, (char)(0x80 | (c & 0x3f)));
	}
}

/* JSON writes what is above U+FFFF as two surrogates. */
static int join_surrogates(struct reader *r, uint32_t *code)
{
	uint32_t low = 0;
	int rc;

	if (*code < 0xd800 || *code > 0xdbff)
		return 0;
	if (r->at[0] != '\\' || r->at[1] != 'u')
		return reader_fail(r, -EINVAL, "half a surrogate pair");
	r->at += 2;
	rc = read_hex(r, 4, &low);
	if (rc)
		return rc;
	if (low < 0xdc00 || low > 0xdfff)
		return reader_fail(r, -EINVAL, "half a surrogate pair");
	*code = 0x10000 + ((*code - 0xd800) << 10) + (low - 0xdc00);
	return 0;
}

static int read_code_point(struct reader *r, struct buf *b, unsigned digits)
{
	uint32_t code = 0;
	int rc = read_hex(r, digits, &code);

	if (!rc && digits == 4)
		rc = join_surrogates(r, &code);
	if (rc)
		return rc;
	if (code == 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return reader_fail(r, -EINVAL, "no such character");
	add_utf8(b, code);
	return 0;
}

/* Behind a backslash. */
static int read_escape(struct reader *r, struct buf *b)
{
	static const char from[] = "abfnrtv\\'\"/",
			  to[] = "\a\b\f\n\r\t\v\\'\"/";
	char c = *r->at;
	const char *known = c ? strchr(from, c) : NULL;

	if (c == 'x' || c == 'u' || c == 'U') {
		r->at++;
		return read_code_point(r, b, c == 'x' ? 2 : c == 'u' ? 4 : 8);
	}
	if (!known)
		return reader_fail(r, -EINVAL, "unknown escape");
	r->at++;
	buf_add_char(b, to[known - from]);
	return 0;
}

static int read_string(struct reader *r, char **out)
{
	AUTO_BUF struct buf b = BUF_INIT(VALUE_BYTES_MAX);
	char quote = *r->at++;

	while (*r->at != quote) {
		int rc = 0;

		if (!*r->at || *r->at == '\n')
			return reader_fail(r, -EINVAL,
					   "the closing quote is missing");
		if (*r->at != '\\') {
			buf_add_char(&b, *r->at++);
			continue;
		}
		r->at++;
		rc = read_escape(r, &b);
		if (rc)
			return rc;
	}
	r->at++;
	if (b.error)
		return reader_fail(r, b.error, "a text cannot be kept");
	if (!text_is_utf8(buf_str(&b), b.len))
		return reader_fail(r, -EINVAL, "a text that is not UTF-8 ends");
	*out = b.data ? buf_detach(&b) : strdup("");
	return *out ? 0 : -ENOMEM;
}

static int read_number(struct reader *r, struct value *out)
{
	char *end = NULL, *real_end = NULL;

	errno = 0;
	out->integer = strtoll(r->at, &end, 10);
	out->kind = VALUE_INTEGER;
	if (errno)
		return reader_fail(r, -EINVAL, "a number is too large");
	out->real = strtod(r->at, &real_end);
	if (real_end > end) {
		out->kind = VALUE_REAL;
		out->integer = 0;
		end = real_end;
	}
	if (end == r->at || isalnum((unsigned char)*end) || *end == '_')
		return reader_fail(r, -EINVAL, "a number is due");
	r->at = end;
	return 0;
}

static int read_word(struct reader *r, struct value *out)
{
	static const struct {
		const char *word;
		enum value_kind kind;
		bool boolean;
	} words[] = {
		{ "None", VALUE_NONE, false },  { "null", VALUE_NONE, false },
		{ "True", VALUE_BOOL, true },   { "true", VALUE_BOOL, true },
		{ "False", VALUE_BOOL, false }, { "false", VALUE_BOOL, false },
	};
	size_t len = 0;

	while (isalnum((unsigned char)r->at[len]) || r->at[len] == '_')
		len++;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strlen(words[i].word) != len ||
		    strncmp(r->at, words[i].word, len) != 0)
			continue;
		out->kind = words[i].kind;
		out->boolean = words[i].boolean;
		r->at += len;
		return 0;
	}
	return reader_fail(r, -EINVAL, "no value (texts need quotes)");
}

static int read_value(struct reader *r, struct value *out);

/* Makes room for one more item, all zero; *item is it. */
static int add_item(struct reader *r, struct value *v, struct value **item)
{
	struct value *items;
	char **names;

	if (++r->items > VALUE_ITEMS_MAX)
		return reader_fail(r, -E2BIG, "too many items");
	items = realloc(v->items, (v->count + 1) * sizeof(*items));
	if (!items)
		return -ENOMEM;
	v->items = items;
	names = realloc(v->names, (v->count + 1) * sizeof(*names));
	if (!names)
		return -ENOMEM;
	v->names = names;
	*item = &items[v->count];
	memset(*item, 0, sizeof(**item));
	names[v->count++] = NULL;
	return 0;
}

static int read_name(struct reader *r, struct value *map)
{
	char **name = &map->names[map->count - 1];
	int rc;

	if (*r->at != '"' && *r->at != '\'')
		return reader_fail(r, -EINVAL, "a name in quotes is due");
	rc = read_string(r, name);
	if (rc)
		return rc;
	for (size_t i = 0; i + 1 < map->count; i++)
		if (strcmp(map->names[i], *name) == 0)
			return reader_fail(r, -EINVAL,
					   "a name for the second time");
	skip_blanks(r);
	if (*r->at != ':')
		return reader_fail(r, -EINVAL, "a colon is due");
	r->at++;
	return 0;
}

/* In Python ('a') is no tuple but 'a'. */
static void unwrap(struct value *list)
{
	struct value item = list->items[0];

	free(list->items);
	free(list->names);
	*list = item;
}

static int read_items(struct reader *r, struct value *out, char close)
{
	bool comma = true;

	skip_blanks(r);
	while (*r->at != close) {
		struct value *item = NULL;
		int rc;

		if (!comma)
			return reader_fail(r, -EINVAL, "a comma is due");
		rc = add_item(r, out, &item);
		if (!rc && out->kind == VALUE_MAP)
			rc = read_name(r, out);
		if (!rc)
			rc = read_value(r, item);
		if (rc)
			return rc;
		skip_blanks(r);
		comma = *r->at == ',';
		if (comma) {
			r->at++;
			skip_blanks(r);
		}
	}
	r->at++;
	if (close == ')' && out->count == 1 && !comma)
		unwrap(out);
	return 0;
}

static int read_value(struct reader *r, struct value *out)
{
	char open, close = ']';
	int rc;

	skip_blanks(r);
	open = *r->at;
	switch (open) {
	case '"':
	case '\'':
		out->kind = VALUE_TEXT;
		return read_string(r, &out->text);
	case '[':
	case '(':
	case '{':
		if (++r->depth > VALUE_DEPTH_MAX)
			return reader_fail(r, -E2BIG, "nested too deeply");
		out->kind = open == '{' ? VALUE_MAP : VALUE_LIST;
		if (open != '[')
			close = open == '{' ? '}' : ')';
		r->at++;
		rc = read_items(r, out, close);
		r->depth--;
		return rc;
	case '\0':
		return reader_fail(r, -EINVAL, "the value ends too early,");
	default:
		if (isalpha((unsigned char)*r->at))
			return read_word(r, out);
		return read_number(r, out);
	}
}

int value_parse(const char *text, struct value *out, struct errinfo *err)
{
	struct reader r = { .start = text, .at = text, .err = err };
	struct value v = { .kind = VALUE_NONE };
	int rc;

	if (strlen(text) > VALUE_BYTES_MAX)
		return errinfo_set(err, -E2BIG, "longer than %d bytes",
				   VALUE_BYTES_MAX);
	rc = read_value(&r, &v);
	if (!rc) {
		skip_blanks(&r);
		if (*r.at)
			rc = reader_fail(&r, -EINVAL,
					 "something behind the value");
	}
	if (rc) {
		value_release(&v);
		return rc;
	}
	*out = v;
	return 0;
}

int value_set_text(struct value *out, const char *s)
{
	struct value v = { .kind = VALUE_TEXT, .text = strdup(s) };

	if (!v.text)
		return -ENOMEM;
	*out = v;
	return 0;
}

const struct value *value_get(const struct value *map, const char *name)
{
	if (map->kind != VALUE_MAP)
		return NULL;
	for (size_t i = 0; i < map->count; i++)
		if (strcmp(map->names[i], name) == 0)
			return &map->items[i];
	return NULL;
}

/* Room for one more item behind the last. */
static int reserve_item(struct value *map)
{
	struct value *items =
		reallocarray(map->items, map->count + 1, sizeof(*items));
	char **names;

	if (!items)
		return -ENOMEM;
	map->items = items;
	names = reallocarray(map->names, map->count + 1, sizeof(*names));
	if (!names)
		return -ENOMEM;
	map->names = names;
	return 0;
}

int value_map_set(struct value *map, const char *name, const char *text)
{
	struct value item = { 0 };
	AUTO_FREE char *copy = NULL;
	size_t i = 0;
	int rc = value_set_text(&item, text);

	if (rc)
		return rc;
	map->kind = VALUE_MAP;
	while (i < map->count && strcmp(map->names[i], name) != 0)
		i++;
	if (i < map->count) {
		value_release(&map->items[i]);
		map->items[i] = item;
		return 0;
	}
	copy = strdup(name);
	rc = copy ? reserve_item(map) : -ENOMEM;
	if (rc) {
		value_release(&item);
		return rc;
	}
	map->names[map->count] = STEAL(copy);
	map->items[map->count++] = item;
	return 0;
}

static bool are_items_equal(const struct value *a, const struct value *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		const struct value *other = a->kind == VALUE_MAP ?
						    value_get(b, a->names[i]) :
						    &b->items[i];

		if (!other || !value_is_equal(&a->items[i], other))
			return false;
	}
	return true;
}

bool value_is_equal(const struct value *a, const struct value *b)
{
	if (a->kind != b->kind)
		return false;
	switch (a->kind) {
	case VALUE_NONE:
		return true;
	case VALUE_BOOL:
		return a->boolean == b->boolean;
	case VALUE_INTEGER:
		return a->integer == b->integer;
	case VALUE_REAL:
		return a->real == b->real;
	case VALUE_TEXT:
		return strcmp(a->text, b->text) == 0;
	case VALUE_LIST:
	case VALUE_MAP:
		return are_items_equal(a, b);
	}
	return false;
}

void value_release(struct value *v)
{
	if (v->text)
		explicit_bzero(v->text, strlen(v->text));
	free(v->text);
	for (size_t i = 0; i < v->count; i++) {
		value_release(&v->items[i]);
		free(v->names[i]);
	}
	free(v->items);
	free(v->names);
	memset(v, 0, sizeof(*v));
}
