/* SPDX-License-Identifier: MIT */
/*
 * Signatures in headers: AWS's published examples for S3, and a table of odd
 * keys, queries and headers whose signatures botocore 1.44.5 computed.
 */
#include "creds/sign.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "creds/creds.h"
#include "text.h"

#define ACCESS_KEY "AKIAIOSFODNN7EXAMPLE"
#define SECRET_KEY "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
#define MAY_24     1369353600 /* 2013-05-24T00:00:00Z */

static struct s3_creds *creds_of(const char *token)
{
	struct s3_creds *creds = NULL;

	assert_int_equal(creds_new(ACCESS_KEY, SECRET_KEY, token, &creds), 0);
	return creds;
}

static void set_endpoint(struct endpoint *e, const char *bucket,
			 const char *region)
{
	const struct s3_options options = { .bucket = bucket };

	assert_int_equal(
		endpoint_init(e, &options, region, ENDPOINT_REQUESTS, NULL), 0);
}

static void set_headers(struct pairs *headers, const struct query_param *list,
			size_t count)
{
	for (size_t i = 0; i < count && list[i].name; i++)
		assert_int_equal(
			pairs_add(headers, list[i].name, list[i].value), 0);
}

static void set_query(struct query *query, const struct query_param *list,
		      size_t count)
{
	*query = (struct query)QUERY_INIT;
	for (size_t i = 0; i < count && list[i].name; i++)
		query_add(query, list[i].name, list[i].value);
}

/* The value behind name= in an Authorization header. */
static void assert_part(const struct pairs *headers, const char *name,
			const char *expected)
{
	const char *value = pairs_get(headers, "authorization");
	const char *at;

	assert_non_null(value);
	at = strstr(value, name);
	assert_non_null(at);
	at += strlen(name);
	assert_int_equal(strcspn(at, ","), strlen(expected));
	assert_memory_equal(at, expected, strlen(expected));
}

/* S3 API reference, "Signature Calculations for the Authorization Header". */
static void v4_signs_aws_own_examples(void **state)
{
	static const struct {
		const char *method, *key, *payload, *signed_names, *signature;
		struct query_param query[3], headers[3];
	} cases[] = {
		{
			.method = "GET",
			.key = "test.txt",
			.payload = SIGN_EMPTY_PAYLOAD,
			.headers = { { "Range", "bytes=0-9" } },
			.signed_names =
				"host;range;x-amz-content-sha256;x-amz-date",
			.signature =
				"f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
		},
		{
			.method = "PUT",
			.key = "test$file.text",
			.payload =
				"44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
			.headers = { { "Date", "Fri, 24 May 2013 00:00:00 GMT" },
				     { "x-amz-storage-class",
				       "REDUCED_REDUNDANCY" } },
			.signed_names =
				"date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
			.signature =
				"98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
		},
		{
			.method = "GET",
			.payload = SIGN_EMPTY_PAYLOAD,
			.query = { { "lifecycle", NULL } },
			.signed_names = "host;x-amz-content-sha256;x-amz-date",
			.signature =
				"fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
		},
		{
			.method = "GET",
			.payload = SIGN_EMPTY_PAYLOAD,
			.query = { { "prefix", "J" }, { "max-keys", "2" } },
			.signed_names = "host;x-amz-content-sha256;x-amz-date",
			.signature =
				"34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
		},
	};
	struct s3_creds *creds = creds_of(NULL);
	struct endpoint e;

	set_endpoint(&e, "examplebucket", "us-east-1");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct pairs headers = PAIRS_INIT;
		struct query query;
		const struct sign_request req = {
			.method = cases[i].method,
			.endpoint = &e,
			.key = cases[i].key,
			.query = &query,
			.payload = cases[i].payload,
			.unix_s = MAY_24,
		};

		set_query(&query, cases[i].query, ARRAY_SIZE(cases[i].query));
		set_headers(&headers, cases[i].headers,
			    ARRAY_SIZE(cases[i].headers));
		assert_int_equal(sign_headers(&req, S3_SIGNATURE_V4, creds,
					      &headers, NULL),
				 0);
		assert_part(&headers, "Credential=",
			    ACCESS_KEY "/20130524/us-east-1/s3/aws4_request");
		assert_part(&headers, "SignedHeaders=", cases[i].signed_names);
		assert_part(&headers, "Signature=", cases[i].signature);
		assert_string_equal(pairs_get(&headers, "x-amz-date"),
				    "20130524T000000Z");
		pairs_release(&headers);
	}
	endpoint_release(&e);
	creds_put(creds);
}

