/* SPDX-License-Identifier: MIT */
/*
 * boto3's TransferConfig and botocore's Config, as maps of their arguments:
 * each name becomes one of our settings, or is taken without effect, which
 * the log is told with the reason, or is refused. See derive.h.
 */
#include "derive.h"

#include <stdio.h>
#include <string.h>

#include "text.h"

#define MIB        (1024ll * 1024)
#define LEAST_PART (5 * MIB) /* s3transfer raises smaller ones, too */
#define USER_AGENT "s3storefs/" PACKAGE_VERSION

struct item_rule;

/* One item of a map on its way. */
struct item {
	struct config *config;
	const char *from; /* the setting that is the map */
	const struct item_rule *rule;
	struct value *value; /* never None */
};

struct item_rule {
	const char *name;
	int (*apply)(const struct item *item, struct errinfo *err);
	const char *to; /* a setting; or why there is no effect */
};

static int bad_value(const struct item *item, const char *due,
		     struct errinfo *err)
{
	return errinfo_set(err, -EINVAL, "%s: %s: %s", item->from,
			   item->rule->name, due);
}

/* A number, text or boolean as settings are written. */
static int scalar_text(const struct item *item, char *out, size_t room,
		       struct errinfo *err)
{
	const struct value *v = item->value;
	int len = 0;

	switch (v->kind) {
	case VALUE_BOOL:
		len = snprintf(out, room, "%s", v->boolean ? "true" : "false");
		break;
	case VALUE_INTEGER:
		len = snprintf(out, room, "%lld", (long long)v->integer);
		break;
	case VALUE_REAL:
		len = snprintf(out, room, "%.3f", v->real);
		break;
	case VALUE_TEXT:
		len = snprintf(out, room, "%s", v->text);
		break;
	case VALUE_NONE:
	case VALUE_LIST:
	case VALUE_MAP:
		return bad_value(item, "not a single value", err);
	}
	if (len < 0 || (size_t)len >= room)
		return bad_value(item, "too long", err);
	return 0;
}

static int take_scalar(const struct item *item, struct errinfo *err)
{
	char text[512];
	int rc = scalar_text(item, text, sizeof(text), err);

	return rc ? rc :
		    derive_put(item->config, item->from, item->rule->to, text,
			       err);
}

/* One of the three that AWS_S3_CLIENT_CONFIG replaces; they are None now. */
static int replace_scalar(const struct item *item, struct errinfo *err)
{
	struct errinfo why = ERRINFO_INIT;
	char text[64];
	int rc = scalar_text(item, text, sizeof(text), err);

	if (rc || config_strength(item->config, item->rule->to) >
			  config_strength(item->config, item->from))
		return rc;
	rc = config_put(item->config, item->rule->to, text, &why);
	return rc ? errinfo_set(err, rc, "%s: %s", item->from, why.text) : 0;
}

static int no_effect(const struct item *item, struct errinfo *err)
{
	config_note(item->config, "%s: %s has no effect: %s", item->from,
		    item->rule->name, item->rule->to);
	return 0;
}

static int take_unless_true(const struct item *item, struct errinfo *err)
{
	if (item->value->kind == VALUE_BOOL && !item->value->boolean)
		return 0;
	return bad_value(item, item->rule->to, err);
}

static int need_integer(const struct item *item, struct errinfo *err)
{
	return item->value->kind == VALUE_INTEGER && item->value->integer > 0 ?
		       0 :
		       bad_value(item, "not a number above 0", err);
}

static int put_integer(const struct item *item, int64_t number,
		       struct errinfo *err)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)number);
	return derive_put(item->config, item->from, item->rule->to, text, err);
}

/* --------------------------------------------------- TransferConfig */

/* There, a file of exactly so many bytes goes in parts already. */
static int take_threshold(const struct item *item, struct errinfo *err)
{
	int rc = need_integer(item, err);
	int64_t most = item->value->integer - 1;

	return rc ? rc : put_integer(item, most > 0 ? most : 1, err);
}

static int take_chunk_size(const struct item *item, struct errinfo *err)
{
	int rc = need_integer(item, err);
	int64_t bytes = item->value->integer;

	if (rc)
		return rc;
	if (bytes < LEAST_PART) {
		config_note(item->config,
			    "%s: %s is less than S3 takes: it is 5 MiB",
			    item->from, item->rule->name);
		bytes = LEAST_PART;
	}
	return put_integer(item, bytes, err);
}

static int take_use_threads(const struct item *item, struct errinfo *err)
{
	if (item->value->kind != VALUE_BOOL)
		return bad_value(item, "neither True nor False", err);
	return item->value->boolean ?
		       0 :
		       config_put(item->config, item->rule->to, "1", err);
}

