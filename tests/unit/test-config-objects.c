/* SPDX-License-Identifier: MIT */
/*
 * What objects are stored with, from all the settings that say so, and the
 * sections for single paths (src/config/object_settings.c,
 * src/config/config_rules.c).
 */
#include "object_settings.h"

#include "config-fixture.h"
#include "params/rules.h"

#define KEY        "0123456789abcdef0123456789ABCDEF"
#define KEY_BASE64 "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlBQkNERUY="
#define ACL        "x-amz-acl"
#define CLASS      "x-amz-storage-class"
#define SSE        "x-amz-server-side-encryption"

static struct object_settings *objects;
static struct s3_options options;

static void release(void)
{
	object_settings_free(objects);
	objects = NULL;
}

static int load_with(const char *text, const char *option)
{
	int rc;

	release();
	rc = option ? LOAD_FILE(text, "media:loc", "/mnt", "-o", option) :
		      LOAD_FILE(text, "media:loc", "/mnt");
	if (rc == 0)
		rc = object_settings_new(&config, &objects, &why);
	if (rc == 0)
		object_settings_apply(objects, &options);
	return rc;
}

static const char *header_of(const char *path, const char *name)
{
	struct rules rules = { options.rules, options.rule_count,
			       options.rules_prefix };
	AUTO_BUF struct buf key = BUF_INIT(1024);

	buf_add_fmt(&key, "loc/%s", path);
	return rules_get(&rules, buf_str(&key), name);
}

/* A settings file, and what it says of a header of a path; NULL: nothing. */
struct row {
	const char *text, *path, *header, *due;
};

static void check_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct row *row = &rows[i];
		const char *got;

		if (load_with(row->text, NULL) < 0)
			fail_msg("%s: %s", row->text, buf_str(&why));
		got = header_of(row->path, row->header);
		if (!got != !row->due || (got && strcmp(got, row->due) != 0))
			fail_msg("%s: %s: %s", row->text, row->header,
				 got ? got : "nothing");
	}
	release();
}

static void each_setting_says_its_header(void **state)
{
	static const struct row rows[] = {
		{ "", "f", ACL, NULL },
		{ "", "f", SSE, NULL },
		{ "", "f", CLASS, NULL },
		{ "AWS_DEFAULT_ACL = 'private'", "f", ACL, "private" },
		{ "AWS_DEFAULT_ACL = None", "f", ACL, NULL },
		{ "AWS_S3_ENCRYPTION = True", "f", SSE, "AES256" },
		{ "AWS_S3_ENCRYPTION = False", "f", SSE, NULL },
		{ "AWS_REDUCED_REDUNDANCY = True", "f", CLASS,
		  "REDUCED_REDUNDANCY" },
		{ "AWS_S3_OBJECT_PARAMETERS = {'CacheControl': 'a'}", "f",
		  "cache-control", "a" },
		{ "AWS_S3_OBJECT_PARAMETERS = {'Metadata': {'K': 'v'}}", "f",
		  "x-amz-meta-k", "v" },
		{ "AWS_S3_OBJECT_PARAMETERS = {'Expires': 1767225600}", "f",
		  "expires", "Thu, 01 Jan 2026 00:00:00 GMT" },
		{ "AWS_S3_OBJECT_PARAMETERS = {'BucketKeyEnabled': True}", "f",
		  SSE "-bucket-key-enabled", "true" },
		{ "AWS_S3_OBJECT_PARAMETERS = {'SSEKMSEncryptionContext': "
		  "{'a': 'b\"', 'c': 'd'}}",
		  "f", SSE "-context", "eyJhIjoiYlwiIiwiYyI6ImQifQ==" },
		{ "AWS_HEADERS = {'cache-control': 'a', 'x-amz-meta-k': 'b'}",
		  "f", "x-amz-meta-k", "b" },
		{ "AWS_HEADERS = {'Expires': 'Thu, 01 Jan 2026 00:00:00 GMT'}",
		  "f", "expires", "Thu, 01 Jan 2026 00:00:00 GMT" },
	};

	check_rows(rows, ARRAY_SIZE(rows));
}

