/* SPDX-License-Identifier: MIT */
/* Object parameters: names, values, requests, rules (src/s3/params*.c). */
#include "params.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "params/params_table.h"
#include "params/rules.h"
#include "s3.h"

#define KEY_RAW    "0123456789abcdef0123456789ABCDEF"
#define KEY_BASE64 "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlBQkNERUY="
#define KEY_MD5    "V5euSAsQOO0sIBHETfEa4w=="
#define SSE        "x-amz-server-side-encryption"

/* --- Names and values --------------------------------------------------- */

/* One row a parameter: what is written and what is sent. */
static const struct {
	const char *name, *value, *header, *sent;
} sent[] = {
	{ "ACL", "public-read", "x-amz-acl", "public-read" },
	{ "ACL", "bogus", "x-amz-acl", "bogus" },
	{ "CacheControl", "max-age=1", "Cache-Control", "max-age=1" },
	{ "CacheControl", "  max-age=1\t", "Cache-Control", "max-age=1" },
	{ "ContentDisposition", "attachment; filename=\"a b\"",
	  "Content-Disposition", "attachment; filename=\"a b\"" },
	{ "ContentEncoding", "br", "Content-Encoding", "br" },
	{ "ContentLanguage", "de", "Content-Language", "de" },
	{ "ContentType", "text/x", "Content-Type", "text/x" },
	{ "Expires", "Thu, 01 Jan 2026 00:00:00 GMT", "Expires",
	  "Thu, 01 Jan 2026 00:00:00 GMT" },
	{ "Expires", "1767225600", "Expires", "Thu, 01 Jan 2026 00:00:00 GMT" },
	{ "Expires", "0", "Expires", "Thu, 01 Jan 1970 00:00:00 GMT" },
	{ "Expires", "2026-01-01", "Expires", "Thu, 01 Jan 2026 00:00:00 GMT" },
	{ "Expires", "2026-01-01T02:30:15Z", "Expires",
	  "Thu, 01 Jan 2026 02:30:15 GMT" },
	{ "Expires", "2026-01-01 02:30", "Expires",
	  "Thu, 01 Jan 2026 02:30:00 GMT" },
	{ "Expires", "2026-01-01T02:30:15.75+01:30", "Expires",
	  "Thu, 01 Jan 2026 01:00:15 GMT" },
	{ "Expires", "2026-01-01T02:30:15-0500", "Expires",
	  "Thu, 01 Jan 2026 07:30:15 GMT" },
	{ "GrantFullControl", "id=\"a\"", "x-amz-grant-full-control",
	  "id=\"a\"" },
	{ "GrantRead", "id=\"a\"", "x-amz-grant-read", "id=\"a\"" },
	{ "GrantReadACP", "id=\"a\"", "x-amz-grant-read-acp", "id=\"a\"" },
	{ "GrantWriteACP", "id=\"a\"", "x-amz-grant-write-acp", "id=\"a\"" },
	{ "RequestPayer", "requester", "x-amz-request-payer", "requester" },
	{ "ServerSideEncryption", "aws:kms", SSE, "aws:kms" },
	{ "StorageClass", "STANDARD_IA", "x-amz-storage-class", "STANDARD_IA" },
	{ "SSECustomerAlgorithm", "AES256", SSE "-customer-algorithm",
	  "AES256" },
	{ "SSECustomerKey", KEY_RAW, SSE "-customer-key", KEY_BASE64 },
	{ "SSECustomerKey", KEY_BASE64, SSE "-customer-key", KEY_BASE64 },
	{ "SSECustomerKeyMD5", KEY_MD5, SSE "-customer-key-MD5", KEY_MD5 },
	{ "SSEKMSKeyId", "arn:aws:kms:x", SSE "-aws-kms-key-id",
	  "arn:aws:kms:x" },
	{ "SSEKMSEncryptionContext", "{\"a\":\"b\"}", SSE "-context",
	  "eyJhIjoiYiJ9" },
	{ "SSEKMSEncryptionContext", "eyJhIjoiYiJ9", SSE "-context",
	  "eyJhIjoiYiJ9" },
	{ "BucketKeyEnabled", "True", SSE "-bucket-key-enabled", "true" },
	{ "WebsiteRedirectLocation", "/b", "x-amz-website-redirect-location",
	  "/b" },
	{ "Tagging", "a=b&c=d", "x-amz-tagging", "a=b&c=d" },
	{ "ObjectLockMode", "GOVERNANCE", "x-amz-object-lock-mode",
	  "GOVERNANCE" },
	{ "ObjectLockRetainUntilDate", "2026-01-01 02:30",
	  "x-amz-object-lock-retain-until-date", "2026-01-01T02:30:00.000Z" },
	{ "ObjectLockRetainUntilDate", "1767225600",
	  "x-amz-object-lock-retain-until-date", "2026-01-01T00:00:00.000Z" },
	{ "ObjectLockLegalHoldStatus", "ON", "x-amz-object-lock-legal-hold",
	  "ON" },
	{ "ExpectedBucketOwner", "111122223333", "x-amz-expected-bucket-owner",
	  "111122223333" },
	{ "ChecksumAlgorithm", "CRC32C", "x-amz-sdk-checksum-algorithm",
	  "CRC32C" },
	{ "ChecksumType", "FULL_OBJECT", "x-amz-checksum-type", "FULL_OBJECT" },
};

