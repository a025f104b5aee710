/* SPDX-License-Identifier: MIT */
/*
 * From the settings to the parameters that objects are stored with: ACL,
 * encryption, storage class, AWS_S3_OBJECT_PARAMETERS, the old AWS_HEADERS,
 * and the sections for single paths.
 *
 * Weak to strong, header by header: AWS_DEFAULT_ACL, AWS_S3_ENCRYPTION and
 * AWS_REDUCED_REDUNDANCY; AWS_S3_OBJECT_PARAMETERS; AWS_HEADERS; then each
 * section whose pattern matches, in the file's order, by the same order in
 * itself. S3STOREFS_COMPAT = 1.7 swaps the first two, and its ACL is
 * public-read unless AWS_DEFAULT_ACL is set. One thread.
 */
#ifndef OBJECT_SETTINGS_H
#define OBJECT_SETTINGS_H

#include "buf.h"
#include "config.h"
#include "s3.h"

struct object_settings;

/*
 * Returns 0; -EINVAL: a parameter, and why says where it stands and what is
 * wrong with it; -ENOMEM. Owns what it hands out; free after the client.
 */
MUST_USE int object_settings_new(const struct config *config,
				 struct object_settings **out, struct buf *why);

/* As object_settings_new, for the errors alone. */
MUST_USE int object_settings_check(const struct config *config,
				   struct buf *why);

/* Puts the rules into options. */
void object_settings_apply(const struct object_settings *objects,
			   struct s3_options *options);

/* Tells the log once of objects for everybody and of keys without TLS. */
void object_settings_warn(const struct object_settings *objects,
			  const struct config *config);

/* NULL is fine. */
void object_settings_free(struct object_settings *objects);

#endif