static void v4_s_canonical_request_is_aws_own(void **state)
{
	/* The first example's, word for word. */
	static const char expected[] =
		"GET\n/test.txt\n\nhost:examplebucket.s3.amazonaws.com\n"
		"range:bytes=0-9\nx-amz-content-sha256:" SIGN_EMPTY_PAYLOAD
		"\nx-amz-date:20130524T000000Z\n\n"
		"host;range;x-amz-content-sha256;x-amz-date\n" SIGN_EMPTY_PAYLOAD;
	struct buf AUTO_BUF text = BUF_INIT(4096);
	struct buf AUTO_BUF names = BUF_INIT(4096);
	struct pairs headers = PAIRS_INIT;
	struct endpoint e;
	const struct sign_request req = {
		.method = "GET",
		.endpoint = &e,
		.key = "test.txt",
		.payload = SIGN_EMPTY_PAYLOAD,
		.unix_s = MAY_24,
	};

	set_endpoint(&e, "examplebucket", "us-east-1");
	assert_int_equal(pairs_set(&headers, "x-amz-date", "20130524T000000Z"),
			 0);
	assert_int_equal(pairs_set(&headers, "Range", "bytes=0-9"), 0);
	assert_int_equal(pairs_set(&headers, "x-amz-content-sha256",
				   SIGN_EMPTY_PAYLOAD),
			 0);
	sign_v4_canonical(&req, &headers, &text, &names);
	assert_string_equal(buf_str(&text), expected);
	pairs_release(&headers);
	endpoint_release(&e);
}

