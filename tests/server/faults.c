/* SPDX-License-Identifier: MIT */
/* The fault plan; see faults.h. */
#include "faults.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

struct rule {
	struct list_link link;
	json_t *json;
	const char *op;    /* "*": any */
	const char *key;   /* glob, or NULL */
	const char *query; /* part of the target, or NULL */
	int64_t skip;
	int64_t count; /* 0: for ever */
	int64_t seen;
	int64_t fired;
	struct fault fault;
};

static const struct {
	const char *name;
	enum fault_xml xml;
} xml_names[] = {
	{ "malformed", FAULT_XML_MALFORMED },
	{ "endless", FAULT_XML_ENDLESS },
	{ "entities", FAULT_XML_ENTITIES },
	{ "deep", FAULT_XML_DEEP },
	{ "same_token", FAULT_XML_SAME_TOKEN },
	{ "unordered", FAULT_XML_UNORDERED },
	{ "empty", FAULT_XML_EMPTY },
};

/* Every member a rule may have, and of which type. */
static const struct {
	const char *name;
	json_type type;
} members[] = {
	{ "op", JSON_STRING },         { "key", JSON_STRING },
	{ "query", JSON_STRING },      { "skip", JSON_INTEGER },
	{ "count", JSON_INTEGER },     { "status", JSON_INTEGER },
	{ "code", JSON_STRING },       { "message", JSON_STRING },
	{ "headers", JSON_OBJECT },    { "body", JSON_STRING },
	{ "delay_ms", JSON_INTEGER },  { "stall_after", JSON_INTEGER },
	{ "trickle", JSON_INTEGER },   { "cut_after", JSON_INTEGER },
	{ "reset", JSON_TRUE },        { "reset_after", JSON_TRUE },
	{ "etag", JSON_STRING },       { "checksum", JSON_STRING },
	{ "flip_byte", JSON_INTEGER }, { "short_body", JSON_INTEGER },
	{ "no_body", JSON_TRUE },      { "ok_error", JSON_STRING },
	{ "xml", JSON_STRING },        { "key_error", JSON_STRING },
	{ "fired", JSON_INTEGER },
};

static bool member_is_known(const char *name, const json_t *value)
{
	for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
		if (strcmp(members[i].name, name) != 0)
			continue;
		return json_typeof(value) == members[i].type ||
		       (members[i].type == JSON_TRUE && json_is_false(value));
	}
	return false;
}

static int64_t number(const json_t *json, const char *name, int64_t fallback)
{
	const json_t *value = json_object_get(json, name);

	return value ? json_integer_value(value) : fallback;
}

static const char *string(const json_t *json, const char *name)
{
	return json_string_value(json_object_get(json, name));
}

static void fill_fault(struct fault *f, const json_t *json)
{
	const char *xml = string(json, "xml");
	const char *etag = string(json, "etag");

	f->active = true;
	f->reset = json_is_true(json_object_get(json, "reset"));
	f->reset_after = json_is_true(json_object_get(json, "reset_after"));
	f->no_body = json_is_true(json_object_get(json, "no_body"));
	f->wrong_etag = etag;
	f->no_etag = etag && strcmp(etag, "none") == 0;
	f->wrong_checksum = string(json, "checksum");
	f->status = (unsigned)number(json, "status", 0);
	f->delay_ms = number(json, "delay_ms", -1);
	f->stall_after = number(json, "stall_after", -1);
	f->trickle = number(json, "trickle", -1);
	f->cut_after = number(json, "cut_after", -1);
	f->flip_byte = number(json, "flip_byte", -1);
	f->short_body = number(json, "short_body", -1);
	for (size_t i = 0; xml && i < ARRAY_SIZE(xml_names); i++)
		if (strcmp(xml_names[i].name, xml) == 0)
			f->xml = xml_names[i].xml;
}

static const char *check_rule(json_t *json)
{
	const char *name;
	json_t *value;
	int64_t status = number(json, "status", 200);

	if (!json_is_object(json))
		return "a rule is not an object";
	json_object_foreach(json, name, value) if (
		!member_is_known(
			name,
			value)) return "a rule has an unknown member, or one of the "
				       "wrong type";
	if (status < 200 || status > 599)
		return "status is not from 200 to 599";
	return NULL;
}

