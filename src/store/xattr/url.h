/* SPDX-License-Identifier: MIT */
/* user.s3.url: an attribute that is made when it is read. */
#ifndef STORE_URL_H
#define STORE_URL_H

#include "macros.h"

struct buf;
struct errinfo;
struct xattr_ask;

/*
 * user.s3.url: appends the URL of a file by the client's options. What stands
 * in ask->query changes it: expire=SECONDS, method=HEAD, and parameters by
 * their names in boto3, values percent-encoded, joined by "&". -EAGAIN while
 * the file is being written or stored, -ENODATA for a directory unless there
 * is a custom domain, -EINVAL for what cannot be. No URL for PUT: who may
 * read a file must not get the right to replace it.
 */
MUST_USE int url_get(const struct xattr_ask *ask, struct buf *value,
		     struct errinfo *err);

#endif