/* use_threads comes last: it wins over max_concurrency. */
static const struct item_rule transfer_rules[] = {
	{ "multipart_threshold", take_threshold, "single_put_max" },
	{ "multipart_chunksize", take_chunk_size, "part_size" },
	{ "max_concurrency", take_scalar, "transfers" },
	{ "max_request_concurrency", take_scalar, "transfers" },
	{ "num_download_attempts", take_scalar, "attempts" },
	{ "max_bandwidth", take_scalar, "max_bandwidth" },
	{ "io_chunksize", no_effect, "bytes go on as they arrive" },
	{ "max_io_queue", no_effect, "memory_budget bounds what waits" },
	{ "max_io_queue_size", no_effect, "memory_budget bounds what waits" },
	{ "preferred_transfer_client", no_effect, "there is just one" },
	{ "use_threads", take_use_threads, "transfers" },
	{ NULL, NULL, NULL },
};

/* -------------------------------------------------- botocore's Config */

static int take_proxies(const struct item *item, struct errinfo *err)
{
	if (item->value->kind != VALUE_MAP)
		return bad_value(item, "not a map", err);
	if (config_strength(item->config, item->rule->to) <=
	    config_strength(item->config, item->from))
		config_move(item->config, item->rule->to, item->value);
	return 0;
}

static int take_signature(const struct item *item, struct errinfo *err)
{
	if (item->value->kind == VALUE_TEXT &&
	    strcmp(item->value->text, "unsigned") == 0)
		return derive_put(item->config, item->from, "anonymous", "true",
				  err);
	return replace_scalar(item, err);
}

static int take_payload(const struct item *item, struct errinfo *err)
{
	if (item->value->kind != VALUE_BOOL)
		return bad_value(item, "neither True nor False", err);
	return derive_put(item->config, item->from, item->rule->to,
			  item->value->boolean ? "signed" : "unsigned", err);
}

/* Here the first try does not count. */
static int take_retries(const struct item *item, struct errinfo *err)
{
	if (item->value->kind != VALUE_INTEGER || item->value->integer < 0)
		return bad_value(item, "not a number", err);
	return put_integer(item, item->value->integer + 1, err);
}

static int take_checksum(const struct item *item, struct errinfo *err)
{
	const char *text =
		item->value->kind == VALUE_TEXT ? item->value->text : "";

	if (strcmp(text, "when_required") != 0 &&
	    strcmp(text, "when_supported") != 0)
		return bad_value(item, "when_supported or when_required", err);
	return derive_put(
		item->config, item->from, item->rule->to,
		strcmp(text, "when_supported") == 0 ? "true" : "false", err);
}

static int add_user_agent(const struct item *item, struct errinfo *err)
{
	const char *before = config_value(item->config, item->rule->to)->text;
	char extra[200], text[512];
	int rc = scalar_text(item, extra, sizeof(extra), err);

	if (rc)
		return rc;
	snprintf(text, sizeof(text), "%s %s", before ? before : USER_AGENT,
		 extra);
	return config_put(item->config, item->rule->to, text, err);
}

static int take_s3(const struct item *item, struct errinfo *err);
static int take_retry_map(const struct item *item, struct errinfo *err);

static const char not_made[] =
	"not supported: write such a host into AWS_S3_ENDPOINT_URL";

static const struct item_rule s3_rules[] = {
	{ "addressing_style", replace_scalar, "AWS_S3_ADDRESSING_STYLE" },
	{ "payload_signing_enabled", take_payload, "payload_signing" },
	{ "use_accelerate_endpoint", take_unless_true, not_made },
	{ "use_dualstack_endpoint", take_unless_true, not_made },
	{ "use_arn_region", no_effect, "a bucket has a name here, no ARN" },
	{ "us_east_1_regional_endpoint", no_effect,
	  "requests go to where the bucket answers" },
	{ NULL, NULL, NULL },
};

static const struct item_rule retry_rules[] = {
	{ "mode", no_effect, "pauses grow, with jitter, in any case" },
	{ "max_attempts", take_retries, "attempts" },
	{ "total_max_attempts", take_scalar, "attempts" },
	{ NULL, NULL, NULL },
};

