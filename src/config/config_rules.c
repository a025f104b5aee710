/* SPDX-License-Identifier: MIT */
/* Sections for single paths; see config_rules.h. */
#include "config_rules.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config_edit.h"
#include "settings.h"

bool config_is_rule(const char *section)
{
	return strpbrk(section, "*?/[]:");
}

bool config_holds_key(const struct value *map)
{
	for (size_t i = 0; map->kind == VALUE_MAP && i < map->count; i++)
		if (strcmp(map->names[i], "SSECustomerKey") == 0 ||
		    strcasecmp(map->names[i],
			       "x-amz-server-side-encryption-customer-key") ==
			    0)
			return true;
	return false;
}

int config_rule_begin(struct config *config, const char *section,
		      struct errinfo *err)
{
	size_t word_len = strcspn(section, "*?/[]:");
	bool has_mount = section[word_len] == ':';
	const char *pattern = has_mount ? section + word_len + 1 : section;
	struct config_rule *rule, *more;

	if (!*pattern)
		return errinfo_set(err, -EINVAL,
				   "[%.60s]: a pattern is due behind the "
				   "colon, such as [media:*.css]",
				   section);
	more = reallocarray(config->rules, config->rule_count + 1,
			    sizeof(*more));
	if (!more)
		return errinfo_set(err, -ENOMEM, "out of memory");
	config->rules = more;
	rule = &more[config->rule_count];
	memset(rule, 0, sizeof(*rule));
	rule->pattern = strdup(pattern);
	if (!rule->pattern)
		return errinfo_set(err, -ENOMEM, "out of memory");
	config->rule_count++;
	rule->is_ours = !has_mount || word_len == 0 ||
			(config->bucket_word &&
			 strlen(config->bucket_word) == word_len &&
			 strncmp(section, config->bucket_word, word_len) == 0);
	return 0;
}

static bool is_for_paths(const struct setting_def *def)
{
	static const size_t fields[] = {
		offsetof(struct config, default_acl),
		offsetof(struct config, object_parameters),
		offsetof(struct config, encryption),
		offsetof(struct config, reduced_redundancy),
	};

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (def->offset == fields[i])
			return true;
	return false;
}

/* A bare word is a text, as 0 may be one: parameters say what they take. */
static int parse_parameter(const struct config_line *line, struct value *out,
			   struct errinfo *err)
{
	struct errinfo why = ERRINFO_INIT;
	int rc;

	memset(out, 0, sizeof(*out));
	if (strcmp(line->value, "None") == 0 ||
	    strcmp(line->value, "null") == 0)
		return 0;
	if (!*line->value || !strchr("'\"([{", *line->value))
		return value_set_text(out, line->value);
	rc = value_parse(line->value, out, &why);
	return rc ? errinfo_set(err, rc, "%s: %s", line->name, why.text) : 0;
}

static int parse_line(const struct config_line *line,
		      const struct setting_def *def, struct value *out,
		      struct errinfo *err)
{
	struct text_nearest nearest = { .to = line->name };

	if (def && !is_for_paths(def))
		return errinfo_set(err, -EINVAL,
				   "%s is for the whole mount: put it above "
				   "[%.60s]",
				   def->name, line->section);
	if (def)
		return settings_parse(def, line->value, true, out, err);
	if (strncmp(line->name, "AWS_", 4) != 0)
		return parse_parameter(line, out, err);
	settings_try_names(&nearest);
	return errinfo_set(err, -EINVAL, "unknown setting %.60s%s", line->name,
			   text_nearest_hint(&nearest));
}

int config_rule_take(struct config *config, const struct config_line *line,
		     bool is_private, struct errinfo *err)
{
	struct config_rule *rule = &config->rules[config->rule_count - 1];
	const struct setting_def *def = settings_find(line->name);
	struct config_rule_line *taken, *more;
	struct value value;
	int rc = parse_line(line, def, &value, err);

	if (rc)
		return rc;
	more = reallocarray(rule->lines, rule->line_count + 1, sizeof(*more));
	if (!more) {
		value_release(&value);
		return errinfo_set(err, -ENOMEM, "out of memory");
	}
	rule->lines = more;
	taken = &more[rule->line_count++];
	*taken = (struct config_rule_line){
		.def = def,
		.name = strdup(line->name),
		.value = value,
		.number = line->number,
	};
	if (!taken->name)
		return errinfo_set(err, -ENOMEM, "out of memory");
	if (!is_private && (config_holds_key(&value) ||
			    strcmp(line->name, "SSECustomerKey") == 0))
		return config_note_exposed(config, "SSECustomerKey");
	return 0;
}

void config_rules_release(struct config *config)
{
	for (size_t i = 0; i < config->rule_count; i++) {
		struct config_rule *rule = &config->rules[i];

		for (size_t j = 0; j < rule->line_count; j++) {
			free(rule->lines[j].name);
			value_release(&rule->lines[j].value);
		}
		free(rule->lines);
		free(rule->pattern);
	}
	free(config->rules);
}
