/* SPDX-License-Identifier: MIT */
/* A settings file, its literals, and each text as the value of each row. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "config_file.h"
#include "settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int take(void *arg, const struct config_line *line, struct errinfo *err)
{
	const struct setting_def *def;
	struct text_nearest nearest = { .to = line->name };
	struct value value;

	if (!line->name)
		return 0;
	if (value_parse(line->value, &value, err) == 0)
		value_release(&value);
	def = settings_find(line->name);
	if (!def) {
		settings_try_names(&nearest);
		(void)text_nearest_hint(&nearest);
		return 0;
	}
	if (settings_parse(def, line->value, true, &value, err) == 0)
		value_release(&value);
	if (settings_parse(def, line->value, false, &value, err) == 0)
		value_release(&value);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct errinfo err = ERRINFO_INIT;
	unsigned number = 0;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (config_file_parse(text, take, NULL, &number, &err) && number == 0)
		abort(); /* an error has its line */
	free(text);
	return 0;
}
