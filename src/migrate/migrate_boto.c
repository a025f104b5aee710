/* SPDX-License-Identifier: MIT */
/*
 * The settings of django-storages' boto backend in today's words, as a mount
 * takes them; see migrate_boto.h and derive.h.
 */
#include "migrate_boto.h"

#include <string.h>

#include "derive.h"
#include "migrate_convert.h"

static const char *const boto_names[] = {
	"AWS_ORIGIN",        "AWS_S3_HOST",
	"AWS_S3_PORT",       "AWS_S3_CALLING_FORMAT",
	"AWS_S3_PROXY_HOST", "AWS_S3_PROXY_PORT",
	"S3_USE_SIGV4",
};

static const struct boto_word {
	const char *from, *to, *why;
} boto_words[] = {
	{ "AWS_S3_HOST", "AWS_S3_REGION_NAME",
	  "the region in AWS_S3_HOST, from which Amazon's host follows" },
	{ "AWS_ORIGIN", "AWS_S3_REGION_NAME",
	  "AWS_ORIGIN, as a region's name" },
	{ "AWS_S3_HOST", "AWS_S3_ENDPOINT_URL",
	  "AWS_S3_HOST, with AWS_S3_PORT and AWS_S3_USE_SSL" },
	{ "AWS_S3_CALLING_FORMAT", "AWS_S3_ADDRESSING_STYLE",
	  "AWS_S3_CALLING_FORMAT" },
	{ "AWS_S3_PROXY_HOST", "AWS_S3_PROXIES",
	  "AWS_S3_PROXY_HOST and AWS_S3_PROXY_PORT" },
	{ "S3_USE_SIGV4", "AWS_S3_SIGNATURE_VERSION", "S3_USE_SIGV4" },
};

/* Gives config what a row says. -EINVAL: it is wrong, and stays for people. */
static int boto_take(struct migration_rows *rows, const char *name,
		     struct config *config, struct errinfo *err)
{
	const struct setting_def *def = settings_find(name);
	AUTO_BUF struct buf literal = BUF_INIT(VALUE_BYTES_MAX);
	struct value value;
	int rc;

	if (!migration_literal(rows, def, &literal))
		return -EINVAL;
	rc = settings_parse(def, buf_str(&literal), true, &value, err);
	if (rc)
		return rc;
	config_move(config, name, &value);
	config_setting(config, def)->origin = ORIGIN_FILE;
	return 0;
}

static int boto_take_all(struct migration_rows *rows, struct config *config,
			 struct errinfo *err)
{
	const struct migration_row *use_ssl =
		migration_row_or_top(rows, "AWS_S3_USE_SSL");
	int rc = 0;

	if (use_ssl->value)
		rc = config_put(config, "AWS_S3_USE_SSL",
				py_truth(use_ssl->value) ? "true" : "false",
				err);
	for (size_t i = 0; !rc && i < ARRAY_SIZE(boto_names); i++)
		if (migration_row(rows, boto_names[i])->value)
			rc = boto_take(rows, boto_names[i], config, err);
	/* What today's name says is stronger. */
	for (size_t i = 0; i < ARRAY_SIZE(boto_words); i++)
		if (migration_row_or_top(rows, boto_words[i].to)->value)
			config_setting(config, settings_find(boto_words[i].to))
				->origin = ORIGIN_SECTION;
	return rc;
}

static json_t *boto_value(struct migration *m, const struct value *value)
{
	json_t *map;

	if (value->kind == VALUE_TEXT)
		return migration_keep(m, json_string(value->text));
	map = migration_keep(m, json_object());
	for (size_t i = 0; i < value->count; i++)
		migration_put(m, map, value->names[i],
			      json_string(value->items[i].text));
	return map;
}

static void boto_give(struct migration_rows *rows, const struct config *config)
{
	for (size_t i = 0; i < ARRAY_SIZE(boto_words); i++) {
		const struct boto_word *word = &boto_words[i];
		const struct migration_row *from =
			migration_row(rows, word->from);
		const struct value *value = config_value(config, word->to);
		struct migration_row *to = migration_row(rows, word->to);

		if (from->value && !to->value && value->kind != VALUE_NONE)
			migration_set(to, boto_value(rows->m, value),
				      from->from, word->why);
	}
	for (size_t i = 0; i < ARRAY_SIZE(boto_names); i++)
		migration_set(migration_row(rows, boto_names[i]), NULL, NULL,
			      "");
}

int migration_translate_boto(struct migration_rows *rows)
{
	struct migration_row *format =
		migration_row(rows, "AWS_S3_CALLING_FORMAT");
	CLEANUP(config_release)
	struct config config = { .notes = BUF_INIT(1000) };
	struct errinfo err = ERRINFO_INIT;
	int rc = config_take_defaults(&config, &err);

	/* An object of a class, whose name says it. */
	if (format->value && py_type(format->value))
		format->value = migration_keep(
			rows->m, json_string(py_type(format->value)));
	if (!rc)
		rc = boto_take_all(rows, &config, &err);
	if (!rc)
		rc = derive_boto(&config, &err);
	if (!rc)
		boto_give(rows, &config);
	/* What a mount refuses stays as it is: the check of the result tells. */
	return rc == -EINVAL ? 0 : rc;
}