/* "Signing and Authenticating REST Requests", authentication examples. */
static void v2_signs_aws_own_examples(void **state)
{
	static const struct {
		const char *method, *bucket, *key, *date, *signature;
		struct query_param query[4], headers[7];
	} cases[] = {
		{
			.method = "GET",
			.bucket = "johnsmith",
			.key = "photos/puppy.jpg",
			.date = "Tue, 27 Mar 2007 19:36:42 +0000",
			.signature = "bWq2s1WEIj+Ydj0vQ697zp+IXMU=",
		},
		{
			.method = "PUT",
			.bucket = "johnsmith",
			.key = "photos/puppy.jpg",
			.date = "Tue, 27 Mar 2007 21:15:45 +0000",
			.signature = "MyyxeRY7whkBe+bq8fHCL/2kKUg=",
			.headers = { { "Content-Type", "image/jpeg" },
				     { "Content-Length", "94328" } },
		},
		{
			.method = "GET",
			.bucket = "johnsmith",
			.date = "Tue, 27 Mar 2007 19:42:41 +0000",
			.signature = "htDYFYduRNen8P9ZfE/s9SuKy0U=",
			.query = { { "prefix", "photos" },
				   { "max-keys", "50" },
				   { "marker", "puppy" } },
			.headers = { { "User-Agent", "Mozilla/5.0" } },
		},
		{
			.method = "GET",
			.bucket = "johnsmith",
			.date = "Tue, 27 Mar 2007 19:44:46 +0000",
			.signature = "c2WLPFtWHVgbEmeEG93a4cG37dM=",
			.query = { { "acl", NULL } },
		},
		{
			.method = "DELETE",
			.bucket = "johnsmith",
			.key = "photos/puppy.jpg",
			.date = "Tue, 27 Mar 2007 21:20:26 +0000",
			.signature = "lx3byBScXR6KzyMaifNkardMwNk=",
		},
		{
			.method = "PUT",
			.bucket = "static.johnsmith.net",
			.key = "db-backup.dat.gz",
			.date = "Tue, 27 Mar 2007 21:06:08 +0000",
			.signature = "ilyl83RwaSoYIEdixDQcA4OnAnc=",
			.headers = { { "x-amz-acl", "public-read" },
				     { "content-type",
				       "application/x-download" },
				     { "Content-MD5",
				       "4gJE4saaMU4BqNR0kLY+lw==" },
				     { "X-Amz-Meta-ReviewedBy",
				       "joe@johnsmith.net" },
				     { "X-Amz-Meta-ReviewedBy",
				       "jane@johnsmith.net" },
				     { "X-Amz-Meta-FileChecksum", "0x02661779" },
				     { "X-Amz-Meta-ChecksumAlgorithm",
				       "crc32" } },
		},
	};
	struct s3_creds *creds = creds_of(NULL);

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct buf AUTO_BUF text = BUF_INIT(4096);
		struct buf AUTO_BUF signature = BUF_INIT(4096);
		struct pairs headers = PAIRS_INIT;
		struct query query;
		struct endpoint e;
		const struct sign_request req = {
			.method = cases[i].method,
			.endpoint = &e,
			.key = cases[i].key,
			.query = &query,
		};

		set_endpoint(&e, cases[i].bucket, "us-east-1");
		set_query(&query, cases[i].query, ARRAY_SIZE(cases[i].query));
		set_headers(&headers, cases[i].headers,
			    ARRAY_SIZE(cases[i].headers));
		sign_v2_string(&req, cases[i].date, &headers, &text);
		assert_int_equal(sign_v2_signature(creds, &text, &signature),
				 0);
		assert_string_equal(buf_str(&signature), cases[i].signature);
		pairs_release(&headers);
		endpoint_release(&e);
	}
	creds_put(creds);
}

