/* SPDX-License-Identifier: MIT */
/* The table of S3's errors; see errors.h. */
#include "errors.h"

#include <errno.h>

static const struct s3_error_info table[] = {
	[S3_OK] = { 200, "", "" },
	[S3_ACCESS_DENIED] = { 403, "AccessDenied", "Access Denied" },
	[S3_ACCESS_DENIED_EXPIRED] = { 403, "AccessDenied",
				       "Request has expired" },
	[S3_AUTH_HEADER_MALFORMED] = { 400, "AuthorizationHeaderMalformed",
				       "The authorization header is malformed" },
	[S3_AUTH_QUERY_ERROR] = { 400, "AuthorizationQueryParametersError",
				  "Error parsing the X-Amz query parameters" },
	[S3_BAD_DIGEST] = { 400, "BadDigest",
			    "The checksum you specified did not match what we "
			    "received" },
	[S3_BAD_REQUEST] = { 400, "BadRequest", "Bad Request" },
	[S3_BUCKET_ALREADY_EXISTS] = { 409, "BucketAlreadyExists",
				       "The bucket name is not available" },
	[S3_BUCKET_ALREADY_OWNED] = { 409, "BucketAlreadyOwnedByYou",
				      "You already own this bucket" },
	[S3_BUCKET_NOT_EMPTY] = { 409, "BucketNotEmpty",
				  "The bucket you tried to delete is not "
				  "empty" },
	[S3_CONTENT_SHA256_MISMATCH] = { 400, "XAmzContentSHA256Mismatch",
					 "The provided 'x-amz-content-sha256' "
					 "header does not match what was "
					 "computed" },
	[S3_ENTITY_TOO_LARGE] = { 400, "EntityTooLarge",
				  "Your proposed upload exceeds the maximum "
				  "allowed size" },
	[S3_ENTITY_TOO_SMALL] = { 400, "EntityTooSmall",
				  "Your proposed upload is smaller than the "
				  "minimum allowed size" },
	[S3_HEADERS_NOT_SIGNED] = { 403, "AccessDenied",
				    "There were headers present in the request "
				    "which were not signed" },
	[S3_ILLEGAL_LOCATION] = { 400, "IllegalLocationConstraintException",
				  "The location constraint is incompatible "
				  "with the region of this endpoint" },
	[S3_INCOMPLETE_BODY] = { 400, "IncompleteBody",
				 "The number of bytes is not what the headers "
				 "say" },
	[S3_INTERNAL_ERROR] = { 500, "InternalError",
				"We encountered an internal error. Please try "
				"again." },
	[S3_INVALID_ACCESS_KEY] = { 403, "InvalidAccessKeyId",
				    "The AWS Access Key Id you provided does "
				    "not exist in our records." },
	[S3_INVALID_ARGUMENT] = { 400, "InvalidArgument", "Invalid Argument" },
	[S3_INVALID_BUCKET_NAME] = { 400, "InvalidBucketName",
				     "The specified bucket is not valid." },
	[S3_INVALID_COPY_TO_ITSELF] = { 400, "InvalidRequest",
					"This copy request is illegal because "
					"it is trying to copy an object to "
					"itself without changing anything" },
	[S3_INVALID_DIGEST] = { 400, "InvalidDigest",
				"The Content-MD5 or checksum value that you "
				"specified is not valid." },
	[S3_INVALID_PART] = { 400, "InvalidPart",
			      "One or more of the specified parts could not be "
			      "found." },
	[S3_INVALID_PART_ORDER] = { 400, "InvalidPartOrder",
				    "The list of parts was not in ascending "
				    "order." },
	[S3_INVALID_RANGE] = { 416, "InvalidRange",
			       "The requested range is not satisfiable" },
	[S3_INVALID_REQUEST] = { 400, "InvalidRequest", "Invalid Request" },
	[S3_INVALID_SSE_C] = { 400, "InvalidRequest",
			       "The object was stored using a form of Server "
			       "Side Encryption. The correct parameters must "
			       "be provided to retrieve the object." },
	[S3_INVALID_STORAGE_CLASS] = { 400, "InvalidStorageClass",
				       "The storage class you specified is not "
				       "valid" },
	[S3_INVALID_TAG] = { 400, "InvalidTag", "The tag set is not valid" },
	[S3_INVALID_TOKEN] = { 400, "InvalidToken",
			       "The provided token is malformed or otherwise "
			       "invalid." },
	[S3_INVALID_URI] = { 400, "InvalidURI",
			     "Couldn't parse the specified URI." },
	[S3_KEY_TOO_LONG] = { 400, "KeyTooLongError", "Your key is too long" },
	[S3_MALFORMED_TRAILER] = { 400, "MalformedTrailerError",
				   "The request contained trailing data that "
				   "was not well-formed" },
	[S3_MALFORMED_XML] = { 400, "MalformedXML",
			       "The XML you provided was not well-formed or "
			       "did not validate against our published "
			       "schema" },
	[S3_METADATA_TOO_LARGE] = { 400, "MetadataTooLarge",
				    "Your metadata headers exceed the maximum "
				    "allowed metadata size" },
	[S3_METHOD_NOT_ALLOWED] = { 405, "MethodNotAllowed",
				    "The specified method is not allowed "
				    "against this resource." },
	[S3_MISSING_CHECKSUM] = { 400, "InvalidRequest",
				  "Missing required header for this request: "
				  "Content-MD5 OR x-amz-checksum-*" },
	[S3_MISSING_CONTENT_LENGTH] = { 411, "MissingContentLength",
					"You must provide the Content-Length "
					"HTTP header." },
	[S3_MISSING_REQUEST_BODY] = { 400, "MissingRequestBodyError",
				      "Request body is empty" },
	[S3_NOT_IMPLEMENTED] = { 501, "NotImplemented",
				 "A header you provided implies functionality "
				 "that is not implemented" },
	[S3_NOT_MODIFIED] = { 304, "NotModified", "Not Modified" },
	[S3_NO_SUCH_BUCKET] = { 404, "NoSuchBucket",
				"The specified bucket does not exist" },
	[S3_NO_SUCH_CONFIGURATION] = { 404, "NoSuchConfiguration",
				       "The specified configuration does not "
				       "exist" },
	[S3_NO_SUCH_KEY] = { 404, "NoSuchKey",
			     "The specified key does not exist." },
	[S3_NO_SUCH_UPLOAD] = { 404, "NoSuchUpload",
				"The specified multipart upload does not "
				"exist. The upload ID might be invalid, or the "
				"multipart upload might have been aborted or "
				"completed." },
	[S3_PRECONDITION_FAILED] = { 412, "PreconditionFailed",
				     "At least one of the pre-conditions you "
				     "specified did not hold" },
	[S3_REQUEST_EXPIRED] = { 400, "ExpiredToken",
				 "The provided token has expired." },
	[S3_SIGNATURE_MISMATCH] = { 403, "SignatureDoesNotMatch",
				    "The request signature we calculated does "
				    "not match the signature you provided. "
				    "Check your key and signing method." },
	[S3_SLOW_DOWN] = { 503, "SlowDown",
			   "Please reduce your request "
			   "rate." },
	[S3_TIME_TOO_SKEWED] = { 403, "RequestTimeTooSkewed",
				 "The difference between the request time and "
				 "the current time is too large." },
};

const struct s3_error_info *s3_error_info(enum s3_error error)
{
	return &table[error];
}

enum s3_error s3_error_from(int rc)
{
	return rc == 0 ? S3_OK : S3_INTERNAL_ERROR;
}
