/* SPDX-License-Identifier: MIT */
/*
 * URLs by the client's options: those that django-storages with botocore of
 * 2018 and 2025 makes, custom domains, CloudFront, and what is refused.
 */
#include "client/client.h"
#include "url.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "client/request.h"
#include "clock.h"
#include "presign-example.h"

#define LOCAL "http://127.0.0.1:9000"

static struct s3_client *new_client(const struct s3_options *given,
				    struct errinfo *err)
{
	struct s3_options options = *given;
	struct s3_client *c = NULL;
	int rc;

	options.bucket = "examplebucket";
	if (!options.region)
		options.region = "us-east-1";
	if (!options.anonymous) {
		options.access_key = ACCESS_KEY;
		options.secret_key = SECRET_KEY;
	}
	rc = s3_client_new(NULL, &options, &c, err);
	assert_int_equal(rc == 0, c != NULL);
	return c;
}

/* The server's clock is at noon, also if a second ends under our hands. */
static int url_at_noon(struct s3_client *c, const struct s3_url *url,
		       struct buf *out, struct errinfo *err)
{
	int rc;

	do {
		buf_clear(out);
		atomic_store(&c->clock_offset_s,
			     NOON - clock_wall_ns() / 1000000000);
		rc = s3_url(c, url, out, err);
	} while (client_now_s(c) != NOON);
	return rc;
}