/* All by bucket examplebucket in eu-west-1, payload UNSIGNED-PAYLOAD. */
static const struct odd {
	const char *method, *key, *token;
	struct query_param query[5], headers[9];
	const char *signed_names, *v4, *v2;
} odd[] = {
	{
		.method = "GET",
		.key = "plain.txt",
		.signed_names = "host;x-amz-content-sha256;x-amz-date",
		.v4 = "4f51eea355349db102f9671533d33446b17a898854fc35c0d98e9fe8de3fd294",
		.v2 = "84ADT6cejE4Ivkr3bSUk0xPJmXM=",
	},
	{
		.method = "GET",
		.key = "a b+c&d=e?f#g%h",
		.signed_names = "host;x-amz-content-sha256;x-amz-date",
		.v4 = "fbae1714e8cbda6a96c90963329b990ad82bfd2b97d554757033b373b6b8b336",
		.v2 = "0NY0uHaJ3JgNYX1Nd8vJe7bW3tQ=",
	},
	{
		.method = "GET",
		.key = "photos/\xc3\xa4 b+c.jpg",
		.signed_names = "host;x-amz-content-sha256;x-amz-date",
		.v4 = "aeee202dab7d61e2a7255bd63ddc061bb2cf1bbfc6c712570b1d12fa012f3f7f",
		.v2 = "tWZBQ9UikTPV1xEmL6hBqCfqPvo=",
	},
	{
		.method = "PUT",
		.key = "!*'()~-_.;:@$,",
		.signed_names = "host;x-amz-content-sha256;x-amz-date",
		.v4 = "54bcbfb4df791b0b0a4b635fba4622c16de188036abd9573169d30adccd5bea5",
		.v2 = "+gB20tkZ37G3ORnZydXrO0jlWAE=",
	},
	{
		.method = "GET",
		.key = "a//b/./../c/",
		.signed_names = "host;x-amz-content-sha256;x-amz-date",
		.v4 = "feff8cb72e6038785276c494a4366f0277b4b7e701a5309aa722d4f916d6ca6b",
		.v2 = "Z2AyjiEePpGdcX1IB/EyjahlyfA=",
	},
	{
		.method = "GET",
		.key = "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e/\xf0\x9f\x98\x80",
		.signed_names = "host;x-amz-content-sha256;x-amz-date",
		.v4 = "724ebf3fe940f9e47e340865df8ae35ce510b8034c8b5616a5453471a74f6195",
		.v2 = "++dfhnSIklPTlnuz/KDwETEVrvE=",
	},
	{
		.method = "GET",
		.key = "new\x0aline\x09tab\x7f\x01",
		.signed_names = "host;x-amz-content-sha256;x-amz-date",
		.v4 = "38982029e5317aadf8119f57f3c7d0da48aa4fe27abb0ee66103aa8a4b011bf1",
		.v2 = "a80Af64njzbK2MKD1owiOPDlJUI=",
	},
	{
		.method = "GET",
		.key = "back\\slash\"quote<>|^`{}[]",
		.signed_names = "host;x-amz-content-sha256;x-amz-date",
		.v4 = "ef3ef9f4824620daa678c0c0978cdc682337cbe3940df46fd964f0bcac757e5d",
		.v2 = "TWUOXTBVTSIr6/u5sP8HVUwyXEA=",
	},
	{
		.method = "GET",
		.key = "%2F%41",
		.signed_names = "host;x-amz-content-sha256;x-amz-date",
		.v4 = "431b1cbb4a12bc1bcc42b556cfa291d5cb3782e942340e2a796967f22d226290",
		.v2 = "pGw28/0UK3TZ2nzaziwLMgBAytw=",
	},
	{
		.method = "GET",
		.query = { { "list-type", "2" },
			   { "prefix", "a b/\xc3\xa4+" },
			   { "delimiter", "/" },
			   { "encoding-type", "url" },
			   { "max-keys", "1000" } },
		.signed_names = "host;x-amz-content-sha256;x-amz-date",
		.v4 = "8df2ca435b232f0d4d16f15c5f6aa134d9b84de0463081453bc75ef6955e7f08",
		.v2 = "Ts2zYqkUUf9ZwjrrmHXZiV5kF3E=",
	},
	{
		.method = "GET",
		.query = { { "a-b", "1" },
			   { "a", "2" },
			   { "a", "1" },
			   { "A", "3" },
			   { "a!", "=&+ " } },
		.signed_names = "host;x-amz-content-sha256;x-amz-date",
		.v4 = "026c733062b97f6a9d11947556e90c48c0eec801e7c63a541e3f8ce6308749ac",
		.v2 = "Ts2zYqkUUf9ZwjrrmHXZiV5kF3E=",
	},
	{
		.method = "GET",
		.query = { { "continuation-token", "1/abc+==" },
			   { "list-type", "2" },
			   { "start-after", "x\x0ay" },
			   { "prefix", "" } },
		.signed_names = "host;x-amz-content-sha256;x-amz-date",
		.v4 = "a9992064fde65a89ac377fd1b3af939e0f4c519d3a901e12cc05c7de0ab03f46",
		.v2 = "Ts2zYqkUUf9ZwjrrmHXZiV5kF3E=",
	},
	{
		.method = "POST",
		.key = "big file.bin",
		.query = { { "uploads", NULL } },
		.signed_names = "host;x-amz-content-sha256;x-amz-date",
		.v4 = "984646fe4f4bb44f180c031108723c94843be7117064cd580485a8a1ec58ed4b",
		.v2 = "q9vmoTNrOIvP8LhdCQpzL0kWK+o=",
	},
	{
		.method = "PUT",
		.key = "big file.bin",
		.query = { { "partNumber", "10" }, { "uploadId", "a/b+c=~" } },
		.headers = { { "content-type", "application/octet-stream" },
			     { "content-md5", "CY9rzUYh03PK3k6DJie09g==" } },
		.signed_names =
			"content-md5;content-type;host;x-amz-content-sha256;x-amz-date",
		.v4 = "0d8cb7c20ea421f64e05e694ecef5dca2b737a9223d384451e50b288404d88f1",
		.v2 = "7V/Fz25gGTuxoclP8IHHxr3JJIw=",
	},
	{
		.method = "POST",
		.query = { { "delete", NULL } },
		.headers = { { "content-md5", "CY9rzUYh03PK3k6DJie09g==" },
			     { "content-type", "application/xml" } },
		.signed_names =
			"content-md5;content-type;host;x-amz-content-sha256;x-amz-date",
		.v4 = "46b8b0efd1ac47c0de88aa5692197e8980341b03465dbbd10cbcff49fbdfb403",
		.v2 = "msotwKZF3s9U8kJldEq3sAUikwE=",
	},
	{
		.method = "PUT",
		.key = "k",
		.headers = { { "x-amz-meta-b", "  two  blanks   inside " },
			     { "x-amz-meta-a", "\xc3\xa4" },
			     { "X-Amz-Acl", "public-read" },
			     { "x-amz-storage-class", "STANDARD_IA" },
			     { "User-Agent", "not signed" },
			     { "Expect", "100-continue" },
			     { "if-none-match", "*" },
			     { "range", "bytes=0-9" },
			     { "cache-control", "max-age=60, public" } },
		.signed_names =
			"cache-control;host;if-none-match;range;x-amz-acl;x-amz-content-sha256;x-amz-date;x-amz-meta-a;x-amz-meta-b;x-amz-storage-class",
		.v4 = "6ca133219f2b1fc4fdd2ea862f6b69da837be1bb4613a1f65d4458447fd3081d",
		.v2 = "kE62Z4scDaDzZz/955OppB2bQ7M=",
	},
	{
		.method = "GET",
		.key = "k",
		.query = { { "versionId", "null" },
			   { "response-content-type",
			     "text/plain; charset=utf-8" },
			   { "x-id", "GetObject" } },
		.signed_names = "host;x-amz-content-sha256;x-amz-date",
		.v4 = "c9543cd5146973e13334135a22c2b3c73c6f5f7f0af8693b484ab4162be1fc4f",
		.v2 = "UWpmA7M5VLyd7n14w/mLFgVN0bM=",
	},
	{
		.method = "HEAD",
		.key = "k",
		.headers = { { "if-match", "\"abc\"" } },
		.signed_names = "host;if-match;x-amz-content-sha256;x-amz-date",
		.v4 = "abddcd83729a54edc568ef8d59b3404001e21e8dc80dbc9d1db7012d4d605a92",
		.v2 = "IMImN+jWSqazd9ou85R9mwbmaio=",
	},
	{
		.method = "GET",
		.key = "plain.txt",
		.token = "TOKEN/abc+=",
		.signed_names =
			"host;x-amz-content-sha256;x-amz-date;x-amz-security-token",
		.v4 = "fbba80755d481c0a96bbc4b5eefea9e89d2b608bf38b3d4fd6e2dac51a4c9adf",
		.v2 = "U5IKvGvcrwVnRE7Db2UaPXGOo+g=",
	},
	{
		.method = "PUT",
		.key = "k",
		.token = "TOKEN/abc+=",
		.headers = { { "x-amz-meta-b", "  two  blanks   inside " },
			     { "x-amz-meta-a", "\xc3\xa4" },
			     { "X-Amz-Acl", "public-read" },
			     { "x-amz-storage-class", "STANDARD_IA" },
			     { "User-Agent", "not signed" },
			     { "Expect", "100-continue" },
			     { "if-none-match", "*" },
			     { "range", "bytes=0-9" },
			     { "cache-control", "max-age=60, public" } },
		.signed_names =
			"cache-control;host;if-none-match;range;x-amz-acl;x-amz-content-sha256;x-amz-date;x-amz-meta-a;x-amz-meta-b;x-amz-security-token;x-amz-storage-class",
		.v4 = "b8b7cab2d1baa2eebad3604e6bade36b7d03ef11d02d6bcc83e434c040d872b2",
		.v2 = "snfDT/bhkaPTLvGsfZjS3NNyNcs=",
	},
};

