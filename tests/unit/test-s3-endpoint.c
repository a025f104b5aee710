/* SPDX-License-Identifier: MIT */
/*
 * Where buckets are: one row for each rule, as botocore 1.44.5 was seen to
 * send its requests and to write its URLs.
 */
#include "names/endpoint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define AUTO    S3_ADDRESSING_AUTO
#define VIRTUAL S3_ADDRESSING_VIRTUAL
#define BY_PATH S3_ADDRESSING_PATH
#define B63     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define AWS     ".amazonaws.com"

/* url NULL: as requests. */
static const struct place {
	const char *bucket, *region, *endpoint_url;
	enum s3_addressing addressing;
	bool no_ssl;
	const char *requests, *url;
} places[] = {
	/* auto, no endpoint */
	{ "bkt", "us-east-1", NULL, AUTO, 0, "https://bkt.s3" AWS "/k", NULL },
	{ "bkt", "us-west-2", NULL, AUTO, 0,
	  "https://bkt.s3.us-west-2" AWS "/k", "https://bkt.s3" AWS "/k" },
	{ "bkt", "eu-central-1", NULL, AUTO, 0,
	  "https://bkt.s3.eu-central-1" AWS "/k", "https://bkt.s3" AWS "/k" },
	{ "bkt", "eu-new-9", NULL, AUTO, 0, "https://bkt.s3.eu-new-9" AWS "/k",
	  "https://bkt.s3" AWS "/k" },
	{ "bkt", "cn-north-1", NULL, AUTO, 0,
	  "https://bkt.s3.cn-north-1" AWS ".cn/k", NULL },
	{ "bkt", "us-gov-west-1", NULL, AUTO, 0,
	  "https://bkt.s3.us-gov-west-1" AWS "/k", NULL },
	{ "bkt", "us-iso-east-1", NULL, AUTO, 0,
	  "https://bkt.s3.us-iso-east-1.c2s.ic.gov/k", NULL },
	{ "bkt", "us-isob-east-1", NULL, AUTO, 0,
	  "https://bkt.s3.us-isob-east-1.sc2s.sgov.gov/k", NULL },
	{ "bkt", "eusc-de-east-1", NULL, AUTO, 0,
	  "https://bkt.s3.eusc-de-east-1.amazonaws.eu/k", NULL },
	/* names that are no part of a host */
	{ "b.kt", "us-east-1", NULL, AUTO, 0, "https://s3" AWS "/b.kt/k",
	  NULL },
	{ "b.kt", "eu-central-1", NULL, AUTO, 0,
	  "https://s3.eu-central-1" AWS "/b.kt/k", NULL },
	{ "b_kt", "eu-central-1", NULL, AUTO, 0,
	  "https://s3.eu-central-1" AWS "/b_kt/k", NULL },
	{ "Bkt", "eu-central-1", NULL, AUTO, 0,
	  "https://s3.eu-central-1" AWS "/Bkt/k", NULL },
	{ "ab", "eu-central-1", NULL, AUTO, 0,
	  "https://s3.eu-central-1" AWS "/ab/k", NULL },
	{ B63, "us-east-1", NULL, AUTO, 0, "https://" B63 ".s3" AWS "/k",
	  NULL },
	{ B63 "a", "us-east-1", NULL, AUTO, 0, "https://s3" AWS "/" B63 "a/k",
	  NULL },
	{ "-ab", "us-east-1", NULL, AUTO, 0, "https://s3" AWS "/-ab/k", NULL },
	{ "ab-", "us-east-1", NULL, AUTO, 0, "https://s3" AWS "/ab-/k", NULL },
	{ "1.2.3.4", "us-east-1", NULL, AUTO, 0, "https://s3" AWS "/1.2.3.4/k",
	  NULL },
	{ "xn--foo", "us-east-1", NULL, AUTO, 0, "https://xn--foo.s3" AWS "/k",
	  NULL },
	/* auto, custom endpoint: path, base and port kept, region unseen */
	{ "bkt", "us-east-1", "http://127.0.0.1:9000", AUTO, 0,
	  "http://127.0.0.1:9000/bkt/k", NULL },
	{ "bkt", "eu-central-1", "https://h.example", AUTO, 0,
	  "https://h.example/bkt/k", NULL },
	{ "bkt", "us-east-1", "http://h.example:9000/base/", AUTO, 0,
	  "http://h.example:9000/base/bkt/k", NULL },
	{ "bkt", "us-east-1", "https://s3.eu-central-1" AWS, AUTO, 0,
	  "https://s3.eu-central-1" AWS "/bkt/k", NULL },
	{ "bkt", "garage", "https://h.example", AUTO, true,
	  "https://h.example/bkt/k", NULL },
	{ "bkt", "us-east-1", "HTTPS://H.Example:443//", AUTO, 0,
	  "https://h.example/bkt/k", NULL },
	{ "bkt", "us-east-1", "http://h.example:80", AUTO, 0,
	  "http://h.example/bkt/k", NULL },
	{ "bkt", "us-east-1", "http://h.example:443", AUTO, 0,
	  "http://h.example:443/bkt/k", NULL },
	{ "bkt", "us-east-1", "http://[::1]:9000", AUTO, 0,
	  "http://[::1]:9000/bkt/k", NULL },
	{ "bkt", "us-east-1", "http://h/b%20a", AUTO, 0, "http://h/b%20a/bkt/k",
	  NULL },
	{ "b@k", "us-east-1", "http://h", AUTO, 0, "http://h/b%40k/k", NULL },
	/* virtual */
	{ "bkt", "us-east-1", NULL, VIRTUAL, 0, "https://bkt.s3" AWS "/k",
	  NULL },
	{ "bkt", "us-west-2", NULL, VIRTUAL, 0,
	  "https://bkt.s3.us-west-2" AWS "/k", NULL },
	{ "bkt", "us-east-1", "http://h.example:9000", VIRTUAL, 0,
	  "http://bkt.h.example:9000/k", NULL },
	{ "bkt", "us-east-1", "https://h.example/base", VIRTUAL, 0,
	  "https://bkt.h.example/base/k", NULL },
	{ "bkt", "us-east-1", "http://localhost:9000", VIRTUAL, 0,
	  "http://bkt.localhost:9000/k", NULL },
	{ "bkt", "us-east-1", "http://127.0.0.1:9000", VIRTUAL, 0,
	  "http://127.0.0.1:9000/bkt/k", NULL },
	{ "bkt", "us-east-1", "https://[::1]", VIRTUAL, 0,
	  "https://[::1]/bkt/k", NULL },
	{ "b.kt", "eu-central-1", NULL, VIRTUAL, 0,
	  "https://s3.eu-central-1" AWS "/b.kt/k", NULL },
	{ "b.kt", "us-east-1", "http://h.example:9000", VIRTUAL, 0,
	  "http://b.kt.h.example:9000/k", NULL },
	{ "b.kt", "us-east-1", "https://h.example", VIRTUAL, 0,
	  "https://h.example/b.kt/k", NULL },
	{ "a..b", "us-east-1", "http://h.example", VIRTUAL, 0,
	  "http://h.example/a..b/k", NULL },
	{ "1.2.3.4", "us-east-1", "http://h.example", VIRTUAL, 0,
	  "http://h.example/1.2.3.4/k", NULL },
	{ "Bkt", "us-east-1", "http://h.example", VIRTUAL, 0,
	  "http://h.example/Bkt/k", NULL },
	/* path */
	{ "bkt", "us-east-1", NULL, BY_PATH, 0, "https://s3" AWS "/bkt/k",
	  NULL },
	{ "bkt", "us-west-2", NULL, BY_PATH, 0,
	  "https://s3.us-west-2" AWS "/bkt/k", NULL },
	{ "bkt", "cn-north-1", NULL, BY_PATH, 0,
	  "https://s3.cn-north-1" AWS ".cn/bkt/k", NULL },
	{ "bkt", "us-east-1", "https://h.example/base", BY_PATH, 0,
	  "https://h.example/base/bkt/k", NULL },
	/* no TLS */
	{ "bkt", "us-east-1", NULL, AUTO, true, "http://bkt.s3" AWS "/k",
	  NULL },
	{ "bkt", "eu-west-1", NULL, BY_PATH, true,
	  "http://s3.eu-west-1" AWS "/bkt/k", NULL },
};

