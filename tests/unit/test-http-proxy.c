/* SPDX-License-Identifier: MIT */
/* Which proxy a URL goes through (src/http/proxy.c). */
#include "proxy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct proxy_rules rules;
static struct errinfo err;

static int copy(const struct http_proxy *from, size_t count)
{
	proxy_rules_release(&rules);
	err = (struct errinfo)ERRINFO_INIT;
	return proxy_rules_copy(&rules, from, count, &err);
}

static void assert_goes(const char *url, const char *proxy)
{
	const char *found = proxy_rules_find(&rules, url);

	if (proxy)
		assert_string_equal(found ? found : "none", proxy);
	else
		assert_null(found);
}

static void every_form_of_a_proxy_is_made_whole(void **state)
{
	static const struct {
		const char *written, *whole;
	} forms[] = {
		{ "h:3128", "http://h:3128" },
		{ "//h:3128", "http://h:3128" },
		{ "h", "http://h:80" },
		{ "http://h", "http://h:80" },
		{ "http://h/", "http://h:80" },
		{ "https://h", "https://h:443" },
		{ "https://h:8443/", "https://h:8443" },
		{ "http://u:p@h", "http://u:p@h:80" },
		{ "http://u:p%40x@h:1", "http://u:p%40x@h:1" },
		{ "u:p@h:1", "http://u:p@h:1" },
		{ "socks5h://h", "socks5h://h:1080" },
		{ "[::1]", "http://[::1]:80" },
		{ "http://[::1]:99", "http://[::1]:99" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		struct http_proxy rule = { "https", forms[i].written };

		assert_int_equal(copy(&rule, 1), 0);
		assert_goes("https://s3", forms[i].whole);
	}
}

static void what_is_no_proxy_is_told_without_its_password(void **state)
{
	static const char *const bad[] = { "",
					   "//",
					   "ftp://h:1",
					   "http://",
					   "http://u:secret@",
					   "h:1/path",
					   "http://u:secret@h?x" };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct http_proxy rule = { "http", bad[i] };

		assert_int_equal(copy(&rule, 1), -EINVAL);
		assert_null(strstr(err.text, "secret"));
		assert_non_null(strstr(err.text, "http"));
	}
}

static void what_is_no_target_is_told(void **state)
{
	static const char *const bad[] = {
		"", "ftp", "http:", "s3.host", "https://", "https://h/p", "htt"
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct http_proxy rule = { bad[i], "h:1" };

		assert_int_equal(copy(&rule, 1), -EINVAL);
		assert_non_null(strstr(err.text, bad[i]));
	}
}

static void the_most_specific_target_wins(void **state)
{
	static const struct http_proxy list[] = {
		{ "https", "all" },
		{ "https://s3.Example", "host" },
		{ "https://s3.example:9000/", "port" },
		{ "http://plain:80", "plain" },
	};

	assert_int_equal(copy(list, ARRAY_SIZE(list)), 0);
	assert_goes("https://s3.example:9000/b/key", "http://port:80");
	assert_goes("https://s3.example:9001/b", "http://host:80");
	assert_goes("https://S3.example/b?x", "http://host:80");
	assert_goes("https://b.s3.example/", "http://all:80");
	assert_goes("http://s3.example:9000/b", NULL);
	assert_goes("http://plain/b", "http://plain:80");
	assert_goes("http://plain:81/b", NULL);
	assert_goes("no url", NULL);
}

static void without_rules_nothing_has_a_proxy(void **state)
{
	assert_int_equal(copy(NULL, 0), 0);
	assert_goes("https://h/", NULL);
}

static int tear_down(void **state)
{
	proxy_rules_release(&rules);
	return 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_form_of_a_proxy_is_made_whole),
		cmocka_unit_test(what_is_no_proxy_is_told_without_its_password),
		cmocka_unit_test(what_is_no_target_is_told),
		cmocka_unit_test(the_most_specific_target_wins),
		cmocka_unit_test(without_rules_nothing_has_a_proxy),
	};

	return cmocka_run_group_tests(tests, NULL, tear_down);
}
