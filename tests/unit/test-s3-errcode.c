/* SPDX-License-Identifier: MIT */
/* From answers to errnos. */
#include "client/errcode.h"
#include "s3.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct {
	int status;
	const char *code;
	int result;
	enum error_action action;
} answers[] = {
	{ 404, "NoSuchKey", -ENOENT, ERROR_FINAL },
	{ 404, "", -ENOENT, ERROR_FINAL },
	{ 404, "NoSuchBucket", -ENODEV, ERROR_FINAL },
	{ 404, "NoSuchUpload", -ESRCH, ERROR_FINAL },
	{ 403, "", -EACCES, ERROR_FINAL },
	{ 403, "SomethingNew", -EACCES, ERROR_FINAL },
	{ 401, "", -EACCES, ERROR_FINAL },
	{ 400, "ExpiredToken", -EACCES, ERROR_CREDENTIALS },
	{ 403, "RequestTimeTooSkewed", -EACCES, ERROR_CLOCK },
	{ 400, "AuthorizationHeaderMalformed", -EACCES, ERROR_REGION },
	{ 301, "PermanentRedirect", -EIO, ERROR_REGION },
	{ 307, "", -EIO, ERROR_REGION },
	{ 409, "ConditionalRequestConflict", -EBUSY, ERROR_RETRY },
	{ 409, "", -EBUSY, ERROR_RETRY },
	{ 409, "BucketAlreadyExists", -EEXIST, ERROR_FINAL },
	{ 412, "PreconditionFailed", -ESTALE, ERROR_FINAL },
	{ 416, "InvalidRange", -ERANGE, ERROR_FINAL },
	{ 400, "EntityTooLarge", -EFBIG, ERROR_FINAL },
	{ 400, "KeyTooLongError", -ENAMETOOLONG, ERROR_FINAL },
	{ 400, "RequestTimeout", -EIO, ERROR_OUTAGE },
	{ 400, "BadDigest", -EIO, ERROR_RETRY },
	{ 400, "Whatever", -EIO, ERROR_FINAL },
	{ 429, "", -EIO, ERROR_OUTAGE },
	{ 500, "InternalError", -EIO, ERROR_OUTAGE },
	{ 501, "NotImplemented", -ENOTSUP, ERROR_FINAL },
	{ 501, "", -ENOTSUP, ERROR_FINAL },
	{ 503, "SlowDown", -EIO, ERROR_OUTAGE },
	{ 599, "", -EIO, ERROR_OUTAGE },
	{ 304, "", -EBADMSG, ERROR_RETRY },
	{ 999, "", -EBADMSG, ERROR_RETRY },
};

static void answers_have_their_errno(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		struct error_class class = error_of_answer(
			answers[i].status, answers[i].code, false);

		if (class.result != answers[i].result ||
		    class.action != answers[i].action)
			fail_msg("%d %s: %d %d", answers[i].status,
				 answers[i].code, class.result, class.action);
	}
}

static void a_foreign_404_proves_nothing(void **state)
{
	assert_int_equal(error_of_answer(404, "", true).result, -EBADMSG);
	assert_int_equal(error_of_answer(404, "NoSuchKey", true).result,
			 -ENOENT);
	assert_int_equal(error_of_answer(403, "", true).result, -EACCES);
	assert_int_equal(error_of_answer(503, "", true).action, ERROR_OUTAGE);
}

static void an_unknown_code_alone_is_final(void **state)
{
	assert_int_equal(error_of_code("SlowDown").action, ERROR_OUTAGE);
	assert_int_equal(error_of_code("Whatever").result, -EIO);
	assert_int_equal(error_of_code("Whatever").action, ERROR_FINAL);
}