static void check_place(const struct place *p, enum endpoint_use use,
			const char *expected)
{
	const struct s3_options options = {
		.bucket = p->bucket,
		.endpoint_url = p->endpoint_url,
		.addressing = p->addressing,
		.no_ssl = p->no_ssl,
	};
	struct buf AUTO_BUF url = BUF_INIT(4096);
	struct endpoint e;

	assert_int_equal(endpoint_init(&e, &options, p->region, use, NULL), 0);
	endpoint_url(&e, "k", NULL, &url);
	assert_string_equal(buf_str(&url), expected);
	assert_string_equal(e.region, p->region);
	endpoint_release(&e);
}

static void a_bucket_is_where_botocore_sends_its_requests(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		check_place(&places[i], ENDPOINT_REQUESTS, places[i].requests);
}

static void a_url_has_the_host_that_botocore_gives_it(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		check_place(&places[i], ENDPOINT_URLS,
			    places[i].url ? places[i].url : places[i].requests);
}

/* However a bucket is reached, it is the same; and no two are. */
static void a_bucket_has_one_place(void **state)
{
	static const struct place same[][3] = {
		{ { "bkt", "us-east-1", NULL, AUTO, 0, "", NULL },
		  { "bkt", "eu-central-1", NULL, BY_PATH, 0, "", NULL },
		  { "bkt", "us-gov-west-1", NULL, VIRTUAL, 0, "", NULL } },
		{ { "bkt", "cn-north-1", NULL, AUTO, 0, "", NULL },
		  { "bkt", "cn-north-1", NULL, BY_PATH, 0, "", NULL },
		  { "bkt", "cn-northwest-1", NULL, VIRTUAL, 0, "", NULL } },
		{ { "bkt", "us-east-1", "http://h:9/base/", AUTO, 0, "", NULL },
		  { "bkt", "r", "http://H:9/base", BY_PATH, 0, "", NULL },
		  { "bkt", "r", "http://h:9/base", VIRTUAL, 0, "", NULL } },
		{ { "b@k", "us-east-1", "https://h", AUTO, 0, "", NULL },
		  { "b@k", "r", "https://h:443/", BY_PATH, 0, "", NULL },
		  { "b@k", "r", "https://h", VIRTUAL, 0, "", NULL } },
	};
	static const char *const expected[] = {
		"https://amazonaws.com/bkt",
		"https://amazonaws.com.cn/bkt",
		"http://h:9/base/bkt",
		"https://h/b%40k",
	};

	for (size_t i = 0; i < ARRAY_SIZE(same) * ARRAY_SIZE(same[0]); i++) {
		const struct place *p = &same[i / 3][i % 3];
		const struct s3_options options = {
			.bucket = p->bucket,
			.endpoint_url = p->endpoint_url,
			.addressing = p->addressing,
		};
		struct buf AUTO_BUF place = BUF_INIT(4096);
		struct endpoint e;

		assert_int_equal(endpoint_init(&e, &options, p->region,
					       ENDPOINT_REQUESTS, NULL),
				 0);
		endpoint_place(&e, &place);
		assert_string_equal(buf_str(&place), expected[i / 3]);
		endpoint_release(&e);
	}
}