static const struct vector {
	struct s3_options options; /* but bucket and keys */
	struct s3_url url;         /* key NULL: NAME */
	const char *param[2];
	const char *text;
} vectors[] = {
	{ .options = { .signature = S3_SIGNATURE_V2 },
	  .text = GLOBAL PATH V2 "Q7SDLXP6h8OdwM%2FyhQE1tNmhQ%2FQ%3D" EXPIRES },
	{ .options = { .signature = S3_SIGNATURE_V2,
		       .endpoint_url = LOCAL,
		       .addressing = S3_ADDRESSING_PATH },
	  .text = LOCAL "/examplebucket" PATH V2
			"Q7SDLXP6h8OdwM%2FyhQE1tNmhQ%2FQ%3D" EXPIRES },
	{ .options = { .signature = S3_SIGNATURE_V2 },
	  .url = { .has_expire = true, .expire_s = 60 },
	  .text = GLOBAL PATH V2
	  "NVcYNE4ePtK8%2FYjKYOBjV3WUBNw%3D&Expires=1543579260" },
	{ .options = { .signature = S3_SIGNATURE_V2,
		       .url = { .expire_s = 60 } },
	  .text = GLOBAL PATH V2
	  "NVcYNE4ePtK8%2FYjKYOBjV3WUBNw%3D&Expires=1543579260" },
	{ .options = { .signature = S3_SIGNATURE_V2 },
	  .url = { .method = "HEAD" },
	  .text = GLOBAL PATH V2 "4rorFNoe1K1nmxG6GTKNkIE7a4Q%3D" EXPIRES },
	{ .options = { .signature = S3_SIGNATURE_V2 },
	  .param = { "ResponseContentDisposition", DISPOSITION },
	  .text = GLOBAL PATH DISPOSITION_QUERY
	  "&AWSAccessKeyId=AKIDEXAMPLE&Signature="
	  "MezPgMn0vUKrcxhdUtxkcpdxgAY%3D" EXPIRES },
	{ .options = { .signature = S3_SIGNATURE_V2,
		       .session_token = "TOKEN/abc+=" },
	  .text = GLOBAL PATH V2
	  "NgUEVBhd5Ugn%2BRYDGOBOrFtNNuY%3D"
	  "&x-amz-security-token=TOKEN%2Fabc%2B%3D" EXPIRES },
	{ .text = GLOBAL PATH V4(
		  "us-east-1") "45436a2cc66793983cdf99edd1c21096"
			       "d8fb6b6b89ed04be8b577a2c3caea535" },
	{ .url = { .key = "media/" NAME },
	  .text = GLOBAL
	  "/media" PATH V4("us-east-1") "9ffdaf60d903d9f94f7416023c1b1677"
					"2bba8939a814207dce4c903a6f5887a6" },
	{ .param = { "ResponseContentDisposition", DISPOSITION },
	  .text = GLOBAL PATH DISPOSITION_QUERY
	  "&" V4_("us-east-1", "") "14e9f6784399a690f186fe71d387911a"
				   "f61ab4795ad87928439ba7f1d17046bd" },
	{ .options = { .session_token = "TOKEN/abc+=" },
	  .text = GLOBAL PATH
	  "?" V4_("us-east-1",
		  "&X-Amz-Security-Token=TOKEN%2Fabc%2B%3D") "78043d37c8f08959"
							     "59aa88ce4ef6e065"
							     "765ff8b2180109cc"
							     "f6929996b89cfbf2" },
	{ .options = { .region = FRA },
	  .text = GLOBAL PATH V4(FRA) "0e7fa1e65a32c0881ef0a066d351a35d"
				      "d701446d85f59a4ae28f7a1e9d24682a" },
	{ .options = { .region = FRA, .addressing = S3_ADDRESSING_VIRTUAL },
	  .text = "https://examplebucket.s3.eu-central-1.amazonaws.com" PATH V4(
		  FRA) "ed6147ea70505718aa626993673031b4"
		       "c13902ae01d660f14abe4a95b41433a8" },
	{ .options = { .region = FRA, .addressing = S3_ADDRESSING_PATH },
	  .text = "https://s3.eu-central-1.amazonaws.com/examplebucket" PATH V4(
		  FRA) "730ce59305cd0795c866d37082fe6584"
		       "9e34cb588cd11d5cd931c3f9356e3e2e" },
	{ .options = { .endpoint_url = LOCAL,
		       .region = "garage",
		       .addressing = S3_ADDRESSING_PATH },
	  .text = LOCAL "/examplebucket" PATH V4(
		  "garage") "d9bae5abf9f9830c5e3dfc23470c4934"
			    "8ee2ea7c46d513cc4f39129afed8115f" },
	{ .options = { .url = { .is_bare = true } }, .text = GLOBAL PATH },
	{ .options = { .anonymous = true, .region = FRA },
	  .text = GLOBAL PATH },
	{ .options = { .url = { .is_bare = true } },
	  .param = { "ResponseContentDisposition", DISPOSITION },
	  .text = GLOBAL PATH DISPOSITION_QUERY },
	{ .options = { .url = { .is_bare = true } },
	  .param = { "ResponseExpires", "2015-10-21T07:28:00Z" },
	  .text = GLOBAL PATH "?response-expires=Wed%2C%2021%20Oct%202015"
			      "%2007%3A28%3A00%20GMT" },
	{ .options = { .url = { .is_bare = true } },
	  .param = { "ResponseExpires", "1445412480" },
	  .text = GLOBAL PATH "?response-expires=Wed%2C%2021%20Oct%202015"
			      "%2007%3A28%3A00%20GMT" },
	{ .options = { .url = { .is_bare = true } },
	  .url = { .key = "\xc3\xbc~!*()'+=&?#%.txt" },
	  .text = GLOBAL "/%C3%BC~%21%2A%28%29%27%2B%3D%26%3F%23%25.txt" },
	{ .options = { .url = { .is_bare = true } },
	  .url = { .key = "path/1/" },
	  .text = GLOBAL "/path/1/" },
	/* Custom domains. */
	{ .options = { .url = { .custom_domain = "example.com" } },
	  .url = { .key = "" },
	  .text = "https://example.com/" },
	{ .options = { .url = { .custom_domain = "example.com",
				.protocol = "http:" } },
	  .url = { .key = "path/1/" },
	  .text = "http://example.com/path/1/" },
	{ .options = { .url = { .custom_domain = "example.com/static" } },
	  .url = { .key = "whacky & filename.mp4" },
	  .text = "https://example.com/static/whacky%20%26%20filename.mp4" },
	{ .options = { .url = { .custom_domain = "example.com" } },
	  .url = { .key = "\xc3\xbc~!*()'+=&?#%.txt" },
	  .text = "https://example.com/"
		  "%C3%BC~!*()'%2B%3D%26%3F%23%25.txt" },
	{ .options = { .url = { .custom_domain = "example.com" } },
	  .url = { .key = "a.mp4" },
	  .param = { "version", "10 & more/\xc3\xa4~" },
	  .text = "https://example.com/a.mp4?version=10+%26+more%2F%C3%A4~" },
	/* CloudFront; made with botocore.signers.CloudFrontSigner. */
	{ .options = { .url = { .custom_domain = "d111.cloudfront.net",
				.cloudfront_key_id = "KEYPAIRID",
				.cloudfront_key = RSA_KEY } },
	  .text = "https://d111.cloudfront.net" PATH "?Expires=1543582800"
		  "&Signature=5yLkk1KVcGhzWCIk6z3PnsPEc87nFHO9seYbtUybWUYMHrOtd"
		  "hD3ObpdIP2qMe204Cm5Cm6J1Tc3Nv5YauvOjk9wzYL64dOc4RlJcvZ4D6357"
		  "mFyeFCC2wSBoKyHws~XpYyK5uABxaJ6X8yKSK90mq5MlNSJt3zDJufsSeD3H"
		  "OQ_&Key-Pair-Id=KEYPAIRID" },
	{ .options = { .url = { .custom_domain = "d111.cloudfront.net",
				.cloudfront_key_id = "KEYPAIRID",
				.cloudfront_key = RSA_KEY } },
	  .param = { "a", "b" },
	  .text = "https://d111.cloudfront.net" PATH "?a=b&Expires=1543582800"
		  "&Signature=utcsq58Ep5p83oCzzPq16swRAI-~kCI2haoRZjnxMKagrdsh5"
		  "3rByRyTVVFv4x5FmocPGse74Hubg3zWUcPumiBziY6ioD7C41KR6WtJF~TN9"
		  "TqHbwyoafthxJquaIiv4PdX5FmgotonQ~2vGt06enGoQuWyNzYOpNYRCbK3A"
		  "hY_&Key-Pair-Id=KEYPAIRID" },
	{ .options = { .url = { .custom_domain = "d111.cloudfront.net",
				.is_bare = true,
				.cloudfront_key_id = "KEYPAIRID",
				.cloudfront_key = RSA_KEY } },
	  .text = "https://d111.cloudfront.net" PATH },
	/* A key for CloudFront is no matter without its domain. */
	{ .options = { .signature = S3_SIGNATURE_V2,
		       .url = { .cloudfront_key_id = "KEYPAIRID",
				.cloudfront_key = RSA_KEY } },
	  .text = GLOBAL PATH V2 "Q7SDLXP6h8OdwM%2FyhQE1tNmhQ%2FQ%3D" EXPIRES },
};

