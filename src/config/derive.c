/* SPDX-License-Identifier: MIT */
/* Settings in other words: the order and the small ones; see derive.h. */
#include "derive.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "settings.h"

int derive_put(struct config *config, const char *from, const char *to,
	       const char *text, struct errinfo *err)
{
	int from_strength = config_strength(config, from);
	int to_strength = config_strength(config, to);
	struct errinfo why = ERRINFO_INIT;
	struct value value;
	int rc;

	if (to_strength > from_strength)
		return 0;
	rc = settings_parse(settings_find(to), text, false, &value, &why);
	if (rc)
		return errinfo_set(err, rc, "%s: %s", from, why.text);
	if (to_strength == from_strength &&
	    !value_is_equal(&value, config_value(config, to))) {
		value_release(&value);
		return errinfo_set(err, -EINVAL,
				   "%s and %s contradict each other: take one "
				   "out",
				   from, to);
	}
	config_move(config, to, &value);
	return 0;
}

static bool is_true(const struct config *config, const char *name)
{
	return config_value(config, name)->boolean;
}

/* What was the default in django-storages 1.7 and is another now. */
static int derive_compat(struct config *config, struct errinfo *err)
{
	bool is_old =
		config_value(config, "S3STOREFS_COMPAT")->kind == VALUE_TEXT;
	bool is_secure =
		is_true(config, "AWS_S3_SECURE_URLS") &&
		(is_old || config_is_set(config, "AWS_S3_SECURE_URLS"));
	int rc = 0;

	if (is_old && !config_is_set(config, "AWS_DEFAULT_ACL"))
		rc = config_put(config, "AWS_DEFAULT_ACL", "public-read", err);
	if (!rc && is_old && !config_is_set(config, "AWS_S3_URL_PROTOCOL"))
		rc = config_put(config, "AWS_S3_URL_PROTOCOL", "http:", err);
	/* Its default is true: only in 1.7 it counts without being given. */
	if (!rc && is_secure)
		rc = config_put(config, "AWS_S3_URL_PROTOCOL", "https:", err);
	return rc;
}

static int derive_bucket_acl(struct config *config, struct errinfo *err)
{
	const struct value *acl = config_value(config, "AWS_DEFAULT_ACL");

	if (config_is_set(config, "AWS_BUCKET_ACL") || acl->kind != VALUE_TEXT)
		return 0;
	return config_put(config, "AWS_BUCKET_ACL", acl->text, err);
}

static int derive_buffer(struct config *config, struct errinfo *err)
{
	static const char from[] = "AWS_S3_FILE_BUFFER_SIZE";
	char text[24];

	if (config_value(config, from)->kind == VALUE_NONE)
		return 0;
	snprintf(text, sizeof(text), "%lld",
		 (long long)config_value(config, from)->integer);
	return derive_put(config, from, "part_size", text, err);
}

static int derive_threads(struct config *config, struct errinfo *err)
{
	static const char from[] = "AWS_S3_USE_THREADS";

	if (is_true(config, from))
		return 0;
	if (!config_is_set(config, "AWS_S3_TRANSFER_CONFIG"))
		return derive_put(config, from, "transfers", "1", err);
	config_note(config,
		    "%s has no effect beside AWS_S3_TRANSFER_CONFIG: "
		    "write use_threads there",
		    from);
	return 0;
}

/* Names are bytes, and S3's are UTF-8. The spellings are Python's. */
static int derive_charset(struct config *config, struct errinfo *err)
{
	static const char name[] = "AWS_S3_FILE_NAME_CHARSET";
	static const char *const utf8[] = { "utf-8", "utf8", "utf_8",  "utf 8",
					    "u8",    "utf",  "cp65001" };
	const char *text = config_value(config, name)->text;

	for (size_t i = 0; i < ARRAY_SIZE(utf8); i++)
		if (strcasecmp(text, utf8[i]) == 0)
			return 0;
	return errinfo_set(err, -EINVAL,
			   "%s = %.40s: names in S3 are UTF-8, and so are "
			   "those of files here; write utf-8",
			   name, text);
}

/* As the AWS tools read it, behind every setting. */
static int derive_environment(struct config *config, struct errinfo *err)
{
	static const char *const names[] = { "AWS_ENDPOINT_URL_S3",
					     "AWS_ENDPOINT_URL" };
	const char *ignored =
		secure_getenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
	struct errinfo why = ERRINFO_INIT;

	if (config_is_set(config, "AWS_S3_ENDPOINT_URL") ||
	    config_is_set(config, "AWS_S3_HOST") ||
	    (ignored && strcasecmp(ignored, "true") == 0))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const char *url = secure_getenv(names[i]);
		int rc;

		if (!url || !*url)
			continue;
		rc = config_put(config, "AWS_S3_ENDPOINT_URL", url, &why);
		return rc ? errinfo_set(err, rc, "%s in the environment: %s",
					names[i], why.text) :
			    0;
	}
	return 0;
}

/* -o storage_class and the like are parameters of objects. */
static int derive_parameters(struct config *config, struct errinfo *err)
{
	struct value *to = config_value(config, "AWS_S3_OBJECT_PARAMETERS");
	const struct value *from = &config->parameters;

	for (size_t i = 0; i < from->count; i++) {
		int rc = value_map_set(to, from->names[i], from->items[i].text);

		if (rc)
			return errinfo_set(err, rc, "out of memory");
	}
	return 0;
}

/* A wait that was asked for must fit into a try, half the operation. */
static int derive_timeout(struct config *config, struct errinfo *err)
{
	static const char *const waits[] = { "connect_timeout",
					     "stall_timeout" };
	int64_t least = 0;
	char text[32];

	if (config_is_set(config, "timeout"))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(waits); i++)
		if (2 * config_value(config, waits[i])->integer > least)
			least = 2 * config_value(config, waits[i])->integer;
	if (least <= config_value(config, "timeout")->integer)
		return 0;
	snprintf(text, sizeof(text), "%lld.%03lld", (long long)least / 1000,
		 (long long)least % 1000);
	return config_put(config, "timeout", text, err);
}

int config_derive(struct config *config, struct errinfo *err)
{
	/* What comes later wins over what came before: see derive_put. */
	static int (*const steps[])(struct config *, struct errinfo *) = {
		derive_compat,     derive_bucket_acl,  derive_boto,
		derive_buffer,     derive_threads,     derive_maps,
		derive_charset,    derive_environment, derive_timeout,
		derive_parameters,
	};

	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		int rc = steps[i](config, err);

		if (rc)
			return rc;
	}
	return 0;
}