#define ALL_SOURCES                                                 \
	"AWS_DEFAULT_ACL = 'private'\nAWS_S3_ENCRYPTION = True\n"   \
	"AWS_REDUCED_REDUNDANCY = True\n"                           \
	"AWS_S3_OBJECT_PARAMETERS = {'ACL': 'authenticated-read', " \
	"'ServerSideEncryption': 'aws:kms', 'StorageClass': 'GLACIER'}\n"

static void parameters_win_today_and_lost_in_1_7(void **state)
{
	static const struct row rows[] = {
		{ ALL_SOURCES, "f", ACL, "authenticated-read" },
		{ ALL_SOURCES, "f", SSE, "aws:kms" },
		{ ALL_SOURCES, "f", CLASS, "GLACIER" },
		{ ALL_SOURCES "compat = 1.7", "f", ACL, "private" },
		{ ALL_SOURCES "compat = 1.7", "f", SSE, "AES256" },
		{ ALL_SOURCES "compat = 1.7", "f", CLASS,
		  "REDUCED_REDUNDANCY" },
		{ ALL_SOURCES "AWS_HEADERS = {'x-amz-acl': 'public-read'}", "f",
		  ACL, "public-read" },
		{ ALL_SOURCES "compat = 1.7\n"
			      "AWS_HEADERS = {'x-amz-acl': 'public-read'}",
		  "f", ACL, "public-read" },
	};

	check_rows(rows, ARRAY_SIZE(rows));
}

static void the_acl_of_1_7_is_public_unless_it_is_set(void **state)
{
	static const struct row rows[] = {
		{ "compat = 1.7", "f", ACL, "public-read" },
		{ "compat = 1.7\nAWS_DEFAULT_ACL = None", "f", ACL, NULL },
		{ "compat = 1.7\nAWS_DEFAULT_ACL = 'private'", "f", ACL,
		  "private" },
		{ "compat = 1.7\nAWS_DEFAULT_ACL = None\n"
		  "AWS_S3_OBJECT_PARAMETERS = {'ACL': 'private'}",
		  "f", ACL, "private" },
	};

	check_rows(rows, ARRAY_SIZE(rows));
}

static void sections_are_for_the_paths_they_match(void **state)
{
	static const struct row rows[] = {
		{ "[*.css]\nCacheControl = max-age=1", "d/a.css",
		  "cache-control", "max-age=1" },
		{ "[*.css]\nCacheControl = max-age=1", "a.js", "cache-control",
		  NULL },
		{ "[img/**.png]\nACL = 'private'", "img/1/2.png", ACL,
		  "private" },
		{ "[img/]\nACL = 'private'", "img/1/2.png", ACL, "private" },
		{ "[img/]\nACL = 'private'", "x/img/2.png", ACL, NULL },
		{ "[[ab].x]\nACL = 'private'", "b.x", ACL, "private" },
		{ "[*]\nAWS_DEFAULT_ACL = 'private'", "f", ACL, "private" },
		{ "[*]\ndefault_acl = private", "f", ACL, "private" },
		{ "[*]\nAWS_S3_ENCRYPTION = yes", "f", SSE, "AES256" },
		{ "[*]\nAWS_REDUCED_REDUNDANCY = yes", "f", CLASS,
		  "REDUCED_REDUNDANCY" },
		{ "[*]\nAWS_S3_OBJECT_PARAMETERS = {'ContentLanguage': 'de'}",
		  "f", "content-language", "de" },
		{ "[*]\nMetadata = {'k': 'v'}", "f", "x-amz-meta-k", "v" },
		{ "[*]\nExpires = 0", "f", "expires",
		  "Thu, 01 Jan 1970 00:00:00 GMT" },
		{ "[*]\nSSECustomerKey = '" KEY "'", "f", SSE "-customer-key",
		  KEY_BASE64 },
		/* For one mount; this one is "media". */
		{ "[media:*]\nACL = private", "f", ACL, "private" },
		{ "[other:*]\nACL = private", "f", ACL, NULL },
		{ "[medi:*]\nACL = private", "f", ACL, NULL },
		{ "[media:f]\nACL = private", "f", ACL, "private" },
		{ "[:f:*]\nACL = private", "f:g", ACL, "private" },
	};

	check_rows(rows, ARRAY_SIZE(rows));
}

