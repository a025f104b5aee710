/* SPDX-License-Identifier: MIT */
/*
 * What operations put on the wire and how they take odd answers, against a
 * server that says what each test wants.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "client/client.h"
#include "client/request.h"
#include "http.h"
#include "raw-server.h"
#include "text.h"
#include "traits.h"

static struct http *http;
static struct raw_server *server;
static struct s3_client *client;

/* What the server says: the first answer first, then the second for ever. */
static struct {
	struct lock lock;
	char answers[2][4096];
	char heads[8][40960]; /* of the requests, as they came */
	unsigned count;
	enum raw_then then;
} script = { .lock = LOCK_INIT(LOCK_UNRANKED) };

static enum raw_then answer(struct raw_exchange *x)
{
	char text[4096];
	enum raw_then then;
	unsigned n;

	lock_enter(&script.lock);
	n = script.count++;
	memcpy(text, script.answers[n == 0 ? 0 : 1], sizeof(text));
	then = n == 0 ? script.then : RAW_KEEP;
	snprintf(script.heads[n % 8], sizeof(script.heads[0]), "%s %s\n%s",
		 x->method, x->path, x->head);
	lock_leave(&script.lock);
	raw_take_body(x, UINT64_MAX);
	raw_say(x, text);
	return then;
}

/* How many requests came. */
static unsigned sent(void)
{
	LOCK(&script.lock);
	return script.count;
}

static void use(const char *first, const char *second)
{
	static char url[128];
	struct s3_options options = { .bucket = "bucket",
				      .endpoint_url = url,
				      .region = "us-east-1",
				      .addressing = S3_ADDRESSING_PATH,
				      .access_key = "AKID",
				      .secret_key = "secret",
				      .timeout_ms = 5000 };
	struct errinfo err = ERRINFO_INIT;

	lock_enter(&script.lock);
	script.count = 0;
	script.then = RAW_KEEP;
	snprintf(script.answers[0], sizeof(script.answers[0]), "%s", first);
	snprintf(script.answers[1], sizeof(script.answers[1]), "%s", second);
	lock_leave(&script.lock);
	raw_server_url(server, "", url, sizeof(url));
	s3_client_free(client);
	client = NULL;
	if (s3_client_new(http, &options, &client, &err) < 0)
		fail_msg("%s", err.text);
}

static int begin(void **state)
{
	const struct http_options options = { .stall_timeout_ms = 2000 };

	server = raw_server_new(answer, NULL);
	return server ? http_new(&options, &http, NULL) : -1;
}

static int end(void **state)
{
	s3_client_free(client);
	http_free(http);
	raw_server_free(server);
	return 0;
}

#define HEAD_OK                                                   \
	"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nETag: \"e\"\r\n" \
	"Last-Modified: Wed, 21 Oct 2015 07:28:00 GMT\r\n\r\n"
#define NO_CONTENT "HTTP/1.1 204 No Content\r\n\r\n"

static int head(struct s3_head *out)
{
	int result;

	*out = (struct s3_head){ .key = "k" };
	s3_head_start(client, out);
	result = s3_wait(client, &out->op);
	return result;
}

static int head_only(void)
{
	struct s3_head out;
	int result = head(&out);

	s3_head_release(&out);
	return result;
}

static bool said(unsigned request, const char *text)
{
	LOCK(&script.lock);
	return strcasestr(script.heads[request], text) != NULL;
}

/* --- the head of a request ---------------------------------------------- */

static void a_head_is_signed_and_read(void **state)
{
	struct s3_head out;

	use(HEAD_OK, HEAD_OK);
	assert_int_equal(head(&out), 0);
	assert_true(said(0, "HEAD /bucket/k\n"));
	assert_true(said(0, "AWS4-HMAC-SHA256 Credential=AKID/"));
	assert_true(said(0, "/us-east-1/s3/aws4_request"));
	assert_int_equal(out.object.size, 5);
	assert_string_equal(out.object.etag, "e");
	assert_int_equal(out.object.mtime_ns, 1445412480000000000ll);
	s3_head_release(&out);
}

