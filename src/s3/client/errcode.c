/* SPDX-License-Identifier: MIT */
/* The table of refusals; see errcode.h. */
#include "client/errcode.h"

#include <string.h>

#include "wire/xml.h"

/*
 * The codes that S3's API reference ("Error Responses"), RGW and MinIO use,
 * where the status alone does not say enough. All of 429 and 5xx but 501 are
 * tried again whatever their code.
 */
static const struct {
	const char *code;
	struct error_class class;
} codes[] = {
	{ "NoSuchKey", { -ENOENT, ERROR_FINAL } },
	{ "NoSuchVersion", { -ENOENT, ERROR_FINAL } },
	{ "NoSuchBucket", { -ENODEV, ERROR_FINAL } },
	{ "NoSuchUpload", { -ESRCH, ERROR_FINAL } },

	{ "ExpiredToken", { -EACCES, ERROR_CREDENTIALS } },
	{ "InvalidToken", { -EACCES, ERROR_CREDENTIALS } },
	{ "TokenRefreshRequired", { -EACCES, ERROR_CREDENTIALS } },
	{ "RequestTimeTooSkewed", { -EACCES, ERROR_CLOCK } },
	{ "AccessDenied", { -EACCES, ERROR_FINAL } },
	{ "InvalidAccessKeyId", { -EACCES, ERROR_FINAL } },
	{ "SignatureDoesNotMatch", { -EACCES, ERROR_FINAL } },
	{ "InvalidObjectState", { -EACCES, ERROR_FINAL } }, /* archived */
	{ "AuthorizationHeaderMalformed", { -EACCES, ERROR_REGION } },
	{ "IncorrectEndpoint", { -EIO, ERROR_REGION } },
	{ "PermanentRedirect", { -EIO, ERROR_REGION } },
	{ "TemporaryRedirect", { -EIO, ERROR_REGION } },
	{ "Redirect", { -EIO, ERROR_REGION } },

	{ "ConditionalRequestConflict", { -EBUSY, ERROR_RETRY } },
	{ "OperationAborted", { -EBUSY, ERROR_RETRY } },
	{ "BucketAlreadyExists", { -EEXIST, ERROR_FINAL } },
	{ "BucketAlreadyOwnedByYou", { -EEXIST, ERROR_FINAL } },
	{ "PreconditionFailed", { -ESTALE, ERROR_FINAL } },
	{ "InvalidRange", { -ERANGE, ERROR_FINAL } },

	{ "EntityTooLarge", { -EFBIG, ERROR_FINAL } },
	{ "KeyTooLongError", { -ENAMETOOLONG, ERROR_FINAL } },
	{ "KeyTooLong", { -ENAMETOOLONG, ERROR_FINAL } },
	{ "QuotaExceeded", { -ENOSPC, ERROR_FINAL } },     /* RGW */
	{ "XMinioStorageFull", { -ENOSPC, ERROR_FINAL } }, /* MinIO */
	{ "NotImplemented", { -ENOTSUP, ERROR_FINAL } },
	{ "MethodNotAllowed", { -ENOTSUP, ERROR_FINAL } },

	/* Bytes that were damaged on the way. */
	{ "BadDigest", { -EIO, ERROR_RETRY } },
	{ "XAmzContentSHA256Mismatch", { -EIO, ERROR_RETRY } },
	{ "XAmzContentChecksumMismatch", { -EIO, ERROR_RETRY } },

	/* They did not all come, or the server cannot just now. */
	{ "IncompleteBody", { -EIO, ERROR_OUTAGE } },
	{ "RequestTimeout", { -EIO, ERROR_OUTAGE } },
	{ "InternalError", { -EIO, ERROR_OUTAGE } },
	{ "ServiceUnavailable", { -EIO, ERROR_OUTAGE } },
	{ "SlowDown", { -EIO, ERROR_OUTAGE } },
	{ "BandwidthLimitExceeded", { -EIO, ERROR_OUTAGE } },
	{ "RequestLimitExceeded", { -EIO, ERROR_OUTAGE } },
	{ "RequestThrottled", { -EIO, ERROR_OUTAGE } },
	{ "Throttling", { -EIO, ERROR_OUTAGE } },
	{ "ThrottlingException", { -EIO, ERROR_OUTAGE } },
	{ "TooManyRequests", { -EIO, ERROR_OUTAGE } },
	{ "TooManyRequestsException", { -EIO, ERROR_OUTAGE } },
};