static void later_sections_win_and_all_win_over_the_mount(void **state)
{
	static const struct row rows[] = {
		{ "[*]\nACL = a\n[*.css]\nACL = b", "x.css", ACL, "b" },
		{ "[*.css]\nACL = b\n[*]\nACL = a", "x.css", ACL, "a" },
		{ "[*]\nACL = a\nACL = b", "x", ACL, "b" },
		{ "[*.css]\nAWS_DEFAULT_ACL = private\n"
		  "[media]\nAWS_S3_OBJECT_PARAMETERS = {'ACL': 'x'}",
		  "x.css", ACL, "private" },
		{ "[*]\nAWS_DEFAULT_ACL = private\nACL = x", "f", ACL, "x" },
		{ "compat = 1.7\n[*]\nAWS_DEFAULT_ACL = private\nACL = x", "f",
		  ACL, "private" },
		/* What the mount says is taken back. */
		{ "AWS_DEFAULT_ACL = private\n[*]\nAWS_DEFAULT_ACL = None", "f",
		  ACL, NULL },
		{ "AWS_S3_OBJECT_PARAMETERS = {'CacheControl': 'x'}\n"
		  "[*.css]\nCacheControl = None",
		  "f.css", "cache-control", NULL },
		{ "AWS_S3_ENCRYPTION = True\n[*]\nAWS_S3_ENCRYPTION = False",
		  "f", SSE, NULL },
		{ "AWS_S3_OBJECT_PARAMETERS = {'StorageClass': 'GLACIER'}\n"
		  "[*]\nAWS_REDUCED_REDUNDANCY = False",
		  "f", CLASS, "GLACIER" },
	};

	check_rows(rows, ARRAY_SIZE(rows));
}

