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

#define TEXT_MAX (1024 * 1024)

struct result {
	struct py_module *module;
	struct migration m;
	struct buf text;
};

static void migrate(const char *source, struct result *out)
{
	struct errinfo err = ERRINFO_INIT;

	memset(out, 0, sizeof(*out));
	out->text.max = TEXT_MAX;
	out->module = py_module_new();
	assert_non_null(out->module);
	out->m.module = out->module;
	out->m.files = "s.py";
	if (py_module_read(out->module, "s.py", source, strlen(source), &err) ||
	    migration_run(&out->m, NULL, &err))
		fail_msg("%s: %s", source, err.text);
	assert_int_equal(migration_write(&out->m, true, &out->text), 0);
}

static void result_release(struct result *r)
{
	buf_release(&r->text);
	py_module_free(r->module);
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
	const char *source;
	const char *due; /* stands in the result */
	const char *why; /* so does this, or NULL */
};

static void check_one(const struct example *example)
{
	struct result r;

	migrate(example->source, &r);
	join_comments(r.text.data);
	if (!strstr(r.text.data, example->due) ||
	    (example->why && !strstr(r.text.data, example->why)))
		fail_msg("%s\nlacks \"%s\" or \"%s\":\n%s", example->source,
			 example->due, example->why ? example->why : "",
			 r.text.data);
	result_release(&r);
}

static void check(const struct example *examples, size_t count)
{
	for (size_t i = 0; i < count; i++)
		check_one(&examples[i]);
}

static void assert_lacks(const char *source, const char *word)
{
	struct result r;

	migrate(source, &r);
	if (strstr(r.text.data, word))
		fail_msg("%s\nholds \"%s\":\n%s", source, word, r.text.data);
	result_release(&r);
}

