/* SPDX-License-Identifier: MIT */
/* Keys that others hand out, the pure parts: places, words, answers, times. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "creds/creds_answer.h"
#include "creds/creds_renewal.h"
#include "creds/creds_source.h"
#include "creds/creds_words.h"

static void a_token_goes_only_to_this_machine_or_over_tls(void **state)
{
	static const struct {
		const char *relative, *full, *url; /* url NULL: refused */
	} cases[] = {
		{ "/v2/x?id=1", NULL, "http://169.254.170.2/v2/x?id=1" },
		{ "/v2/x", "http://h/ignored", "http://169.254.170.2/v2/x" },
		{ "v2/x", NULL, NULL },
		{ "@example.com/x", NULL, NULL },
		{ NULL, "https://example.com/x", "https://example.com/x" },
		{ NULL, "http://localhost:80/x", "http://localhost:80/x" },
		{ NULL, "http://127.0.0.1:9/", "http://127.0.0.1:9/" },
		{ NULL, "http://127.9.8.7/", "http://127.9.8.7/" },
		{ NULL, "http://[::1]:9/x", "http://[::1]:9/x" },
		{ NULL, "http://169.254.170.2/x", "http://169.254.170.2/x" },
		{ NULL, "http://169.254.170.23/x", "http://169.254.170.23/x" },
		{ NULL, "http://[fd00:ec2::23]/x", "http://[fd00:ec2::23]/x" },
		{ NULL, "http://169.254.170.24/x", NULL },
		{ NULL, "http://169.254.169.254/x", NULL },
		{ NULL, "http://example.com/x", NULL },
		{ NULL, "http://localhost.example.com/x", NULL },
		{ NULL, "http://127.0.0.1.example.com/x", NULL },
		{ NULL, "http://128.0.0.1/x", NULL },
		{ NULL, "http://[fd00:ec2::24]/x", NULL },
		{ NULL, "http://user@127.0.0.1/x", NULL },
		{ NULL, "ftp://127.0.0.1/x", NULL },
		{ NULL, "/x", NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO_BUF struct buf url = BUF_INIT(200);
		struct errinfo err = ERRINFO_INIT;
		int rc = creds_container_url(cases[i].relative, cases[i].full,
					     &url, &err);

		assert_int_equal(rc, cases[i].url ? 0 : -EINVAL);
		if (cases[i].url)
			assert_string_equal(buf_str(&url), cases[i].url);
		else
			assert_true(err.text[0]);
	}
}

static void words_are_those_of_pythons_shlex(void **state)
{
	static const struct {
		const char *line;
		const char *words[5]; /* none: refused */
	} cases[] = {
		{ "one", { "one" } },
		{ " a\tb\n c ", { "a", "b", "c" } },
		{ "'a b' \"c d\"", { "a b", "c d" } },
		{ "a'b c'd\"e\"", { "ab cde" } },
		{ "a\\ b \\'", { "a b", "'" } },
		{ "'a\\b' \"a\\b\" \"a\\\"b\" \"\\\\\"",
		  { "a\\b", "a\\b", "a\"b", "\\" } },
		{ "\"it's\" '\"'", { "it's", "\"" } },
		{ "'' x", { "", "x" } },
		{ "\"\"", { "" } },
		{ "a#b # $X ;", { "a#b", "#", "$X", ";" } },
		{ "", { NULL } },
		{ " \t", { NULL } },
		{ "a 'b", { NULL } },
		{ "a \"b", { NULL } },
		{ "a \"b\\\"", { NULL } },
		{ "a\\", { NULL } },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(creds_words_release) struct creds_words words;
		int rc = creds_words_split(cases[i].line, &words);
		size_t n = 0;

		assert_int_equal(rc, cases[i].words[0] ? 0 : -EINVAL);
		for (; rc == 0 && n < 5 && cases[i].words[n]; n++)
			assert_string_equal(words.words[n], cases[i].words[n]);
		if (rc == 0) {
			assert_int_equal(words.count, n);
			assert_null(words.words[n]);
		}
	}
}

static void too_many_words_are_refused(void **state)
{
	char line[2 * (CREDS_WORDS_MAX + 1) + 1] = "";

	for (int i = 0; i <= CREDS_WORDS_MAX; i++)
		memcpy(line + 2 * i, "a ", 3);
	for (int i = 0; i < 2; i++) {
		CLEANUP(creds_words_release) struct creds_words words;

		assert_int_equal(creds_words_split(line + 2 * i, &words),
				 i == 0 ? -E2BIG : 0);
	}
}

