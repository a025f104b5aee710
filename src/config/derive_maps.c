/* SPDX-License-Identifier: MIT */
/*
 * boto3's TransferConfig and botocore's Config, as maps of their arguments;
 * foreign_table.c knows what each is here. See derive.h.
 */
#include "derive.h"

#include <string.h>

#include "foreign.h"

/* What AWS_S3_CLIENT_CONFIG replaces. */
static const char *const replaced[] = {
	"AWS_S3_ADDRESSING_STYLE",
	"AWS_S3_SIGNATURE_VERSION",
	"AWS_S3_PROXIES",
};

static bool is_replaced(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(replaced); i++)
		if (strcmp(name, replaced[i]) == 0)
			return true;
	return false;
}

static int set_item(struct foreign_sink *sink, const char *name,
		    const char *value, struct errinfo *err)
{
	struct errinfo why = ERRINFO_INIT;
	int rc;

	if (!is_replaced(name))
		return derive_put(sink->config, sink->from, name, value, err);
	/* It is None now, whose word does not count. */
	if (config_strength(sink->config, name) >
	    config_strength(sink->config, sink->from))
		return 0;
	rc = config_put(sink->config, name, value, &why);
	return rc ? errinfo_set(err, rc, "%s: %s", sink->from, why.text) : 0;
}

/* As django-storages does: what Config leaves out has its default. */
static int forget_replaced(struct config *config, const char *from,
			   struct errinfo *err)
{
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

static int take_map(struct config *config, const char *from, enum foreign_of of,
		    struct errinfo *err)
{
	struct foreign_sink sink = { .set = set_item,
				     .config = config,
				     .from = from };

	return foreign_take_map(&sink, config_value(config, from), of, err);
}

int derive_maps(struct config *config, struct errinfo *err)
{
	static const char transfer[] = "AWS_S3_TRANSFER_CONFIG";
	static const char client[] = "AWS_S3_CLIENT_CONFIG";
	struct value *map = config_value(config, transfer);
	int rc = 0;

	if (map->kind == VALUE_MAP)
		rc = take_map(config, transfer, FOREIGN_TRANSFER, err);
	map = config_value(config, client);
	if (rc || map->kind != VALUE_MAP)
		return rc;
	rc = forget_replaced(config, client, err);
	return rc ? rc : take_map(config, client, FOREIGN_CLIENT, err);
}