/* One line for each setting of the table, as it is written in Python. */
static const struct example plain[] = {
	{ "AWS_S3_ACCESS_KEY_ID = 'k'", "\nAWS_S3_ACCESS_KEY_ID = 'k'", NULL },
	{ "AWS_S3_SECRET_ACCESS_KEY = 'k'", "\nAWS_S3_SECRET_ACCESS_KEY = 'k'",
	  "mode 600" },
	{ "AWS_ACCESS_KEY_ID = 'k'", "\nAWS_ACCESS_KEY_ID = 'k'", NULL },
	{ "AWS_SECRET_ACCESS_KEY = 'k'", "\nAWS_SECRET_ACCESS_KEY = 'k'",
	  NULL },
	{ "AWS_SESSION_TOKEN = 'k'", "\nAWS_SESSION_TOKEN = 'k'", NULL },
	{ "AWS_SECURITY_TOKEN = 'k'", "\nAWS_SECURITY_TOKEN = 'k'", NULL },
	{ "AWS_S3_SESSION_PROFILE = 'p'", "\nAWS_S3_SESSION_PROFILE = 'p'",
	  NULL },
	{ "AWS_STORAGE_BUCKET_NAME = 'b'", "\nAWS_STORAGE_BUCKET_NAME = 'b'",
	  "[default]" },
	{ "AWS_LOCATION = 'a/b'", "\nAWS_LOCATION = 'a/b'  # from s.py:1",
	  NULL },
	{ "AWS_S3_FILE_OVERWRITE = False", "\nAWS_S3_FILE_OVERWRITE = False",
	  NULL },
	{ "AWS_DEFAULT_ACL = 'public-read'",
	  "\nAWS_DEFAULT_ACL = 'public-read'", NULL },
	{ "AWS_DEFAULT_ACL = None", "\nAWS_DEFAULT_ACL = None", NULL },
	{ "AWS_BUCKET_ACL = 'private'", "\nAWS_BUCKET_ACL = 'private'", NULL },
	{ "AWS_AUTO_CREATE_BUCKET = True", "\nAWS_AUTO_CREATE_BUCKET = True",
	  NULL },
	{ "AWS_S3_OBJECT_PARAMETERS = {'CacheControl': 'max-age=1'}",
	  "\nAWS_S3_OBJECT_PARAMETERS = {'CacheControl': 'max-age=1'}", NULL },
	{ "AWS_S3_ENCRYPTION = 1", "\nAWS_S3_ENCRYPTION = True", NULL },
	{ "AWS_REDUCED_REDUNDANCY = True", "\nAWS_REDUCED_REDUNDANCY = True",
	  NULL },
	{ "AWS_IS_GZIPPED = True", "\nAWS_IS_GZIPPED = True", NULL },
	{ "GZIP_CONTENT_TYPES = ('text/css',)",
	  "\nGZIP_CONTENT_TYPES = ('text/css',)", NULL },
	{ "AWS_QUERYSTRING_AUTH = False", "\nAWS_QUERYSTRING_AUTH = False",
	  NULL },
	{ "AWS_QUERYSTRING_EXPIRE = 60 * 5", "\nAWS_QUERYSTRING_EXPIRE = 300",
	  NULL },
	{ "AWS_S3_CUSTOM_DOMAIN = 'cdn.a.b'",
	  "\nAWS_S3_CUSTOM_DOMAIN = 'cdn.a.b'", NULL },
	{ "AWS_S3_URL_PROTOCOL = 'http:'", "\nAWS_S3_URL_PROTOCOL = 'http:'",
	  NULL },
	{ "AWS_S3_SECURE_URLS = False", "\nAWS_S3_SECURE_URLS = False", NULL },
	{ "AWS_CLOUDFRONT_KEY_ID = 'K'", "\nAWS_CLOUDFRONT_KEY_ID = 'K'",
	  NULL },
	{ "AWS_CLOUDFRONT_KEY = b'''-----\na\n'''",
	  "\nAWS_CLOUDFRONT_KEY = '-----\\na\\n'", NULL },
	{ "AWS_S3_REGION_NAME = 'eu-west-1'",
	  "\nAWS_S3_REGION_NAME = 'eu-west-1'", NULL },
	{ "AWS_S3_ENDPOINT_URL = 'http://h:9000/b/'",
	  "\nAWS_S3_ENDPOINT_URL = 'http://h:9000/b/'", NULL },
	{ "AWS_S3_USE_SSL = False", "\nAWS_S3_USE_SSL = False", NULL },
	{ "AWS_S3_VERIFY = '/ca.pem'", "\nAWS_S3_VERIFY = '/ca.pem'", NULL },
	{ "AWS_S3_VERIFY = False", "\nAWS_S3_VERIFY = False", NULL },
	{ "AWS_S3_ADDRESSING_STYLE = 'path'",
	  "\nAWS_S3_ADDRESSING_STYLE = 'path'", NULL },
	{ "AWS_S3_SIGNATURE_VERSION = 's3v4'",
	  "\nAWS_S3_SIGNATURE_VERSION = 's3v4'", NULL },
	{ "AWS_S3_PROXIES = {'https': 'p:1'}",
	  "\nAWS_S3_PROXIES = {'https': 'p:1'}", NULL },
	{ "AWS_S3_MAX_MEMORY_SIZE = 5 * 1024 ** 2",
	  "\nAWS_S3_MAX_MEMORY_SIZE = 5242880", NULL },
	{ "AWS_S3_FILE_BUFFER_SIZE = 5242880",
	  "\nAWS_S3_FILE_BUFFER_SIZE = 5242880", NULL },
	{ "AWS_S3_FILE_NAME_CHARSET = 'utf-8'",
	  "\nAWS_S3_FILE_NAME_CHARSET = 'utf-8'", NULL },
	{ "AWS_PRELOAD_METADATA = True", "\nAWS_PRELOAD_METADATA = True",
	  NULL },
	{ "AWS_S3_TRANSFER_CONFIG = TransferConfig(8 * 1024 ** 2, "
	  "use_threads=False)",
	  "\nAWS_S3_TRANSFER_CONFIG = {'multipart_threshold': 8388608, "
	  "'use_threads': False}",
	  "as a map" },
	{ "AWS_S3_USE_THREADS = False", "\nAWS_S3_USE_THREADS = False", NULL },
	{ "AWS_S3_CLIENT_CONFIG = botocore.client.Config("
	  "s3={'addressing_style': 'path'})",
	  "\nAWS_S3_CLIENT_CONFIG = {'s3': {'addressing_style': 'path'}}",
	  NULL },
	{ "FILE_UPLOAD_TEMP_DIR = '/tmp/x'",
	  "\nFILE_UPLOAD_TEMP_DIR = '/tmp/x'", NULL },
	{ "USE_TZ = True", "\nUSE_TZ = True", NULL },
};