static void a_head_without_its_headers_is_ebadmsg(void **state)
{
	static const char *const bad[] = {
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
		"HTTP/1.1 200 OK\r\nETag: \"e\"\r\n\r\n",
		"HTTP/1.1 200 OK\r\nETag: \"\"\r\nContent-Length: 5\r\n\r\n",
		"HTTP/1.1 200 OK\r\nETag: \"e\"\r\n"
		"Content-Length: 99999999999999999\r\n\r\n",
		"HTTP/1.1 200 OK\r\nETag: \"e\"\r\nContent-Length: 5\r\n"
		"Last-Modified: today\r\n\r\n",
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		use(bad[i], HEAD_OK);
		assert_int_equal(head_only(), 0);
		assert_int_equal(sent(), 2);
		use(bad[i], bad[i]);
		assert_int_equal(head_only(), -EBADMSG);
	}
}

/* --- what is mended ----------------------------------------------------- */

static void the_servers_clock_signs_the_second_try(void **state)
{
	static const char skewed[] =
		"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n"
		"Date: Tue, 01 Jan 2030 00:00:00 GMT\r\n\r\n";

	use(skewed, HEAD_OK);
	assert_int_equal(head_only(), 0);
	assert_int_equal(sent(), 2);
	assert_true(said(1, ": 20300101T0000"));
	assert_int_equal(head_only(), 0);
	assert_true(said(2, ": 20300101T0000"));
	use(skewed, skewed);
	assert_int_equal(head_only(), -EACCES);
	assert_true(said(1, "HEAD /bucket/k\n"));
	assert_true(said(2, "GET /bucket?list-type=2&"));
}

static void the_region_of_a_bare_head_is_in_its_header(void **state)
{
	static const char moved[] =
		"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n"
		"x-amz-bucket-region: eu-west-1\r\n\r\n";

	use(moved, HEAD_OK);
	assert_int_equal(head_only(), 0);
	assert_true(said(1, "/eu-west-1/s3/aws4_request"));
	assert_string_equal(s3_client_region(client), "eu-west-1");
	assert_int_equal(head_only(), 0);
	assert_int_equal(sent(), 3);
	use(moved, moved);
	assert_int_equal(head_only(), -EIO);
	assert_int_equal(sent(), 2);
}

static void the_region_of_an_error_is_in_its_body(void **state)
{
	struct s3_delete del = { .key = "k" };

	use("HTTP/1.1 400 Bad Request\r\nContent-Length: 92\r\n\r\n"
	    "<Error><Code>AuthorizationHeaderMalformed</Code>"
	    "<Region>ap-south-1</Region></Error>         ",
	    NO_CONTENT);
	s3_delete_start(client, &del);
	assert_int_equal(s3_wait(client, &del.op), 0);
	assert_true(said(1, "/ap-south-1/s3/aws4_request"));
}

static void a_region_that_is_none_is_refused(void **state)
{
	use("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n"
	    "x-amz-bucket-region: evil.example/?\r\n\r\n",
	    HEAD_OK);
	assert_int_equal(head_only(), -EIO);
	assert_int_equal(sent(), 1);
}

static void a_307_to_the_same_host_is_followed(void **state)
{
	char moved[256], url[128];

	raw_server_url(server, "/bucket/k", url, sizeof(url));
	snprintf(moved, sizeof(moved),
		 "HTTP/1.1 307 Moved\r\nContent-Length: 0\r\n"
		 "Location: %s\r\n\r\n",
		 url);
	use(moved, HEAD_OK);
	assert_int_equal(head_only(), 0);
	use(moved, moved);
	assert_int_equal(head_only(), -EIO);
	assert_int_equal(sent(), 2);
}

static void an_idle_connection_that_died_costs_no_try(void **state)
{
	use(HEAD_OK, HEAD_OK);
	client->options.attempts = 1;
	lock_enter(&script.lock);
	script.then = RAW_CLOSE;
	lock_leave(&script.lock);
	assert_int_equal(head_only(), 0);
	assert_int_equal(head_only(), 0);
}

static void write_keys(const char *path, const char *access_key)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fchmod(fileno(f), 0600), 0);
	fprintf(f,
		"[default]\naws_access_key_id = %s\n"
		"aws_secret_access_key = secret\naws_session_token = t\n",
		access_key);
	fclose(f);
}

static void use_file(const char *path, const char *first, const char *second)
{
	struct s3_options options;

	use(first, second);
	options = client->options;
	options.access_key = NULL;
	options.secret_key = NULL;
	setenv("AWS_SHARED_CREDENTIALS_FILE", path, 1);
	unsetenv("AWS_ACCESS_KEY_ID");
	unsetenv("AWS_SECRET_ACCESS_KEY");
	s3_client_free(client);
	client = NULL;
	assert_int_equal(s3_client_new(http, &options, &client, NULL), 0);
}