static struct s3_params *new_params(void)
{
	struct s3_params *p = s3_params_new();

	assert_non_null(p);
	return p;
}

static void set(struct s3_params *p, const char *name, const char *value)
{
	struct errinfo err = ERRINFO_INIT;

	if (s3_params_set(p, name, value, &err) < 0)
		fail_msg("%s = %s: %s", name, value, err.text);
}

static void finish(struct s3_params *p)
{
	struct errinfo err = ERRINFO_INIT;

	if (s3_params_finish(p, &err) < 0)
		fail_msg("%s", err.text);
}

static void every_parameter_becomes_its_header(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(sent); i++) {
		struct s3_params *p = new_params();
		const char *value;

		set(p, sent[i].name, sent[i].value);
		value = s3_params_header(p, sent[i].header);
		if (!value || strcmp(value, sent[i].sent) != 0)
			fail_msg("%s = %s: %s", sent[i].name, sent[i].value,
				 value ? value : "nothing");
		s3_params_free(p);
	}
}

static void every_parameter_is_tried_above_or_refused(void **state)
{
	for (size_t i = 0; i < params_count; i++) {
		const struct param_def *def = &params_table[i];
		bool is_tried =
			def->form == FORM_MAP || def->form == FORM_ONE_FILE;

		for (size_t j = 0; j < ARRAY_SIZE(sent); j++)
			is_tried |= strcmp(sent[j].name, def->name) == 0;
		if (!is_tried)
			fail_msg("%s", def->name);
	}
}

