/* SPDX-License-Identifier: MIT */
/* From a setting's text to its value, by type; see settings.h. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "buf.h"
#include "macros.h"
#include "settings.h"
#include "text.h"

static int not_a(const struct setting_def *def, const char *text,
		 struct errinfo *err, const char *due)
{
	if (def->type == SETTING_SECRET)
		return errinfo_set(err, -EINVAL, "%s: %s", def->name,
				   due ? due : "?");
	/* A URL may hold a password before the @. */
	return errinfo_set(err, -EINVAL, "%s = %.60s: %s", def->name,
			   strchr(text, '@') ? "..." : text, due);
}

static bool is_one_of(const char *const *words, const char *text)
{
	for (; *words; words++)
		if (strcasecmp(text, *words) == 0)
			return true;
	return false;
}

static int parse_bool(const char *text, bool *out)
{
	static const char *const yes[] = { "true", "yes", "on", "1", NULL };
	static const char *const no[] = { "false", "no", "off", "0", NULL };

	*out = is_one_of(yes, text);
	return *out || is_one_of(no, text) ? 0 : -EINVAL;
}

/* Digits, then K, M, G or T with or without B or iB: powers of 1024. */
static int parse_size(const char *text, uint64_t *out)
{
	static const char units[] = "KMGT";
	size_t len = strspn(text, "0123456789");
	char digits[24], unit = (char)toupper((unsigned char)text[len]);
	const char *known = unit ? strchr(units, unit) : NULL;
	const char *behind = text + len + (known ? 1 : 0);
	int rc;

	if (len >= sizeof(digits))
		return -ERANGE;
	snprintf(digits, sizeof(digits), "%.*s", (int)len, text);
	rc = text_parse_u64(digits, INT64_MAX, out);
	if (rc)
		return rc;
	if (known && (strcmp(behind, "B") == 0 || strcmp(behind, "iB") == 0))
		behind = "";
	if (*behind)
		return -EINVAL;
	for (ptrdiff_t i = known ? known - units : -1; i >= 0; i--)
		if (__builtin_mul_overflow(*out, 1024, out) || *out > INT64_MAX)
			return -ERANGE;
	return 0;
}

/* Seconds with up to three digits behind the point, to milliseconds. */
static int parse_duration(const char *text, uint64_t *out)
{
	size_t len = strcspn(text, ".");
	char whole[24];
	uint64_t fraction = 0;
	int rc;

	if (len >= sizeof(whole))
		return -ERANGE;
	snprintf(whole, sizeof(whole), "%.*s", (int)len, text);
	rc = text_parse_u64(whole, INT64_MAX / 1000 - 1, out);
	if (rc)
		return rc;
	if (text[len] == '.') {
		char digits[4] = "000";
		size_t n = strlen(text + len + 1);

		if (n < 1 || n > 3)
			return -EINVAL;
		memcpy(digits, text + len + 1, n);
		rc = text_parse_u64(digits, 999, &fraction);
	}
	*out = *out * 1000 + fraction;
	return rc;
}

static int parse_mode(const char *text, uint64_t *out)
{
	/* Python writes 0o644. */
	const char *digits = strncmp(text, "0o", 2) == 0 ? text + 2 : text;
	size_t len = strlen(digits);

	if (len < 1 || len > 6 || strspn(digits, "01234567") != len)
		return -EINVAL;
	*out = strtoul(digits, NULL, 8);
	return 0;
}

/* number as somebody would write it for def. */
static void write_number(const struct setting_def *def, uint64_t number,
			 char *out, size_t room)
{
	static const char units[] = "KMGT";
	int unit = -1;

	while (def->type == SETTING_SIZE && number && number % 1024 == 0 &&
	       units[unit + 1]) {
		number /= 1024;
		unit++;
	}
	if (def->type == SETTING_DURATION)
		snprintf(out, room, "%g", (double)number / 1000);
	else if (def->type == SETTING_MODE)
		snprintf(out, room, "%#llo", (unsigned long long)number);
	else
		snprintf(out, room, "%llu%.1s", (unsigned long long)number,
			 unit < 0 ? "" : &units[unit]);
}

