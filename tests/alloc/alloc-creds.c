/* SPDX-License-Identifier: MIT */
/*
 * Each source of credentials without memory: files, the environment, a
 * process, and those that are asked over HTTP, by a server of another process.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apart.h"
#include "creds/creds.h"
#include "creds/creds_chain.h"
#include "http.h"
#include "lock.h"
#include "log.h"
#include "scenarios.h"

#define ROLES "/latest/meta-data/iam/security-credentials/"
#define KEYS                                               \
	"\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"S\"," \
	"\"Expiration\":\"2100-01-01T00:00:00Z\""
#define SHARED_KEYS "aws_access_key_id = A\naws_secret_access_key = S\n"

static const struct s3_options *given;
static struct http *http;
static struct creds_chain *chain;
static char folder[64] = "/tmp/s3storefs-alloc-XXXXXX";
static char passwd_path[100];

static enum raw_then answer(struct raw_exchange *x)
{
	static unsigned count;
	char keys[200];

	raw_take_body(x, x->body_length);
	snprintf(keys, sizeof(keys),
		 "{\"Code\":\"Success\",\"Token\":\"T%u\"," KEYS "}", count++);
	if (strcmp(x->path, "/latest/api/token") == 0)
		raw_say_ok(x, "a token");
	else if (strcmp(x->path, ROLES) == 0)
		raw_say_ok(x, "role\n");
	else if (strcmp(x->method, "POST") == 0)
		raw_say_ok(x, "<R><Credentials><AccessKeyId>A</AccessKeyId>"
			      "<SecretAccessKey>S</SecretAccessKey>"
			      "<SessionToken>T</SessionToken><Expiration>"
			      "2100-01-01T00:00:00Z</Expiration></Credentials>"
			      "</R>");
	else
		raw_say_ok(x,
			   "{\"Code\":\"Success\",\"Token\":\"T\"," KEYS "}");
	return RAW_KEEP;
}

static int http_begin(const void *options)
{
	const struct http_options none = { 0 };

	given = options;
	return http_new(&none, &http, &words);
}

static void http_end(void)
{
	http_free(http);
	http = NULL;
}

static int run_chain(void)
{
	int result = creds_chain_new(given, http, &chain, &words);
	struct s3_creds *creds;

	if (result < 0)
		return result;
	creds = creds_chain_get(chain);
	result = expect(creds && strcmp(creds_access_key(creds), "A") == 0);
	creds_put(creds);
	creds_chain_free(chain);
	chain = NULL;
	return result;
}

/* --- renewal ------------------------------------------------------------- */

static int chain_begin(const void *options)
{
	int result = http_begin(options);

	return result < 0 ? result :
			    creds_chain_new(options, http, &chain, &words);
}

static void chain_end(void)
{
	creds_chain_free(chain);
	chain = NULL;
	http_end();
}

struct waiting {
	struct creds_waiter waiter;
	struct lock lock;
	pthread_cond_t is_over;
	bool is_ready;
};

static void waiting_ready(struct creds_waiter *waiter)
{
	struct waiting *w = container_of(waiter, struct waiting, waiter);

	LOCK(&w->lock);
	w->is_ready = true;
	pthread_cond_signal(&w->is_over);
}

static int waiting_wait(struct waiting *w)
{
	LOCK(&w->lock);
	while (!w->is_ready)
		lock_wait(&w->lock, &w->is_over);
	words = w->waiter.err;
	return w->waiter.result;
}

/* The server refused the keys in use; a file has the same ones again. */
static int run_refresh(void)
{
	struct s3_creds *used = creds_chain_current(chain), *fresh;
	struct waiting w = { .waiter = { .used = used, .ready = waiting_ready },
			     .lock = LOCK_INIT(LOCK_UNRANKED),
			     .is_over = PTHREAD_COND_INITIALIZER };
	int result = creds_chain_refresh(chain, &w.waiter, &words);

	if (result == -EINPROGRESS)
		result = waiting_wait(&w);
	if (result == -EACCES && strstr(words.text, "no others"))
		result = 0;
	fresh = creds_chain_current(chain);
	if (!fresh || strcmp(creds_access_key(fresh), "A") != 0)
		result = WRONG;
	creds_put(fresh);
	creds_put(used);
	return result;
}

/* --- the sources --------------------------------------------------------- */

#define SOURCE(name, ...)                                                     \
	static const struct world name = {                                    \
		http_begin, http_end,                                         \
		&(const struct s3_options){                                   \
			.bucket = "bkt", .region = "us-east-1", __VA_ARGS__ } \
	}
SOURCE(settings, .access_key = "A", .secret_key = "S", .session_token = "T");
SOURCE(environment, .credential_source = S3_CREDENTIALS_ENVIRONMENT);
SOURCE(shared, .profile = "shared");
SOURCE(process, .profile = "process");
SOURCE(role, .profile = "role");
SOURCE(role_environment, .credential_source = S3_CREDENTIALS_PROFILE,
       .profile = "role-environment");
