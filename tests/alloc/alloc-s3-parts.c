/* SPDX-License-Identifier: MIT */
/* What src/s3 does by itself, without memory and without a server. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/errcode.h"
#include "creds/creds.h"
#include "creds/creds_answer.h"
#include "creds/creds_file.h"
#include "creds/creds_words.h"
#include "creds/sign.h"
#include "log.h"
#include "names/endpoint.h"
#include "notes/upload_note.h"
#include "notes/upload_record.h"
#include "params/rules.h"
#include "presign-example.h"
#include "s3.h"
#include "scenarios.h"
#include "url/presign.h"
#include "wire/attrs.h"
#include "wire/digest.h"
#include "wire/xml.h"

#define CUSTOMER_KEY "0123456789abcdef0123456789ABCDEF"

static char folder[64] = "/tmp/s3storefs-alloc-XXXXXX";

static int expect_text(const struct buf *b, const char *text)
{
	return b->error ? b->error : expect(strcmp(buf_str(b), text) == 0);
}

/* --- where to, and the signature ---------------------------------------- */

/* Of bucket "bkt" in Frankfurt, with the keys of the examples. */
static struct endpoint endpoint;
static struct s3_creds *creds;

static int endpoint_begin(const void *options)
{
	int result = endpoint_init(&endpoint, options, FRA, ENDPOINT_REQUESTS,
				   &words);

	return result < 0 ? result :
			    creds_new(ACCESS_KEY, SECRET_KEY, "token", &creds);
}

static void endpoint_end(void)
{
	creds_put(creds);
	creds = NULL;
	endpoint_release(&endpoint);
}

static const struct world virtual = { endpoint_begin, endpoint_end,
				      &(const struct s3_options){
					      .bucket = "bkt" } };
static const struct world path = {
	endpoint_begin, endpoint_end,
	&(const struct s3_options){ .bucket = "bkt",
				    .endpoint_url = "http://h:9/base" }
};

static int run_endpoint(void)
{
	int result = endpoint_begin(path.options);

	if (result == 0)
		result = expect(strcmp(endpoint.base, "/base/bkt") == 0);
	endpoint_end();
	return result;
}

static int run_url(void)
{
	AUTO_BUF struct buf url = BUF_INIT(4096), place = BUF_INIT(4096);
	struct query query = QUERY_INIT;

	query_add(&query, "prefix", "a b");
	endpoint_url(&endpoint, "k e y", &query, &url);
	endpoint_place(&endpoint, &place);
	if (place.error)
		return place.error;
	return expect_text(&url,
			   endpoint.is_virtual ?
				   "https://bkt.s3." FRA
				   ".amazonaws.com/k%20e%20y?prefix=a%20b" :
				   "http://h:9/base/bkt/k%20e%20y?"
				   "prefix=a%20b");
}

static int run_redirect(void)
{
	struct endpoint to = { 0 };
	int result =
		endpoint_redirect(&endpoint,
				  "https://bkt.s3.us-west-2.amazonaws.com/k",
				  &to, &words);

	if (result == 0)
		result = expect(strcmp(to.region, "us-west-2") == 0);
	endpoint_release(&to);
	return result;
}

static int sign(enum s3_signature version, const char *start)
{
	struct query query = QUERY_INIT;
	struct pairs headers = PAIRS_INIT;
	const struct sign_request req = {
		.method = "GET",
		.endpoint = &endpoint,
		.key = "k e y",
		.query = &query,
		.payload = SIGN_EMPTY_PAYLOAD,
		.unix_s = NOON,
	};
	int result = pairs_set(&headers, "x-amz-acl", "private");
	const char *value;

	query_add(&query, "tagging", NULL);
	if (result == 0)
		result = sign_headers(&req, version, creds, &headers, &words);
	value = pairs_get(&headers, "authorization");
	if (result == 0)
		result = expect(value &&
				strncmp(value, start, strlen(start)) == 0);
	pairs_release(&headers);
	return result;
}

static int run_sign_v4(void)
{
	return sign(S3_SIGNATURE_V4, "AWS4-HMAC-SHA256 Credential=");
}

static int run_sign_v2(void)
{
	return sign(S3_SIGNATURE_V2, "AWS " ACCESS_KEY ":");
}