static void an_expired_token_is_renewed_once(void **state)
{
	static const char expired[] =
		"HTTP/1.1 400 Bad Request\r\nContent-Length: 41\r\n\r\n"
		"<Error><Code>ExpiredToken</Code></Error> ";
	/* A HEAD is told so without a word. */
	static const char bare[] =
		"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
	char path[] = "/tmp/test-s3-request-XXXXXX";
	struct s3_delete del = { .key = "k" };

	close(mkstemp(path));
	write_keys(path, "OLDKEY");
	use_file(path, expired, NO_CONTENT);
	write_keys(path, "NEWKEYNEWKEY");
	s3_delete_start(client, &del);
	assert_int_equal(s3_wait(client, &del.op), 0);
	assert_true(said(0, "Credential=OLDKEY/"));
	assert_true(said(1, "Credential=NEWKEYNEWKEY/"));
	use_file(path, bare, bare);
	write_keys(path, "OLDKEY");
	assert_int_equal(head_only(), -EACCES);
	assert_int_equal(sent(), 2);
	assert_int_equal(head_only(), -EACCES);
	assert_int_equal(sent(), 3);
	unlink(path);
	unsetenv("AWS_SHARED_CREDENTIALS_FILE");
}

/* --- what is sent ------------------------------------------------------- */

static void a_copys_source_is_encoded(void **state)
{
	struct s3_copy copy = { .source_key = "a b+%\xc3\xbc\r\n/x",
				.key = "to" };

	use(NO_CONTENT, "HTTP/1.1 200 OK\r\nContent-Length: 65\r\n\r\n"
			"<CopyObjectResult><ETag>&#34;e&#34;</ETag>"
			"</CopyObjectResult>    ");
	s3_copy_start(client, &copy);
	assert_int_equal(s3_wait(client, &copy.op), 0);
	assert_string_equal(copy.etag, "e");
	assert_true(said(0, "/bucket/a%20b%2B%25%C3%BC%0D%0A/x\r\n"));
	assert_int_equal(sent(), 2);
}

static void a_header_cannot_be_smuggled_in(void **state)
{
	struct s3_put put = { .key = "k", .if_match = "e\r\nX-Evil: 1" };

	use(HEAD_OK, HEAD_OK);
	s3_put_start(client, &put);
	assert_int_equal(s3_wait(client, &put.op), -EINVAL);
	assert_int_equal(sent(), 0);
}

static void a_batch_has_its_md5(void **state)
{
	struct s3_delete_key keys[] = { { .key = "a&b" } };
	struct s3_delete_many del = { .keys = keys, .count = 1 };

	use("HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n<DeleteResult/>",
	    NO_CONTENT);
	s3_delete_many_start(client, &del);
	assert_int_equal(s3_wait(client, &del.op), 0);
	assert_true(said(0, "POST /bucket?delete\n"));
	assert_true(said(0, "content-md5: "));
	assert_string_equal(buf_str(&del.body),
			    "<Delete xmlns=\"http://s3.amazonaws.com/doc/"
			    "2006-03-01/\"><Quiet>true</Quiet><Object><Key>"
			    "a&amp;b</Key></Object></Delete>");
	s3_delete_many_release(&del);
}

/* --- ranges ------------------------------------------------------------- */

static int no_sink(struct s3_get *get, const void *data, size_t len)
{
	return 0;
}

/* What comes twice the same is what is stored, whatever its ETag. */
static void etags_that_are_no_md5s_are_no_damage(void **state)
{
	static const char answer[] =
		"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n"
		"ETag: \"0123456789abcdef0123456789abcdef\"\r\n\r\nabc";
	struct s3_get get = { .key = "k", .length = S3_WHOLE, .sink = no_sink };

	use(answer, answer);
	for (unsigned i = 0; i < 2; i++) {
		s3_get_start(client, &get);
		assert_int_equal(s3_wait(client, &get.op), 0);
		assert_int_equal(get.received, 3);
		assert_int_equal(sent(), 2 + i);
		s3_get_release(&get);
		get = (struct s3_get){ .key = "k",
				       .length = S3_WHOLE,
				       .sink = no_sink };
	}
	assert_int_equal(s3_trait(client, S3_TRAIT_MD5_ETAGS), S3_NO);
}

