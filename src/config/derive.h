/* SPDX-License-Identifier: MIT */
/*
 * Settings that say in other words what a basic one says: those of boto and
 * boto3, and the older names of our own. Before the layers see them they are
 * turned into the basic ones, of which the layers know alone. One thread.
 */
#ifndef DERIVE_H
#define DERIVE_H

#include "config_edit.h"

/*
 * Sets to as from has it, text being from's value in to's words. Of two that
 * were given the one with the stronger source counts; equally strong ones
 * must agree. Returns 0, -EINVAL or -ENOMEM.
 */
MUST_USE int derive_put(struct config *config, const char *from, const char *to,
			const char *text, struct errinfo *err);

/* derive_boto.c: AWS_S3_HOST and the others of the first boto. */
MUST_USE int derive_boto(struct config *config, struct errinfo *err);

/* derive_maps.c: AWS_S3_TRANSFER_CONFIG and AWS_S3_CLIENT_CONFIG. */
MUST_USE int derive_maps(struct config *config, struct errinfo *err);

#endif