static int presign(enum s3_signature version)
{
	AUTO_BUF struct buf url = BUF_INIT(8192);
	struct query query = QUERY_INIT;
	const struct presign p = {
		.method = "GET",
		.key = NAME,
		.query = &query,
		.version = version,
		.unix_s = NOON,
		.expire_s = 60,
	};
	int result;

	query_add(&query, "response-content-type", "a/b");
	result = presign_url(&endpoint, &p, creds, &url, &words);
	return result < 0 ? result :
			    expect(strstr(buf_str(&url), "ignature=") != NULL);
}

static int run_presign_v4(void)
{
	return presign(S3_SIGNATURE_V4);
}

static int run_presign_v2(void)
{
	return presign(S3_SIGNATURE_V2);
}

static int run_digest(void)
{
	AUTO_BUF struct buf text = BUF_INIT(64);
	struct digest *d = digest_start(DIGEST_MD5);
	unsigned char md5[16];
	int result;

	if (!d)
		return -ENOMEM;
	result = digest_add(d, "", 0);
	if (result == 0)
		result = digest_finish(d, md5);
	else
		digest_drop(d);
	if (result == 0)
		digest_base64(&text, md5, sizeof(md5));
	return result < 0 ? result :
			    expect_text(&text, "1B2M2Y8AsgTpgAmY7PhCfg==");
}

/* --- a client that sends nothing ---------------------------------------- */

static int url_of(const struct s3_options *given, const char *start)
{
	struct s3_options options = *given;
	AUTO_BUF struct buf text = BUF_INIT(8192);
	struct s3_url url = { .key = NAME };
	struct s3_client *c = NULL;
	int result;

	options.bucket = "bkt";
	options.region = FRA;
	options.access_key = ACCESS_KEY;
	options.secret_key = SECRET_KEY;
	result = s3_client_new(NULL, &options, &c, &words);
	if (result == 0)
		result = pairs_set(&url.params, "VersionId", "v");
	if (result == 0)
		result = s3_url(c, &url, &text, &words);
	if (result == 0)
		result = expect(strncmp(buf_str(&text), start, strlen(start)) ==
				0);
	pairs_release(&url.params);
	s3_client_free(c);
	return result;
}

static int run_client_url(void)
{
	return url_of(&(struct s3_options){ 0 }, "https://bkt.s3.");
}

static int run_cloudfront(void)
{
	const struct s3_options options = {
		.url = { .custom_domain = "cdn.example",
			 .cloudfront_key_id = "K",
			 .cloudfront_key = RSA_KEY },
	};

	return url_of(&options, "https://cdn.example/");
}

static int run_cloudfront_file(void)
{
	char file[100];
	const struct s3_options options = {
		.url = { .custom_domain = "cdn.example",
			 .cloudfront_key_id = "K",
			 .cloudfront_key = file },
	};

	snprintf(file, sizeof(file), "%s/key.pem", folder);
	return url_of(&options, "https://cdn.example/");
}

/* --- parameters and headers --------------------------------------------- */

static int fill_params(struct s3_params *p)
{
	int result = s3_params_set(p, "CacheControl", " a ", &words);

	if (result == 0)
		result = s3_params_set(p, "SSECustomerKey", CUSTOMER_KEY,
				       &words);
	if (result == 0)
		result = s3_params_set(p, "Expires", "0", &words);
	if (result == 0)
		result = s3_params_set(p, "Tagging", "a=b", &words);
	if (result == 0)
		result = s3_params_set_metadata(p, "owner", "web", &words);
	if (result == 0)
		result = s3_params_set_header(p, "content-language", "de",
					      &words);
	if (result == 0)
		result = s3_params_unset(p, "StorageClass", &words);
	return result;
}

static int run_params(void)
{
	struct s3_params *p = s3_params_new();
	const struct s3_rule rule = { .pattern = "*.css", .params = p };
	const struct rules rules = { &rule, 1, "" };
	struct pairs headers = PAIRS_INIT, source = PAIRS_INIT;
	int result = p ? fill_params(p) : -ENOMEM;

	if (result == 0)
		result = s3_params_finish(p, &words);
	if (result == 0)
		result = rules_add(&rules, "a.css", PARAMS_PUT, &headers);
	if (result == 0)
		result = rules_add_source(&rules, "a.css", &source);
	if (result == 0)
		result = expect(pairs_get(&headers, "cache-control") &&
				pairs_get(&headers, "x-amz-meta-owner") &&
				source.count == 3);
	pairs_release(&headers);
	pairs_release(&source);
	s3_params_free(p);
	return result;
}