static void urls_are_those_of_django_storages(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		const struct vector *v = &vectors[i];
		AUTO_BUF struct buf out = BUF_INIT(4096);
		struct errinfo err = ERRINFO_INIT;
		struct s3_client *c = new_client(&v->options, &err);
		struct s3_url url = v->url;

		assert_string_equal(err.text, "");
		assert_non_null(c);
		if (!url.key)
			url.key = NAME;
		if (v->param[0])
			assert_int_equal(pairs_set(&url.params, v->param[0],
						   v->param[1]),
					 0);
		assert_int_equal(url_at_noon(c, &url, &out, &err), 0);
		assert_string_equal(buf_str(&out), v->text);
		pairs_release(&url.params);
		s3_client_free(c);
	}
}

static const struct {
	struct s3_options options;
	struct s3_url url;
	const char *param[2];
	const char *says; /* in err; NULL: it is all right */
} askings[] = {
	{ .url = { .key = "" }, .says = "name of an object" },
	{ .url = { .has_expire = true }, .says = "expire = 0" },
	{ .url = { .has_expire = true, .expire_s = -1 },
	  .says = "expire = -1" },
	{ .options = { .signature = S3_SIGNATURE_V2 },
	  .url = { .has_expire = true, .expire_s = 604801 } },
	{ .url = { .has_expire = true, .expire_s = 604800 } },
	{ .url = { .has_expire = true, .expire_s = 604801 },
	  .says = "604800 seconds (a week)" },
	{ .options = { .url = { .is_bare = true } },
	  .url = { .has_expire = true, .expire_s = 604801 } },
	{ .options = { .url = { .custom_domain = "d111.cloudfront.net",
				.cloudfront_key_id = "KEYPAIRID",
				.cloudfront_key = RSA_KEY } },
	  .url = { .has_expire = true },
	  .says = "expire = 0" },
	{ .url = { .method = "PUT" } },
	{ .url = { .method = "DELETE" }, .says = "not for DELETE" },
	{ .url = { .method = "head" }, .says = "not for head" },
	{ .param = { "VersionId", "x" } },
	{ .param = { "PartNumber", "1" } },
	{ .param = { "ResponseCacheControl", "no-cache" } },
	{ .param = { "ResponseContentLanguage", "de" } },
	{ .param = { "ResponseContentEncoding", "gzip" } },
	{ .param = { "ResponseContentTyp", "text/plain" },
	  .says = "did you mean ResponseContentType?" },
	{ .param = { "response-content-type", "text/plain" },
	  .says = "did you mean ResponseContentType?" },
	{ .param = { "responsecontenttype", "text/plain" },
	  .says = "did you mean ResponseContentType?" },
	{ .param = { "ResponseExpires", "tomorrow" }, .says = "2030-01-31" },
};