static const struct item_rule client_rules[] = {
	{ "region_name", take_scalar, "AWS_S3_REGION_NAME" },
	{ "signature_version", take_signature, "AWS_S3_SIGNATURE_VERSION" },
	{ "user_agent", take_scalar, "user_agent" },
	{ "user_agent_extra", add_user_agent, "user_agent" },
	{ "user_agent_appid", add_user_agent, "user_agent" },
	{ "connect_timeout", take_scalar, "connect_timeout" },
	{ "read_timeout", take_scalar, "stall_timeout" },
	{ "max_pool_connections", take_scalar, "connections" },
	{ "proxies", take_proxies, "AWS_S3_PROXIES" },
	{ "s3", take_s3, NULL },
	{ "retries", take_retry_map, NULL },
	{ "request_checksum_calculation", take_checksum, "upload_checksum" },
	{ "response_checksum_validation", no_effect,
	  "what the server tells is checked" },
	{ "use_dualstack_endpoint", take_unless_true, not_made },
	{ "use_fips_endpoint", take_unless_true, not_made },
	{ "client_cert", take_unless_true, "not supported" },
	{ "proxies_config", take_unless_true,
	  "not supported: AWS_S3_VERIFY is for proxies, too" },
	{ "parameter_validation", no_effect, "settings are always checked" },
	{ "tcp_keepalive", no_effect, "it is always on" },
	{ "inject_host_prefix", no_effect, "S3 has none" },
	{ "endpoint_discovery_enabled", no_effect, "S3 has none" },
	{ "ignore_configured_endpoint_urls", no_effect,
	  "the environment has it: AWS_IGNORE_CONFIGURED_ENDPOINT_URLS" },
	{ "defaults_mode", no_effect, "the defaults are our own" },
	{ "request_min_compression_size_bytes", no_effect, "S3 has none" },
	{ "disable_request_compression", no_effect, "S3 has none" },
	{ "sigv4a_signing_region_set", no_effect, "a bucket has one region" },
	{ "client_context_params", no_effect, "S3 has none" },
	{ "account_id_endpoint_mode", no_effect, "S3 has none" },
	{ "auth_scheme_preference", no_effect, "see signature_version" },
	{ NULL, NULL, NULL },
};

/* ---------------------------------------------------------- all maps */

static int unknown_item(const char *from, const char *name,
			const struct item_rule *rules, struct errinfo *err)
{
	struct text_nearest nearest = { .to = name };

	for (const struct item_rule *rule = rules; rule->name; rule++)
		text_nearest_try(&nearest, rule->name);
	return errinfo_set(err, -EINVAL, "%s: there is no %.40s%s", from, name,
			   text_nearest_hint(&nearest));
}

/* In the order of the rules, so that those that belong together can be. */
static int apply_map(struct config *config, const char *from, struct value *map,
		     const struct item_rule *rules, struct errinfo *err)
{
	for (size_t i = 0; i < map->count; i++) {
		const struct item_rule *rule = rules;

		while (rule->name && strcmp(rule->name, map->names[i]) != 0)
			rule++;
		if (!rule->name)
			return unknown_item(from, map->names[i], rules, err);
	}
	for (const struct item_rule *rule = rules; rule->name; rule++) {
		struct item item = { config, from, rule, NULL };
		int rc = 0;

		for (size_t i = 0; i < map->count; i++)
			if (strcmp(rule->name, map->names[i]) == 0)
				item.value = &map->items[i];
		/* None is the default in both classes. */
		if (item.value && item.value->kind != VALUE_NONE)
			rc = rule->apply(&item, err);
		if (rc)
			return rc;
	}
	return 0;
}

static int take_s3(const struct item *item, struct errinfo *err)
{
	if (item->value->kind != VALUE_MAP)
		return bad_value(item, "not a map", err);
	return apply_map(item->config, item->from, item->value, s3_rules, err);
}

static int take_retry_map(const struct item *item, struct errinfo *err)
{
	if (item->value->kind != VALUE_MAP)
		return bad_value(item, "not a map", err);
	return apply_map(item->config, item->from, item->value, retry_rules,
			 err);
}

/* As django-storages does: what Config leaves out has its default. */
static int forget_replaced(struct config *config, const char *from,
			   struct errinfo *err)
{
	static const char *const replaced[] = {
		"AWS_S3_ADDRESSING_STYLE",
		"AWS_S3_SIGNATURE_VERSION",
		"AWS_S3_PROXIES",
	};

	for (size_t i = 0; i < ARRAY_SIZE(replaced); i++) {
		const char *to = replaced[i];
		int rc = 0;

		if (config_strength(config, to) > config_strength(config, from))
			continue;
		if (config_is_set(config, to))
			config_note(config, "%s has no effect: %s replaces it",
				    to, from);
		rc = config_put(config, to, "None", err);
		if (rc)
			return rc;
	}
	return 0;
}

int derive_maps(struct config *config, struct errinfo *err)
{
	static const char transfer[] = "AWS_S3_TRANSFER_CONFIG";
	static const char client[] = "AWS_S3_CLIENT_CONFIG";
	struct value *map = config_value(config, transfer);
	int rc = 0;

	if (map->kind == VALUE_MAP)
		rc = apply_map(config, transfer, map, transfer_rules, err);
	map = config_value(config, client);
	if (rc || map->kind != VALUE_MAP)
		return rc;
	rc = forget_replaced(config, client, err);
	return rc ? rc : apply_map(config, client, map, client_rules, err);
}