static void sign_odd(const struct odd *c, enum s3_signature version,
		     struct pairs *headers)
{
	struct s3_creds *creds = creds_of(c->token);
	struct query query;
	struct endpoint e;
	const struct sign_request req = {
		.method = c->method,
		.endpoint = &e,
		.key = c->key,
		.query = &query,
		.payload = SIGN_UNSIGNED_PAYLOAD,
		.unix_s = MAY_24,
	};

	set_endpoint(&e, "examplebucket", "eu-west-1");
	set_query(&query, c->query, ARRAY_SIZE(c->query));
	set_headers(headers, c->headers, ARRAY_SIZE(c->headers));
	assert_int_equal(sign_headers(&req, version, creds, headers, NULL), 0);
	endpoint_release(&e);
	creds_put(creds);
}

static void v4_signs_odd_requests_as_botocore_does(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(odd); i++) {
		struct pairs headers = PAIRS_INIT;

		sign_odd(&odd[i], S3_SIGNATURE_V4, &headers);
		assert_part(&headers, "SignedHeaders=", odd[i].signed_names);
		assert_part(&headers, "Signature=", odd[i].v4);
		pairs_release(&headers);
	}
}

static void v2_signs_odd_requests_as_botocore_does(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(odd); i++) {
		struct pairs headers = PAIRS_INIT;

		sign_odd(&odd[i], S3_SIGNATURE_V2, &headers);
		assert_part(&headers, "AWS " ACCESS_KEY ":", odd[i].v2);
		assert_string_equal(pairs_get(&headers, "date"),
				    "Fri, 24 May 2013 00:00:00 GMT");
		assert_null(pairs_get(&headers, "x-amz-content-sha256"));
		pairs_release(&headers);
	}
}

