/* SPDX-License-Identifier: MIT */
/* What there is of object parameters; pure data. See params.h, rules.h. */
#ifndef S3_PARAMS_TABLE_H
#define S3_PARAMS_TABLE_H

#include <stddef.h>

/* How a value is checked and what becomes of it. */
enum param_form {
	FORM_TEXT,
	FORM_HTTP_DATE,
	FORM_ISO_DATE,
	FORM_FLAG,
	FORM_JSON, /* sent as base64 */
	FORM_MAP,
	FORM_KEY,     /* a customer's key */
	FORM_CRC32C,  /* the one algorithm that is computed here */
	FORM_ONE_FILE /* true of one file's bytes only: refused */
};

/* The requests that carry a parameter; by the S3 API reference. */
enum param_group {
	PARAMS_PUT = 1 << 0,
	PARAMS_CREATE = 1 << 1, /* of a multipart upload */
	PARAMS_PART = 1 << 2,   /* UploadPart, UploadPartCopy */
	PARAMS_COMPLETE = 1 << 3,
	PARAMS_READ = 1 << 4,    /* HEAD, GET, ListParts */
	PARAMS_COPY = 1 << 5,    /* CopyObject: what S3 does not copy */
	PARAMS_BUCKET = 1 << 6,  /* lists, deletes, aborts, the bucket */
	PARAMS_METADATA = 1 << 7 /* no request: what a file's metadata is */
};

/* Parameters that exclude each other in one request. */
enum param_family {
	FAMILY_ACL = 1 << 0,
	FAMILY_GRANT = 1 << 1,
	FAMILY_SSE = 1 << 2,
	FAMILY_KMS = 1 << 3,
	FAMILY_CUSTOMER = 1 << 4
};

struct param_def {
	const char *name;
	const char *header;        /* a map's: the beginning */
	const char *source_header; /* of a copy's source, or NULL */
	enum param_form form;
	unsigned groups;
	unsigned family;
	unsigned drops; /* families that it replaces */
};

extern const struct param_def params_table[];
extern const size_t params_count; /* 64 at most */

/* By the name of a parameter, or NULL. */
const struct param_def *params_find(const char *name);

/* By a header's name in any case, or NULL. */
const struct param_def *params_find_header(const char *header);

#endif