static void lost_connections_are_tried_again(void **state)
{
	assert_int_equal(error_of_transport(-ETIMEDOUT).result, -ETIMEDOUT);
	assert_int_equal(error_of_transport(-ETIMEDOUT).action, ERROR_OUTAGE);
	assert_int_equal(error_of_transport(-ECONNRESET).result, -EIO);
	assert_int_equal(error_of_transport(-ECONNRESET).action, ERROR_OUTAGE);
	assert_int_equal(error_of_transport(-EKEYREJECTED).action, ERROR_FINAL);
	assert_int_equal(error_of_transport(-EMSGSIZE).result, -EBADMSG);
	assert_int_equal(error_of_transport(-ECANCELED).result, -ECANCELED);
	assert_int_equal(error_of_transport(-ENOMEM).action, ERROR_FINAL);
}

static int parse(const char *text, struct error_body *out)
{
	AUTO_BUF struct buf body = BUF_INIT(65536);

	buf_add_str(&body, text);
	return error_parse(&body, out);
}

static void an_archived_object_is_told_from_a_restored_one(void **state)
{
	static const char class[] = "x-amz-storage-class";
	static const char restore[] = "x-amz-restore";
	static const struct {
		const char *headers[4];
		const char *archive;
	} cases[] = {
		{ { NULL }, NULL },
		{ { class, "GLACIER_IR" }, NULL },
		{ { class, "INTELLIGENT_TIERING" }, NULL },
		{ { class, "GLACIER" }, "GLACIER" },
		{ { class, "DEEP_ARCHIVE" }, "DEEP_ARCHIVE" },
		{ { class, "GLACIER", restore, "ongoing-request=\"true\"" },
		  "GLACIER" },
		{ { class, "GLACIER", restore,
		    "ongoing-request=\"false\", expiry-date=\"Fri, 21 Dec "
		    "2012 00:00:00 GMT\"" },
		  NULL },
		{ { class, "INTELLIGENT_TIERING", "x-amz-archive-status",
		    "ARCHIVE_ACCESS" },
		  "ARCHIVE_ACCESS" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *const *h = cases[i].headers;
		struct pairs headers = PAIRS_INIT;
		const char *archive;

		for (size_t at = 0; at < 4 && h[at]; at += 2)
			assert_int_equal(pairs_set(&headers, h[at], h[at + 1]),
					 0);
		archive = s3_archive(&headers);
		assert_true(!archive == !cases[i].archive);
		if (archive)
			assert_string_equal(archive, cases[i].archive);
		pairs_release(&headers);
	}
}

static void an_error_body_is_read(void **state)
{
	struct error_body e;

	assert_int_equal(
		parse("<Error><Code>PreconditionFailed</Code><Message>At least "
		      "one</Message><Condition>If-None-Match</Condition>"
		      "<Region>eu-west-1</Region><RequestId>7</RequestId>"
		      "</Error>",
		      &e),
		0);
	assert_string_equal(e.code, "PreconditionFailed");
	assert_string_equal(e.message, "At least one");
	assert_string_equal(e.subject, "If-None-Match");
	assert_string_equal(e.region, "eu-west-1");
	assert_string_equal(e.request_id, "7");
}

static void what_is_no_error_body_leaves_nothing(void **state)
{
	struct error_body e = { .code = "old" };

	assert_int_equal(parse("", &e), -EBADMSG);
	assert_string_equal(e.code, "");
	assert_int_equal(parse("<html/>", &e), -EBADMSG);
	assert_int_equal(parse("<Error/>", &e), -EBADMSG);
	assert_int_equal(parse("<Error><Code>A</Code>", &e), -EBADMSG);
	assert_string_equal(e.code, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_have_their_errno),
		cmocka_unit_test(a_foreign_404_proves_nothing),
		cmocka_unit_test(an_unknown_code_alone_is_final),
		cmocka_unit_test(lost_connections_are_tried_again),
		cmocka_unit_test(
			an_archived_object_is_told_from_a_restored_one),
		cmocka_unit_test(an_error_body_is_read),
		cmocka_unit_test(what_is_no_error_body_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