static struct rule *rule_new(const json_t *json)
{
	struct rule *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->json = json_deep_copy(json);
	if (!r->json) {
		free(r);
		return NULL;
	}
	r->op = string(r->json, "op");
	if (!r->op)
		r->op = "*";
	r->key = string(r->json, "key");
	r->query = string(r->json, "query");
	r->skip = number(r->json, "skip", 0);
	r->count = number(r->json, "count", 1);
	fill_fault(&r->fault, r->json);
	if (r->fault.xml == FAULT_XML_NONE && string(r->json, "xml")) {
		json_decref(r->json);
		free(r);
		return NULL;
	}
	return r;
}

static void free_rules(struct list_link *rules)
{
	struct list_link *link;

	while ((link = list_pop(rules))) {
		struct rule *r = container_of(link, struct rule, link);

		json_decref(r->json);
		free(r);
	}
}

int faults_set(struct fault_plan *plan, const json_t *rules, const char **error)
{
	struct list_link fresh;
	size_t i;
	json_t *json;

	list_init(&fresh);
	*error = "the plan is not an array";
	if (!json_is_array(rules))
		return -EINVAL;
	json_array_foreach(rules, i, json)
	{
		struct rule *r;

		*error = check_rule(json);
		r = *error ? NULL : rule_new(json);
		if (!r) {
			if (!*error)
				*error = "a rule cannot be kept: its xml is "
					 "unknown, or no memory";
			free_rules(&fresh);
			return -EINVAL;
		}
		list_push(&fresh, &r->link);
	}
	LOCK(&plan->lock);
	free_rules(&plan->rules);
	list_splice(&plan->rules, &fresh);
	return 0;
}

json_t *faults_json(struct fault_plan *plan)
{
	json_t *all = json_array();

	LOCK(&plan->lock);
	list_for_each(link, &plan->rules) {
		struct rule *r = container_of(link, struct rule, link);
		json_t *copy = json_copy(r->json);

		json_object_set_new(copy, "fired", json_integer(r->fired));
		json_array_append_new(all, copy);
	}
	return all;
}

static bool rule_matches(const struct rule *r, const char *op, const char *key,
			 const char *target)
{
	bool per_key = json_object_get(r->json, "key_error");

	if (strcmp(r->op, "*") != 0 && strcmp(r->op, op) != 0)
		return false;
	if (r->key && !per_key && fnmatch(r->key, key, 0) != 0)
		return false;
	if (r->query) {
		const char *query = strchr(target, '?');

		return query && strstr(query, r->query);
	}
	return true;
}

void faults_pick(struct fault_plan *plan, const char *op, const char *key,
		 const char *target, struct fault *out)
{
	LOCK(&plan->lock);
	list_for_each(link, &plan->rules) {
		struct rule *r = container_of(link, struct rule, link);

		if (!rule_matches(r, op, key, target))
			continue;
		if (r->seen++ < r->skip)
			continue;
		if (r->count > 0 && r->fired >= r->count)
			continue;
		r->fired++;
		*out = r->fault;
		out->rule = json_incref(r->json);
		out->plan = plan;
		return;
	}
}

const char *fault_text(const struct fault *fault, const char *name)
{
	return string(fault->rule, name);
}

bool fault_xml_is_whole(enum fault_xml xml)
{
	return xml && xml != FAULT_XML_SAME_TOKEN && xml != FAULT_XML_UNORDERED;
}

bool fault_replaces(const struct fault *f)
{
	if (!f->active)
		return false;
	return f->status || fault_text(f, "body") ||
	       fault_text(f, "ok_error") || fault_xml_is_whole(f->xml);
}

void fault_release(struct fault *fault)
{
	if (!fault->rule)
		return;
	LOCK(&fault->plan->lock);
	json_decref(fault->rule);
	*fault = (struct fault){ 0 };
}

void faults_release(struct fault_plan *plan)
{
	free_rules(&plan->rules);
}
