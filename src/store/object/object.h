/* SPDX-License-Identifier: MIT */
/* Requests on one object that several kinds of change begin with. */
#ifndef STORE_OBJECT_H
#define STORE_OBJECT_H

#include "macros.h"

struct errinfo;
struct pairs;
struct store;

/*
 * CreateMultipartUpload of key with headers, whose tags go if they are
 * refused; *id is the caller's to free. On the pool; no lock held.
 */
MUST_USE int object_create_upload(struct store *store, const char *key,
				  struct pairs *headers, char **id,
				  struct errinfo *err);
/* 0 if there is no object of this key, -EEXIST if there is. */
MUST_USE int object_check_free(struct store *store, const char *key,
			       struct errinfo *err);

#endif
