/* SPDX-License-Identifier: MIT */
/* From Django's settings to s3storefs.conf (src/migrate/migrate.c). */
#include "migrate.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "command_line.h"
#include "config.h"
#include "migrate_rows.h"
#include "migrate_write.h"

#define TEXT_MAX (1024 * 1024)

struct result {
	json_t *answer;
	struct migration m;
	struct buf text;
};

/* settings: an object's members, with ' for ". */
static void migrate(const char *settings, struct result *out)
{
	AUTO_BUF struct buf json = BUF_INIT(TEXT_MAX);
	struct errinfo err = ERRINFO_INIT;

	buf_add_fmt(&json, "{%s}", settings);
	for (char *p = json.data; *p; p++)
		if (*p == '\'')
			*p = '"';
	memset(out, 0, sizeof(*out));
	out->text.max = TEXT_MAX;
	out->answer = json_loads(json.data, 0, NULL);
	assert_non_null(out->answer);
	out->m.answer = out->answer;
	out->m.source = "s.py";
	if (migration_run(&out->m, NULL, &err))
		fail_msg("%s: %s", settings, err.text);
	assert_int_equal(migration_write(&out->m, true, &out->text), 0);
}

static void result_release(struct result *r)
{
	buf_release(&r->text);
	migration_release(&r->m);
	json_decref(r->answer);
}

/* Long sentences are broken into comment lines: this joins them. */
static void join_comments(char *text)
{
	char *to = text;

	for (; *text; text++) {
		if (strncmp(text, "\n# ", 3) == 0)
			*to++ = ' ', text += 2;
		else
			*to++ = *text;
	}
	*to = '\0';
}

struct example {
	const char *settings; /* members, with ' for " */
	const char *due;      /* stands in the result */
	const char *why;      /* so does this, or NULL */
};

static void check_one(const struct example *example)
{
	struct result r;

	migrate(example->settings, &r);
	join_comments(r.text.data);
	if (!strstr(r.text.data, example->due) ||
	    (example->why && !strstr(r.text.data, example->why)))
		fail_msg("%s\nlacks \"%s\" or \"%s\":\n%s", example->settings,
			 example->due, example->why ? example->why : "",
			 r.text.data);
	result_release(&r);
}

static void check(const struct example *examples, size_t count)
{
	for (size_t i = 0; i < count; i++)
		check_one(&examples[i]);
}

static void assert_lacks(const char *settings, const char *word)
{
	struct result r;

	migrate(settings, &r);
	if (strstr(r.text.data, word))
		fail_msg("%s\nholds \"%s\":\n%s", settings, word, r.text.data);
	result_release(&r);
}