static void what_is_no_parameter_or_no_value_is_refused(void **state)
{
	static const struct {
		const char *name, *value, *word;
	} wrong[] = {
		{ "cache-control", "x", "write CacheControl" },
		{ "Cache-Control", "x", "write CacheControl" },
		{ "x-amz-acl", "x", "write ACL" },
		{ "X-Amz-Server-Side-Encryption", "x", "ServerSideEncryption" },
		{ "x-amz-meta-colour", "x", "'Metadata': {'colour': ...}" },
		{ "cachecontrol", "x", "did you mean CacheControl?" },
		{ "CacheContorl", "x", "did you mean CacheControl?" },
		{ "acl", "x", "did you mean ACL?" },
		{ "IfNoneMatch", "*", "unknown parameter" },
		{ "", "x", "unknown parameter" },
		{ "Metadata", "x", "a map" },
		{ "CacheControl", "", "a text of one line" },
		{ "CacheControl", "  ", "a text of one line" },
		{ "CacheControl", "a\r\nx-amz-acl: public-read", "one line" },
		{ "ContentType", "a\nb", "one line" },
		{ "ContentType", "a\x7f", "one line" },
		{ "ContentType", "a\x01", "one line" },
		{ "Expires", "tomorrow", "no date" },
		{ "Expires", "-1", "no date" },
		{ "Expires", "2026-13-01", "no date" },
		{ "Expires", "2026-01-01T", "no date" },
		{ "Expires", "2026-01-01T00:00:00+25:00", "no date" },
		{ "Expires", "2026-01-01T00:00:00+01:00x", "no date" },
		{ "ObjectLockRetainUntilDate", "2026-1", "no date" },
		{ "ObjectLockRetainUntilDate", "99999999999999", "no date" },
		{ "BucketKeyEnabled", "yes", "neither true" },
		{ "SSEKMSEncryptionContext", "{", "neither a map" },
		{ "SSEKMSEncryptionContext", "a=b", "neither a map" },
		{ "ChecksumAlgorithm", "SHA256", "only CRC32C" },
		{ "ChecksumSHA256", "x", "one file" },
		{ "ChecksumCRC32C", "AAAAAA==", "one file" },
		{ "MpuObjectSize", "1", "one file" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct s3_params *p = new_params();
		struct errinfo err = ERRINFO_INIT;
		int rc = s3_params_set(p, wrong[i].name, wrong[i].value, &err);

		if (rc != -EINVAL || !strstr(err.text, wrong[i].word))
			fail_msg("%s = %s: %d %s", wrong[i].name,
				 wrong[i].value, rc, err.text);
		assert_int_equal(p->headers.count, 0);
		s3_params_free(p);
	}
}

static void metadata_is_ascii_in_names_and_values(void **state)
{
	struct s3_params *p = new_params();
	struct errinfo err = ERRINFO_INIT;

	assert_int_equal(s3_params_set_metadata(p, "Colour", "red", &err), 0);
	assert_string_equal(s3_params_header(p, "x-amz-meta-colour"), "red");
	assert_int_equal(s3_params_set_metadata(p, "k", "gr\xc3\xbcn", &err),
			 -EINVAL);
	assert_non_null(strstr(err.text, "ASCII"));
	assert_int_equal(s3_params_set_metadata(p, "\xc3\xbc", "v", &err),
			 -EINVAL);
	assert_int_equal(s3_params_set_metadata(p, "a b", "v", &err), -EINVAL);
	assert_int_equal(s3_params_set_metadata(p, "", "v", &err), -EINVAL);
	assert_int_equal(s3_params_set_metadata(p, "k", "a\r\nb: c", &err),
			 -EINVAL);
	s3_params_free(p);
}

static void headers_of_boto_become_parameters(void **state)
{
	struct s3_params *p = new_params();
	struct errinfo err = ERRINFO_INIT;

	assert_int_equal(s3_params_set_header(p, "cache-CONTROL", "a", &err),
			 0);
	assert_int_equal(s3_params_set_header(p, "X-Amz-Meta-K", "b", &err), 0);
	assert_int_equal(s3_params_set_header(p, "Vary", "c", &err), -EINVAL);
	assert_non_null(strstr(err.text, "Vary"));
	assert_string_equal(s3_params_header(p, "cache-control"), "a");
	assert_string_equal(s3_params_header(p, "x-amz-meta-k"), "b");
	s3_params_free(p);
}

/* --- Keys --------------------------------------------------------------- */

static void a_customers_key_brings_its_algorithm_and_md5(void **state)
{
	struct s3_params *p = new_params();

	set(p, "SSECustomerKey", KEY_RAW);
	finish(p);
	assert_string_equal(s3_params_header(p, SSE "-customer-algorithm"),
			    "AES256");
	assert_string_equal(s3_params_header(p, SSE "-customer-key-md5"),
			    KEY_MD5);
	s3_params_free(p);
}

static void a_wrong_customers_key_is_not_shown(void **state)
{
	static const char *const wrong[] = {
		"short-secret", KEY_BASE64 "=", "0123456789abcdef",
		"!!!yMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlBQkNERUY="
	};

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct s3_params *p = new_params();
		struct errinfo err = ERRINFO_INIT;

		assert_int_equal(s3_params_set(p, "SSECustomerKey", wrong[i],
					       &err),
				 -EINVAL);
		assert_non_null(strstr(err.text, "32 bytes"));
		assert_null(strstr(err.text, wrong[i]));
		s3_params_free(p);
	}
}