/* limit 0: there is none but that of a number. */
static int out_of_range(const struct setting_def *def, const char *text,
			const char *what, uint64_t limit, struct errinfo *err)
{
	char number[40], due[80];

	if (!limit)
		return not_a(def, text, err, "too large");
	write_number(def, limit, number, sizeof(number));
	snprintf(due, sizeof(due), "%s %s", what, number);
	return not_a(def, text, err, due);
}

static int parse_number(const struct setting_def *def, const char *text,
			struct value *out, struct errinfo *err)
{
	static const char *const due[] = {
		[SETTING_NUMBER] = "not a number",
		[SETTING_SIZE] = "not a number of bytes, such as 64M",
		[SETTING_DURATION] = "not a number of seconds, such as 2.5",
		[SETTING_MODE] = "not an octal mode, such as 0644",
	};
	uint64_t number = 0;
	int rc;

	if (def->type == SETTING_SIZE)
		rc = parse_size(text, &number);
	else if (def->type == SETTING_DURATION)
		rc = parse_duration(text, &number);
	else if (def->type == SETTING_MODE)
		rc = parse_mode(text, &number);
	else
		rc = text_parse_u64(text, INT64_MAX, &number);
	if (rc == -EINVAL)
		return not_a(def, text, err, due[def->type]);
	if (rc || (def->max && number > def->max))
		return out_of_range(def, text, "too large: at most", def->max,
				    err);
	if (number < def->min)
		return out_of_range(def, text, "too small: at least", def->min,
				    err);
	out->kind = VALUE_INTEGER;
	out->integer = (int64_t)number;
	return 0;
}

static bool is_choice(const char *choices, const char *text)
{
	size_t len = strlen(text);

	while (*choices) {
		size_t n = strcspn(choices, " ");

		if (n == len && strncmp(choices, text, n) == 0)
			return true;
		choices += n;
		choices += strspn(choices, " ");
	}
	return false;
}

static int parse_choice(const struct setting_def *def, const char *text,
			struct value *out, struct errinfo *err)
{
	if (!is_choice(def->choices, text))
		return errinfo_set(err, -EINVAL, "%s = %.40s: not one of %s",
				   def->name, text, def->choices);
	return value_set_text(out, text);
}

static int parse_url(const struct setting_def *def, const char *text,
		     struct value *out, struct errinfo *err)
{
	const char *host = strstr(text, "://");

	if (strncasecmp(text, "http://", 7) != 0 &&
	    strncasecmp(text, "https://", 8) != 0)
		return not_a(def, text, err,
			     "begin it with http:// or https://");
	if (!host[3] || host[3] == '/')
		return not_a(def, text, err, "the host is missing");
	if (strpbrk(text, "@?# \t"))
		return not_a(def, "...", err,
			     "no user, query, fragment or blank in it");
	return value_set_text(out, text);
}

static int parse_path(const struct setting_def *def, const char *text,
		      struct value *out, struct errinfo *err)
{
	if (text[0] != '/')
		return not_a(def, text, err, "write the whole path, from / on");
	return value_set_text(out, text);
}

static int parse_bool_or_path(const struct setting_def *def, const char *text,
			      struct value *out, struct errinfo *err)
{
	bool boolean = false;

	if (parse_bool(text, &boolean) == 0)
		return value_set_text(out, boolean ? "true" : "false");
	if (text[0] != '/')
		return not_a(def, text, err,
			     "write True, False or a CA file's whole path");
	return value_set_text(out, text);
}

/* Lists are of texts; so are the maps of proxies. */
static int check_items(const struct setting_def *def, const struct value *v,
		       struct errinfo *err)
{
	enum value_kind due =
		def->type == SETTING_LIST ? VALUE_LIST : VALUE_MAP;

