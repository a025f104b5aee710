/* SPDX-License-Identifier: MIT */
/* The names of a setting and how they are found; see settings.h. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "settings.h"
#include "text.h"

void settings_short_name(const struct setting_def *def,
			 char out[SETTING_NAME_MAX])
{
	const char *name = def->name;
	size_t n = 0;

	if (strncmp(name, "AWS_S3_", 7) == 0)
		name += 7;
	else if (strncmp(name, "AWS_", 4) == 0)
		name += 4;
	for (; *name && n + 1 < SETTING_NAME_MAX; name++)
		out[n++] = (char)tolower((unsigned char)*name);
	out[n] = '\0';
}

/* The next of the names that blanks separate, or false. */
static bool next_alias(const char **rest, char out[SETTING_NAME_MAX])
{
	size_t len;

	if (!*rest || !**rest)
		return false;
	len = strcspn(*rest, " ");
	snprintf(out, SETTING_NAME_MAX, "%.*s", (int)len, *rest);
	*rest += len;
	*rest += strspn(*rest, " ");
	return true;
}

static bool has_name(const struct setting_def *def, const char *name)
{
	char other[SETTING_NAME_MAX];
	const char *rest = def->aliases;

	if (strcmp(def->name, name) == 0)
		return true;
	settings_short_name(def, other);
	if (strcmp(other, name) == 0)
		return true;
	while (next_alias(&rest, other))
		if (strcmp(other, name) == 0)
			return true;
	return false;
}

const struct setting_def *settings_find(const char *name)
{
	for (size_t i = 0; i < settings_count; i++)
		if (has_name(&settings_table[i], name))
			return &settings_table[i];
	return NULL;
}

void settings_try_names(struct text_nearest *nearest)
{
	for (size_t i = 0; i < settings_count; i++) {
		const struct setting_def *def = &settings_table[i];
		const char *rest = def->aliases;
		char other[SETTING_NAME_MAX] = "";

		if (def->type == SETTING_WORD)
			continue;
		text_nearest_try(nearest, def->name);
		settings_short_name(def, other);
		text_nearest_try(nearest, other);
		while (next_alias(&rest, other))
			text_nearest_try(nearest, other);
	}
}
