/* SPDX-License-Identifier: MIT */
/*
 * Where credentials come from: the order of the sources; see creds_chain.h.
 * Once, on the thread that starts the client.
 */
#ifndef S3_CREDS_FIND_H
#define S3_CREDS_FIND_H

#include "creds/creds_source.h"
#include "s3.h"

struct creds_found {
	struct creds_source *source; /* owned; NULL: nothing to ask again */
	const char *name;            /* static, or the source's */
	char *region;                /* owned: the profile's; NULL: none */
	struct s3_creds *creds;      /* counted; NULL: anonymous */
};

/*
 * Asks one source after the other. context->region is set to the region of
 * all, borrowed from the options, the environment or out. Returns what
 * creds_chain_new does; creds_found_release is due in any case.
 */
MUST_USE int creds_find(const struct s3_options *options,
			struct creds_context *context, struct creds_found *out,
			struct errinfo *err);

void creds_found_release(struct creds_found *found);

#endif