SOURCE(identity, .profile = "identity");
SOURCE(passwd, .passwd_file = passwd_path);
SOURCE(container, .credential_source = S3_CREDENTIALS_CONTAINER);
SOURCE(instance, .credential_source = S3_CREDENTIALS_INSTANCE);
/* All are looked for; the last has keys. */
SOURCE(any, .profile = NULL);

static const struct s3_options instance_options = {
	.bucket = "bkt",
	.credential_source = S3_CREDENTIALS_INSTANCE
};
static const struct s3_options shared_options = { .bucket = "bkt",
						  .profile = "shared" };
static const struct world asked = { chain_begin, chain_end, &instance_options };
static const struct world from_file = { chain_begin, chain_end,
					&shared_options };

static void set_environment(void)
{
	setenv("AWS_ACCESS_KEY_ID", "A", 1);
	setenv("AWS_SECRET_ACCESS_KEY", "S", 1);
}

static void clear_environment(void)
{
	unsetenv("AWS_ACCESS_KEY_ID");
	unsetenv("AWS_SECRET_ACCESS_KEY");
}

static void leave_container(void)
{
	unsetenv("AWS_CONTAINER_CREDENTIALS_FULL_URI");
}

static const struct scenario scenarios[] = {
	SCENARIO("settings", run_chain, .world = &settings),
	SCENARIO("environment", run_chain, .world = &environment,
		 .prepare = set_environment),
	SCENARIO("role, keys of the environment", run_chain,
		 .world = &role_environment, .prepare = set_environment),
	SCENARIO("profile", run_chain, .world = &shared,
		 .prepare = clear_environment),
	SCENARIO("process", run_chain, .world = &process),
	SCENARIO("role", run_chain, .world = &role),
	SCENARIO("web identity", run_chain, .world = &identity),
	SCENARIO("passwd", run_chain, .world = &passwd),
	SCENARIO("container", run_chain, .world = &container),
	SCENARIO("instance", run_chain, .world = &instance),
	SCENARIO("any", run_chain, .world = &any, .prepare = leave_container),
	SCENARIO("refresh, instance", run_refresh, .world = &asked),
	SCENARIO("refresh, profile", run_refresh, .world = &from_file),
};

/* --- set-up -------------------------------------------------------------- */

static const struct {
	const char *name, *text;
} files[] = {
	{ "credentials", "[shared]\n" SHARED_KEYS },
	{ "config", "[profile process]\ncredential_process = /bin/echo '"
		    "{\"Version\":1," KEYS "}'\n"
		    "[profile role]\nrole_arn = arn:r\n"
		    "source_profile = shared\nexternal_id = x\n"
		    "role_session_name = y\nduration_seconds = 900\n"
		    "[profile role-environment]\nrole_arn = arn:r\n"
		    "credential_source = Environment\n"
		    "[profile identity]\nrole_arn = arn:r\n"
		    "web_identity_token_file = token\n" },
	{ "passwd", "bkt:A:S\n" },
	{ "token", "a token\n" },
};

static void write_file(const char *name, const char *text)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	if (write(fd, text, strlen(text)) < 0)
		abort();
	close(fd);
}

static void set_path(const char *variable, const char *name)
{
	char path[200];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	setenv(variable, path, 1);
}

static void set_url(const char *variable, int port, const char *path)
{
	char url[200];

	snprintf(url, sizeof(url), "http://127.0.0.1:%d%s", port, path);
	setenv(variable, url, 1);
}

int main(void)
{
	int failed, port = apart_serve(answer);

	if (!port || !mkdtemp(folder) || chdir(folder) < 0 ||
	    log_setup_file(LOG_LEVEL_ERROR, "/dev/null") < 0)
		return 1;
	clear_environment();
	unsetenv("AWS_PROFILE");
	unsetenv("AWS_EC2_METADATA_DISABLED"); /* as all our tests have it */
	setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "a token", 1);
	set_path("HOME", "");
	set_path("AWS_SHARED_CREDENTIALS_FILE", "credentials");
	set_path("AWS_CONFIG_FILE", "config");
	set_url("AWS_EC2_METADATA_SERVICE_ENDPOINT", port, "");
	set_url("AWS_CONTAINER_CREDENTIALS_FULL_URI", port, "/keys");
	set_url("AWS_ENDPOINT_URL_STS", port, "");
	snprintf(passwd_path, sizeof(passwd_path), "%s/passwd", folder);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		write_file(files[i].name, files[i].text);
	failed = scenarios_run(scenarios, ARRAY_SIZE(scenarios));
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		unlink(files[i].name);
	return rmdir(folder) < 0 ? 1 : failed;
}
