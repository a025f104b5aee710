/* SPDX-License-Identifier: MIT */
/*
 * What the files share that make one configuration of all settings:
 * config.c brings them in, derive*.c turns those that are other words into
 * the basic ones, config_check.c looks at how they go together. One thread.
 */
#ifndef CONFIG_RULES_H
#define CONFIG_RULES_H

#include "config.h"
#include "errinfo.h"

/* The value that a setting of this full or short name has now. */
struct value *config_value(const struct config *config, const char *name);

/*
 * Gives a setting another value, text as a settings file has it; whether it
 * is_set stays. Returns 0, -EINVAL (err says which and why) or -ENOMEM.
 */
MUST_USE int config_put(struct config *config, const char *name,
			const char *text, struct errinfo *err);

/* Before the fields of struct config have their values. -EINVAL, -ENOMEM. */
MUST_USE int config_derive(struct config *config, struct errinfo *err);

/* When they have. -EINVAL. */
MUST_USE int config_check(struct config *config, struct errinfo *err);

#endif