static void what_cannot_be_is_refused_with_words(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(askings); i++) {
		AUTO_BUF struct buf out = BUF_INIT(4096);
		struct errinfo err = ERRINFO_INIT;
		struct s3_client *c = new_client(&askings[i].options, &err);
		const char *says = askings[i].says;
		struct s3_url url = askings[i].url;

		assert_non_null(c);
		if (!url.key)
			url.key = "a";
		if (askings[i].param[0])
			assert_int_equal(pairs_set(&url.params,
						   askings[i].param[0],
						   askings[i].param[1]),
					 0);
		assert_int_equal(s3_url(c, &url, &out, &err),
				 says ? -EINVAL : 0);
		assert_non_null(strstr(err.text, says ? says : ""));
		assert_int_equal(out.len == 0, says != NULL);
		pairs_release(&url.params);
		s3_client_free(c);
	}
}

static const struct {
	struct s3_options options;
	const char *says;
} starts[] = {
	{ { .url = { .cloudfront_key_id = "K" } },
	  "AWS_CLOUDFRONT_KEY_ID and AWS_CLOUDFRONT_KEY must be provided "
	  "together." },
	{ { .url = { .cloudfront_key = RSA_KEY } },
	  "AWS_CLOUDFRONT_KEY_ID and AWS_CLOUDFRONT_KEY must be provided "
	  "together." },
	{ { .url = { .cloudfront_key_id = "K",
		     .cloudfront_key = "-----BEGIN nonsense" } },
	  "AWS_CLOUDFRONT_KEY is no private RSA key" },
	{ { .url = { .cloudfront_key_id = "K",
		     .cloudfront_key = "/nowhere/key.pem" } },
	  "AWS_CLOUDFRONT_KEY /nowhere/key.pem: No such file" },
	{ { .url = { .custom_domain = "https://cdn.example.com" } },
	  "only the host" },
	{ { .url = { .custom_domain = "cdn.example.com/" } }, "only the host" },
	{ { .url = { .custom_domain = "cdn.example.com?x" } },
	  "a character that no host has" },
	{ { .url = { .expire_s = 604801 } },
	  "AWS_QUERYSTRING_EXPIRE = 604801" },
	{ { .region = FRA, .url = { .expire_s = 604801 } },
	  "AWS_QUERYSTRING_EXPIRE = 604801" },
};

static void the_start_names_the_setting_that_is_wrong(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(starts); i++) {
		struct errinfo err = ERRINFO_INIT;

		assert_null(new_client(&starts[i].options, &err));
		assert_non_null(strstr(err.text, starts[i].says));
		assert_null(strstr(err.text, "BEGIN"));
	}
}

static void version_2_may_be_valid_for_more_than_a_week(void **state)
{
	const struct s3_options options = {
		.signature = S3_SIGNATURE_V2,
		.url = { .expire_s = 31536000 },
	};
	struct errinfo err = ERRINFO_INIT;
	struct s3_client *c = new_client(&options, &err);

	assert_non_null(c);
	s3_client_free(c);
}

/* Writes a key's file with these permissions. */
static void write_key(const char *path, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, RSA_KEY, strlen(RSA_KEY)), strlen(RSA_KEY));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static void a_key_may_stand_in_a_file_that_is_private(void **state)
{
	char folder[] = "/tmp/test-s3-url-XXXXXX", path[64];
	struct s3_options options = {
		.url = { .custom_domain = "d111.cloudfront.net",
			 .cloudfront_key_id = "KEYPAIRID",
			 .cloudfront_key = path },
	};
	const struct s3_url url = { .key = NAME };
	AUTO_BUF struct buf of_file = BUF_INIT(4096);
	AUTO_BUF struct buf of_text = BUF_INIT(4096);
	struct errinfo err = ERRINFO_INIT;
	struct s3_client *c;

	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/key.pem", folder);
	write_key(path, 0640);
	assert_null(new_client(&options, &err));
	assert_non_null(strstr(err.text, "chmod 600"));
	write_key(path, 0600);
	c = new_client(&options, &err);
	assert_non_null(c);
	assert_int_equal(url_at_noon(c, &url, &of_file, &err), 0);
	s3_client_free(c);
	options.url.cloudfront_key = RSA_KEY;
	c = new_client(&options, &err);
	assert_non_null(c);
	assert_int_equal(url_at_noon(c, &url, &of_text, &err), 0);
	s3_client_free(c);
	assert_string_equal(of_file.data, of_text.data);
	unlink(path);
	rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(urls_are_those_of_django_storages),
		cmocka_unit_test(what_cannot_be_is_refused_with_words),
		cmocka_unit_test(the_start_names_the_setting_that_is_wrong),
		cmocka_unit_test(version_2_may_be_valid_for_more_than_a_week),
		cmocka_unit_test(a_key_may_stand_in_a_file_that_is_private),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
