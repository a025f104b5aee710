/* SPDX-License-Identifier: MIT */
/* Settings in other words become the basic ones (src/config/derive*.c). */
#include "config-fixture.h"

#define MIB (1024ull * 1024)

/* Loads a settings file for bucket "b"; more may be one -o. */
static int load(const char *text, const char *more)
{
	return more ? LOAD_FILE(text, "b", "/mnt", "-o", more) :
		      LOAD_FILE(text, "b", "/mnt");
}

#define TAKES(text)                                              \
	do {                                                     \
		if (load(text, NULL))                            \
			fail_msg("%s: %s", text, buf_str(&why)); \
	} while (0)

#define REFUSES(text, part)                                  \
	do {                                                 \
		assert_int_equal(load(text, NULL), -EINVAL); \
		ASSERT_SAYS(part);                           \
	} while (0)

static void assert_text(const char *is, const char *due)
{
	assert_string_equal(is ? is : "None", due);
}

static void assert_noted(const char *part)
{
	if (!strstr(buf_str(&config.notes), part))
		fail_msg("not noted: %s", buf_str(&config.notes));
}

/* --------------------------------------------------- the first boto */

static void a_host_is_an_endpoint_or_a_region(void **state)
{
	static const struct {
		const char *text, *url, *region;
	} cases[] = {
		{ "AWS_S3_HOST = s3.example", "https://s3.example", "None" },
		{ "AWS_S3_HOST = s3.example\nAWS_S3_PORT = 9000",
		  "https://s3.example:9000", "None" },
		{ "AWS_S3_HOST = h\nAWS_S3_PORT = 80\nAWS_S3_USE_SSL = False",
		  "http://h:80", "None" },
		{ "AWS_S3_HOST = s3.amazonaws.com", "None", "None" },
		{ "AWS_S3_HOST = s3.eu-central-1.amazonaws.com", "None",
		  "eu-central-1" },
		{ "AWS_S3_HOST = s3-eu-west-1.amazonaws.com", "None",
		  "eu-west-1" },
		{ "AWS_S3_HOST = s3.cn-north-1.amazonaws.com.cn", "None",
		  "cn-north-1" },
		{ "AWS_S3_HOST = s3-external-1.amazonaws.com", "None",
		  "us-east-1" },
		{ "AWS_S3_HOST = s3.dualstack.eu-west-2.amazonaws.com",
		  "https://s3.dualstack.eu-west-2.amazonaws.com", "eu-west-2" },
		{ "AWS_S3_HOST = s3.eu-west-3.amazonaws.com\n"
		  "AWS_S3_REGION_NAME = eu-west-1",
		  "None", "eu-west-1" },
		{ "AWS_S3_HOST = s3.amazonaws.com.evil.example",
		  "https://s3.amazonaws.com.evil.example", "None" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		TAKES(cases[i].text);
		assert_text(config.endpoint_url, cases[i].url);
		assert_text(config.region, cases[i].region);
	}
	REFUSES("AWS_S3_PORT = 80", "needs AWS_S3_HOST");
	REFUSES("AWS_S3_HOST = https://h", "AWS_S3_ENDPOINT_URL");
	REFUSES("AWS_S3_HOST = h\nAWS_S3_ENDPOINT_URL = http://i",
		"contradict each other");
	TAKES("AWS_S3_HOST = h\nAWS_S3_ENDPOINT_URL = https://h");
	assert_int_equal(load("AWS_S3_HOST = h", "endpoint_url=http://i"), 0);
	assert_text(config.endpoint_url, "http://i");
}

static void a_calling_format_is_an_addressing_style(void **state)
{
	TAKES("AWS_S3_CALLING_FORMAT = 'boto.s3.connection."
	      "OrdinaryCallingFormat'");
	assert_text(config.addressing_style, "path");
	TAKES("AWS_S3_CALLING_FORMAT = 'OrdinaryCallingFormat()'");
	assert_text(config.addressing_style, "path");
	TAKES("AWS_S3_CALLING_FORMAT = "
	      "ProtocolIndependentOrdinaryCallingFormat");
	assert_text(config.addressing_style, "path");
	TAKES("AWS_S3_CALLING_FORMAT = SubdomainCallingFormat");
	assert_text(config.addressing_style, "virtual");
	REFUSES("AWS_S3_CALLING_FORMAT = VHostCallingFormat",
		"AWS_S3_CUSTOM_DOMAIN");
	REFUSES("AWS_S3_CALLING_FORMAT = Sideways", "path or virtual");
	REFUSES("AWS_S3_CALLING_FORMAT = OrdinaryCallingFormat\n"
		"addressing_style = virtual",
		"contradict");
}

static void origin_proxy_and_sigv4_are_translated(void **state)
{
	TAKES("AWS_ORIGIN = EU");
	assert_text(config.region, "eu-west-1");
	TAKES("AWS_ORIGIN = ''");
	assert_text(config.region, "us-east-1");
	TAKES("AWS_ORIGIN = ap-south-1");
	assert_text(config.region, "ap-south-1");
	REFUSES("AWS_ORIGIN = EU\nAWS_S3_REGION_NAME = us-west-1",
		"contradict");
	TAKES("AWS_S3_PROXY_HOST = p\nAWS_S3_PROXY_PORT = 3128");
	assert_text(value_get(config.proxies, "http")->text, "p:3128");
	assert_text(value_get(config.proxies, "https")->text, "p:3128");
	REFUSES("AWS_S3_PROXY_PORT = 3128", "needs AWS_S3_PROXY_HOST");
	REFUSES("AWS_S3_PROXY_HOST = http://p", "AWS_S3_PROXIES");
	TAKES("S3_USE_SIGV4 = True");
	assert_text(config.signature_version, "s3v4");
	REFUSES("S3_USE_SIGV4 = True\nAWS_S3_SIGNATURE_VERSION = s3",
		"contradict");
	TAKES("S3_USE_SIGV4 = False\nAWS_S3_SIGNATURE_VERSION = s3");
	assert_text(config.signature_version, "s3");
}

/* ------------------------------------------------------- the two maps */

static void a_transfer_config_sets_sizes_and_numbers(void **state)
{
	TAKES("AWS_S3_TRANSFER_CONFIG = {'multipart_threshold': 16777216,\n"
	      "  'multipart_chunksize': 10485760, 'max_concurrency': 4,\n"
	      "  'num_download_attempts': 7, 'max_bandwidth': 1000}");
	assert_int_equal(config.single_put_bytes, 16 * MIB - 1);
	assert_int_equal(config.part_bytes, 10 * MIB);
	assert_int_equal(config.transfers, 4);
	assert_int_equal(config.attempts, 7);
	assert_int_equal(config.max_bytes_per_s, 1000);
	TAKES("AWS_S3_TRANSFER_CONFIG = {'multipart_chunksize': 1024,\n"
	      "  'multipart_threshold': 1, 'io_chunksize': 3,\n"
	      "  'preferred_transfer_client': 'auto', 'use_threads': None}");
	assert_int_equal(config.part_bytes, 5 * MIB);
	assert_int_equal(config.single_put_bytes, 1);
	assert_int_equal(config.transfers, 0);
	assert_noted("multipart_chunksize is less");
	assert_noted("io_chunksize has no effect");
	assert_noted("preferred_transfer_client has no effect");
	TAKES("AWS_S3_TRANSFER_CONFIG = {'use_threads': False,\n"
	      "  'max_concurrency': 9}");
	assert_int_equal(config.transfers, 1);
}

static void what_is_wrong_in_a_transfer_config_is_told(void **state)
{
	REFUSES("AWS_S3_TRANSFER_CONFIG = {'multipart_chunk_size': 1}",
		"did you mean multipart_chunksize?");
	REFUSES("AWS_S3_TRANSFER_CONFIG = {'multipart_threshold': 'big'}",
		"multipart_threshold: not a number above 0");
	REFUSES("AWS_S3_TRANSFER_CONFIG = {'max_concurrency': 'many'}",
		"AWS_S3_TRANSFER_CONFIG: transfers = many: not a number");
	REFUSES("AWS_S3_TRANSFER_CONFIG = {'use_threads': 'no'}",
		"neither True nor False");
	REFUSES("AWS_S3_TRANSFER_CONFIG = {'multipart_chunksize': 9437184}\n"
		"part_size = 8M",
		"contradict");
	REFUSES("AWS_S3_TRANSFER_CONFIG = 8", "not a map");
}

static void use_threads_and_buffer_size_are_weaker_than_the_map(void **state)
{
	TAKES("AWS_S3_USE_THREADS = False");
	assert_int_equal(config.transfers, 1);
	TAKES("AWS_S3_USE_THREADS = False\nAWS_S3_TRANSFER_CONFIG = {}");
	assert_int_equal(config.transfers, 0);
	assert_noted("AWS_S3_USE_THREADS has no effect");
	TAKES("AWS_S3_FILE_BUFFER_SIZE = 6291456");
	assert_int_equal(config.part_bytes, 6 * MIB);
	TAKES("");
	assert_int_equal(config.part_bytes, 8 * MIB);
	TAKES("AWS_S3_FILE_BUFFER_SIZE = 6M\n"
	      "AWS_S3_TRANSFER_CONFIG = {'multipart_chunksize': 9437184}");
	assert_int_equal(config.part_bytes, 9 * MIB);
	REFUSES("AWS_S3_FILE_BUFFER_SIZE = 4M", "too small");
}

static void a_client_config_sets_the_way_to_the_server(void **state)
{
	TAKES("AWS_S3_CLIENT_CONFIG = {'region_name': 'r', \n"
	      " 'signature_version': 's3', 'connect_timeout': 2.5,\n"
	      " 'read_timeout': 45, 'max_pool_connections': 3,\n"
	      " 'user_agent': 'me', 'user_agent_extra': 'too',\n"
	      " 'proxies': {'http': 'p:1'}, 'retries': {'max_attempts': 2},\n"
	      " 's3': {'addressing_style': 'virtual',\n"
	      "        'payload_signing_enabled': True},\n"
	      " 'request_checksum_calculation': 'when_required',\n"
	      " 'tcp_keepalive': True}");
	assert_text(config.region, "r");
	assert_text(config.signature_version, "s3");
	assert_int_equal(config.connect_timeout_ms, 2500);
	assert_int_equal(config.stall_timeout_ms, 45000);
	assert_int_equal(config.timeout_ms, 90000);
	assert_int_equal(config.connections, 3);
	assert_text(config.user_agent, "me too");
	assert_text(value_get(config.proxies, "http")->text, "p:1");
	assert_int_equal(config.attempts, 3);
	assert_text(config.addressing_style, "virtual");
	assert_text(config.payload_signing, "signed");
	assert_false(config.upload_checksum);
	assert_noted("tcp_keepalive has no effect");
	TAKES("AWS_S3_CLIENT_CONFIG = {'retries': {'total_max_attempts': 2,\n"
	      " 'mode': 'standard'}, 'signature_version': 'unsigned',\n"
	      " 'user_agent_extra': 'x'}");
	assert_int_equal(config.attempts, 2);
	assert_true(config.anonymous);
	assert_text(config.user_agent, "s3storefs/" PACKAGE_VERSION " x");
}

static void a_client_config_replaces_three_settings(void **state)
{
	static const char three[] = "addressing_style = path\n"
				    "signature_version = s3\n"
				    "proxies = {'http': 'p:1'}\n";
	char text[400];

	TAKES(three);
	assert_text(config.addressing_style, "path");
	snprintf(text, sizeof(text), "%sAWS_S3_CLIENT_CONFIG = {}", three);
	TAKES(text);
	assert_text(config.addressing_style, "None");
	assert_text(config.signature_version, "None");
	assert_null(config.proxies);
	assert_noted("AWS_S3_ADDRESSING_STYLE has no effect");
	snprintf(text, sizeof(text),
		 "%sAWS_S3_CLIENT_CONFIG = {'s3': "
		 "{'addressing_style': 'virtual'}}",
		 three);
	TAKES(text);
	assert_text(config.addressing_style, "virtual");
	assert_int_equal(
		load("AWS_S3_CLIENT_CONFIG = {}", "addressing_style=path"), 0);
	assert_text(config.addressing_style, "path");
}

static void what_is_wrong_in_a_client_config_is_told(void **state)
{
	REFUSES("AWS_S3_CLIENT_CONFIG = {'region_nme': 'r'}",
		"did you mean region_name?");
	REFUSES("AWS_S3_CLIENT_CONFIG = {'s3': {'adressing_style': 'path'}}",
		"did you mean addressing_style?");
	REFUSES("AWS_S3_CLIENT_CONFIG = {'s3': 'path'}", "not a map");
	REFUSES("AWS_S3_CLIENT_CONFIG = {'retries': 3}", "not a map");
	REFUSES("AWS_S3_CLIENT_CONFIG = {'retries': {'max_attempts': -1}}",
		"not a number");
	REFUSES("AWS_S3_CLIENT_CONFIG = {'proxies': 'p:1'}", "not a map");
	REFUSES("AWS_S3_CLIENT_CONFIG = {'signature_version': 'v9'}",
		"not one of");
	REFUSES("AWS_S3_CLIENT_CONFIG = {'use_fips_endpoint': True}",
		"AWS_S3_ENDPOINT_URL");
	TAKES("AWS_S3_CLIENT_CONFIG = {'use_fips_endpoint': False}");
	REFUSES("AWS_S3_CLIENT_CONFIG = {'client_cert': '/c.pem'}",
		"not supported");
	REFUSES("AWS_S3_CLIENT_CONFIG = {'region_name': 'r'}\n"
		"AWS_S3_REGION_NAME = q",
		"contradict");
}

/* ---------------------------------------------------------- the rest */

static void
the_old_defaults_come_with_compat_and_with_nothing_else(void **state)
{
	TAKES("");
	assert_text(config.default_acl, "None");
	assert_text(config.bucket_acl, "None");
	assert_text(config.url_protocol, "https:");
	TAKES("S3STOREFS_COMPAT = 1.7");
	assert_text(config.default_acl, "public-read");
	assert_text(config.bucket_acl, "public-read");
	assert_text(config.url_protocol, "https:");
	TAKES("S3STOREFS_COMPAT = 1.7\nAWS_S3_SECURE_URLS = False");
	assert_text(config.url_protocol, "http:");
	TAKES("S3STOREFS_COMPAT = 1.7\nAWS_DEFAULT_ACL = None");
	assert_text(config.default_acl, "None");
	assert_text(config.bucket_acl, "None");
	TAKES("AWS_DEFAULT_ACL = private");
	assert_text(config.bucket_acl, "private");
	TAKES("AWS_DEFAULT_ACL = private\nAWS_BUCKET_ACL = None");
	assert_text(config.bucket_acl, "None");
}

static void secure_urls_acts_only_when_it_was_given(void **state)
{
	TAKES("AWS_S3_URL_PROTOCOL = http:");
	assert_text(config.url_protocol, "http:");
	TAKES("AWS_S3_URL_PROTOCOL = http:\nAWS_S3_SECURE_URLS = True");
	assert_text(config.url_protocol, "https:");
	TAKES("AWS_S3_URL_PROTOCOL = http:\nAWS_S3_SECURE_URLS = False");
	assert_text(config.url_protocol, "http:");
}

static void the_environment_names_an_endpoint_behind_the_settings(void **state)
{
	setenv("AWS_ENDPOINT_URL", "http://general", 1);
	TAKES("");
	assert_text(config.endpoint_url, "http://general");
	setenv("AWS_ENDPOINT_URL_S3", "http://special", 1);
	TAKES("");
	assert_text(config.endpoint_url, "http://special");
	TAKES("AWS_S3_ENDPOINT_URL = http://setting");
	assert_text(config.endpoint_url, "http://setting");
	setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true", 1);
	TAKES("");
	assert_text(config.endpoint_url, "None");
	unsetenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
	setenv("AWS_ENDPOINT_URL_S3", "special", 1);
	REFUSES("", "AWS_ENDPOINT_URL_S3 in the environment");
	unsetenv("AWS_ENDPOINT_URL_S3");
	unsetenv("AWS_ENDPOINT_URL");
}

static void names_are_utf_8_however_that_is_written(void **state)
{
	static const char *const good[] = { "utf-8", "UTF-8", "utf8", "U8",
					    "utf_8" };
	char text[80];

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		snprintf(text, sizeof(text), "AWS_S3_FILE_NAME_CHARSET = %s",
			 good[i]);
		TAKES(text);
	}
	REFUSES("AWS_S3_FILE_NAME_CHARSET = latin-1", "names in S3 are UTF-8");
}