/* A value of each setting of the table, as JSON, and its literal. */
static const struct {
	const char *name, *json;
	const char *literal; /* NULL: as the JSON */
} plain[] = {
	{ "AWS_S3_ACCESS_KEY_ID", "'k'", NULL },
	{ "AWS_S3_SECRET_ACCESS_KEY", "'k'", NULL },
	{ "AWS_ACCESS_KEY_ID", "'k'", NULL },
	{ "AWS_SECRET_ACCESS_KEY", "'k'", NULL },
	{ "AWS_SESSION_TOKEN", "'k'", NULL },
	{ "AWS_SECURITY_TOKEN", "'k'", NULL },
	{ "AWS_S3_SESSION_PROFILE", "'p'", NULL },
	{ "AWS_STORAGE_BUCKET_NAME", "'b'", NULL },
	{ "AWS_LOCATION", "'a/b'", NULL },
	{ "AWS_S3_FILE_OVERWRITE", "false", "False" },
	{ "AWS_DEFAULT_ACL", "'public-read'", NULL },
	{ "AWS_DEFAULT_ACL", "null", "None" },
	{ "AWS_BUCKET_ACL", "'private'", NULL },
	{ "AWS_AUTO_CREATE_BUCKET", "true", "True" },
	{ "AWS_S3_OBJECT_PARAMETERS", "{'CacheControl': 'max-age=1'}", NULL },
	{ "AWS_S3_ENCRYPTION", "1", "True" },
	{ "AWS_REDUCED_REDUNDANCY", "true", "True" },
	{ "AWS_IS_GZIPPED", "true", "True" },
	{ "GZIP_CONTENT_TYPES", "['text/css']", NULL },
	{ "AWS_QUERYSTRING_AUTH", "false", "False" },
	{ "AWS_QUERYSTRING_EXPIRE", "300", NULL },
	{ "AWS_S3_CUSTOM_DOMAIN", "'cdn.a.b'", NULL },
	{ "AWS_S3_URL_PROTOCOL", "'http:'", NULL },
	{ "AWS_S3_SECURE_URLS", "false", "False" },
	{ "AWS_CLOUDFRONT_KEY_ID", "'K'", NULL },
	{ "AWS_CLOUDFRONT_KEY", "'-----\\na\\n'", NULL },
	{ "AWS_S3_REGION_NAME", "'eu-west-1'", NULL },
	{ "AWS_S3_ENDPOINT_URL", "'http://h:9000/b/'", NULL },
	{ "AWS_S3_USE_SSL", "false", "False" },
	{ "AWS_S3_VERIFY", "'/ca.pem'", NULL },
	{ "AWS_S3_VERIFY", "false", "False" },
	{ "AWS_S3_ADDRESSING_STYLE", "'path'", NULL },
	{ "AWS_S3_SIGNATURE_VERSION", "'s3v4'", NULL },
	{ "AWS_S3_PROXIES", "{'https': 'p:1'}", NULL },
	{ "AWS_S3_MAX_MEMORY_SIZE", "5242880", NULL },
	{ "AWS_S3_FILE_BUFFER_SIZE", "5242880", NULL },
	{ "AWS_S3_FILE_NAME_CHARSET", "'utf-8'", NULL },
	{ "AWS_PRELOAD_METADATA", "true", "True" },
	{ "AWS_S3_TRANSFER_CONFIG",
	  "{'__python__': 'boto3.s3.transfer.TransferConfig', 'arguments': {'use_threads': false}}",
	  "{'use_threads': False}" },
	{ "AWS_S3_USE_THREADS", "false", "False" },
	{ "AWS_S3_CLIENT_CONFIG",
	  "{'__python__': 'botocore.config.Config', 'arguments': {'s3': {'addressing_style': 'path'}}}",
	  "{'s3': {'addressing_style': 'path'}}" },
	{ "FILE_UPLOAD_TEMP_DIR", "'/tmp/x'", NULL },
	{ "USE_TZ", "true", "True" },
};

static void every_setting_is_taken_over(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(plain); i++) {
		AUTO_FREE char *settings = NULL, *line = NULL;

		assert_true(asprintf(&settings, "'%s': %s", plain[i].name,
				     plain[i].json) > 0);
		assert_true(asprintf(&line, "\n%s = %s\n", plain[i].name,
				     plain[i].literal ? plain[i].literal :
							plain[i].json) > 0);
		check_one(&(struct example){ settings, line, NULL });
	}
}

/* django-storages' names, less those with a test of their own below. */
static void no_setting_of_the_table_is_forgotten(void **state)
{
	static const char boto[] =
		"AWS_HEADERS AWS_S3_HOST AWS_S3_PORT AWS_S3_CALLING_FORMAT "
		"AWS_ORIGIN AWS_S3_PROXY_HOST AWS_S3_PROXY_PORT S3_USE_SIGV4 ";

	for (size_t i = 0; i < settings_count; i++) {
		const char *name = settings_table[i].name;
		bool found = !migration_setting(name) || strstr(boto, name) ||
			     strncmp(name, "S3STOREFS_", 10) == 0 ||
			     strcmp(name, "cloudfront_signer") == 0;

		for (size_t j = 0; !found && j < ARRAY_SIZE(plain); j++)
			found = strcmp(plain[j].name, name) == 0;
		if (!found)
			fail_msg("%s has no example", name);
	}
}