	if (v->kind != due && v->kind != VALUE_NONE)
		return errinfo_set(
			err, -EINVAL, "%s: not a %s, such as %s", def->name,
			due == VALUE_LIST ? "list" : "map",
			due == VALUE_LIST ? "['a', 'b']" : "{'name': 'value'}");
	for (size_t i = 0; due == VALUE_LIST && i < v->count; i++)
		if (v->items[i].kind != VALUE_TEXT)
			return errinfo_set(err, -EINVAL,
					   "%s: item %zu is not a text",
					   def->name, i + 1);
	return 0;
}

static int parse_items(const struct setting_def *def, const char *text,
		       struct value *out, struct errinfo *err)
{
	struct errinfo why = ERRINFO_INIT;
	int rc = value_parse(text, out, &why);

	if (rc)
		return errinfo_set(err, rc, "%s: %s", def->name, why.text);
	rc = check_items(def, out, err);
	if (rc)
		value_release(out);
	return rc;
}

static int parse_one_line(const struct setting_def *def, const char *text,
			  struct value *out, struct errinfo *err)
{
	size_t len = strlen(text);

	if (!text_is_utf8(text, len))
		return not_a(def, "...", err, "not UTF-8");
	/* A PEM text may have lines; a header line may not. */
	for (size_t i = 0; i < len; i++)
		if (((unsigned char)text[i] < 0x20 && text[i] != '\n') ||
		    text[i] == 0x7f)
			return not_a(def, "...", err,
				     "control characters in it");
	return value_set_text(out, text);
}

/* text without the quotes that it may have had; a bare None is handled. */
static int parse_by_type(const struct setting_def *def, const char *text,
			 struct value *out, struct errinfo *err)
{
	switch (def->type) {
	case SETTING_BOOL:
	case SETTING_WORD:
		out->kind = VALUE_BOOL;
		if (parse_bool(text, &out->boolean))
			return not_a(def, text, err, "neither true nor false");
		return 0;
	case SETTING_NUMBER:
	case SETTING_SIZE:
	case SETTING_DURATION:
	case SETTING_MODE:
		return parse_number(def, text, out, err);
	case SETTING_CHOICE:
		return parse_choice(def, text, out, err);
	case SETTING_URL:
		return parse_url(def, text, out, err);
	case SETTING_PATH:
		return parse_path(def, text, out, err);
	case SETTING_BOOL_OR_PATH:
		return parse_bool_or_path(def, text, out, err);
	case SETTING_TEXT:
	case SETTING_SECRET:
		return parse_one_line(def, text, out, err);
	case SETTING_LIST:
	case SETTING_MAP:
		return parse_items(def, text, out, err);
	}
	return -EINVAL;
}

/* A quoted text of the file, or one in Python's parentheses. */
static int parse_quoted(const struct setting_def *def, const char *text,
			struct value *out, struct errinfo *err)
{
	struct errinfo why = ERRINFO_INIT;
	struct value v;
	int rc = value_parse(text, &v, &why);

	if (rc)
		return errinfo_set(err, rc, "%s: %s", def->name, why.text);
	rc = v.kind == VALUE_TEXT ? parse_by_type(def, v.text, out, err) :
				    not_a(def, text, err, "not a single value");
	value_release(&v);
	return rc;
}

int settings_parse(const struct setting_def *def, const char *text,
		   bool is_literal, struct value *out, struct errinfo *err)
{
	bool is_none = strcmp(text, "None") == 0 || strcmp(text, "null") == 0;

	memset(out, 0, sizeof(*out));
	if (is_none && def->default_text) {
		if (strcmp(def->default_text, "None") == 0)
			return 0;
		/* No text at all is the default; no boolean is a mistake. */
		if (def->type >= SETTING_TEXT)
			return settings_parse(def, def->default_text, true, out,
					      err);
	}
	if (def->type == SETTING_LIST || def->type == SETTING_MAP)
		return parse_items(def, text, out, err);
	if (is_literal && *text && strchr("'\"([{", *text))
		return parse_quoted(def, text, out, err);
	return parse_by_type(def, text, out, err);
}
