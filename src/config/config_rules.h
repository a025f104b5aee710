/* SPDX-License-Identifier: MIT */
/*
 * Sections of the settings file that are for some paths only:
 *
 *   [*.css]               by name, in every folder
 *   CacheControl = 'max-age=31536000'
 *   [img/thumb-*]         by path, below AWS_LOCATION
 *   AWS_DEFAULT_ACL = 'public-read'
 *   [media:private/]      for the mount of [media] only
 *   AWS_S3_OBJECT_PARAMETERS = {'StorageClass': 'STANDARD_IA'}
 *
 * A section whose name has one of * ? / [ ] : is such a one. A word and a
 * colon before the pattern name the mount, by BUCKET of the command line.
 * Names and values are checked by object_settings.c. One thread.
 */
#ifndef CONFIG_RULES_H
#define CONFIG_RULES_H

#include <stdbool.h>

#include "config.h"
#include "config_file.h"
#include "errinfo.h"

struct setting_def;

struct config_rule_line {
	const struct setting_def *def; /* NULL: the name of a parameter */
	char *name;
	struct value value;
	unsigned number; /* in the file */
};

struct config_rule {
	char *pattern; /* without the mount */
	bool is_ours;  /* it is for this mount */
	struct config_rule_line *lines;
	size_t line_count;
};

bool config_is_rule(const char *section);

/* A section begins. Returns 0, -EINVAL (an empty pattern) or -ENOMEM. */
MUST_USE int config_rule_begin(struct config *config, const char *section,
			       struct errinfo *err);

/*
 * A line in the section that began last. Returns 0; -EINVAL: nothing that
 * can be set for single paths, or no value; -EACCES: a key in a file that
 * others can read; -ENOMEM.
 */
MUST_USE int config_rule_take(struct config *config,
			      const struct config_line *line, bool is_private,
			      struct errinfo *err);

/* Whether a map of parameters or headers holds a customer's key (SSE-C). */
bool config_holds_key(const struct value *map);

void config_rules_release(struct config *config);

#endif
