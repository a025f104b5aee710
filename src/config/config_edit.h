/* SPDX-License-Identifier: MIT */
/*
 * What the files share that make one configuration of all settings:
 * config.c brings them in, derive*.c turn those that are other words into
 * the basic ones, config_check.c looks at how they go together. One thread.
 */
#ifndef CONFIG_EDIT_H
#define CONFIG_EDIT_H

#include "config.h"
#include "errinfo.h"

/* Where a value comes from, weak to strong. */
enum origin {
	ORIGIN_DEFAULT,
	ORIGIN_FILE,
	ORIGIN_SECTION,
	ORIGIN_ENVIRONMENT,
	ORIGIN_COMMAND_LINE
};

/* One row's value. */
struct setting {
	struct value value;
	enum origin origin;
};

struct setting_def;

struct setting *config_setting(const struct config *config,
			       const struct setting_def *def);

/* The value that a setting of this full or short name has now. */
struct value *config_value(const struct config *config, const char *name);

/* Gives all settings their defaults. config_release is due in any case. */
MUST_USE int config_take_defaults(struct config *config, struct errinfo *err);

/* How strong its source is; 0: it has its default. */
int config_strength(const struct config *config, const char *name);

/*
 * Gives a setting another value, text as on the command line; what
 * config_is_set says of it stays. Returns 0, -EINVAL (err says which and why)
 * or -ENOMEM.
 */
MUST_USE int config_put(struct config *config, const char *name,
			const char *text, struct errinfo *err);

/* As config_put with a value, which is moved: value is None after it. */
void config_move(struct config *config, const char *name, struct value *value);

/* One parameter more for all objects; stronger than those of any map. */
MUST_USE int config_add_parameter(struct config *config, const char *name,
				  const char *text);

/*
 * Notes that the settings file holds a secret of this name although others
 * can read it, which is refused unless allow_readable_keys is set. -ENOMEM.
 */
MUST_USE int config_note_exposed(struct config *config, const char *secret);

/* One more line for the log. */
void config_note(struct config *config, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Before the fields of struct config have their values. -EINVAL, -ENOMEM. */
MUST_USE int config_derive(struct config *config, struct errinfo *err);

/* When they have. -EINVAL. */
MUST_USE int config_check(struct config *config, struct errinfo *err);

#endif