static void assert_answer(enum creds_format format, const char *text,
			  const char *access_key, const char *token,
			  int64_t expiry_s)
{
	struct s3_creds *creds = NULL;
	struct errinfo err = ERRINFO_INIT;

	assert_int_equal(creds_answer_read(format, text, strlen(text), "from",
					   &creds, &err),
			 0);
	assert_string_equal(creds_access_key(creds), access_key);
	if (token)
		assert_string_equal(creds_token(creds), token);
	else
		assert_null(creds_token(creds));
	assert_int_equal(creds_expiry(creds), expiry_s);
	creds_put(creds);
}

#define STS_HEAD \
	"<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/\"><Re>"
#define STS_TAIL "</Re></AssumeRoleResponse>"

static void answers_are_read(void **state)
{
	assert_answer(CREDS_JSON_METADATA,
		      "{\"Code\":\"Success\",\"AccessKeyId\":\"A\","
		      "\"SecretAccessKey\":\"S\",\"Token\":\"T\","
		      "\"Expiration\":\"1970-01-02T00:00:00Z\"}",
		      "A", "T", 86400);
	assert_answer(CREDS_JSON_METADATA,
		      "{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"S\","
		      "\"Token\":null,\"More\":[1]}",
		      "A", NULL, 0);
	assert_answer(CREDS_JSON_PROCESS,
		      "{\"Version\":1,\"AccessKeyId\":\"A\","
		      "\"SecretAccessKey\":\"S\",\"SessionToken\":\"T\","
		      "\"Expiration\":\"1970-01-02T00:30:00+00:30\"}\n",
		      "A", "T", 86400);
	assert_answer(CREDS_XML_STS,
		      STS_HEAD
		      "<Subject><AccessKeyId>no</AccessKeyId></Subject>"
		      "<Credentials><AccessKeyId>A</AccessKeyId>"
		      "<SecretAccessKey>S</SecretAccessKey>"
		      "<SessionToken>T</SessionToken>"
		      "<Expiration>1970-01-02T00:00:00Z</Expiration>"
		      "</Credentials>" STS_TAIL,
		      "A", "T", 86400);
}