static void parameters_that_exclude_each_other_are_refused(void **state)
{
	static const struct {
		const char *a, *a_value, *b, *b_value, *word;
	} wrong[] = {
		{ "ACL", "private", "GrantRead", "id=\"x\"", "exclude" },
		{ "GrantRead", "id=\"x\"", "ACL", "private", "exclude" },
		{ "SSECustomerKey", KEY_RAW, "ServerSideEncryption", "AES256",
		  "exclude" },
		{ "SSECustomerKey", KEY_RAW, "SSEKMSKeyId", "k", "exclude" },
		{ "SSECustomerKey", KEY_RAW, "SSECustomerKeyMD5",
		  "AAAAAAAAAAAAAAAAAAAAAA==", "not the MD5" },
		{ "SSECustomerAlgorithm", "AES256", "CacheControl", "x",
		  "SSECustomerKey is missing" },
		{ "SSECustomerKeyMD5", KEY_MD5, "CacheControl", "x",
		  "SSECustomerKey is missing" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct s3_params *p = new_params();
		struct errinfo err = ERRINFO_INIT;

		set(p, wrong[i].a, wrong[i].a_value);
		set(p, wrong[i].b, wrong[i].b_value);
		if (s3_params_finish(p, &err) != -EINVAL ||
		    !strstr(err.text, wrong[i].word))
			fail_msg("%s and %s: %s", wrong[i].a, wrong[i].b,
				 err.text);
		s3_params_free(p);
	}
}

/* --- Which requests carry what ------------------------------------------ */

/* The headers that rules add, "name=value" in lines; to be freed. */
static const char *added(const struct rules *rules, const char *key,
			 unsigned groups, const char *own_name,
			 const char *own_value)
{
	static char text[2048];
	struct pairs headers = PAIRS_INIT;
	size_t len = 0;

	if (own_name)
		assert_int_equal(pairs_set(&headers, own_name, own_value), 0);
	assert_int_equal(rules_add(rules, key, groups, &headers), 0);
	text[0] = '\0';
	for (size_t i = own_name ? 1 : 0; i < headers.count; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
					"%s%s=%s",
					i > (own_name ? 1u : 0u) ? " " : "",
					headers.items[i].name,
					headers.items[i].value);
	pairs_release(&headers);
	return text;
}

static const struct {
	const char *name, *value;
	unsigned groups;
} carried[] = {
	{ "CacheControl", "x", PARAMS_PUT | PARAMS_CREATE },
	{ "ContentType", "x", PARAMS_PUT | PARAMS_CREATE },
	{ "Tagging", "a=b", PARAMS_PUT | PARAMS_CREATE },
	{ "ACL", "private", PARAMS_PUT | PARAMS_CREATE | PARAMS_COPY },
	{ "GrantRead", "x", PARAMS_PUT | PARAMS_CREATE | PARAMS_COPY },
	{ "StorageClass", "x", PARAMS_PUT | PARAMS_CREATE | PARAMS_COPY },
	{ "WebsiteRedirectLocation", "/x",
	  PARAMS_PUT | PARAMS_CREATE | PARAMS_COPY },
	{ "ObjectLockMode", "x", PARAMS_PUT | PARAMS_CREATE | PARAMS_COPY },
	{ "ServerSideEncryption", "AES256",
	  PARAMS_PUT | PARAMS_CREATE | PARAMS_COPY },
	{ "SSEKMSKeyId", "x", PARAMS_PUT | PARAMS_CREATE | PARAMS_COPY },
	{ "SSECustomerKey", KEY_RAW,
	  PARAMS_PUT | PARAMS_CREATE | PARAMS_COPY | PARAMS_PART |
		  PARAMS_COMPLETE | PARAMS_READ },
	{ "RequestPayer", "requester",
	  PARAMS_PUT | PARAMS_CREATE | PARAMS_COPY | PARAMS_PART |
		  PARAMS_COMPLETE | PARAMS_READ | PARAMS_BUCKET },
	{ "ExpectedBucketOwner", "1",
	  PARAMS_PUT | PARAMS_CREATE | PARAMS_COPY | PARAMS_PART |
		  PARAMS_COMPLETE | PARAMS_READ | PARAMS_BUCKET },
	{ "ChecksumType", "FULL_OBJECT", PARAMS_CREATE | PARAMS_COMPLETE },
};

static void each_parameter_goes_with_its_requests_only(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(carried); i++) {
		struct s3_params *p = new_params();
		struct s3_rule rule = { NULL, p };
		struct rules rules = { &rule, 1, "" };

		set(p, carried[i].name, carried[i].value);
		for (unsigned g = 1; g <= PARAMS_BUCKET; g <<= 1) {
			bool is_due = carried[i].groups & g;
			bool is_there = *added(&rules, "key", g, NULL, NULL);

			if (is_due != is_there)
				fail_msg("%s in group %u", carried[i].name, g);
		}
		s3_params_free(p);
	}
}

