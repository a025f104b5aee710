/* SPDX-License-Identifier: MIT */
/* Server and client for the tests of this folder; see fixture.h. */
#include "fixture.h"

#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crc32c.h"
#include "lock.h"
#include "log.h"

struct fixture fixture;

/* --- the server --------------------------------------------------------- */

/* Reads the line in which the server says where it listens. */
static void read_address(int fd)
{
	FILE *from = fdopen(fd, "r");
	char line[256];
	char *url;

	assert_non_null(from);
	assert_non_null(fgets(line, sizeof(line), from));
	url = strstr(line, "http://");
	assert_non_null(url);
	url[strcspn(url, " \r\n")] = '\0';
	snprintf(fixture.endpoint, sizeof(fixture.endpoint), "%s", url);
	fclose(from);
}

static void start_server(void)
{
	const char *program = getenv("S3STOREFS_TESTSERVER");
	int out[2];

	assert_non_null(program);
	assert_int_equal(pipe(out), 0);
	fixture.server = fork();
	assert_true(fixture.server >= 0);
	if (fixture.server == 0) {
		dup2(out[1], STDOUT_FILENO);
		close(out[0]);
		close(out[1]);
		execl(program, program, "--port", "0", NULL);
		_exit(127);
	}
	close(out[1]);
	read_address(out[0]);
	setenv("AWS_ACCESS_KEY_ID", "TESTACCESSKEY", 1);
	setenv("AWS_SECRET_ACCESS_KEY", "testsecretkey", 1);
}

static void stop_server(void)
{
	int status;

	if (!fixture.server)
		return;
	kill(fixture.server, SIGTERM);
	waitpid(fixture.server, &status, 0);
	fixture.server = 0;
}

bool fixture_has_control(void)
{
	return fixture.server != 0;
}

/* --- the control interface ---------------------------------------------- */

struct control {
	struct http_request http;
	struct lock lock;
	pthread_cond_t is_over;
	bool done;
};

static void control_done(struct http_request *http)
{
	struct control *control = container_of(http, struct control, http);

	LOCK(&control->lock);
	control->done = true;
	pthread_cond_signal(&control->is_over);
}

static json_t *control(const char *method, const char *what, const char *body)
{
	struct bytes bytes = { body, body ? strlen(body) : 0 };
	char url[256];
	struct control call = {
		.lock = LOCK_INIT(LOCK_UNRANKED),
		.is_over = PTHREAD_COND_INITIALIZER,
		.http = { .method = method,
			  .url = url,
			  .body_limit = 16 * 1024 * 1024,
			  .body = { bytes.len, bytes_read, &bytes },
			  .done = control_done },
	};
	json_t *answer;

	snprintf(url, sizeof(url), "%s/_control/%s", fixture.endpoint, what);
	http_submit(fixture.http, &call.http);
	lock_enter(&call.lock);
	while (!call.done)
		lock_wait(&call.lock, &call.is_over);
	lock_leave(&call.lock);
	if (call.http.result < 0 || call.http.status != 200)
		fail_msg("%s %s: %d %d %s", method, url, call.http.result,
			 call.http.status, buf_str(&call.http.response_body));
	answer = json_loads(buf_str(&call.http.response_body), 0, NULL);
	assert_non_null(answer);
	http_request_release(&call.http);
	return answer;
}

void fixture_plan(const char *json)
{
	json_decref(control("POST", "faults", json));
}

unsigned fixture_requests(const char *operation)
{
	json_t *stats = control("GET", "stats", NULL);
	json_t *count =
		json_object_get(json_object_get(stats, "requests"), operation);
	unsigned n = (unsigned)json_integer_value(count);

	json_decref(stats);
	return n;
}

void fixture_await(const char *operation, unsigned count)
{
	const struct timespec pause = { .tv_nsec = 2000000 };

	for (int i = 0; fixture_requests(operation) < count; i++) {
		assert_true(i < 10000);
		nanosleep(&pause, NULL);
	}
}

/* --- set-up ------------------------------------------------------------- */

void fixture_use(const struct s3_options *options)
{
	struct errinfo err = ERRINFO_INIT;

	s3_client_free(fixture.client);
	fixture.client = NULL;
	if (s3_client_new(fixture.http, options ? options : &fixture.options,
			  &fixture.client, &err) < 0)
		fail_msg("no client: %s", err.text);
}

static void make_bucket(void)
{
	struct s3_create_bucket create = { .acl = NULL };

	s3_create_bucket_start(fixture.client, &create);
	if (s3_wait(fixture.client, &create.op) < 0)
		fail_msg("no bucket: %s", create.op.err.text);
	s3_create_bucket_release(&create);
}

