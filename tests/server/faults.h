/* SPDX-License-Identifier: MIT */
/*
 * The fault plan: rules that make a request fail in a chosen way.
 *
 * A rule that matches a request and is neither skipped nor used up fires
 * once for it; the first such rule of the plan is the one. What happens to
 * the operation:
 *
 *   instead of it   status, body, ok_error, reset, xml (but the next)
 *   after it        reset_after, cut_after, stall_after, trickle, etag,
 *                   checksum, flip_byte, short_body, no_body, headers,
 *                   xml same_token and unordered, key_error (for the other
 * keys) either          what changes an answer changes that of a status, too
 *   before either   delay_ms
 *
 * The JSON of a rule is described in --help.
 */
#ifndef SERVER_FAULTS_H
#define SERVER_FAULTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "list.h"
#include "lock.h"

enum fault_xml {
	FAULT_XML_NONE,
	FAULT_XML_MALFORMED,
	FAULT_XML_ENDLESS,
	FAULT_XML_ENTITIES,
	FAULT_XML_DEEP,
	FAULT_XML_SAME_TOKEN,
	FAULT_XML_UNORDERED,
	FAULT_XML_EMPTY
};

/* What happens to one request. Numbers are -1 when the rule has none. */
struct fault {
	bool active;
	bool reset;
	bool reset_after;
	bool wrong_etag, no_etag;
	bool wrong_checksum;
	bool no_body;
	enum fault_xml xml;
	unsigned status; /* 0: none */
	int64_t delay_ms;
	int64_t stall_after;
	int64_t trickle; /* bytes a second */
	int64_t cut_after;
	int64_t flip_byte;
	int64_t short_body;
	json_t *rule; /* a reference: code, message, headers, body, ... */
	struct fault_plan *plan; /* whose lock is for the references */
};

struct fault_plan {
	struct lock lock;
	struct list_link rules;
};

/* Replaces the plan. Returns 0, -EINVAL with words in *error, -ENOMEM. */
MUST_USE int faults_set(struct fault_plan *plan, const json_t *rules,
			const char **error);

/* The rules with "fired", how often each did. New reference, or NULL. */
json_t *faults_json(struct fault_plan *plan);

/* Fills out with the rule that fires for this request, if any. */
void faults_pick(struct fault_plan *plan, const char *op, const char *key,
		 const char *target, struct fault *out);

/* The string member of the rule, or NULL. */
const char *fault_text(const struct fault *fault, const char *name);

/* Does the fault happen instead of the operation? */
bool fault_replaces(const struct fault *fault);

/* The XML takes the answer's place; else it is made by the operation. */
bool fault_xml_is_whole(enum fault_xml xml);

void fault_release(struct fault *fault);
void faults_release(struct fault_plan *plan);

#endif