/* A retry signs the same headers again, later and perhaps by another key. */
static void a_second_signature_replaces_the_first(void **state)
{
	struct s3_creds *with = creds_of("TOKEN"), *without = creds_of(NULL);
	struct pairs again = PAIRS_INIT, fresh = PAIRS_INIT;
	struct endpoint e;
	struct sign_request req = {
		.method = "GET",
		.endpoint = &e,
		.key = "k",
		.payload = SIGN_EMPTY_PAYLOAD,
		.unix_s = MAY_24,
	};

	set_endpoint(&e, "examplebucket", "us-east-1");
	assert_int_equal(
		sign_headers(&req, S3_SIGNATURE_V4, with, &again, NULL), 0);
	assert_string_equal(pairs_get(&again, "x-amz-security-token"), "TOKEN");
	req.unix_s += 86400;
	assert_int_equal(
		sign_headers(&req, S3_SIGNATURE_V4, without, &again, NULL), 0);
	assert_int_equal(
		sign_headers(&req, S3_SIGNATURE_V4, without, &fresh, NULL), 0);
	assert_string_equal(pairs_get(&again, "authorization"),
			    pairs_get(&fresh, "authorization"));
	assert_null(pairs_get(&again, "x-amz-security-token"));
	assert_int_equal(again.count, fresh.count);
	endpoint_release(&e);
	pairs_release(&again);
	pairs_release(&fresh);
	creds_put(with);
	creds_put(without);
}