static void what_cannot_be_is_said_with_its_place(void **state)
{
	static const struct {
		const char *text, *place, *words;
	} wrong[] = {
		{ "AWS_S3_OBJECT_PARAMETERS = {'cache-control': 'x'}",
		  "AWS_S3_OBJECT_PARAMETERS: ", "write CacheControl" },
		{ "AWS_S3_OBJECT_PARAMETERS = {'CacheControl': None}",
		  "AWS_S3_OBJECT_PARAMETERS: ", "a text is due, not None" },
		{ "AWS_S3_OBJECT_PARAMETERS = {'CacheControl': 5}",
		  "AWS_S3_OBJECT_PARAMETERS: ", "a text is due, not a number" },
		{ "AWS_S3_OBJECT_PARAMETERS = {'ContentType': ['a']}",
		  "AWS_S3_OBJECT_PARAMETERS: ", "not a list" },
		{ "AWS_S3_OBJECT_PARAMETERS = {'ContentType': {'a': 'b'}}",
		  "AWS_S3_OBJECT_PARAMETERS: ", "not a map" },
		{ "AWS_S3_OBJECT_PARAMETERS = {'Expires': 'soon'}",
		  "AWS_S3_OBJECT_PARAMETERS: ", "no date" },
		{ "AWS_S3_OBJECT_PARAMETERS = {'Expires': 1.5}",
		  "AWS_S3_OBJECT_PARAMETERS: ", "a date is due" },
		{ "AWS_S3_OBJECT_PARAMETERS = {'Metadata': 'x'}",
		  "AWS_S3_OBJECT_PARAMETERS: ", "a map is due" },
		{ "AWS_S3_OBJECT_PARAMETERS = {'Metadata': {'k': 1}}",
		  "AWS_S3_OBJECT_PARAMETERS: ", "k: a text is due" },
		{ "AWS_S3_OBJECT_PARAMETERS = {'Metadata': {'k': '\\u00e4'}}",
		  "AWS_S3_OBJECT_PARAMETERS: ", "only ASCII" },
		{ "AWS_S3_OBJECT_PARAMETERS = {'CacheControl': 'a\\r\\nb: c'}",
		  "AWS_S3_OBJECT_PARAMETERS: ", "one line" },
		{ "AWS_S3_OBJECT_PARAMETERS = {'SSECustomerAlgorithm': 'x'}",
		  "AWS_S3_OBJECT_PARAMETERS: ", "SSECustomerKey is missing" },
		{ "AWS_HEADERS = {'Vary': 'x'}", "AWS_HEADERS: ", "Vary" },
		{ "AWS_HEADERS = {'Expires': 5}", "AWS_HEADERS: ", "a text" },
		{ "\n[*.css]\n\nCacheContorl = x", ":4: ", "CacheControl?" },
		{ "[*.css]\nCacheControl = ['a']", ":2: ", "not a list" },
		{ "[*.css]\nCacheControl = 'a", ":2: ", "quote" },
		{ "[*.css]\nAWS_LOCATION = x", ":2: ", "the whole mount" },
		{ "[*.css]\nregion = x", ":2: ", "the whole mount" },
		{ "[*.css]\nAWS_DEFAULT_ALC = x", ":2: ", "AWS_DEFAULT_ACL?" },
		{ "[*.css]\nAWS_DEFAULT_ACL = x", ":2: ", "not one of" },
		{ "[media:]\nACL = x", ":1: ", "a pattern is due" },
		/* Also where it is for another mount. */
		{ "[other:*]\nACLS = x", ":2: ", "ACL?" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		int rc = load_with(wrong[i].text, NULL);

		if (rc != -EINVAL || !strstr(buf_str(&why), wrong[i].place) ||
		    !strstr(buf_str(&why), wrong[i].words))
			fail_msg("%s: %d %s", wrong[i].text, rc, buf_str(&why));
	}
	release();
}

static void a_customers_key_is_kept_as_a_secret(void **state)
{
	static const char in_map[] =
		"AWS_S3_OBJECT_PARAMETERS = {'SSECustomerKey': '" KEY "'}";
	static const char in_headers[] =
		"AWS_HEADERS = {'X-Amz-Server-Side-Encryption-Customer-Key': '" KEY_BASE64
		"'}";
	static const char in_section[] = "[*]\nSSECustomerKey = '" KEY "'";
	static const char map_in_section[] =
		"[*]\nAWS_S3_OBJECT_PARAMETERS = {'SSECustomerKey': '" KEY "'}";
	static const char *const texts[] = { in_map, in_headers, in_section,
					     map_in_section };

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		assert_int_equal(load_with(texts[i], NULL), 0);
		assert_int_equal(chmod(file_path, 0644), 0);
		assert_int_equal(load_with(texts[i], NULL), -EACCES);
		assert_int_equal(chmod(file_path, 0600), 0);
		assert_non_null(strstr(buf_str(&why), "chmod 600"));
		assert_null(strstr(buf_str(&why), KEY));
	}
	assert_int_equal(load_with("", "AWS_S3_OBJECT_PARAMETERS={"
				       "'SSECustomerKey': '" KEY "'}"),
			 -EINVAL);
	assert_non_null(strstr(buf_str(&why), "would show in ps"));
	assert_null(strstr(buf_str(&why), KEY));
	assert_int_equal(setenv("AWS_S3_OBJECT_PARAMETERS",
				"{'SSECustomerKey': '" KEY "'}", 1),
			 0);
	assert_int_equal(load_with("", NULL), 0);
	assert_string_equal(header_of("f", SSE "-customer-key"), KEY_BASE64);
	assert_int_equal(unsetenv("AWS_S3_OBJECT_PARAMETERS"), 0);
	assert_int_equal(
		load_with("AWS_S3_OBJECT_PARAMETERS = {'SSECustomerKey': "
			  "'short-secret'}",
			  NULL),
		-EINVAL);
	assert_null(strstr(buf_str(&why), "short-secret"));
	release();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_setting_says_its_header),
		cmocka_unit_test(parameters_win_today_and_lost_in_1_7),
		cmocka_unit_test(the_acl_of_1_7_is_public_unless_it_is_set),
		cmocka_unit_test(sections_are_for_the_paths_they_match),
		cmocka_unit_test(later_sections_win_and_all_win_over_the_mount),
		cmocka_unit_test(what_cannot_be_is_said_with_its_place),
		cmocka_unit_test(a_customers_key_is_kept_as_a_secret),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