static void botos_names_become_todays(void **state)
{
	static const struct example examples[] = {
		{ "'AWS_HEADERS': {'x-amz-meta-k': 'v', 'Expires': 'a'}",
		  "\nAWS_HEADERS = {'x-amz-meta-k': 'v', 'Expires': 'a'}",
		  "COMPAT" },
		{ "'AWS_ORIGIN': 'EU'", "\nAWS_S3_REGION_NAME = 'eu-west-1'",
		  "AWS_ORIGIN" },
		{ "'AWS_ORIGIN': 'eu-central-1'",
		  "\nAWS_S3_REGION_NAME = 'eu-central-1'", NULL },
		{ "'AWS_S3_CALLING_FORMAT': {'__python__': "
		  "'boto.s3.connection.OrdinaryCallingFormat'}",
		  "\nAWS_S3_ADDRESSING_STYLE = 'path'", NULL },
		{ "'AWS_S3_CALLING_FORMAT': "
		  "'boto.s3.connection.OrdinaryCallingFormat'",
		  "\nAWS_S3_ADDRESSING_STYLE = 'path'", NULL },
		{ "'AWS_S3_CALLING_FORMAT': 'SubdomainCallingFormat'",
		  "\nAWS_S3_ADDRESSING_STYLE = 'virtual'", NULL },
		/* A mount refuses it with what to do. */
		{ "'AWS_S3_CALLING_FORMAT': 'VHostCallingFormat'",
		  "\nAWS_S3_CALLING_FORMAT = 'VHostCallingFormat'", NULL },
		{ "'AWS_S3_HOST': 's3-eu-west-1.amazonaws.com'",
		  "\nAWS_S3_REGION_NAME = 'eu-west-1'", NULL },
		{ "'AWS_S3_HOST': 's3.eu-central-1.amazonaws.com'",
		  "\nAWS_S3_REGION_NAME = 'eu-central-1'", NULL },
		{ "'AWS_S3_HOST': 'minio.local', 'AWS_S3_PORT': 9000, 'AWS_S3_USE_SSL': false",
		  "\nAWS_S3_ENDPOINT_URL = 'http://minio.local:9000'", NULL },
		{ "'AWS_S3_HOST': 'minio.local', 'AWS_S3_PORT': 443",
		  "\nAWS_S3_ENDPOINT_URL = 'https://minio.local:443'", NULL },
		{ "'AWS_S3_PROXY_HOST': 'p', 'AWS_S3_PROXY_PORT': 3128",
		  "\nAWS_S3_PROXIES = {'http': 'p:3128', 'https': 'p:3128'}",
		  NULL },
		{ "'AWS_S3_PROXY_HOST': 'p', 'AWS_S3_PROXY_PORTY': 3128",
		  "\nAWS_S3_PROXIES = {'http': 'p:3128', 'https': 'p:3128'}",
		  NULL },
		{ "'AWS_S3_PROXY_HOST': 'p', 'AWS_S3_USE_SSL': false",
		  "\nAWS_S3_PROXIES = {'http': 'p', 'https': 'p'}", NULL },
		{ "'S3_USE_SIGV4': true", "\nAWS_S3_SIGNATURE_VERSION = 's3v4'",
		  "S3_USE_SIGV4" },
		{ "'DEFAULT_FILE_STORAGE': 'storages.backends.s3boto.S3BotoStorage'",
		  "\n#S3STOREFS_COMPAT = '1.7'", "public-read" },
		{ "'AWS_AUTO_CREATE_BUCKET': true",
		  "\n#S3STOREFS_COMPAT = '1.7'",
		  "\n#AWS_S3_SIGNATURE_VERSION = 's3'" },
	};

	check(examples, ARRAY_SIZE(examples));
	assert_lacks("'AWS_S3_HOST': 's3-eu-west-1.amazonaws.com'",
		     "ENDPOINT_URL");
	assert_lacks("'AWS_S3_REGION_NAME': 'a'", "COMPAT");
}

