/* SPDX-License-Identifier: MIT */
/*
 * Which object parameters a request carries: the rules whose pattern matches
 * its key, header by header, the later ones over the earlier ones. Reads
 * only what never changes; any thread.
 */
#ifndef S3_RULES_H
#define S3_RULES_H

#include "pairs.h"
#include "params.h"
#include "params/params_table.h"

struct s3_params {
	struct pairs headers; /* an empty value: not sent */
	char key_md5[25];     /* base64, of SSECustomerKey; "" without one */
};

/* What a client has of them. */
struct rules {
	const struct s3_rule *items;
	size_t count;
	const char *prefix; /* "" or "media/": patterns match what follows */
};

/*
 * Adds to headers what rules say for key (NULL: the bucket) in a request of
 * one of groups. What headers hold already stays, S3_NOT_SENT too, and stands
 * for its whole family. Returns 0, -ENOMEM.
 */
MUST_USE int rules_add(const struct rules *rules, const char *key,
		       unsigned groups, struct pairs *headers);

/* Adds what reading the source of a copy takes. Returns 0, -ENOMEM. */
MUST_USE int rules_add_source(const struct rules *rules, const char *source_key,
			      struct pairs *headers);

/* What rules say of header for key, or NULL. Borrowed from the rules. */
const char *rules_get(const struct rules *rules, const char *key,
		      const char *header);

#endif