int fixture_begin(void **state)
{
	const struct http_options http = { .stall_timeout_ms = 2000,
					   .connect_timeout_ms = 2000 };
	const char *endpoint = getenv("S3_ENDPOINT");
	struct errinfo err = ERRINFO_INIT;

	if (getenv("S3_DEBUG"))
		log_setup(LOG_LEVEL_DEBUG, false);
	else
		log_setup(LOG_LEVEL_ERROR, false);
	if (endpoint)
		snprintf(fixture.endpoint, sizeof(fixture.endpoint), "%s",
			 endpoint);
	else
		start_server();
	snprintf(fixture.bucket, sizeof(fixture.bucket), "test-s3-%d",
		 (int)getpid());
	fixture.options = (struct s3_options){
		.bucket = fixture.bucket,
		.endpoint_url = fixture.endpoint,
		.region = "us-east-1",
		.addressing = S3_ADDRESSING_PATH,
	};
	if (http_new(&http, &fixture.http, &err) < 0)
		fail_msg("no HTTP: %s", err.text);
	fixture_use(NULL);
	make_bucket();
	return 0;
}

/* Deletes page after page. */
static void empty_bucket(void)
{
	struct s3_list list = { .prefix = "" };
	bool is_empty;

	do {
		s3_list_start(fixture.client, &list);
		if (s3_wait(fixture.client, &list.op) < 0)
			fail_msg("no listing: %s", list.op.err.text);
		is_empty = list.count == 0;
		for (size_t i = 0; i < list.count; i++)
			assert_int_equal(do_delete(list.items[i].key), 0);
		s3_list_release(&list);
	} while (!is_empty);
}

int fixture_fresh(void **state)
{
	if (fixture_has_control())
		fixture_plan("[]");
	fixture_use(NULL);
	empty_bucket();
	if (fixture_has_control())
		json_decref(control("POST", "reset", ""));
	return 0;
}

int fixture_end(void **state)
{
	if (fixture_has_control() && fixture.client)
		fixture_plan("[]");
	if (fixture.client)
		empty_bucket();
	s3_client_free(fixture.client);
	http_free(fixture.http);
	stop_server();
	return 0;
}

/* --- operations --------------------------------------------------------- */

ssize_t bytes_read(void *arg, uint64_t offset, void *to, size_t room)
{
	const struct bytes *bytes = arg;
	size_t left = bytes->len - (size_t)offset;

	if (room > left)
		room = left;
	memcpy(to, bytes->data + offset, room);
	return (ssize_t)room;
}

struct s3_body bytes_body(struct bytes *bytes, bool with_crc32c)
{
	return (struct s3_body){
		.length = bytes->len,
		.read = bytes_read,
		.arg = bytes,
		.has_crc32c = with_crc32c,
		.crc32c = crc32c(0, bytes->data, bytes->len),
	};
}

int do_put(const char *key, const char *data, size_t len)
{
	struct bytes bytes = { data, len };
	struct s3_put put = { .key = key, .body = bytes_body(&bytes, true) };
	int result;

	s3_put_start(fixture.client, &put);
	result = s3_wait(fixture.client, &put.op);
	s3_put_release(&put);
	return result;
}

int do_head(const char *key, uint64_t *size, char *etag)
{
	struct s3_head head = { .key = key };
	int result;

	s3_head_start(fixture.client, &head);
	result = s3_wait(fixture.client, &head.op);
	if (size)
		*size = head.object.size;
	if (etag)
		memcpy(etag, head.object.etag, S3_ETAG_MAX);
	s3_head_release(&head);
	return result;
}

struct collect {
	struct s3_get get;
	struct buf *out;
};

static int collect(struct s3_get *get, const void *data, size_t len)
{
	struct collect *c = container_of(get, struct collect, get);

	buf_add(c->out, data, len);
	return c->out->error;
}

int do_get(const char *key, uint64_t offset, uint64_t length,
	   const char *if_match, struct buf *out)
{
	struct collect c = {
		.get = { .key = key,
			 .offset = offset,
			 .length = length,
			 .if_match = if_match,
			 .sink = collect },
		.out = out,
	};
	int result;

	buf_clear(out);
	s3_get_start(fixture.client, &c.get);
	result = s3_wait(fixture.client, &c.get.op);
	assert_int_equal(c.get.received, out->len);
	s3_get_release(&c.get);
	return result;
}

int do_delete(const char *key)
{
	struct s3_delete del = { .key = key };
	int result;

	s3_delete_start(fixture.client, &del);
	result = s3_wait(fixture.client, &del.op);
	s3_delete_release(&del);
	return result;
}

char *make_bytes(size_t len, unsigned seed)
{
	char *data = malloc(len + 1);
	uint64_t x = seed * 2654435761u + 1;

	assert_non_null(data);
	for (size_t i = 0; i < len; i++) {
		x = x * 6364136223846793005u + 1442695040888963407u;
		data[i] = (char)(x >> 56);
	}
	data[len] = '\0';
	return data;
}
