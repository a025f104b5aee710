/* SPDX-License-Identifier: MIT */
/*
 * Presigned URLs: AWS's own example, and URLs that botocore 1.12 of 2018 and
 * botocore of 2025 make alike.
 */
#include "url/presign.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "creds/creds.h"
#include "presign-example.h"

static const struct vector {
	struct s3_options options; /* bucket: examplebucket */
	const char *method;        /* NULL: GET */
	const char *key;           /* NULL: NAME */
	const char *token;
	const char *disposition;
	int64_t expire_s; /* 0: 3600 */
	const char *url;
} vectors[] = {
	{ .options = { .signature = S3_SIGNATURE_V2 },
	  .url = GLOBAL PATH V2 "Q7SDLXP6h8OdwM%2FyhQE1tNmhQ%2FQ%3D" EXPIRES },
	{ .options = { .signature = S3_SIGNATURE_V2,
		       .endpoint_url = "http://127.0.0.1:9000",
		       .addressing = S3_ADDRESSING_PATH },
	  .url = "http://127.0.0.1:9000/examplebucket" PATH V2
		 "Q7SDLXP6h8OdwM%2FyhQE1tNmhQ%2FQ%3D" EXPIRES },
	{ .options = { .signature = S3_SIGNATURE_V2 },
	  .expire_s = 60,
	  .url = GLOBAL PATH V2
	  "NVcYNE4ePtK8%2FYjKYOBjV3WUBNw%3D&Expires=1543579260" },
	{ .options = { .signature = S3_SIGNATURE_V2 },
	  .method = "HEAD",
	  .url = GLOBAL PATH V2 "4rorFNoe1K1nmxG6GTKNkIE7a4Q%3D" EXPIRES },
	{ .options = { .signature = S3_SIGNATURE_V2 },
	  .disposition = DISPOSITION,
	  .url = GLOBAL PATH DISPOSITION_QUERY
	  "&AWSAccessKeyId=AKIDEXAMPLE&Signature="
	  "MezPgMn0vUKrcxhdUtxkcpdxgAY%3D" EXPIRES },
	{ .options = { .signature = S3_SIGNATURE_V2 },
	  .token = "TOKEN/abc+=",
	  .url = GLOBAL PATH V2
	  "NgUEVBhd5Ugn%2BRYDGOBOrFtNNuY%3D"
	  "&x-amz-security-token=TOKEN%2Fabc%2B%3D" EXPIRES },
	{ .options = { .signature = S3_SIGNATURE_V4 },
	  .url = GLOBAL PATH V4(
		  "us-east-1") "45436a2cc66793983cdf99edd1c21096"
			       "d8fb6b6b89ed04be8b577a2c3caea535" },
	{ .options = { .signature = S3_SIGNATURE_V4 },
	  .key = "media/" NAME,
	  .url = GLOBAL
	  "/media" PATH V4("us-east-1") "9ffdaf60d903d9f94f7416023c1b1677"
					"2bba8939a814207dce4c903a6f5887a6" },
	{ .options = { .signature = S3_SIGNATURE_V4 },
	  .disposition = DISPOSITION,
	  .url = GLOBAL PATH DISPOSITION_QUERY
	  "&" V4_("us-east-1", "") "14e9f6784399a690f186fe71d387911a"
				   "f61ab4795ad87928439ba7f1d17046bd" },
	{ .options = { .signature = S3_SIGNATURE_V4 },
	  .token = "TOKEN/abc+=",
	  .url = GLOBAL PATH
	  "?" V4_("us-east-1",
		  "&X-Amz-Security-Token=TOKEN%2Fabc%2B%3D") "78043d37c8f08959"
							     "59aa88ce4ef6e065"
							     "765ff8b2180109cc"
							     "f6929996b89cfbf2" },
	{ .options = { .region = FRA },
	  .url = GLOBAL PATH V4(FRA) "0e7fa1e65a32c0881ef0a066d351a35d"
				     "d701446d85f59a4ae28f7a1e9d24682a" },
	{ .options = { .region = FRA, .addressing = S3_ADDRESSING_VIRTUAL },
	  .url = "https://examplebucket.s3.eu-central-1.amazonaws.com" PATH V4(
		  FRA) "ed6147ea70505718aa626993673031b4"
		       "c13902ae01d660f14abe4a95b41433a8" },
	{ .options = { .region = FRA, .addressing = S3_ADDRESSING_PATH },
	  .url = "https://s3.eu-central-1.amazonaws.com/examplebucket" PATH V4(
		  FRA) "730ce59305cd0795c866d37082fe6584"
		       "9e34cb588cd11d5cd931c3f9356e3e2e" },
	{ .options = { .endpoint_url = "http://127.0.0.1:9000",
		       .region = "garage",
		       .addressing = S3_ADDRESSING_PATH },
	  .url = "http://127.0.0.1:9000/examplebucket" PATH V4(
		  "garage") "d9bae5abf9f9830c5e3dfc23470c49348"
			    "ee2ea7c46d513cc4f39129afed8115f" },
	{ .options = { .anonymous = true }, .url = GLOBAL PATH },
	{ .options = { .anonymous = true, .region = FRA }, .url = GLOBAL PATH },
	{ .options = { .anonymous = true },
	  .disposition = DISPOSITION,
	  .url = GLOBAL PATH "?response-content-disposition="
			     "attachment%3B%20filename%3D%22x%20y.jpg%22" },
};