static void traps_are_mended_and_named(void **state)
{
	static const struct example examples[] = {
		{ "'AWS_QUERYSTRING_AUTH': 'False'",
		  "\nAWS_QUERYSTRING_AUTH = True", "is true in Python" },
		{ "'AWS_S3_SIGNATURE_VERSION': 'v4'",
		  "\nAWS_S3_SIGNATURE_VERSION = 's3v4'", "called 's3v4'" },
		{ "'AWS_S3_CUSTOM_DOMAIN': 'https://cdn.a.b/'",
		  "\nAWS_S3_CUSTOM_DOMAIN = 'cdn.a.b'", "a host alone" },
		{ "'AWS_LOCATION': '/media/'", "\nAWS_LOCATION = 'media/'",
		  "Django refuses" },
		{ "'AWS_S3_URL_PROTOCOL': 'https'",
		  "\nAWS_S3_URL_PROTOCOL = 'https:'", "is due" },
		{ "'AWS_S3_URL_PROTOCOL': 'http://'",
		  "\nAWS_S3_URL_PROTOCOL = 'http:'", NULL },
		{ "'AWS_S3_ENDPOINT_URL': 'nyc3.example.com'",
		  "\nAWS_S3_ENDPOINT_URL = 'https://nyc3.example.com'",
		  "scheme was missing" },
		{ "'AWS_S3_VERIFY': ''", "\nAWS_S3_VERIFY = False", NULL },
		{ "'AWS_S3_PROXIES': {'https': 'a:1', 'ftp': 'b:2'}",
		  "\nAWS_S3_PROXIES = {'https': 'a:1'}", "proxy for ftp" },
		{ "'AWS_S3_ADDRESSING_STYLE': 'bogus'",
		  "\n#AWS_S3_ADDRESSING_STYLE = 'bogus'", "not one of" },
		{ "'AWS_QUERYSTRING_EXPIRE': null", "default stays", NULL },
		{ "'AWS_QUERYSTRING_EXPIRE': '60'",
		  "\nAWS_QUERYSTRING_EXPIRE = 60", NULL },
		{ "'AWS_QUERYSTRING_EXPIRE': 31536000",
		  "\nAWS_QUERYSTRING_EXPIRE = 604800", "a week at most" },
		{ "'AWS_QUERYSTRING_EXPIRE': 31536000, 'AWS_S3_SIGNATURE_VERSION': 's3'",
		  "\nAWS_QUERYSTRING_EXPIRE = 31536000", NULL },
		{ "'AWS_QUERYSTRING_EXPIRE': 31536000, 'AWS_QUERYSTRING_AUTH': false",
		  "\nAWS_QUERYSTRING_EXPIRE = 31536000", NULL },
		{ "'AWS_S3_CUSTOM_DOMAIN': false",
		  "\nAWS_S3_CUSTOM_DOMAIN = None", NULL },
		{ "'AWS_QUERYSTRING_EXPIRES': 1",
		  "AWS_QUERYSTRING_EXPIRES is no setting",
		  "nearest is AWS_QUERYSTRING_EXPIRE" },
		{ "'MEDIA_ROOT': '/a'", "mount point", "FileSystemStorage" },
		{ "'GZIP_CONTENT_TYPES': 'text/css'", "\n#GZIP_CONTENT_TYPES",
		  "a list is due" },
		{ "'AWS_LOCATION': {'__python__': 'app.f'}",
		  "\n#AWS_LOCATION = ''",
		  "that a settings file can hold (app.f): set it yourself" },
		{ "'AWS_S3_OBJECT_PARAMETERS': {'Expires': {'__python__': "
		  "'app.f'}, 'CacheControl': 'a'}",
		  "\nAWS_S3_OBJECT_PARAMETERS = {'CacheControl': 'a'}",
		  "Expires in it is no value" },
		{ "'STORAGES': {'__python__': 'app.f'}", "STORAGES is no map",
		  "[default]" },
		{ "'STORAGES': {'d': 1}", "storage 'd' has no BACKEND", NULL },
		{ "'STORAGES': {'d': {'BACKEND': 'app.Media'}}, 'classes': "
		  "[{'name': 'app.Media', 'error': 'no module app'}]",
		  "storage 'd': no module app", NULL },
		{ "'STORAGES': {'d': {'BACKEND': 'app.Media'}}",
		  "nothing tells of its class app.Media", NULL },
		{ "'STORAGES': {'d': {'BACKEND': 'x.S3Storage', 'OPTIONS': "
		  "{'buckett': 'b'}}}",
		  "OPTIONS: 'buckett' is no setting", NULL },
		/* The section's name must not pass for the bucket's. */
		{ "'AWS_STORAGE_BUCKET_NAME': {'__python__': 'app.f'}",
		  "[default]\n no value that a settings file can hold",
		  "\nAWS_STORAGE_BUCKET_NAME = ''" },
		{ "'X': 1", "\nAWS_STORAGE_BUCKET_NAME = None", "write it" },
		{ "'AWS_STORAGE_BUCKET_NAME': ''",
		  "\nAWS_STORAGE_BUCKET_NAME = None", "no bucket is named" },
		{ "'AWS_LOCATION': 'a\\nAWS_S3_USE_SSL = False'",
		  "\nAWS_LOCATION = 'a\\nAWS_S3_USE_SSL = False'", NULL },
	};

	check(examples, ARRAY_SIZE(examples));
}