static const struct {
	const char *answer; /* to bytes 2 to 4 of "e" */
	int result;
} ranges[] = {
	{ "206 OK\r\nETag: \"e\"\r\nContent-Range: bytes 2-4/9\r\n"
	  "Content-Length: 3\r\n\r\nabc",
	  0 },
	{ "206 OK\r\nETag: \"e\"\r\nContent-Range: bytes 2-3/4\r\n"
	  "Content-Length: 2\r\n\r\nab",
	  0 },
	{ "206 OK\r\nETag: \"f\"\r\nContent-Range: bytes 2-4/9\r\n"
	  "Content-Length: 3\r\n\r\nabc",
	  -ESTALE },
	{ "206 OK\r\nContent-Range: bytes 2-4/9\r\n"
	  "Content-Length: 3\r\n\r\nabc",
	  -EBADMSG },
	{ "206 OK\r\nETag: \"e\"\r\nContent-Length: 3\r\n\r\nabc", -EBADMSG },
	{ "200 OK\r\nETag: \"e\"\r\nContent-Length: 3\r\n\r\nabc", -EBADMSG },
	{ "206 OK\r\nETag: \"e\"\r\nContent-Range: bytes 2-3/9\r\n"
	  "Content-Length: 2\r\n\r\nab",
	  -EBADMSG },
	{ "206 OK\r\nETag: \"e\"\r\nContent-Range: bytes 1-3/9\r\n"
	  "Content-Length: 3\r\n\r\nabc",
	  -EBADMSG },
	{ "206 OK\r\nETag: \"e\"\r\nContent-Range: bytes 2-5/9\r\n"
	  "Content-Length: 4\r\n\r\nabcd",
	  -EBADMSG },
	{ "206 OK\r\nETag: \"e\"\r\nContent-Range: bytes 2-4/9\r\n"
	  "Content-Length: 2\r\n\r\nab",
	  -EBADMSG },
	{ "206 OK\r\nETag: \"e\"\r\nContent-Range: bytes 2-4/*\r\n"
	  "Content-Length: 3\r\n\r\nabc",
	  -EBADMSG },
	{ "206 OK\r\nETag: \"e\"\r\nContent-Range: bytes "
	  "2-18446744073709551617/9\r\nContent-Length: 3\r\n\r\nabc",
	  -EBADMSG },
};

static void a_range_is_what_was_asked_for(void **state)
{
	char text[512];

	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++) {
		struct s3_get get = { .key = "k",
				      .offset = 2,
				      .length = 3,
				      .if_match = "e",
				      .sink = no_sink };

		snprintf(text, sizeof(text), "HTTP/1.1 %s", ranges[i].answer);
		use(text, text);
		client->options.attempts = 2;
		s3_get_start(client, &get);
		if (s3_wait(client, &get.op) != ranges[i].result)
			fail_msg("%d for %s", get.op.result, text);
		if (ranges[i].result < 0)
			assert_int_equal(get.received, 0);
		assert_true(said(0, "range: bytes=2-4\r\n"));
		s3_get_release(&get);
	}
}

/* --- listings ----------------------------------------------------------- */

#define ITEM(key) "<Contents><Key>" key "</Key><Size>1</Size></Contents>"
#define PREFIX(p) "<CommonPrefixes><Prefix>" p "</Prefix></CommonPrefixes>"
#define URL       "<EncodingType>url</EncodingType>"
#define END       "<IsTruncated>false</IsTruncated>"
#define MORE      "<IsTruncated>true</IsTruncated>"