static void urls_are_those_of_django_storages(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		const struct vector *v = &vectors[i];
		struct s3_options options = v->options;
		struct buf AUTO_BUF url = BUF_INIT(4096);
		struct query query = QUERY_INIT;
		struct s3_creds *creds = NULL;
		struct endpoint e;
		struct presign p = {
			.method = v->method ? v->method : "GET",
			.key = v->key ? v->key : NAME,
			.query = &query,
			.unix_s = NOON,
			.expire_s = v->expire_s ? v->expire_s : 3600,
		};
		const char *region =
			options.region ? options.region : "us-east-1";

		options.bucket = "examplebucket";
		p.version = options.signature;
		if (v->disposition)
			query_add(&query, "response-content-disposition",
				  v->disposition);
		assert_int_equal(endpoint_init(&e, &options, region,
					       ENDPOINT_URLS, NULL),
				 0);
		if (!options.anonymous)
			assert_int_equal(creds_new(ACCESS_KEY, SECRET_KEY,
						   v->token, &creds),
					 0);
		assert_int_equal(presign_url(&e, &p, creds, &url, NULL), 0);
		assert_string_equal(buf_str(&url), v->url);
		endpoint_release(&e);
		creds_put(creds);
	}
}

/* S3 API reference, "Authenticating Requests: Using Query Parameters". */
static void v4_makes_aws_own_example(void **state)
{
	const struct s3_options options = { .bucket = "examplebucket" };
	const struct presign p = {
		.method = "GET",
		.key = "test.txt",
		.version = S3_SIGNATURE_V4,
		.unix_s = 1369353600,
		.expire_s = 86400,
	};
	struct buf AUTO_BUF url = BUF_INIT(4096);
	struct s3_creds *creds = NULL;
	struct endpoint e;

	assert_int_equal(creds_new("AKIAIOSFODNN7EXAMPLE",
				   "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
				   NULL, &creds),
			 0);
	assert_int_equal(endpoint_init(&e, &options, "us-east-1", ENDPOINT_URLS,
				       NULL),
			 0);
	assert_int_equal(presign_url(&e, &p, creds, &url, NULL), 0);
	assert_string_equal(
		buf_str(&url),
		"https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-"
		"Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential="
		"AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2F"
		"aws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400"
		"&X-Amz-SignedHeaders=host&X-Amz-Signature="
		"aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d4"
		"04");
	endpoint_release(&e);
	creds_put(creds);
}

static void a_url_needs_a_key(void **state)
{
	const struct s3_options options = { .bucket = "examplebucket" };
	struct presign p = { .method = "GET", .key = "" };
	struct buf AUTO_BUF url = BUF_INIT(4096);
	struct errinfo err = ERRINFO_INIT;
	struct endpoint e;

	assert_int_equal(endpoint_init(&e, &options, "us-east-1", ENDPOINT_URLS,
				       NULL),
			 0);
	assert_int_equal(presign_url(&e, &p, NULL, &url, &err), -EINVAL);
	assert_int_equal(err.code, -EINVAL);
	p.key = NULL;
	assert_int_equal(presign_url(&e, &p, NULL, &url, NULL), -EINVAL);
	endpoint_release(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(urls_are_those_of_django_storages),
		cmocka_unit_test(v4_makes_aws_own_example),
		cmocka_unit_test(a_url_needs_a_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