static const char storages[] =
	"'AWS_STORAGE_BUCKET_NAME': 'b', 'AWS_S3_REGION_NAME': 'r',"
	"'STORAGES': {"
	"  'default': {'BACKEND': 'app.Media',"
	"              'OPTIONS': {'querystring_expire': 7}},"
	"  'staticfiles': {'BACKEND': 'storages.backends.s3.S3StaticStorage',"
	"                  'OPTIONS': {'bucket_name': 's', 'gzip': true}},"
	"  'disk': {'BACKEND': 'django.core.files.storage.FileSystemStorage'}},"
	"'lines': {'STORAGES': 's.py:14'},"
	"'classes': [{'name': 'app.Media',"
	"  'bases': ['app.Media', 'storages.backends.s3boto3.S3Boto3Storage'],"
	"  'attributes': {'location': 'media', 'file_overwrite': false,"
	"                 'default_acl': null, 'other': 1},"
	"  'lines': {'location': 'app.py:2'}, 'line': 'app.py:1'}]";

static void each_storage_is_a_section(void **state)
{
	struct result r;
	const char *media, *statics;

	migrate(storages, &r);
	assert_int_equal(r.m.section_count, 2);
	assert_int_equal(r.m.problems, 0);
	media = strstr(r.text.data, "\n[default]\n");
	statics = strstr(r.text.data, "\n[staticfiles]\n");
	assert_non_null(media);
	assert_true(statics > media);
	assert_non_null(
		strstr(media, "AWS_LOCATION = 'media'  # from app.py:2"));
	assert_non_null(strstr(media, "AWS_S3_FILE_OVERWRITE = False"));
	assert_non_null(strstr(media, "AWS_DEFAULT_ACL = None"));
	assert_non_null(
		strstr(media, "AWS_QUERYSTRING_EXPIRE = 7  # from s.py:14"));
	assert_non_null(strstr(statics, "AWS_STORAGE_BUCKET_NAME = 's'"));
	assert_non_null(strstr(statics, "AWS_IS_GZIPPED = True"));
	assert_non_null(strstr(statics, "AWS_QUERYSTRING_AUTH = False"));
	assert_non_null(strstr(r.text.data, "storage 'disk' is"));
	result_release(&r);
}