static void an_algorithm_is_named_only_beside_a_checksum(void **state)
{
	struct s3_params *p = new_params();
	struct s3_rule rule = { NULL, p };
	struct rules rules = { &rule, 1, "" };

	set(p, "ChecksumAlgorithm", "CRC32C");
	assert_string_equal(added(&rules, "k", PARAMS_PUT, NULL, NULL), "");
	assert_string_equal(added(&rules, "k", PARAMS_PUT,
				  "x-amz-checksum-crc32c", "AAAAAA=="),
			    "x-amz-sdk-checksum-algorithm=CRC32C");
	s3_params_free(p);
}

static void a_copy_reads_its_source_with_the_sources_key(void **state)
{
	struct s3_params *secret = new_params(), *all = new_params();
	struct s3_rule list[] = { { NULL, all }, { "secret/", secret } };
	struct rules rules = { list, 2, "media/" };
	struct pairs headers = PAIRS_INIT;

	set(secret, "SSECustomerKey", KEY_RAW);
	finish(secret);
	set(all, "ExpectedBucketOwner", "1");
	assert_int_equal(rules_add_source(&rules, "media/secret/a", &headers),
			 0);
	assert_string_equal(
		pairs_get(&headers, "x-amz-copy-source-server-side-encryption-"
				    "customer-key"),
		KEY_BASE64);
	assert_string_equal(
		pairs_get(&headers, "x-amz-copy-source-server-side-encryption-"
				    "customer-key-MD5"),
		KEY_MD5);
	assert_string_equal(
		pairs_get(&headers, "x-amz-source-expected-bucket-owner"), "1");
	pairs_release(&headers);
	assert_int_equal(rules_add_source(&rules, "media/open/a", &headers), 0);
	assert_int_equal(headers.count, 1);
	pairs_release(&headers);
	s3_params_free(secret);
	s3_params_free(all);
}

/* --- Rules -------------------------------------------------------------- */

static void later_rules_win_header_by_header(void **state)
{
	struct s3_params *all = new_params(), *css = new_params();
	struct s3_rule list[] = { { NULL, all }, { "*.css", css } };
	struct rules rules = { list, 2, "" };

	set(all, "CacheControl", "all");
	set(all, "ContentLanguage", "de");
	set(css, "CacheControl", "css");
	assert_string_equal(added(&rules, "a.css", PARAMS_PUT, NULL, NULL),
			    "cache-control=css content-language=de");
	assert_string_equal(added(&rules, "a.js", PARAMS_PUT, NULL, NULL),
			    "cache-control=all content-language=de");
	assert_string_equal(added(&rules, "a.css", PARAMS_PUT, "Cache-Control",
				  "own"),
			    "content-language=de");
	assert_string_equal(rules_get(&rules, "a.css", "cache-control"), "css");
	assert_string_equal(rules_get(&rules, "a.js", "Cache-Control"), "all");
	assert_null(rules_get(&rules, "a.js", "content-type"));
	s3_params_free(all);
	s3_params_free(css);
}