static const struct error_class *error_class_find(const char *code)
{
	for (size_t i = 0; i < ARRAY_SIZE(codes); i++)
		if (strcmp(codes[i].code, code) == 0)
			return &codes[i].class;
	return NULL;
}

static struct error_class error_class_of_status(int status)
{
	switch (status) {
	case 301:
	case 307:
	case 308:
		return (struct error_class){ -EIO, ERROR_REGION };
	case 400:
		return (struct error_class){ -EIO, ERROR_FINAL };
	case 401:
	case 403:
	case 407: /* a proxy's */
		return (struct error_class){ -EACCES, ERROR_FINAL };
	case 404:
		return (struct error_class){ -ENOENT, ERROR_FINAL };
	case 405:
	case 501:
		return (struct error_class){ -ENOTSUP, ERROR_FINAL };
	case 408:
	case 425:
	case 429:
		return (struct error_class){ -EIO, ERROR_OUTAGE };
	case 409:
		return (struct error_class){ -EBUSY, ERROR_RETRY };
	case 412:
		return (struct error_class){ -ESTALE, ERROR_FINAL };
	case 413:
		return (struct error_class){ -EFBIG, ERROR_FINAL };
	case 414:
		return (struct error_class){ -ENAMETOOLONG, ERROR_FINAL };
	case 416:
		return (struct error_class){ -ERANGE, ERROR_FINAL };
	case 507:
		return (struct error_class){ -ENOSPC, ERROR_FINAL };
	}
	if (status >= 500 && status <= 599)
		return (struct error_class){ -EIO, ERROR_OUTAGE };
	if (status >= 400 && status <= 499)
		return (struct error_class){ -EIO, ERROR_FINAL };
	return (struct error_class){ -EBADMSG, ERROR_RETRY };
}

struct error_class error_of_answer(int status, const char *code,
				   bool is_foreign)
{
	const struct error_class *found = error_class_find(code);

	if (found)
		return *found;
	if (status == 404 && is_foreign)
		return (struct error_class){ -EBADMSG, ERROR_RETRY };
	return error_class_of_status(status);
}

struct error_class error_of_code(const char *code)
{
	const struct error_class *found = error_class_find(code);

	return found ? *found : (struct error_class){ -EIO, ERROR_FINAL };
}

struct error_class error_of_transport(int result)
{
	switch (result) {
	case -ETIMEDOUT:
	case -EHOSTUNREACH:
		return (struct error_class){ result, ERROR_OUTAGE };
	case -ECONNRESET:
	case -EPROTO:
		return (struct error_class){ -EIO, ERROR_OUTAGE };
	case -EKEYREJECTED:
		return (struct error_class){ -EIO, ERROR_FINAL };
	case -EMSGSIZE:
		return (struct error_class){ -EBADMSG, ERROR_FINAL };
	}
	return (struct error_class){ result, ERROR_FINAL };
}

const char *error_mend(int status, const char *code)
{
	static const struct {
		const char *code;
		const char *words;
	} mends[] = {
		{ "AccessControlListNotSupported",
		  "the bucket has its ACLs switched off: take AWS_DEFAULT_ACL, "
		  "ACL and Grant... out of the settings" },
		{ "InvalidObjectState",
		  "it is archived: restore it first (aws s3api "
		  "restore-object)" },
		{ "InvalidStorageClass",
		  "the server has no such StorageClass" },
	};

	/* A HEAD's reason is not told; this is the one that a setting has. */
	if (status == 400 && !code[0])
		return "is it stored with another SSECustomerKey, or none?";
	for (size_t i = 0; i < ARRAY_SIZE(mends); i++)
		if (strcmp(mends[i].code, code) == 0)
			return mends[i].words;
	return NULL;
}

int error_parse(const struct buf *body, struct error_body *out)
{
	const struct xml_field fields[] = {
		{ "Code", out->code, sizeof(out->code), true },
		{ "Message", out->message, sizeof(out->message), true },
		{ "Region", out->region, sizeof(out->region), true },
		{ "RequestId", out->request_id, sizeof(out->request_id), true },
		{ "Header", out->subject, sizeof(out->subject), true },
		{ "Condition", out->subject, sizeof(out->subject), true },
	};
	int rc = xml_read_fields(body, "Error", fields, ARRAY_SIZE(fields));

	if (rc == 0 && !out->code[0])
		rc = -EBADMSG;
	if (rc < 0)
		memset(out, 0, sizeof(*out));
	return rc;
}