static void an_anonymous_request_has_no_signature(void **state)
{
	struct pairs headers = PAIRS_INIT;
	struct s3_creds *creds = creds_of("TOKEN");
	struct endpoint e;
	const struct sign_request req = {
		.method = "GET",
		.endpoint = &e,
		.key = "k",
		.payload = SIGN_EMPTY_PAYLOAD,
		.unix_s = MAY_24,
	};

	set_endpoint(&e, "examplebucket", "us-east-1");
	assert_int_equal(pairs_set(&headers, "range", "bytes=0-9"), 0);
	assert_int_equal(
		sign_headers(&req, S3_SIGNATURE_V4, creds, &headers, NULL), 0);
	assert_int_equal(
		sign_headers(&req, S3_SIGNATURE_V4, NULL, &headers, NULL), 0);
	assert_int_equal(headers.count, 1);
	assert_string_equal(pairs_get(&headers, "range"), "bytes=0-9");
	pairs_release(&headers);
	endpoint_release(&e);
	creds_put(creds);
}

static void a_query_that_is_too_long_is_refused_and_not_cut(void **state)
{
	struct s3_creds *creds = creds_of(NULL);
	struct pairs headers = PAIRS_INIT;
	struct buf AUTO_BUF url = BUF_INIT(4096);
	struct query query = QUERY_INIT;
	struct errinfo err = ERRINFO_INIT;
	struct endpoint e;
	const struct sign_request req = {
		.method = "GET",
		.endpoint = &e,
		.query = &query,
		.payload = SIGN_EMPTY_PAYLOAD,
		.unix_s = MAY_24,
	};

	set_endpoint(&e, "examplebucket", "us-east-1");
	for (int i = 0; i <= QUERY_MAX; i++)
		query_add(&query, "a", "b");
	assert_int_equal(sign_headers(&req, S3_SIGNATURE_V4, creds, &headers,
				      &err),
			 -E2BIG);
	assert_int_equal(err.code, -E2BIG);
	assert_int_equal(sign_headers(&req, S3_SIGNATURE_V2, creds, &headers,
				      NULL),
			 -E2BIG);
	assert_null(pairs_get(&headers, "authorization"));
	endpoint_url(&e, NULL, &query, &url);
	assert_int_equal(url.error, -E2BIG);
	pairs_release(&headers);
	endpoint_release(&e);
	creds_put(creds);
}

/* AWS General Reference, examples of deriving a signing key. */
static void the_days_key_is_aws_own(void **state)
{
	static const struct {
		const char *day, *key;
	} cases[] = {
		{ "20120215", "f4780e2d9f65fa895f9c67b32ce1baf0"
			      "b0d8a43505a000a1a9e090d414db404d" },
		{ "20120215", "f4780e2d9f65fa895f9c67b32ce1baf0"
			      "b0d8a43505a000a1a9e090d414db404d" },
		{ "20150830", "c4afb1cc5771d871763a393e44b70357"
			      "1b55cc28424d1a5e86da6ed3c154a4b9" },
	};
	struct s3_creds *creds = NULL;

	assert_int_equal(creds_new("AKIDEXAMPLE",
				   "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
				   NULL, &creds),
			 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		unsigned char key[CREDS_KEY_SIZE];
		char hex[2 * CREDS_KEY_SIZE + 1];

		assert_int_equal(creds_day_key(creds, cases[i].day, "us-east-1",
					       "iam", key),
				 0);
		text_hex(hex, key, sizeof(key));
		assert_string_equal(hex, cases[i].key);
	}
	creds_put(creds);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(v4_signs_aws_own_examples),
		cmocka_unit_test(v4_s_canonical_request_is_aws_own),
		cmocka_unit_test(v2_signs_aws_own_examples),
		cmocka_unit_test(v4_signs_odd_requests_as_botocore_does),
		cmocka_unit_test(v2_signs_odd_requests_as_botocore_does),
		cmocka_unit_test(a_second_signature_replaces_the_first),
		cmocka_unit_test(an_anonymous_request_has_no_signature),
		cmocka_unit_test(
			a_query_that_is_too_long_is_refused_and_not_cut),
		cmocka_unit_test(the_days_key_is_aws_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