static void every_setting_is_taken_over(void **state)
{
	check(plain, ARRAY_SIZE(plain));
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
			found = strncmp(plain[j].source, name, strlen(name)) ==
				0;
		if (!found)
			fail_msg("%s has no example", name);
	}
}

static void botos_names_become_todays(void **state)
{
	static const struct example examples[] = {
		{ "AWS_HEADERS = {'Cache-Control': 'a', 'x-amz-meta-k': 'v', "
		  "'x-amz-acl': 'private', 'X-Amz-Storage-Class': 'GLACIER', "
		  "'x-amz-server-side-encryption': 'AES256', "
		  "'Expires': 'Thu, 15 Apr 2010 20:00:00 GMT'}",
		  "\nAWS_S3_OBJECT_PARAMETERS = {'CacheControl': 'a', "
		  "'Metadata': {'k': 'v'}, 'ACL': 'private', 'StorageClass': "
		  "'GLACIER', 'ServerSideEncryption': 'AES256', 'Expires': "
		  "'Thu, 15 Apr 2010 20:00:00 GMT'}",
		  "AWS_HEADERS" },
		{ "AWS_HEADERS = {'Vary': 'a'}", "header Vary", NULL },
		{ "AWS_HEADERS = {'Cache-Control': 'a'}\n"
		  "AWS_S3_OBJECT_PARAMETERS = {'CacheControl': 'b'}",
		  "AWS_S3_OBJECT_PARAMETERS = {'CacheControl': 'b'}", NULL },
		{ "AWS_ORIGIN = 'EU'", "\nAWS_S3_REGION_NAME = 'eu-west-1'",
		  "AWS_ORIGIN" },
		{ "AWS_ORIGIN = ''", "\nAWS_S3_REGION_NAME = 'us-east-1'",
		  NULL },
		{ "AWS_ORIGIN = 'eu-central-1'",
		  "\nAWS_S3_REGION_NAME = 'eu-central-1'", NULL },
		{ "AWS_ORIGIN = Location.APSoutheast2",
		  "\nAWS_S3_REGION_NAME = 'ap-southeast-2'", NULL },
		{ "AWS_S3_CALLING_FORMAT = OrdinaryCallingFormat()",
		  "\nAWS_S3_ADDRESSING_STYLE = 'path'", NULL },
		{ "AWS_S3_CALLING_FORMAT = "
		  "'boto.s3.connection.OrdinaryCallingFormat'",
		  "\nAWS_S3_ADDRESSING_STYLE = 'path'", NULL },
		{ "AWS_S3_CALLING_FORMAT = "
		  "ProtocolIndependentOrdinaryCallingFormat()",
		  "\nAWS_S3_ADDRESSING_STYLE = 'path'", NULL },
		{ "AWS_S3_CALLING_FORMAT = SubdomainCallingFormat()",
		  "SubdomainCallingFormat is the default", NULL },
		{ "AWS_STORAGE_BUCKET_NAME = 'a.b'\n"
		  "AWS_S3_CALLING_FORMAT = VHostCallingFormat()",
		  "\n#AWS_S3_CUSTOM_DOMAIN = 'a.b'", "is not the same" },
		{ "AWS_S3_HOST = 's3-eu-west-1.amazonaws.com'",
		  "\nAWS_S3_REGION_NAME = 'eu-west-1'", NULL },
		{ "AWS_S3_HOST = 's3.eu-central-1.amazonaws.com'",
		  "\nAWS_S3_REGION_NAME = 'eu-central-1'", NULL },
		{ "AWS_S3_HOST = 'minio.local'\nAWS_S3_PORT = 9000\n"
		  "AWS_S3_USE_SSL = False",
		  "\nAWS_S3_ENDPOINT_URL = 'http://minio.local:9000'", NULL },
		{ "AWS_S3_HOST = 'minio.local'\nAWS_S3_PORT = 443",
		  "\nAWS_S3_ENDPOINT_URL = 'https://minio.local'", NULL },
		{ "AWS_S3_PROXY_HOST = 'p'\nAWS_S3_PROXY_PORT = 3128",
		  "\nAWS_S3_PROXIES = {'https': 'p:3128'}", NULL },
		{ "AWS_S3_PROXY_HOST = 'p'\nAWS_S3_PROXY_PORTY = 3128",
		  "\nAWS_S3_PROXIES = {'https': 'p:3128'}", NULL },
		{ "AWS_S3_PROXY_HOST = 'p'\nAWS_S3_USE_SSL = False",
		  "\nAWS_S3_PROXIES = {'http': 'p'}", NULL },
		{ "S3_USE_SIGV4 = True", "S3_USE_SIGV4 is left out", NULL },
		{ "DEFAULT_FILE_STORAGE = "
		  "'storages.backends.s3boto.S3BotoStorage'",
		  "\n#S3STOREFS_COMPAT = '1.7'", "public-read" },
		{ "AWS_AUTO_CREATE_BUCKET = True",
		  "\n#S3STOREFS_COMPAT = '1.7'",
		  "\n#AWS_S3_SIGNATURE_VERSION = 's3'" },
	};

	check(examples, ARRAY_SIZE(examples));
	assert_lacks("AWS_S3_HOST = 's3-eu-west-1.amazonaws.com'",
		     "ENDPOINT_URL");
	assert_lacks("AWS_S3_REGION_NAME = 'a'", "COMPAT");
	assert_lacks("AWS_HEADERS = {}", "\nAWS_HEADERS");
}

