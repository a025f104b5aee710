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

static uint64_t bit_of(const struct param_def *def)
{
	return UINT64_C(1) << (def - params_table);
}

static bool is_open(const struct merge *m, const struct param_def *def)
{
	return !(m->decided & bit_of(def)) && !(m->dropped & def->family);
}

static void decide(struct merge *m, const struct param_def *def,
		   const char *name, bool is_sent)
{
	unsigned drops = def->drops;

	/* Metadata are many; only "none of them" ends them. */
	if (def->form != FORM_MAP || strcasecmp(name, def->header) == 0)
		m->decided |= bit_of(def);
	/* "No AES256" does not say "without the customer's key". */
	if (!is_sent)
		drops &= ~(unsigned)FAMILY_CUSTOMER;
	m->dropped |= drops;
}

static bool is_for(const struct rules *rules, const struct s3_rule *rule,
		   const char *key)
{
	size_t len = strlen(rules->prefix);

	if (!rule->pattern)
		return true;
	if (!key || strncmp(key, rules->prefix, len) != 0)
		return false;
	return pattern_matches(rule->pattern, key + len);
}

static const struct param_def *def_of(const struct pair *pair)
{
	/* s3_params_set takes names from the table only. */
	return params_find_header(pair->name);
}

/* A checksum's algorithm is named where there is a checksum. */
static bool is_due(const struct param_def *def, unsigned groups,
		   const struct pairs *headers)
{
	if (!(def->groups & groups))
		return false;
	return def->form != FORM_CRC32C ||
	       pairs_get(headers, "x-amz-checksum-crc32c");
}

static int add_rule(const struct s3_params *params, struct merge *merge,
		    unsigned groups, struct pairs *headers)
{
	struct merge after = *merge;

	for (size_t i = 0; i < params->headers.count; i++) {
		const struct pair *pair = &params->headers.items[i];
		const struct param_def *def = def_of(pair);
		int rc = 0;

		if (!is_open(merge, def))
			continue;
		decide(&after, def, pair->name, *pair->value);
		if (*pair->value && is_due(def, groups, headers) &&
		    !pairs_get(headers, pair->name))
			rc = pairs_add(headers, pair->name, pair->value);
		if (rc < 0)
			return rc;
	}
	*merge = after;
	return 0;
}

static bool is_sent(const struct pair *pair)
{
	return strcmp(pair->value, S3_NOT_SENT) != 0;
}

void s3_drop_not_sent(struct pairs *headers)
{
	for (size_t i = 0; i < headers->count;) {
		if (is_sent(&headers->items[i]))
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
			decide(&merge, def, pair->name, is_sent(pair));
	}
	for (size_t i = rules->count; rc == 0 && i-- > 0;)
		if (is_for(rules, &rules->items[i], key))
			rc = add_rule(rules->items[i].params, &merge, groups,
				      headers);
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

		if (!is_for(rules, &rules->items[i], key))
			continue;
		if (!is_open(&merge, wanted))
			return NULL;
		value = pairs_get(&params->headers, header);
		if (value)
			return *value ? value : NULL;
		for (size_t j = 0; j < params->headers.count; j++) {
			const struct pair *pair = &params->headers.items[j];

			decide(&merge, def_of(pair), pair->name, *pair->value);
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