static int run_params_json(void)
{
	struct s3_params *p = s3_params_new();
	int result = p ? s3_params_set(p, "SSEKMSEncryptionContext",
				       "{\"a\":\"b\"}", &words) :
			 -ENOMEM;

	if (result == 0)
		result = s3_params_set(p, "ServerSideEncryption", "aws:kms",
				       &words);
	if (result == 0)
		result = s3_params_finish(p, &words);
	s3_params_free(p);
	return result;
}

static int run_attrs(void)
{
	struct pairs headers = PAIRS_INIT;
	struct s3_object object = { 0 };
	int result = pairs_set(&headers, "etag", "\"e\"");

	if (result == 0)
		result = pairs_set(&headers, "content-length", "5");
	if (result == 0)
		result = pairs_set(&headers, "X-Amz-Meta-A", "b");
	if (result == 0)
		result = attrs_read(&headers, &object);
	if (result == 0)
		result = expect(pairs_get(&object.headers, "x-amz-meta-a") !=
				NULL);
	pairs_release(&object.headers);
	pairs_release(&headers);
	return result;
}

/* --- texts of others ----------------------------------------------------- */

static int run_xml(void)
{
	AUTO_BUF struct buf body = BUF_INIT(4096);
	char a[8];
	const struct xml_field field = { "A", a, sizeof(a), false };
	int result;

	buf_add_str(&body, "<R><X><A>no</A></X><A>&lt;yes</A></R>");
	result = body.error ? body.error :
			      xml_read_fields(&body, "R", &field, 1);
	return result < 0 ? result : expect(strcmp(a, "<yes") == 0);
}

static int run_error_body(void)
{
	AUTO_BUF struct buf body = BUF_INIT(4096);
	struct error_body error;
	int result;

	buf_add_str(&body, "<Error><Code>SlowDown</Code></Error>");
	result = body.error ? body.error : error_parse(&body, &error);
	return result < 0 ? result : expect(!strcmp(error.code, "SlowDown"));
}

static int read_answer(enum creds_format format, const char *text)
{
	struct s3_creds *read = NULL;
	int result = creds_answer_read(format, text, strlen(text), "they",
				       &read, &words);

	if (result == 0)
		result = expect(strcmp(creds_access_key(read), "A") == 0 &&
				strcmp(creds_token(read), "T") == 0);
	creds_put(read);
	return result;
}

static int run_answer_metadata(void)
{
	return read_answer(CREDS_JSON_METADATA,
			   "{\"Code\":\"Success\",\"AccessKeyId\":\"A\","
			   "\"SecretAccessKey\":\"S\",\"Token\":\"T\","
			   "\"Expiration\":\"2030-01-01T00:00:00Z\"}");
}

static int run_answer_process(void)
{
	return read_answer(CREDS_JSON_PROCESS,
			   "{\"Version\":1,\"AccessKeyId\":\"A\","
			   "\"SecretAccessKey\":\"S\",\"SessionToken\":\"T\"}");
}

static int run_answer_sts(void)
{
	return read_answer(
		CREDS_XML_STS,
		"<AssumeRoleResponse><AssumeRoleResult><Credentials>"
		"<AccessKeyId>A</AccessKeyId><SecretAccessKey>S"
		"</SecretAccessKey><SessionToken>T</SessionToken><Expiration>"
		"2030-01-01T00:00:00Z</Expiration></Credentials>"
		"</AssumeRoleResult></AssumeRoleResponse>");
}

/* A reason without memory is none. */
static int run_answer_reason(void)
{
	static const char json[] = "{\"code\":\"Bad\",\"message\":\"no\"}";
	static const char xml[] = "<ErrorResponse><Error><Code>Bad</Code>"
				  "<Message>no</Message></Error>"
				  "</ErrorResponse>";
	char a[CREDS_REASON_SIZE], b[CREDS_REASON_SIZE];

	creds_answer_reason(CREDS_JSON_METADATA, json, sizeof(json) - 1, a);
	creds_answer_reason(CREDS_XML_STS, xml, sizeof(xml) - 1, b);
	return expect(scenario_lacks_memory() ||
		      (!strcmp(a, "Bad: no") && !strcmp(b, "Bad: no")));
}

