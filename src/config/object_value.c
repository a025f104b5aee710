/* SPDX-License-Identifier: MIT */
/* One object parameter from a settings' value; see object_value.h. */
#include "object_value.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define JSON_MAX 16384 /* ours; KMS takes 8 KiB */

static const char *const kind_names[] = {
	[VALUE_NONE] = "None",        [VALUE_BOOL] = "True or False",
	[VALUE_INTEGER] = "a number", [VALUE_REAL] = "a number",
	[VALUE_TEXT] = "a text",      [VALUE_LIST] = "a list",
	[VALUE_MAP] = "a map",
};

static const char *const due_names[] = {
	[S3_PARAM_TEXT] = "a text",        [S3_PARAM_DATE] = "a date",
	[S3_PARAM_FLAG] = "True or False", [S3_PARAM_JSON] = "a map",
	[S3_PARAM_MAP] = "a map",
};

static int not_due(const char *name, enum s3_param_kind kind,
		   const struct value *value, struct errinfo *err)
{
	return errinfo_set(err, -EINVAL, "%.60s: %s is due, not %s", name,
			   due_names[kind], kind_names[value->kind]);
}

static int check_texts(const char *name, const struct value *map,
		       struct errinfo *err)
{
	for (size_t i = 0; i < map->count; i++)
		if (map->items[i].kind != VALUE_TEXT)
			return errinfo_set(err, -EINVAL,
					   "%s: %.60s: a text is due, not %s",
					   name, map->names[i],
					   kind_names[map->items[i].kind]);
	return 0;
}

static int set_json(struct s3_params *params, const char *name,
		    const struct value *map, struct errinfo *err)
{
	json_auto_t *json = json_object();
	AUTO_FREE char *text = NULL;

	for (size_t i = 0; i < map->count; i++)
		if (json_object_set_new(json, map->names[i],
					json_string(map->items[i].text)))
			return errinfo_set(err, -ENOMEM, "out of memory");
	text = json_dumps(json, JSON_COMPACT);
	if (!text || strlen(text) > JSON_MAX)
		return errinfo_set(err, -EINVAL, "%s: too long", name);
	return s3_params_set(params, name, text, err);
}

static int set_map(struct s3_params *params, const char *name,
		   enum s3_param_kind kind, const struct value *map,
		   struct errinfo *err)
{
	int rc;

	if (kind != S3_PARAM_MAP && kind != S3_PARAM_JSON)
		return not_due(name, kind, map, err);
	rc = check_texts(name, map, err);
	if (!rc && kind == S3_PARAM_JSON)
		return set_json(params, name, map, err);
	for (size_t i = 0; !rc && i < map->count; i++)
		rc = s3_params_set_metadata(params, map->names[i],
					    map->items[i].text, err);
	return rc;
}

static int set_number(struct s3_params *params, const char *name,
		      enum s3_param_kind kind, const struct value *value,
		      struct errinfo *err)
{
	char digits[24];

	if (kind != S3_PARAM_DATE)
		return not_due(name, kind, value, err);
	snprintf(digits, sizeof(digits), "%lld", (long long)value->integer);
	return s3_params_set(params, name, digits, err);
}

int object_value_set(struct s3_params *params, const char *name,
		     const struct value *value, bool may_unset,
		     struct errinfo *err)
{
	enum s3_param_kind kind;
	int rc = s3_params_kind(name, &kind, err);

	if (rc)
		return rc;
	switch (value->kind) {
	case VALUE_TEXT:
		return kind == S3_PARAM_MAP ?
			       not_due(name, kind, value, err) :
			       s3_params_set(params, name, value->text, err);
	case VALUE_MAP:
		return set_map(params, name, kind, value, err);
	case VALUE_INTEGER:
		return set_number(params, name, kind, value, err);
	case VALUE_BOOL:
		return kind == S3_PARAM_FLAG ?
			       s3_params_set(params, name,
					     value->boolean ? "true" : "false",
					     err) :
			       not_due(name, kind, value, err);
	case VALUE_NONE:
		if (may_unset)
			return s3_params_unset(params, name, err);
		break;
	case VALUE_REAL:
	case VALUE_LIST:
		break;
	}
	return not_due(name, kind, value, err);
}
