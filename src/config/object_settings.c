/* SPDX-License-Identifier: MIT */
/* The parameters that objects are stored with; see object_settings.h. */
#include "object_settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config_rules.h"
#include "log.h"
#include "object_value.h"
#include "params.h"
#include "settings.h"

struct object_settings {
	struct s3_rule *rules; /* weak to strong; params are owned */
	struct s3_params **params;
	size_t count;
	char *prefix;
};

/* The two kinds of one source's parameters. */
struct layer {
	struct s3_params *dedicated; /* AWS_DEFAULT_ACL and the like */
	struct s3_params *params;
};

static bool is_compat(const struct config *config)
{
	return config->compat && strcmp(config->compat, "1.7") == 0;
}

/* Takes over params, also when it fails. */
static int add_rule(struct object_settings *o, const char *pattern,
		    struct s3_params *params, struct errinfo *err)
{
	size_t count = o->count + 1;
	struct s3_rule *rules = reallocarray(o->rules, count, sizeof(*rules));
	struct s3_params **owned;

	if (rules)
		o->rules = rules;
	owned = reallocarray(o->params, count, sizeof(struct s3_params *));
	if (owned)
		o->params = owned;
	if (!rules || !owned) {
		s3_params_free(params);
		return errinfo_set(err, -ENOMEM, "out of memory");
	}
	owned[o->count] = params;
	rules[o->count] = (struct s3_rule){ pattern, params };
	o->count = count;
	return s3_params_finish(params, err);
}

static int layer_init(struct layer *layer, struct errinfo *err)
{
	layer->dedicated = s3_params_new();
	layer->params = s3_params_new();
	if (layer->dedicated && layer->params)
		return 0;
	return errinfo_set(err, -ENOMEM, "out of memory");
}

static void layer_release(struct layer *layer)
{
	s3_params_free(layer->dedicated);
	s3_params_free(layer->params);
}

/* Both of a layer as rules, the stronger one last. */
static int add_layer(struct object_settings *o, const struct config *config,
		     const char *pattern, struct layer *layer,
		     struct errinfo *err)
{
	struct s3_params *weak = STEAL(layer->dedicated);
	struct s3_params *strong = STEAL(layer->params);
	int rc;

	if (is_compat(config)) {
		struct s3_params *params = strong;

		strong = weak;
		weak = params;
	}
	rc = add_rule(o, pattern, weak, err);
	if (!rc)
		return add_rule(o, pattern, strong, err);
	s3_params_free(strong);
	return rc;
}

static int set_map(struct s3_params *params, const struct value *map,
		   struct errinfo *err)
{
	int rc = 0;

	for (size_t i = 0; map && !rc && i < map->count; i++)
		rc = object_value_set(params, map->names[i], &map->items[i],
				      false, err);
	return rc;
}

/* --- The whole mount ---------------------------------------------------- */

static const char *default_acl(const struct config *config)
{
	if (is_compat(config) && !config_is_set(config, "AWS_DEFAULT_ACL"))
		return "public-read";
	return config->default_acl;
}

static int set_dedicated(struct s3_params *params, const struct config *config,
			 struct errinfo *err)
{
	const char *acl = default_acl(config);
	int rc = 0;

	if (acl)
		rc = s3_params_set(params, "ACL", acl, err);
	if (!rc && config->encryption)
		rc = s3_params_set(params, "ServerSideEncryption", "AES256",
				   err);
	if (!rc && config->reduced_redundancy)
		rc = s3_params_set(params, "StorageClass", "REDUCED_REDUNDANCY",
				   err);
	return rc;
}

static int add_mount(struct object_settings *o, const struct config *config,
		     struct errinfo *err, const char **where)
{
	CLEANUP(layer_release) struct layer layer = { NULL, NULL };
	int rc = layer_init(&layer, err);

	if (!rc)
		rc = set_dedicated(layer.dedicated, config, err);
	*where = "AWS_S3_OBJECT_PARAMETERS";
	if (!rc)
		rc = set_map(layer.params, config->object_parameters, err);
	return rc ? rc : add_layer(o, config, NULL, &layer, err);
}

/* boto's headers by their own names; stronger than all, as they were. */
static int add_headers(struct object_settings *o, const struct config *config,
		       struct errinfo *err)
{
	const struct value *map = config->boto_headers;
	struct s3_params *params;
	int rc = 0;

	if (!map)
		return 0;
	params = s3_params_new();
	if (!params)
		return errinfo_set(err, -ENOMEM, "out of memory");
	for (size_t i = 0; !rc && i < map->count; i++) {
		if (map->items[i].kind != VALUE_TEXT)
			rc = errinfo_set(err, -EINVAL, "%.60s: a text is due",
					 map->names[i]);
		else
			rc = s3_params_set_header(params, map->names[i],
						  map->items[i].text, err);
	}
	if (!rc)
		return add_rule(o, NULL, params, err);
	s3_params_free(params);
	return rc;
}

/* --- Sections for single paths ------------------------------------------ */

/* "False" takes back what that setting does for the whole mount. */
static int set_switch(struct s3_params *params, const char *name,
		      const char *value, bool is_on, bool is_on_mount,
		      struct errinfo *err)
{
	if (is_on)
		return s3_params_set(params, name, value, err);
	return is_on_mount ? s3_params_unset(params, name, err) : 0;
}