static void what_is_no_answer_is_refused_without_repeating_keys(void **state)
{
	static const struct {
		enum creds_format format;
		const char *text;
		int result;
		const char *says;
	} cases[] = {
		{ CREDS_JSON_METADATA, "", -EBADMSG, "JSON" },
		{ CREDS_JSON_METADATA, "[\"hidden\"]", -EBADMSG, "JSON" },
		{ CREDS_JSON_METADATA, "{\"AccessKeyId\":\"hidden\"}", -EBADMSG,
		  "without keys" },
		{ CREDS_JSON_METADATA,
		  "{\"Code\":\"Failed\",\"Message\":\"no\\nrole\"}", -EACCES,
		  "Failed: no?role" },
		{ CREDS_JSON_METADATA,
		  "{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"hid den\"}",
		  -EINVAL, "secret key" },
		{ CREDS_JSON_METADATA,
		  "{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"hidden\","
		  "\"Expiration\":\"hidden\"}",
		  -EBADMSG, "Expiration" },
		{ CREDS_JSON_PROCESS,
		  "{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"hidden\"}",
		  -EBADMSG, "Version" },
		{ CREDS_JSON_PROCESS,
		  "{\"Version\":\"1\",\"AccessKeyId\":\"A\","
		  "\"SecretAccessKey\":\"hidden\"}",
		  -EBADMSG, "Version" },
		{ CREDS_XML_STS, "hidden", -EBADMSG, "XML" },
		{ CREDS_XML_STS, STS_HEAD STS_TAIL, -EBADMSG, "without keys" },
		{ CREDS_XML_STS,
		  STS_HEAD "<AccessKeyId>A</AccessKeyId>"
			   "<SecretAccessKey>hidden</SecretAccessKey>" STS_TAIL,
		  -EBADMSG, "without keys" },
		{ CREDS_XML_STS,
		  STS_HEAD
		  "<Credentials><AccessKeyId>hidden</AccessKeyId>"
		  "<AccessKeyId>B</AccessKeyId></Credentials>" STS_TAIL,
		  -EBADMSG, "XML" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct s3_creds *creds = NULL;
		struct errinfo err = ERRINFO_INIT;
		int rc = creds_answer_read(cases[i].format, cases[i].text,
					   strlen(cases[i].text), "from",
					   &creds, &err);

		assert_int_equal(rc, cases[i].result);
		assert_null(creds);
		assert_non_null(strstr(err.text, cases[i].says));
		assert_non_null(strstr(err.text, "from"));
		assert_null(strstr(err.text, "hid"));
	}
}

static void the_reason_of_a_refusal_is_found(void **state)
{
	static const struct {
		enum creds_format format;
		const char *text, *reason;
	} cases[] = {
		{ CREDS_JSON_METADATA,
		  "{\"code\":\"Bad\",\"message\":\"no task\"}",
		  "Bad: no task" },
		{ CREDS_JSON_METADATA, "<html>", "" },
		{ CREDS_XML_STS,
		  "<ErrorResponse><Error><Code>Denied</Code>"
		  "<Message>not you</Message></Error></ErrorResponse>",
		  "Denied: not you" },
		{ CREDS_XML_STS, "<Error><Code>Denied</Code></Error>",
		  "Denied" },
		{ CREDS_XML_STS, "<html><body>no</body></html>", "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char reason[CREDS_REASON_SIZE];

		creds_answer_reason(cases[i].format, cases[i].text,
				    strlen(cases[i].text), reason);
		assert_string_equal(reason, cases[i].reason);
	}
}

static void dates_may_have_an_offset(void **state)
{
	static const struct {
		const char *text;
		int64_t unix_s; /* -1: refused */
	} cases[] = {
		{ "1970-01-01T01:00:00Z", 3600 },
		{ "1970-01-01T01:00:00.123456Z", 3600 },
		{ "1970-01-01T01:00:00+00:00", 3600 },
		{ "1970-01-01T01:00:00+01:00", 0 },
		{ "1970-01-01T01:00:00-01:30", 9000 },
		{ "1970-01-01T01:00:00+0100", -1 },
		{ "1970-01-01T01:00:00+1:000", -1 },
		{ "1970-01-01T01:00:00", -1 },
		{ "1970-01-01", -1 },
		{ "+01:00", -1 },
		{ "", -1 },
		{ "1970-01-01T01:00:00.00000000000000000000000Z", -1 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int64_t unix_s = -1;
		int rc = creds_answer_date(cases[i].text, &unix_s);

		assert_int_equal(rc, cases[i].unix_s < 0 ? -EINVAL : 0);
		assert_int_equal(unix_s, cases[i].unix_s);
	}
}

static void role_names_are_iams(void **state)
{
	static const char *const good[] = { "web", "A-b_c+d=e,f.g@h", "0" };
	static const char *const bad[] = { "",    "a b",  "../x",    "a/b",
					   "a?b", "a%62", "\xc3\xa4" };

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_true(creds_is_role_name(good[i]));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(creds_is_role_name(bad[i]));
}

static void keys_are_renewed_well_before_they_end(void **state)
{
	static const struct {
		int64_t left_s, earliest_s, latest_s;
	} cases[] = {
		/* A tenth of the wait is spread. */
		{ 6 * 3600, 18630, 20700 },
		{ 3600, 2430, 2700 },
		{ 900, 607, 675 },
		{ 8, 5, 6 },
		{ 1, 1, 1 },
		{ 0, RENEWAL_STALE_MIN_S, RENEWAL_STALE_MAX_S },
		{ -3600, RENEWAL_STALE_MIN_S, RENEWAL_STALE_MAX_S },
	};
	const int64_t now_s = 1700000000;

	assert_int_equal(renewal_after_ms(now_s, 0, 5), -1);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		for (uint32_t random = 0; random < 2000; random += 111) {
			int64_t ms = renewal_after_ms(
				now_s, now_s + cases[i].left_s, random);

			assert_in_range(ms, cases[i].earliest_s * 1000,
					cases[i].latest_s * 1000);
		}
	}
}

static void a_renewal_that_failed_is_tried_again_in_time(void **state)
{
	static const struct {
		int64_t left_s, latest_s;
	} cases[] = {
		{ 900, 60 }, { 100, 25 }, { 4, 1 }, { 1, 1 }, { 0, 60 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int64_t ms = renewal_retry_ms(1000, 1000 + cases[i].left_s, 0);

		assert_int_equal(ms, cases[i].latest_s * 1000);
		ms = renewal_retry_ms(1000, 1000 + cases[i].left_s, 999);
		assert_in_range(ms, 1000, cases[i].latest_s * 1000);
	}
	/* Keys that do not end, but were refused. */
	assert_int_equal(renewal_retry_ms(1000, 0, 0), 60 * 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_token_goes_only_to_this_machine_or_over_tls),
		cmocka_unit_test(words_are_those_of_pythons_shlex),
		cmocka_unit_test(too_many_words_are_refused),
		cmocka_unit_test(answers_are_read),
		cmocka_unit_test(
			what_is_no_answer_is_refused_without_repeating_keys),
		cmocka_unit_test(the_reason_of_a_refusal_is_found),
		cmocka_unit_test(dates_may_have_an_offset),
		cmocka_unit_test(role_names_are_iams),
		cmocka_unit_test(keys_are_renewed_well_before_they_end),
		cmocka_unit_test(a_renewal_that_failed_is_tried_again_in_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