static void settings_that_do_not_go_together_are_refused(void **state)
{
	static const char *const fine[] = {
		"addressing_style = virtual\nuse_ssl = False",
		"addressing_style = virtual\nendpoint_url = http://h",
		"addressing_style = path",
		"",
	};

	assert_int_equal(load("addressing_style = virtual", "bucket_name=a.b"),
			 -EINVAL);
	assert_non_null(strstr(buf_str(&why), "dotted bucket a.b"));
	for (size_t i = 0; i < ARRAY_SIZE(fine); i++)
		assert_int_equal(load(fine[i], "bucket_name=a.b"), 0);
	TAKES("log_to = /var/log/s3storefs.log");
	REFUSES("log_to = here", "log_to = here");
	REFUSES("user_agent = \"a\\nb\"", "user_agent");
	TAKES("connect_timeout = 50");
	assert_int_equal(config.timeout_ms, 100000);
	TAKES("connect_timeout = 50\ntimeout = 20");
	assert_int_equal(config.timeout_ms, 20000);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_host_is_an_endpoint_or_a_region),
		cmocka_unit_test(a_calling_format_is_an_addressing_style),
		cmocka_unit_test(origin_proxy_and_sigv4_are_translated),
		cmocka_unit_test(a_transfer_config_sets_sizes_and_numbers),
		cmocka_unit_test(what_is_wrong_in_a_transfer_config_is_told),
		cmocka_unit_test(
			use_threads_and_buffer_size_are_weaker_than_the_map),
		cmocka_unit_test(a_client_config_sets_the_way_to_the_server),
		cmocka_unit_test(a_client_config_replaces_three_settings),
		cmocka_unit_test(what_is_wrong_in_a_client_config_is_told),
		cmocka_unit_test(
			the_old_defaults_come_with_compat_and_with_nothing_else),
		cmocka_unit_test(secure_urls_acts_only_when_it_was_given),
		cmocka_unit_test(
			the_environment_names_an_endpoint_behind_the_settings),
		cmocka_unit_test(names_are_utf_8_however_that_is_written),
		cmocka_unit_test(settings_that_do_not_go_together_are_refused),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
