/* SPDX-License-Identifier: MIT */
/*
 * The table of object parameters; see params_table.h. Names are botocore's,
 * headers and requests those of the S3 API reference.
 */
#include "params/params_table.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

#include "macros.h"

#define STORED  (PARAMS_PUT | PARAMS_CREATE)
#define ON_COPY (STORED | PARAMS_COPY)
#define OBJECT  (ON_COPY | PARAMS_PART | PARAMS_COMPLETE | PARAMS_READ)
#define ALL     (OBJECT | PARAMS_BUCKET)

#define GRANT .groups = ON_COPY, .family = FAMILY_GRANT, .drops = FAMILY_ACL
#define KMS   .groups = ON_COPY, .family = FAMILY_KMS, .drops = FAMILY_CUSTOMER
#define CUSTOMER                                     \
	.groups = OBJECT, .family = FAMILY_CUSTOMER, \
	.drops = FAMILY_SSE | FAMILY_KMS
#define SSE         "x-amz-server-side-encryption"
#define SOURCE_SSEC "x-amz-copy-source-server-side-encryption-customer-"

/* clang-format off */
const struct param_def params_table[] = {
{ "ACL", "x-amz-acl",
  .groups = ON_COPY, .family = FAMILY_ACL, .drops = FAMILY_GRANT },
{ "GrantFullControl", "x-amz-grant-full-control", GRANT },
{ "GrantRead", "x-amz-grant-read", GRANT },
{ "GrantReadACP", "x-amz-grant-read-acp", GRANT },
{ "GrantWriteACP", "x-amz-grant-write-acp", GRANT },

{ "CacheControl", "cache-control", .groups = STORED },
{ "ContentDisposition", "content-disposition", .groups = STORED },
{ "ContentEncoding", "content-encoding", .groups = STORED },
{ "ContentLanguage", "content-language", .groups = STORED },
{ "ContentType", "content-type", .groups = STORED },
{ "Expires", "expires", .form = FORM_HTTP_DATE, .groups = STORED },
{ "Metadata", "x-amz-meta-", .form = FORM_MAP,
  .groups = STORED | PARAMS_METADATA },
{ "Tagging", "x-amz-tagging", .groups = STORED },
/* Not copied with the object, unlike the headers above. */
{ "WebsiteRedirectLocation", "x-amz-website-redirect-location",
  .groups = ON_COPY },
{ "StorageClass", "x-amz-storage-class", .groups = ON_COPY },
{ "ObjectLockMode", "x-amz-object-lock-mode", .groups = ON_COPY },
{ "ObjectLockRetainUntilDate", "x-amz-object-lock-retain-until-date",
  .form = FORM_ISO_DATE, .groups = ON_COPY },
{ "ObjectLockLegalHoldStatus", "x-amz-object-lock-legal-hold",
  .groups = ON_COPY },

{ "ServerSideEncryption", SSE, .groups = ON_COPY,
  .family = FAMILY_SSE, .drops = FAMILY_KMS | FAMILY_CUSTOMER },
{ "SSEKMSKeyId", SSE "-aws-kms-key-id", KMS },
{ "SSEKMSEncryptionContext", SSE "-context", .form = FORM_JSON, KMS },
{ "BucketKeyEnabled", SSE "-bucket-key-enabled", .form = FORM_FLAG, KMS },
{ "SSECustomerAlgorithm", SSE "-customer-algorithm", SOURCE_SSEC "algorithm",
  CUSTOMER },
{ "SSECustomerKey", SSE "-customer-key", SOURCE_SSEC "key",
  .form = FORM_KEY, CUSTOMER },
{ "SSECustomerKeyMD5", SSE "-customer-key-MD5", SOURCE_SSEC "key-MD5",
  CUSTOMER },

{ "RequestPayer", "x-amz-request-payer", .groups = ALL },
{ "ExpectedBucketOwner", "x-amz-expected-bucket-owner",
  "x-amz-source-expected-bucket-owner", .groups = ALL },

/* Create has a header of its own for the algorithm; multipart.c sends it. */
{ "ChecksumAlgorithm", "x-amz-sdk-checksum-algorithm",
  .form = FORM_CRC32C, .groups = PARAMS_PUT | PARAMS_PART },
{ "ChecksumType", "x-amz-checksum-type",
  .groups = PARAMS_CREATE | PARAMS_COMPLETE },
{ "MpuObjectSize", "x-amz-mp-object-size", .form = FORM_ONE_FILE },
{ "ChecksumCRC32", "x-amz-checksum-crc32", .form = FORM_ONE_FILE },
{ "ChecksumCRC32C", "x-amz-checksum-crc32c", .form = FORM_ONE_FILE },
{ "ChecksumCRC64NVME", "x-amz-checksum-crc64nvme", .form = FORM_ONE_FILE },
{ "ChecksumSHA1", "x-amz-checksum-sha1", .form = FORM_ONE_FILE },
{ "ChecksumSHA256", "x-amz-checksum-sha256", .form = FORM_ONE_FILE },
{ "ChecksumSHA512", "x-amz-checksum-sha512", .form = FORM_ONE_FILE },
{ "ChecksumMD5", "x-amz-checksum-md5", .form = FORM_ONE_FILE },
{ "ChecksumXXHASH64", "x-amz-checksum-xxhash64", .form = FORM_ONE_FILE },
{ "ChecksumXXHASH3", "x-amz-checksum-xxhash3", .form = FORM_ONE_FILE },
{ "ChecksumXXHASH128", "x-amz-checksum-xxhash128", .form = FORM_ONE_FILE },
};
/* clang-format on */

const size_t params_count = ARRAY_SIZE(params_table);

/* rules.c keeps a bit a row. */
static_assert(ARRAY_SIZE(params_table) <= 64, "more rows than bits");

const struct param_def *params_find(const char *name)
{
	for (size_t i = 0; i < params_count; i++)
		if (strcmp(params_table[i].name, name) == 0)
			return &params_table[i];
	return NULL;
}

const struct param_def *params_find_header(const char *header)
{
	for (size_t i = 0; i < params_count; i++) {
		const struct param_def *def = &params_table[i];

		if (def->form == FORM_MAP ?
			    strncasecmp(header, def->header,
					strlen(def->header)) == 0 :
			    strcasecmp(header, def->header) == 0)
			return def;
	}
	return NULL;
}