static void a_rule_can_take_a_header_back(void **state)
{
	struct s3_params *all = new_params(), *css = new_params();
	struct s3_rule list[] = { { NULL, all }, { "*.css", css } };
	struct rules rules = { list, 2, "" };

	set(all, "ACL", "public-read");
	assert_int_equal(s3_params_set_metadata(all, "k", "v", NULL), 0);
	assert_int_equal(s3_params_unset(css, "ACL", NULL), 0);
	assert_int_equal(s3_params_unset(css, "Metadata", NULL), 0);
	assert_int_equal(s3_params_unset(css, "acl", NULL), -EINVAL);
	assert_string_equal(added(&rules, "a.css", PARAMS_PUT, NULL, NULL), "");
	assert_string_equal(added(&rules, "a", PARAMS_PUT, NULL, NULL),
			    "x-amz-acl=public-read x-amz-meta-k=v");
	assert_null(rules_get(&rules, "a.css", "x-amz-acl"));
	assert_null(rules_get(&rules, "a.css", "x-amz-meta-k"));
	s3_params_free(all);
	s3_params_free(css);
}

static void an_operation_can_say_that_a_header_is_not_sent(void **state)
{
	struct s3_params *all = new_params();
	struct s3_rule list[] = { { NULL, all } };
	struct rules rules = { list, 1, "" };
	struct pairs headers = PAIRS_INIT;

	set(all, "CacheControl", "x");
	assert_int_equal(s3_params_set_metadata(all, "k", "v", NULL), 0);
	assert_int_equal(s3_params_set_metadata(all, "l", "w", NULL), 0);
	assert_string_equal(added(&rules, "a", PARAMS_PUT, "cache-control",
				  S3_NOT_SENT),
			    "x-amz-meta-k=v x-amz-meta-l=w");
	assert_string_equal(added(&rules, "a", PARAMS_PUT, "x-amz-meta-k",
				  S3_NOT_SENT),
			    "cache-control=x x-amz-meta-l=w");
	assert_string_equal(added(&rules, "a", PARAMS_PUT, "x-amz-meta-",
				  S3_NOT_SENT),
			    "cache-control=x");
	assert_string_equal(added(&rules, "a", PARAMS_METADATA, "x-amz-meta-k",
				  "own"),
			    "x-amz-meta-l=w");
	/* Metadata without a value is a value. */
	assert_string_equal(added(&rules, "a", PARAMS_PUT, "x-amz-meta-k", ""),
			    "cache-control=x x-amz-meta-l=w");
	assert_int_equal(pairs_set(&headers, "expires", S3_NOT_SENT), 0);
	assert_int_equal(pairs_set(&headers, "x-amz-meta-k", ""), 0);
	assert_int_equal(pairs_set(&headers, "x-amz-meta-", S3_NOT_SENT), 0);
	s3_drop_not_sent(&headers);
	assert_int_equal(headers.count, 1);
	assert_string_equal(headers.items[0].name, "x-amz-meta-k");
	pairs_release(&headers);
	s3_params_free(all);
}