static int run_words(void)
{
	CLEANUP(creds_words_release) struct creds_words split;
	int result = creds_words_split("a 'b c'", &split);

	return result < 0 ? result : expect(split.count == 2);
}

static int run_profile(void)
{
	char text[] = "[profile p]\naws_access_key_id = A\n"
		      "aws_secret_access_key = S\nregion = r\n"
		      "role_arn = arn\n nested\n[other]\n";
	struct creds_profile p = { 0 };
	int result =
		creds_file_parse(text, strlen(text), "p", true, &p, &words);

	if (result == 0)
		result = expect(creds_profile_has_keys(&p) && p.role_arn);
	creds_profile_release(&p);
	return result;
}

static int run_passwd(void)
{
	char text[] = "# s3fs\nbkt:A:S\nB:S\n";
	struct creds_profile p = { 0 };
	int result = creds_passwd_parse(text, strlen(text), "bkt", &p, &words);

	if (result == 0)
		result = expect(strcmp(p.access_key, "A") == 0);
	creds_profile_release(&p);
	return result;
}

/* --- notes of uploads ---------------------------------------------------- */

static int run_note(void)
{
	static const char text[] = "s3storefs upload 1\nhttp://h:1/b\n"
				   "a/b%20c\nid\n";
	AUTO_BUF struct buf written = BUF_INIT(UPLOAD_NOTE_MAX);
	struct upload_note note = { 0 };
	int result = upload_note_parse(text, sizeof(text) - 1, &note);

	if (result == 0)
		upload_note_write(&written, &note);
	upload_note_release(&note);
	return result < 0 ? result : expect_text(&written, text);
}

/* A note that cannot be kept fails nothing. */
static int run_record(void)
{
	const char *folders[2] = { folder };
	struct upload_record *record = upload_record_new(folders, "http://h/b");
	char token[UPLOAD_TOKEN_SIZE];

	if (!record)
		return -ENOMEM;
	upload_record_ask(record, "k", 1, token);
	upload_record_add(record, "k", "id");
	upload_record_remove(record, token);
	upload_record_remove(record, "id");
	upload_record_free(record);
	return 0;
}

static const struct scenario scenarios[] = {
	SCENARIO("endpoint", run_endpoint),
	SCENARIO("URL, virtual", run_url, .world = &virtual),
	SCENARIO("URL, path", run_url, .world = &path),
	SCENARIO("redirect", run_redirect, .world = &virtual),
	SCENARIO("sign, version 4", run_sign_v4, .world = &virtual),
	SCENARIO("sign, version 2", run_sign_v2, .world = &path),
	SCENARIO("presign, version 4", run_presign_v4, .world = &path),
	SCENARIO("presign, version 2", run_presign_v2, .world = &virtual),
	SCENARIO("digest", run_digest),
	SCENARIO("client and URL", run_client_url),
	SCENARIO("CloudFront", run_cloudfront),
	SCENARIO("CloudFront by a file", run_cloudfront_file),
	SCENARIO("parameters", run_params),
	SCENARIO("parameters in JSON", run_params_json),
	SCENARIO("object headers", run_attrs),
	SCENARIO("XML", run_xml),
	SCENARIO("error body", run_error_body),
	SCENARIO("keys of metadata", run_answer_metadata),
	SCENARIO("keys of a process", run_answer_process),
	SCENARIO("keys of STS", run_answer_sts),
	SCENARIO("refusals", run_answer_reason),
	SCENARIO("words of a command", run_words),
	SCENARIO("profile", run_profile),
	SCENARIO("passwd", run_passwd),
	SCENARIO("note of an upload", run_note),
	SCENARIO("record of uploads", run_record),
};

int main(void)
{
	char file[100];
	int fd, failed;

	if (!mkdtemp(folder) ||
	    log_setup_file(LOG_LEVEL_ERROR, "/dev/null") < 0)
		return 1;
	snprintf(file, sizeof(file), "%s/key.pem", folder);
	fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (write(fd, RSA_KEY, strlen(RSA_KEY)) < 0)
		return 1;
	close(fd);
	failed = scenarios_run(scenarios, ARRAY_SIZE(scenarios));
	unlink(file);
	return rmdir(folder) < 0 ? 1 : failed;
}