static int set_line(struct layer *layer, const struct config *config,
		    const struct config_rule_line *line, struct errinfo *err)
{
	const struct value *value = &line->value;

	if (!line->def)
		return object_value_set(layer->params, line->name, value, true,
					err);
	switch (line->def->offset) {
	case offsetof(struct config, object_parameters):
		return set_map(layer->params, value, err);
	case offsetof(struct config, encryption):
		return set_switch(layer->dedicated, "ServerSideEncryption",
				  "AES256", value->boolean, config->encryption,
				  err);
	case offsetof(struct config, reduced_redundancy):
		return set_switch(layer->dedicated, "StorageClass",
				  "REDUCED_REDUNDANCY", value->boolean,
				  config->reduced_redundancy, err);
	default: /* AWS_DEFAULT_ACL, the last of them */
		return object_value_set(layer->dedicated, "ACL", value, true,
					err);
	}
}

/* *line is the one in the file that an error is about. */
static int add_section(struct object_settings *o, const struct config *config,
		       const struct config_rule *rule, struct errinfo *err,
		       unsigned *line)
{
	CLEANUP(layer_release) struct layer layer = { NULL, NULL };
	int rc = layer_init(&layer, err);

	for (size_t i = 0; !rc && i < rule->line_count; i++) {
		*line = rule->lines[i].number;
		rc = set_line(&layer, config, &rule->lines[i], err);
	}
	if (rc || !rule->is_ours)
		return rc;
	return add_layer(o, config, rule->pattern, &layer, err);
}

/* --- All of it ---------------------------------------------------------- */

static int add_all(struct object_settings *o, const struct config *config,
		   struct errinfo *err, struct buf *why)
{
	const char *where = "AWS_DEFAULT_ACL";
	unsigned line = 0;
	int rc = add_mount(o, config, err, &where);

	if (rc) {
		buf_add_fmt(why, "%s: ", where);
		return rc;
	}
	rc = add_headers(o, config, err);
	if (rc) {
		buf_add_str(why, "AWS_HEADERS: ");
		return rc;
	}
	for (size_t i = 0; !rc && i < config->rule_count; i++)
		rc = add_section(o, config, &config->rules[i], err, &line);
	if (rc)
		buf_add_fmt(why, "%s:%u: ", config->path, line);
	return rc;
}

int object_settings_new(const struct config *config,
			struct object_settings **out, struct buf *why)
{
	struct object_settings *o = calloc(1, sizeof(*o));
	struct errinfo err = ERRINFO_INIT;
	int rc = -ENOMEM;

	*out = NULL;
	if (o && asprintf(&o->prefix, "%s%s", config->location,
			  *config->location ? "/" : "") < 0)
		o->prefix = NULL;
	if (o && o->prefix)
		rc = add_all(o, config, &err, why);
	if (rc) {
		buf_add_str(why, err.text[0] ? err.text : "out of memory");
		object_settings_free(o);
		return rc;
	}
	*out = o;
	return 0;
}

int object_settings_check(const struct config *config, struct buf *why)
{
	struct object_settings *o;
	int rc = object_settings_new(config, &o, why);

	object_settings_free(o);
	return rc;
}

void object_settings_apply(const struct object_settings *o,
			   struct s3_options *options)
{
	options->rules = o->rules;
	options->rule_count = o->count;
	options->rules_prefix = o->prefix;
}

static const char *find_header(const struct object_settings *o,
			       const char *header, const char *start)
{
	for (size_t i = 0; i < o->count; i++) {
		const char *value = s3_params_header(o->params[i], header);

		if (value && strncmp(value, start, strlen(start)) == 0)
			return value;
	}
	return NULL;
}

void object_settings_warn(const struct object_settings *o,
			  const struct config *config)
{
	const char *acl = find_header(o, "x-amz-acl", "public-read");
	const char *key =
		find_header(o, "x-amz-server-side-encryption-customer-key", "");
	const char *url = config->endpoint_url;
	bool is_plain =
		url ? strncasecmp(url, "http:", 5) == 0 : !config->use_ssl;

	if (acl && is_compat(config) &&
	    !config_is_set(config, "AWS_DEFAULT_ACL"))
		log_warn("main", "the default of django-storages 1.7 is "
				 "insecure: files are stored with ACL "
				 "public-read, for everybody to read. Set "
				 "AWS_DEFAULT_ACL = None for the bucket's own, "
				 "or 'public-read' to silence this");
	else if (acl)
		log_warn("main",
			 "files are stored with ACL %s: everybody can "
			 "%s them",
			 acl,
			 strcmp(acl, "public-read") == 0 ? "read" :
							   "overwrite");
	if (key && is_plain)
		log_warn("main", "SSECustomerKey goes over the network in "
				 "plain HTTP; Amazon refuses that: write "
				 "https:// in AWS_S3_ENDPOINT_URL");
}

void object_settings_free(struct object_settings *o)
{
	if (!o)
		return;
	for (size_t i = 0; i < o->count; i++)
		s3_params_free(o->params[i]);
	free(o->params);
	free(o->rules);
	free(o->prefix);
	free(o);
}