static void a_rule_replaces_what_its_parameters_exclude(void **state)
{
	static const struct {
		const char *weak, *weak_value, *strong, *strong_value, *due;
	} rows[] = {
		{ "GrantRead", "x", "ACL", "private", "x-amz-acl=private" },
		{ "ACL", "private", "GrantRead", "x", "x-amz-grant-read=x" },
		{ "GrantRead", "x", "GrantReadACP", "y",
		  "x-amz-grant-read-acp=y x-amz-grant-read=x" },
		{ "SSEKMSKeyId", "k", "ServerSideEncryption", "AES256",
		  SSE "=AES256" },
		{ "ServerSideEncryption", "aws:kms", "SSEKMSKeyId", "k",
		  SSE "-aws-kms-key-id=k " SSE "=aws:kms" },
		{ "ServerSideEncryption", "AES256", "SSECustomerKey", KEY_RAW,
		  SSE "-customer-key=" KEY_BASE64 },
		{ "SSECustomerKey", KEY_RAW, "ServerSideEncryption", "AES256",
		  SSE "=AES256" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct s3_params *weak = new_params(), *strong = new_params();
		struct s3_rule list[] = { { NULL, weak }, { NULL, strong } };
		struct rules rules = { list, 2, "" };

		set(weak, rows[i].weak, rows[i].weak_value);
		set(strong, rows[i].strong, rows[i].strong_value);
		assert_string_equal(added(&rules, "k", PARAMS_PUT, NULL, NULL),
				    rows[i].due);
		s3_params_free(weak);
		s3_params_free(strong);
	}
}

static void an_operations_own_encryption_stands_alone(void **state)
{
	struct s3_params *p = new_params();
	struct s3_rule rule = { NULL, p };
	struct rules rules = { &rule, 1, "" };

	set(p, "SSECustomerKey", KEY_RAW);
	finish(p);
	assert_string_equal(added(&rules, "k", PARAMS_PUT, SSE, "AES256"), "");
	s3_params_free(p);
}

static void not_encrypted_by_the_server_keeps_the_customers_key(void **state)
{
	struct s3_params *weak = new_params(), *strong = new_params();
	struct s3_rule list[] = { { NULL, weak }, { NULL, strong } };
	struct rules rules = { list, 2, "" };

	set(weak, "SSECustomerKey", KEY_RAW);
	assert_int_equal(s3_params_unset(strong, "ServerSideEncryption", NULL),
			 0);
	assert_string_equal(added(&rules, "k", PARAMS_PUT, NULL, NULL),
			    SSE "-customer-key=" KEY_BASE64);
	s3_params_free(weak);
	s3_params_free(strong);
}

static void patterns_are_for_paths_below_the_prefix(void **state)
{
	struct s3_params *p = new_params();
	struct s3_rule rule = { "img/*.png", p };
	struct rules rules = { &rule, 1, "media/" };

	set(p, "CacheControl", "x");
	assert_non_null(rules_get(&rules, "media/img/a.png", "cache-control"));
	assert_null(rules_get(&rules, "img/a.png", "cache-control"));
	assert_null(rules_get(&rules, "other/img/a.png", "cache-control"));
	assert_null(rules_get(&rules, NULL, "cache-control"));
	s3_params_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_parameter_becomes_its_header),
		cmocka_unit_test(every_parameter_is_tried_above_or_refused),
		cmocka_unit_test(what_is_no_parameter_or_no_value_is_refused),
		cmocka_unit_test(metadata_is_ascii_in_names_and_values),
		cmocka_unit_test(headers_of_boto_become_parameters),
		cmocka_unit_test(a_customers_key_brings_its_algorithm_and_md5),
		cmocka_unit_test(a_wrong_customers_key_is_not_shown),
		cmocka_unit_test(
			parameters_that_exclude_each_other_are_refused),
		cmocka_unit_test(each_parameter_goes_with_its_requests_only),
		cmocka_unit_test(an_algorithm_is_named_only_beside_a_checksum),
		cmocka_unit_test(a_copy_reads_its_source_with_the_sources_key),
		cmocka_unit_test(later_rules_win_header_by_header),
		cmocka_unit_test(a_rule_can_take_a_header_back),
		cmocka_unit_test(
			an_operation_can_say_that_a_header_is_not_sent),
		cmocka_unit_test(a_rule_replaces_what_its_parameters_exclude),
		cmocka_unit_test(an_operations_own_encryption_stands_alone),
		cmocka_unit_test(
			not_encrypted_by_the_server_keeps_the_customers_key),
		cmocka_unit_test(patterns_are_for_paths_below_the_prefix),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