static void keys_are_encoded_but_for_slashes(void **state)
{
	static const struct {
		const char *key, *path;
	} cases[] = {
		{ NULL, "/base/bkt" },
		{ "", "/base/bkt/" },
		{ "azAZ09-._~", "/base/bkt/azAZ09-._~" },
		{ "a//b/./../c/", "/base/bkt/a//b/./../c/" },
		{ "\xc3\xa4 b+c", "/base/bkt/%C3%A4%20b%2Bc" },
		{ "!*'()", "/base/bkt/%21%2A%27%28%29" },
		{ "a?b#c&d=e%f", "/base/bkt/a%3Fb%23c%26d%3De%25f" },
		{ "\n\x01\x7f\\", "/base/bkt/%0A%01%7F%5C" },
	};
	const struct s3_options options = {
		.bucket = "bkt",
		.endpoint_url = "http://h/base",
	};
	struct endpoint e;

	assert_int_equal(endpoint_init(&e, &options, "us-east-1",
				       ENDPOINT_REQUESTS, NULL),
			 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct buf AUTO_BUF path = BUF_INIT(4096);
		struct buf AUTO_BUF resource = BUF_INIT(4096);

		endpoint_path(&e, cases[i].key, &path);
		assert_string_equal(buf_str(&path), cases[i].path);
		endpoint_resource(&e, cases[i].key, &resource);
		assert_string_equal(buf_str(&resource),
				    cases[i].path + strlen("/base"));
	}
	endpoint_release(&e);
}

