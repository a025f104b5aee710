/* SPDX-License-Identifier: MIT */
/* The values of all settings while they are put together; config_edit.h. */
#include "config_edit.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "settings.h"

struct setting *config_setting(const struct config *config,
			       const struct setting_def *def)
{
	return &config->settings[def - settings_table];
}

bool config_is_set(const struct config *config, const char *name)
{
	const struct setting_def *def = settings_find(name);

	return def && config_setting(config, def)->origin > ORIGIN_DEFAULT;
}

struct value *config_value(const struct config *config, const char *name)
{
	return &config_setting(config, settings_find(name))->value;
}

int config_strength(const struct config *config, const char *name)
{
	return (int)config_setting(config, settings_find(name))->origin;
}

void config_move(struct config *config, const char *name, struct value *value)
{
	struct value *to = config_value(config, name);

	value_release(to);
	*to = *value;
	*value = (struct value){ .kind = VALUE_NONE };
}

int config_put(struct config *config, const char *name, const char *text,
	       struct errinfo *err)
{
	struct value value;
	int rc = settings_parse(settings_find(name), text, false, &value, err);

	if (!rc)
		config_move(config, name, &value);
	return rc;
}

int config_add_parameter(struct config *config, const char *name,
			 const char *text)
{
	return value_map_set(&config->parameters, name, text);
}

int config_note_exposed(struct config *config, const char *secret)
{
	if (config->exposed)
		return 0;
	config->exposed = strdup(secret);
	return config->exposed ? 0 : -ENOMEM;
}

void config_note(struct config *config, const char *fmt, ...)
{
	char line[400];
	va_list args;

	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	buf_add_fmt(&config->notes, "%s\n", line);
}