static void traps_are_mended_and_named(void **state)
{
	static const struct example examples[] = {
		{ "AWS_QUERYSTRING_AUTH = 'False'",
		  "\nAWS_QUERYSTRING_AUTH = True", "is true in Python" },
		{ "AWS_S3_SIGNATURE_VERSION = 'v4'",
		  "\nAWS_S3_SIGNATURE_VERSION = 's3v4'", "called 's3v4'" },
		{ "AWS_S3_CUSTOM_DOMAIN = 'https://cdn.a.b/'",
		  "\nAWS_S3_CUSTOM_DOMAIN = 'cdn.a.b'", "a host alone" },
		{ "AWS_LOCATION = '/media/'", "\nAWS_LOCATION = 'media/'",
		  "Django refuses" },
		{ "AWS_S3_URL_PROTOCOL = 'https'",
		  "\nAWS_S3_URL_PROTOCOL = 'https:'", "is due" },
		{ "AWS_S3_URL_PROTOCOL = 'http://'",
		  "\nAWS_S3_URL_PROTOCOL = 'http:'", NULL },
		{ "AWS_S3_ENDPOINT_URL = 'nyc3.example.com'",
		  "\nAWS_S3_ENDPOINT_URL = 'https://nyc3.example.com'",
		  "scheme was missing" },
		{ "AWS_S3_VERIFY = ''", "\nAWS_S3_VERIFY = False", NULL },
		{ "AWS_S3_PROXIES = {'https': 'a:1', 'ftp': 'b:2'}",
		  "\nAWS_S3_PROXIES = {'https': 'a:1'}", "proxy for ftp" },
		{ "AWS_S3_ADDRESSING_STYLE = 'bogus'",
		  "\n#AWS_S3_ADDRESSING_STYLE = 'bogus'", "not one of" },
		{ "AWS_QUERYSTRING_EXPIRE = None", "default stays", NULL },
		{ "AWS_QUERYSTRING_EXPIRE = '60'",
		  "\nAWS_QUERYSTRING_EXPIRE = 60", NULL },
		{ "AWS_QUERYSTRING_EXPIRE = 31536000",
		  "\nAWS_QUERYSTRING_EXPIRE = 604800", "a week at most" },
		{ "AWS_QUERYSTRING_EXPIRE = 31536000\n"
		  "AWS_S3_SIGNATURE_VERSION = 's3'",
		  "\nAWS_QUERYSTRING_EXPIRE = 31536000", NULL },
		{ "AWS_QUERYSTRING_EXPIRE = 31536000\n"
		  "AWS_QUERYSTRING_AUTH = False",
		  "\nAWS_QUERYSTRING_EXPIRE = 31536000", NULL },
		{ "AWS_S3_CUSTOM_DOMAIN = False",
		  "\nAWS_S3_CUSTOM_DOMAIN = None", NULL },
		{ "AWS_QUERYSTRING_EXPIRES = 1",
		  "AWS_QUERYSTRING_EXPIRES is no setting",
		  "nearest is AWS_QUERYSTRING_EXPIRE" },
		{ "MEDIA_ROOT = '/a'", "mount point", "FileSystemStorage" },
		{ "GZIP_CONTENT_TYPES = 'text/css'", "\n#GZIP_CONTENT_TYPES",
		  "a list is due" },
		{ "AWS_LOCATION = f()", "\n#AWS_LOCATION",
		  "without running Python (calls f()): set it yourself" },
		{ "AWS_S3_OBJECT_PARAMETERS = {'Expires': e, "
		  "'CacheControl': 'a'}",
		  "\nAWS_S3_OBJECT_PARAMETERS = {'CacheControl': 'a'}",
		  "Expires in it cannot be read" },
		{ "if U:\n  AWS_LOCATION = 'a'\nelse:\n  AWS_LOCATION = 'b'",
		  "\nAWS_LOCATION = 'a'  # from s.py:2",
		  "AWS_LOCATION: left out" },
		{ "S = {}\nSTORAGES = {}\nif U:\n  STORAGES['d'] = "
		  "{'BACKEND': 'x.S3Storage'}\nelse:\n  STORAGES['d'] = 1",
		  "[d]", "set under \"if U\" of line 3" },
		{ "if U:\n  DEFAULT_FILE_STORAGE = 'x.S3Storage'",
		  "DEFAULT_FILE_STORAGE stands under \"if U\" of line 1",
		  NULL },
		{ "AWS_STORAGE_BUCKET_NAME = os.getenv('B', 'b')",
		  "\nAWS_STORAGE_BUCKET_NAME = 'b'",
		  "which is not read when the mount is called by" },
		{ "if U:\n  AWS_LOCATION = 'a'", "under \"if U\" of line 1",
		  NULL },
		{ "AWS_LOCATION = 'a\\nAWS_S3_USE_SSL = False'",
		  "\nAWS_LOCATION = 'a\\nAWS_S3_USE_SSL = False'", NULL },
	};

	check(examples, ARRAY_SIZE(examples));
}

