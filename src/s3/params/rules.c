/* SPDX-License-Identifier: MIT */
/* Which object parameters a request carries; see rules.h. */
#include "params/rules.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "params/params_table.h"
#include "params/pattern.h"
#include "s3.h"

/*
 * On the way from the strongest rule to the weakest. A parameter that was
 * decided, be it that it is not sent, is closed to weaker rules, and so are
 * the families that it replaces: a KMS key must not join another's AES256.
 */
struct merge {
	uint64_t decided; /* a bit a row of the table */
	unsigned dropped; /* families */
};

static uint64_t rules_bit(const struct param_def *def)
{
	return UINT64_C(1) << (def - params_table);
}

static bool merge_is_open(const struct merge *m, const struct param_def *def)
{
	return !(m->decided & rules_bit(def)) && !(m->dropped & def->family);
}

static void merge_decide(struct merge *m, const struct param_def *def,
			 const char *name, bool is_sent)
{
	unsigned drops = def->drops;

	/* Metadata are many; only "none of them" ends them. */
	if (def->form != FORM_MAP || strcasecmp(name, def->header) == 0)
		m->decided |= rules_bit(def);
	/* "No AES256" does not say "without the customer's key". */
	if (!is_sent)
		drops &= ~(unsigned)FAMILY_CUSTOMER;
	m->dropped |= drops;
}

static bool rule_is_for(const struct rules *rules, const struct s3_rule *rule,
			const char *key)
{
	size_t len = strlen(rules->prefix);

	if (!rule->pattern)
		return true;
	if (!key || strncmp(key, rules->prefix, len) != 0)
		return false;
	return pattern_matches(rule->pattern, key + len);
}

static const struct param_def *rules_def(const struct pair *pair)
{
	/* s3_params_set takes names from the table only. */
	return params_find_header(pair->name);
}

/* A checksum's algorithm is named where there is a checksum. */
static bool rules_is_due(const struct param_def *def, unsigned groups,
			 const struct pairs *headers)
{
	if (!(def->groups & groups))
		return false;
	return def->form != FORM_CRC32C ||
	       pairs_get(headers, "x-amz-checksum-crc32c");
}

static int merge_add_rule(const struct s3_params *params, struct merge *merge,
			  unsigned groups, struct pairs *headers)
{
	struct merge after = *merge;

	for (size_t i = 0; i < params->headers.count; i++) {
		const struct pair *pair = &params->headers.items[i];
		const struct param_def *def = rules_def(pair);
		int rc = 0;

		if (!merge_is_open(merge, def))
			continue;
		merge_decide(&after, def, pair->name, *pair->value);
		if (*pair->value && rules_is_due(def, groups, headers) &&
		    !pairs_get(headers, pair->name))
			rc = pairs_add(headers, pair->name, pair->value);
		if (rc < 0)
			return rc;
	}
	*merge = after;
	return 0;
}

static bool rules_is_sent(const struct pair *pair)
{
	return strcmp(pair->value, S3_NOT_SENT) != 0;
}

void s3_drop_not_sent(struct pairs *headers)
{
	for (size_t i = 0; i < headers->count;) {
		if (rules_is_sent(&headers->items[i]))
			i++;
		else
			pairs_remove(headers, headers->items[i].name);
	}
}

int rules_add(const struct rules *rules, const char *key, unsigned groups,
	      struct pairs *headers)
{
	struct merge merge = { 0 };
	int rc = 0;

	for (size_t i = 0; i < headers->count; i++) {
		const struct pair *pair = &headers->items[i];
		const struct param_def *def = params_find_header(pair->name);

		if (def)
			merge_decide(&merge, def, pair->name,
				     rules_is_sent(pair));
	}
	for (size_t i = rules->count; rc == 0 && i-- > 0;)
		if (rule_is_for(rules, &rules->items[i], key))
			rc = merge_add_rule(rules->items[i].params, &merge,
					    groups, headers);
	return rc;
}

const char *rules_get(const struct rules *rules, const char *key,
		      const char *header)
{
	const struct param_def *wanted = params_find_header(header);
	struct merge merge = { 0 };

	for (size_t i = rules->count; wanted && i-- > 0;) {
		const struct s3_params *params = rules->items[i].params;
		const char *value;

		if (!rule_is_for(rules, &rules->items[i], key))
			continue;
		if (!merge_is_open(&merge, wanted))
			return NULL;
		value = pairs_get(&params->headers, header);
		if (value)
			return *value ? value : NULL;
		for (size_t j = 0; j < params->headers.count; j++) {
			const struct pair *pair = &params->headers.items[j];

			merge_decide(&merge, rules_def(pair), pair->name,
				     *pair->value);
		}
	}
	return NULL;
}

int rules_add_source(const struct rules *rules, const char *source_key,
		     struct pairs *headers)
{
	for (size_t i = 0; i < params_count; i++) {
		const struct param_def *def = &params_table[i];
		const char *value;
		int rc;

		if (!def->source_header)
			continue;
		value = rules_get(rules, source_key, def->header);
		rc = value ? pairs_set(headers, def->source_header, value) : 0;
		if (rc < 0)
			return rc;
	}
	return 0;
}