/* The answer to prefix "p", delimiter "/", start-after "pa/x". */
static const struct {
	const char *body;
	int result;
	const char *names; /* of the items, each with a blank behind it */
} pages[] = {
	{ END, 0, "" },
	{ END ITEM("pb") ITEM("pc"), 0, "pb pc " },
	{ END ITEM("pb") ITEM("pd") PREFIX("pc/"), 0, "pb pc/ pd " },
	{ END PREFIX("pc/") ITEM("pb") PREFIX("pe/") ITEM("pd"), 0,
	  "pb pc/ pd pe/ " },
	{ END PREFIX("pa/") ITEM("pb"), 0, "pa/ pb " },
	{ URL END ITEM("p%2Bc+d%20e%C3%BC"), -EBADMSG, "" }, /* before pa/x */
	{ URL END ITEM("pc+d%20e%2B%C3%BC"), 0, "pc d e+\xc3\xbc " },
	{ END ITEM("pc+d%20"), 0, "pc+d%20 " },
	{ URL END ITEM("pc%00d") ITEM("pe"), 0, "pe " },
	{ URL END ITEM("pc%zz"), -EBADMSG, "" },
	{ ITEM("pb"), -EBADMSG, "" },
	{ END ITEM("pc") ITEM("pb"), -EBADMSG, "" },
	{ END ITEM("pb") ITEM("pb"), -EBADMSG, "" },
	{ END ITEM("pb/") PREFIX("pb/"), -EBADMSG, "" },
	{ END ITEM("pa/x"), -EBADMSG, "" },
	{ END ITEM("pa"), -EBADMSG, "" },
	{ END ITEM("q"), -EBADMSG, "" },
	{ MORE, -EBADMSG, "" },
	{ MORE PREFIX("pa/"), -EBADMSG, "" },
	{ END "<Contents><Key>pb</Key></Contents>", -EBADMSG, "" },
	{ END "<Contents><Size>1</Size></Contents>", -EBADMSG, "" },
	{ END "<Contents><Key>pb</Key><Size>-1</Size></Contents>", -EBADMSG,
	  "" },
	{ END "<Contents><Key>pb</Key><Size>99999999999999999</Size>"
	      "</Contents>",
	  -EBADMSG, "" },
	{ END "<Contents><Key>pb</Key><Key>pc</Key><Size>1</Size></Contents>",
	  -EBADMSG, "" },
	{ END "<Contents><Key>pb</Key>", -EBADMSG, "" },
	{ "<!DOCTYPE x>" END, -EBADMSG, "" },
};

static void answer_page(char *text, size_t size, const char *body)
{
	char xml[2048];

	snprintf(xml, sizeof(xml), "<ListBucketResult>%s</ListBucketResult>",
		 body);
	snprintf(text, size, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s",
		 strlen(xml), xml);
}

static void a_page_is_in_order_or_refused(void **state)
{
	char text[4096];

	for (size_t i = 0; i < ARRAY_SIZE(pages); i++) {
		AUTO_BUF struct buf names = BUF_INIT(4096);
		struct s3_list list = { .prefix = "p",
					.delimiter = "/",
					.start_after = "pa/x" };

		answer_page(text, sizeof(text), pages[i].body);
		use(text, text);
		client->options.attempts = 2;
		s3_list_start(client, &list);
		if (s3_wait(client, &list.op) != pages[i].result)
			fail_msg("%d for %s", list.op.result, pages[i].body);
		for (size_t n = 0; n < list.count; n++)
			buf_add_fmt(&names, "%s ", list.items[n].key);
		assert_string_equal(buf_str(&names), pages[i].names);
		s3_list_release(&list);
	}
}

static void a_page_of_keys_that_no_text_holds_still_gets_on(void **state)
{
	struct s3_list list = { .prefix = "" };
	char text[4096];

	answer_page(text, sizeof(text), URL MORE ITEM("a%00b"));
	use(text, text);
	s3_list_start(client, &list);
	assert_int_equal(s3_wait(client, &list.op), 0);
	assert_int_equal(list.count, 0);
	assert_true(list.is_truncated);
	assert_string_equal(list.last_key, "a");
	s3_list_release(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_head_is_signed_and_read),
		cmocka_unit_test(a_head_without_its_headers_is_ebadmsg),
		cmocka_unit_test(the_servers_clock_signs_the_second_try),
		cmocka_unit_test(the_region_of_a_bare_head_is_in_its_header),
		cmocka_unit_test(the_region_of_an_error_is_in_its_body),
		cmocka_unit_test(a_region_that_is_none_is_refused),
		cmocka_unit_test(a_307_to_the_same_host_is_followed),
		cmocka_unit_test(an_idle_connection_that_died_costs_no_try),
		cmocka_unit_test(an_expired_token_is_renewed_once),
		cmocka_unit_test(a_copys_source_is_encoded),
		cmocka_unit_test(a_header_cannot_be_smuggled_in),
		cmocka_unit_test(a_batch_has_its_md5),
		cmocka_unit_test(etags_that_are_no_md5s_are_no_damage),
		cmocka_unit_test(a_range_is_what_was_asked_for),
		cmocka_unit_test(a_page_is_in_order_or_refused),
		cmocka_unit_test(
			a_page_of_keys_that_no_text_holds_still_gets_on),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