static void variables_are_named_not_read(void **state)
{
	static const struct example examples[] = {
		{ "AWS_ACCESS_KEY_ID = os.environ['AWS_ACCESS_KEY_ID']",
		  "\n#AWS_ACCESS_KEY_ID = ''",
		  "$AWS_ACCESS_KEY_ID, which s3storefs reads itself" },
		{ "AWS_SECRET_ACCESS_KEY = env('DO_SECRET')",
		  "\n#AWS_SECRET_ACCESS_KEY = ''", "comes from $DO_SECRET" },
		{ "AWS_S3_REGION_NAME = os.getenv('R', 'eu-west-1')",
		  "\nAWS_S3_REGION_NAME = 'eu-west-1'",
		  "comes from $R, which s3storefs does not read" },
		{ "AWS_S3_OBJECT_PARAMETERS = {'ACL': env('A', 'private'), "
		  "'CacheControl': env('C')}",
		  "\nAWS_S3_OBJECT_PARAMETERS = {'ACL': 'private'}",
		  "default of $A; CacheControl in it cannot be read without "
		  "running Python (comes from $C)" },
		{ "AWS_LOCATION = os.environ['AWS_LOCATION']",
		  "\n#AWS_LOCATION = ''",
		  "$AWS_LOCATION, which s3storefs reads itself" },
		{ "B = os.environ['B']\n"
		  "AWS_S3_CUSTOM_DOMAIN = f'{B}.s3.amazonaws.com'",
		  "\n#AWS_S3_CUSTOM_DOMAIN = ''", "made from $B" },
		/* The section's name must not pass for the bucket's. */
		{ "AWS_STORAGE_BUCKET_NAME = "
		  "os.environ['AWS_STORAGE_BUCKET_NAME']",
		  "\nAWS_STORAGE_BUCKET_NAME = ''", "without a name" },
		{ "X = 1", "\nAWS_STORAGE_BUCKET_NAME = None", "write it" },
	};

	check(examples, ARRAY_SIZE(examples));
}