static void load(const struct buf *text, const char *word,
		 struct config *config)
{
	int fd = memfd_create("conf", MFD_CLOEXEC);
	AUTO_BUF struct buf why = BUF_INIT(2000);
	struct command_line line = { 0 };
	char path[40];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	line.config_path = path;
	assert_int_equal(fchmod(fd, 0600), 0);
	assert_int_equal(write(fd, text->data, text->len), (ssize_t)text->len);
	if (config_load_tool(config, &line, word, &why))
		fail_msg("%s\nin\n%s", buf_str(&why), text->data);
	close(fd);
}

static void the_result_is_loaded_again(void **state)
{
	struct config config;
	struct result r;

	migrate(storages, &r);
	load(&r.text, "default", &config);
	assert_string_equal(config.bucket, "b");
	assert_string_equal(config.location, "media");
	assert_string_equal(config.region, "r");
	assert_false(config.file_overwrite);
	assert_null(config.default_acl);
	assert_int_equal(config.querystring_expire_s, 7);
	config_release(&config);
	load(&r.text, "staticfiles", &config);
	assert_string_equal(config.bucket, "s");
	assert_string_equal(config.location, "");
	assert_true(config.gzip);
	assert_false(config.querystring_auth);
	config_release(&config);
	result_release(&r);
}

/* Names that exclude each other are loaded one by one. */
static void every_setting_is_loaded_again(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(plain); i++) {
		AUTO_BUF struct buf settings = BUF_INIT(4096);
		struct config config;
		struct result r;

		if (strstr(plain[i].name, "CLOUDFRONT"))
			continue; /* a pair, and a real key is due */
		/* The latter of two of a name counts. */
		buf_add_fmt(&settings,
			    "'AWS_STORAGE_BUCKET_NAME': 'b', '%s': %s",
			    plain[i].name, plain[i].json);
		assert_int_equal(settings.error, 0);
		migrate(settings.data, &r);
		load(&r.text, "default", &config);
		config_release(&config);
		result_release(&r);
	}
}

static void secrets_are_left_out_unless_asked_for(void **state)
{
	static const char settings[] =
		"'AWS_SECRET_ACCESS_KEY': 'geheim',"
		"'AWS_SESSION_TOKEN': 'geheim\\u0001',"
		"'AWS_S3_ENDPOINT_URL': 'https://u:geheim@h',"
		"'AWS_S3_PROXIES': {'http': 'http://u:geheim@p:1'},"
		"'AWS_S3_OBJECT_PARAMETERS': {'SSECustomerKey': 'geheim',"
		"  'SSECustomerAlgorithm': 'AES256'},"
		"'STORAGES': {'default': {"
		"  'BACKEND': 'storages.backends.s3.S3Storage',"
		"  'OPTIONS': {'secret_key': 'geheim'}}}";
	AUTO_BUF struct buf text = BUF_INIT(TEXT_MAX);
	AUTO_BUF struct buf words = BUF_INIT(TEXT_MAX);
	struct result r;

	migrate(settings, &r);
	assert_non_null(strstr(r.text.data, "geheim"));
	assert_int_equal(migration_write(&r.m, false, &text), 0);
	assert_int_equal(migration_explain(&r.m, &words), 0);
	assert_null(strstr(buf_str(&text), "geheim"));
	assert_null(strstr(buf_str(&words), "geheim"));
	assert_non_null(strstr(text.data, "#AWS_SECRET_ACCESS_KEY = ''"));
	result_release(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_setting_is_taken_over),
		cmocka_unit_test(no_setting_of_the_table_is_forgotten),
		cmocka_unit_test(botos_names_become_todays),
		cmocka_unit_test(traps_are_mended_and_named),
		cmocka_unit_test(each_storage_is_a_section),
		cmocka_unit_test(the_result_is_loaded_again),
		cmocka_unit_test(every_setting_is_loaded_again),
		cmocka_unit_test(secrets_are_left_out_unless_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