/* As botocore has it: some servers verify no other form. */
static void a_bucket_in_the_host_leaves_a_slash(void **state)
{
	const struct s3_options options = { .bucket = "bkt" };
	struct buf AUTO_BUF path = BUF_INIT(4096);
	struct buf AUTO_BUF resource = BUF_INIT(4096);
	struct endpoint e;

	assert_int_equal(endpoint_init(&e, &options, "us-east-1",
				       ENDPOINT_REQUESTS, NULL),
			 0);
	assert_true(e.is_virtual);
	endpoint_path(&e, NULL, &path);
	assert_string_equal(buf_str(&path), "/");
	endpoint_resource(&e, NULL, &resource);
	assert_string_equal(buf_str(&resource), "/bkt/");
	endpoint_release(&e);
}

static void a_query_is_encoded_once_and_sorted_for_signing(void **state)
{
	struct buf AUTO_BUF out = BUF_INIT(4096);
	struct query query = QUERY_INIT;

	query_write(&query, &out);
	query_write_canonical(&query, &out);
	assert_string_equal(buf_str(&out), "");
	query_add(&query, "uploads", NULL);
	query_add(&query, "a-b", "1");
	query_add(&query, "a", "x y/z+");
	query_add(&query, "a", "");
	query_write(&query, &out);
	assert_string_equal(buf_str(&out), "?uploads&a-b=1&a=x%20y%2Fz%2B&a=");
	buf_clear(&out);
	query_write_canonical(&query, &out);
	assert_string_equal(buf_str(&out), "a=&a=x%20y%2Fz%2B&a-b=1&uploads=");
}