static const char storages[] =
	"from storages.backends.s3boto3 import S3Boto3Storage\n"
	"AWS_STORAGE_BUCKET_NAME = 'b'\n"
	"AWS_S3_REGION_NAME = 'r'\n"
	"class Base(S3Boto3Storage):\n"
	"    file_overwrite = False\n"
	"    default_acl = 'private'\n"
	"class Media(Base):\n"
	"    location = 'media'\n"
	"    default_acl = None\n"
	"class Other(object):\n"
	"    location = 'no'\n"
	"STORAGES = {\n"
	"  'default': {'BACKEND': 'app.Media', 'OPTIONS':\n"
	"              {'querystring_expire': 7}},\n"
	"  'staticfiles': {'BACKEND': 'storages.backends.s3.S3StaticStorage',\n"
	"                  'OPTIONS': {'bucket_name': 's', 'gzip': True}},\n"
	"  'disk': {'BACKEND': 'django.core.files.storage.FileSystemStorage'},\n"
	"}\n";

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
	assert_non_null(strstr(media, "AWS_LOCATION = 'media'"));
	assert_non_null(strstr(media, "AWS_S3_FILE_OVERWRITE = False"));
	assert_non_null(strstr(media, "AWS_DEFAULT_ACL = None"));
	assert_null(strstr(media, "AWS_DEFAULT_ACL = 'private'"));
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
		AUTO_BUF struct buf source = BUF_INIT(4096);
		struct config config;
		struct result r;

		buf_add_fmt(&source, "AWS_STORAGE_BUCKET_NAME = 'b'\n%s\n",
			    plain[i].source);
		assert_int_equal(source.error, 0);
		if (strstr(plain[i].source, "CLOUDFRONT"))
			continue; /* a pair, and a real key is due */
		migrate(source.data, &r);
		load(&r.text, "default", &config);
		config_release(&config);
		result_release(&r);
	}
}

static void secrets_are_left_out_unless_asked_for(void **state)
{
	static const char source[] =
		"AWS_SECRET_ACCESS_KEY = 'geheim'\n"
		"AWS_SESSION_TOKEN = 'geheim\\x01'\n"
		"AWS_S3_ENDPOINT_URL = 'https://u:geheim@h'\n"
		"AWS_S3_PROXIES = {'http': 'http://u:geheim@p:1'}\n"
		"AWS_S3_OBJECT_PARAMETERS = {'SSECustomerKey': 'geheim', "
		"'SSECustomerAlgorithm': 'AES256'}\n"
		"STORAGES = {'default': {'BACKEND': "
		"'storages.backends.s3.S3Storage', 'OPTIONS': "
		"{'secret_key': 'geheim'}}}\n";
	AUTO_BUF struct buf text = BUF_INIT(TEXT_MAX);
	AUTO_BUF struct buf words = BUF_INIT(TEXT_MAX);
	struct result r;

	migrate(source, &r);
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
		cmocka_unit_test(variables_are_named_not_read),
		cmocka_unit_test(each_storage_is_a_section),
		cmocka_unit_test(the_result_is_loaded_again),
		cmocka_unit_test(every_setting_is_loaded_again),
		cmocka_unit_test(secrets_are_left_out_unless_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