static void what_cannot_be_is_refused_with_a_sentence(void **state)
{
	static const struct {
		const char *bucket, *region, *endpoint_url, *says;
	} cases[] = {
		{ NULL, "r", NULL, "no bucket" },
		{ "", "r", NULL, "no bucket" },
		{ "a/b", "r", NULL, "a/b" },
		{ "a b", "r", NULL, "blank" },
		{ "a\nb", "r", NULL, "control" },
		{ ".", "r", NULL, "no name" },
		{ "..", "r", NULL, "no name" },
		{ "bkt", "eu west", NULL, "eu west" },
		{ "bkt", "evil.example/", NULL, "evil.example/" },
		{ "bkt", "-x", NULL, "-x" },
		{ "bkt", B63 "a", NULL, "63" },
		{ "bkt", "r", "h.example:9000", "http://" },
		{ "bkt", "r", "h.example", "http://" },
		{ "bkt", "r", "ftp://h.example", "http://" },
		{ "bkt", "r", "http://", "no host" },
		{ "bkt", "r", "http:///x", "no host" },
		{ "bkt", "r", "http://:80", "no host" },
		{ "bkt", "r", "http://h:0", "no host" },
		{ "bkt", "r", "http://h:65536", "no host" },
		{ "bkt", "r", "http://h:9a", "no host" },
		{ "bkt", "r", "http://[::1", "no host" },
		{ "bkt", "r", "http://[x]", "no host" },
		{ "bkt", "r", "http://h\xc3\xa4", "no host" },
		{ "bkt", "r", "http://h h", "no host" },
		{ "bkt", "r", "http://h/a b", "%XX" },
		{ "bkt", "r", "http://h/?x=1", "?" },
		{ "bkt", "r", "http://h#x", "?" },
		{ "bkt", "r", "http://me:secret@h/", "leave these out" },
		{ "bkt", "r", "gopher://me:secret@h/", "leave these out" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct s3_options options = {
			.bucket = cases[i].bucket,
			.endpoint_url = cases[i].endpoint_url,
		};
		struct errinfo err = ERRINFO_INIT;
		struct endpoint e;

		assert_int_equal(endpoint_init(&e, &options, cases[i].region,
					       ENDPOINT_REQUESTS, &err),
				 -EINVAL);
		assert_non_null(strstr(err.text, cases[i].says));
		assert_null(strstr(err.text, "secret"));
	}
}

static void a_region_comes_from_the_first_that_says_one(void **state)
{
	struct s3_options options = { .region = "from-options" };

	assert_int_equal(setenv("AWS_DEFAULT_REGION", "from-default", 1), 0);
	assert_int_equal(setenv("AWS_REGION", "from-env", 1), 0);
	assert_string_equal(endpoint_region(&options, "from-profile"),
			    "from-options");
	options.region = "";
	assert_string_equal(endpoint_region(&options, "from-profile"),
			    "from-default");
	unsetenv("AWS_DEFAULT_REGION");
	assert_string_equal(endpoint_region(&options, "from-profile"),
			    "from-env");
	assert_int_equal(setenv("AWS_REGION", "", 1), 0);
	assert_string_equal(endpoint_region(&options, "from-profile"),
			    "from-profile");
	assert_string_equal(endpoint_region(&options, ""), "us-east-1");
	assert_string_equal(endpoint_region(&options, NULL), "us-east-1");
	unsetenv("AWS_REGION");
}

static const struct redirect {
	const char *endpoint_url;
	enum s3_addressing addressing;
	const char *location;
	int result;
	const char *url, *region; /* of key "k" */
} redirects[] = {
	/* What S3 answers for a bucket that is a few minutes old. */
	{ NULL, AUTO, "https://bkt.s3-us-west-2" AWS "/k?x=1", 0,
	  "https://bkt.s3-us-west-2" AWS "/k", "us-west-2" },
	{ NULL, AUTO, "https://bkt.s3.eu-west-1" AWS "/k", 0,
	  "https://bkt.s3.eu-west-1" AWS "/k", "eu-west-1" },
	{ NULL, AUTO, "https://s3.eu-west-1" AWS "/bkt/k", 0,
	  "https://s3.eu-west-1" AWS "/bkt/k", "eu-west-1" },
	{ NULL, BY_PATH, "https://bkt.s3.eu-west-1" AWS "/k", 0,
	  "https://bkt.s3.eu-west-1" AWS "/k", "eu-west-1" },
	{ NULL, AUTO, "https://bkt.s3-external-1" AWS "/k", 0,
	  "https://bkt.s3-external-1" AWS "/k", "r-0" },
	/* Never there: others have names under amazonaws.com as well. */
	{ NULL, AUTO, "http://bkt.s3.eu-west-1" AWS "/k", -EPERM, NULL, NULL },
	{ NULL, AUTO, "https://bkt.ec2-1-2-3-4.compute" AWS "/k", -EPERM, NULL,
	  NULL },
	{ NULL, AUTO, "https://evil.example/bkt/k", -EPERM, NULL, NULL },
	{ NULL, AUTO, "https://bkt.s3.evil.example/k", -EPERM, NULL, NULL },
	{ NULL, AUTO, "https://s3.amazonaws.com.evil.example/bkt/k", -EPERM,
	  NULL, NULL },
	{ NULL, AUTO, "https://s3.eu-west-1" AWS "/other/k", -EINVAL, NULL,
	  NULL },
	{ NULL, AUTO, "https://s3.eu-west-1" AWS "/bktx/k", -EINVAL, NULL,
	  NULL },
	{ NULL, AUTO, "/bkt/k", -EINVAL, NULL, NULL },
	{ NULL, AUTO, "", -EINVAL, NULL, NULL },
	{ NULL, AUTO, "https://me@s3" AWS "/bkt/k", -EINVAL, NULL, NULL },
	/* Other servers: themselves, and names below theirs. */
	{ "http://h.example:9000", AUTO, "http://h.example:9001/bkt/k", 0,
	  "http://h.example:9001/bkt/k", "r-0" },
	{ "http://h.example", AUTO, "https://h.example/bkt/", 0,
	  "https://h.example/bkt/k", "r-0" },
	{ "http://h.example", AUTO, "http://n1.h.example/bkt/k", 0,
	  "http://n1.h.example/bkt/k", "r-0" },
	{ "http://h.example", AUTO, "http://bkt.h.example/k", 0,
	  "http://bkt.h.example/k", "r-0" },
	{ "http://h.example/base", AUTO, "http://h.example/base/bkt/k", 0,
	  "http://h.example/base/bkt/k", "r-0" },
	{ "http://bkt.example", AUTO, "http://bkt.example:81/bkt/k", 0,
	  "http://bkt.example:81/bkt/k", "r-0" },
	{ "http://127.0.0.1:9000", AUTO, "http://127.0.0.1:9001/bkt/k", 0,
	  "http://127.0.0.1:9001/bkt/k", "r-0" },
	{ "http://[::1]:9000", AUTO, "http://[::1]:9001/bkt/k", 0,
	  "http://[::1]:9001/bkt/k", "r-0" },
	{ "http://h.example", VIRTUAL, "http://bkt.n1.h.example/k", 0,
	  "http://bkt.n1.h.example/k", "r-0" },
	{ "https://h.example", AUTO, "http://h.example/bkt/k", -EPERM, NULL,
	  NULL },
	{ "http://h.example", AUTO, "http://xh.example/bkt/k", -EPERM, NULL,
	  NULL },
	{ "http://h.example", AUTO, "http://example/bkt/k", -EPERM, NULL,
	  NULL },
	{ "http://h.example", AUTO, "http://s3" AWS "/bkt/k", -EPERM, NULL,
	  NULL },
	{ "http://h.example", AUTO, "http://h.example/k", -EINVAL, NULL, NULL },
};

static void a_redirect_is_followed_to_the_same_service_only(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(redirects); i++) {
		const struct redirect *r = &redirects[i];
		const struct s3_options options = {
			.bucket = "bkt",
			.endpoint_url = r->endpoint_url,
			.addressing = r->addressing,
		};
		struct buf AUTO_BUF url = BUF_INIT(4096);
		struct errinfo err = ERRINFO_INIT;
		struct endpoint e, out;

		assert_int_equal(endpoint_init(&e, &options, "r-0",
					       ENDPOINT_REQUESTS, NULL),
				 0);
		assert_int_equal(endpoint_redirect(&e, r->location, &out, &err),
				 r->result);
		if (r->result == 0) {
			endpoint_url(&out, "k", NULL, &url);
			assert_string_equal(buf_str(&url), r->url);
			assert_string_equal(out.region, r->region);
		} else {
			assert_int_equal(err.code, r->result);
		}
		endpoint_release(&out);
		endpoint_release(&e);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bucket_is_where_botocore_sends_its_requests),
		cmocka_unit_test(a_url_has_the_host_that_botocore_gives_it),
		cmocka_unit_test(a_bucket_has_one_place),
		cmocka_unit_test(keys_are_encoded_but_for_slashes),
		cmocka_unit_test(a_bucket_in_the_host_leaves_a_slash),
		cmocka_unit_test(
			a_query_is_encoded_once_and_sorted_for_signing),
		cmocka_unit_test(what_cannot_be_is_refused_with_a_sentence),
		cmocka_unit_test(a_region_comes_from_the_first_that_says_one),
		cmocka_unit_test(
			a_redirect_is_followed_to_the_same_service_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
