/* SPDX-License-Identifier: MIT */
/* Whom we trust: openssl's own server with certificates made on the spot. */
#include "http-call.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

static char folder[] = "/tmp/test-http-tls-XXXXXX";
static char cert[100], key[100], other_cert[100], other_key[100];

/* Runs openssl; *out, if not NULL, reads what it says. */
static pid_t spawn_openssl(const char *const *args, int *out)
{
	posix_spawn_file_actions_t actions;
	char *argv[32] = { NULL };
	int pipe_fds[2];
	pid_t pid = -1;

	for (size_t i = 0; args[i]; i++)
		argv[i] = strdup(args[i]);
	assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, pipe_fds[1], 1);
	assert_int_equal(posix_spawnp(&pid, "openssl", &actions, NULL, argv,
				      environ),
			 0);
	posix_spawn_file_actions_destroy(&actions);
	close(pipe_fds[1]);
	if (out)
		*out = pipe_fds[0];
	else
		close(pipe_fds[0]);
	for (size_t i = 0; argv[i]; i++)
		free(argv[i]);
	return pid;
}

static void make_certificate(const char *cert_file, const char *key_file,
			     const char *address)
{
	char names[100];
	const char *args[] = { "openssl",
			       "req",
			       "-x509",
			       "-newkey",
			       "ec",
			       "-pkeyopt",
			       "ec_paramgen_curve:P-256",
			       "-nodes",
			       "-days",
			       "2",
			       "-subj",
			       "/CN=test",
			       "-addext",
			       names,
			       "-keyout",
			       key_file,
			       "-out",
			       cert_file,
			       NULL };
	int status = -1;

	snprintf(names, sizeof(names), "subjectAltName=IP:%s", address);
	waitpid(spawn_openssl(args, NULL), &status, 0);
	assert_int_equal(status, 0);
}

struct tls_server {
	pid_t pid;
	int out;
	int port;
};

/* extra: one more option, or NULL. */
static struct tls_server serve(const char *cert_file, const char *key_file,
			       const char *extra)
{
	const char *args[] = { "openssl", "s_server", "-accept", "127.0.0.1:0",
			       "-www",    "-cert",    cert_file, "-key",
			       key_file,  extra,      NULL };
	struct tls_server server = { 0 };
	char said[4096] = "", *accept = NULL;
	size_t len = 0;

	server.pid = spawn_openssl(args, &server.out);
	while (!accept && len < sizeof(said) - 1) {
		if (read(server.out, said + len, 1) != 1)
			break;
		said[++len] = '\0';
		if (said[len - 1] == '\n')
			accept = strstr(said, "ACCEPT 127.0.0.1:");
	}
	assert_non_null(accept);
	server.port = (int)strtol(accept + 17, NULL, 10);
	return server;
}

static void stop(struct tls_server *server)
{
	kill(server->pid, SIGKILL);
	waitpid(server->pid, NULL, 0);
	close(server->out);
}

static int get(const struct tls_server *server,
	       const struct http_options *options)
{
	struct http *http;
	struct call call;
	char url[100];
	int result;

	snprintf(url, sizeof(url), "https://127.0.0.1:%d/", server->port);
	assert_int_equal(http_new(options, &http, NULL), 0);
	call_init(&call, "GET", NULL, url);
	call.req.body_limit = 1024 * 1024;
	result = call_run(http, &call);
	if (result == 0)
		assert_int_equal(call.req.status, 200);
	else
		assert_string_not_equal(call.req.err.text, "");
	call_release(&call);
	http_free(http);
	return result;
}

static int make_certificates(void **state)
{
	assert_non_null(mkdtemp(folder));
	snprintf(cert, sizeof(cert), "%s/cert", folder);
	snprintf(key, sizeof(key), "%s/key", folder);
	snprintf(other_cert, sizeof(other_cert), "%s/other-cert", folder);
	snprintf(other_key, sizeof(other_key), "%s/other-key", folder);
	make_certificate(cert, key, "127.0.0.1");
	make_certificate(other_cert, other_key, "127.0.0.2");
	return 0;
}

static int remove_certificates(void **state)
{
	unlink(cert);
	unlink(key);
	unlink(other_cert);
	unlink(other_key);
	return rmdir(folder);
}

static void an_unknown_certificate_is_refused(void **state)
{
	struct tls_server server = serve(cert, key, NULL);
	struct http_options options = { 0 };

	assert_int_equal(get(&server, &options), -EKEYREJECTED);
	options.ca_file = other_cert;
	assert_int_equal(get(&server, &options), -EKEYREJECTED);
	stop(&server);
}

static void a_certificate_in_the_bundle_is_taken(void **state)
{
	struct tls_server server = serve(cert, key, NULL);
	struct http_options options = { .ca_file = cert };

	assert_int_equal(get(&server, &options), 0);
	stop(&server);
}

static void a_certificate_for_another_host_is_refused(void **state)
{
	struct tls_server server = serve(other_cert, other_key, NULL);
	struct http_options options = { .ca_file = other_cert };

	assert_int_equal(get(&server, &options), -EKEYREJECTED);
	stop(&server);
}

static void
without_the_host_name_a_certificate_must_still_be_known(void **state)
{
	struct tls_server server = serve(other_cert, other_key, NULL);
	struct http_options options = { .skip_host_name = true };

	assert_int_equal(get(&server, &options), -EKEYREJECTED);
	options.ca_file = other_cert;
	assert_int_equal(get(&server, &options), 0);
	stop(&server);
}

static void any_certificate_is_taken_without_verifying(void **state)
{
	struct tls_server server = serve(other_cert, other_key, NULL);
	struct http_options options = { .skip_verify = true };

	assert_int_equal(get(&server, &options), 0);
	stop(&server);
}

static void a_certificate_in_the_folder_is_taken(void **state)
{
	struct tls_server server = serve(cert, key, NULL);
	struct http_options options = { .ca_file = folder };
	const char *args[] = { "openssl", "x509", "-noout", "-hash",
			       "-in",     cert,   NULL };
	char hash[9] = "", link_name[150];
	int out = -1;
	pid_t pid = spawn_openssl(args, &out);

	assert_int_equal(read(out, hash, 8), 8);
	waitpid(pid, NULL, 0);
	close(out);
	snprintf(link_name, sizeof(link_name), "%s/%s.0", folder, hash);
	assert_int_equal(get(&server, &options), -EKEYREJECTED);
	assert_int_equal(symlink(cert, link_name), 0);
	assert_int_equal(get(&server, &options), 0);
	unlink(link_name);
	stop(&server);
}

static void tls_1_1_is_refused(void **state)
{
	struct tls_server server = serve(cert, key, "-tls1_1");
	struct http_options options = { .skip_verify = true };

	assert_int_equal(get(&server, &options), -EPROTO);
	stop(&server);
}

static enum raw_then say_no_tls(struct raw_exchange *x)
{
	raw_say_ok(x, "");
	return RAW_CLOSE;
}

static void a_server_without_tls_is_an_error(void **state)
{
	struct raw_server *plain = raw_server_new(say_no_tls, NULL);
	struct tls_server server = { .port = plain->port };
	struct http_options options = { .connect_timeout_ms = 500 };
	int result = get(&server, &options);

	assert_true(result == -EPROTO || result == -ETIMEDOUT);
	raw_server_free(plain);
}

static void a_bundle_that_is_not_there_is_told_at_the_start(void **state)
{
	struct http_options options = { .ca_file = "/nonexistent/bundle" };
	struct errinfo err = ERRINFO_INIT;
	struct http *http;

	assert_int_equal(http_new(&options, &http, &err), -ENOENT);
	assert_non_null(strstr(err.text, "/nonexistent/bundle"));
}

static void a_bundle_without_certificates_trusts_nobody(void **state)
{
	struct tls_server server = serve(cert, key, NULL);
	struct http_options options = { .ca_file = key };

	assert_int_equal(get(&server, &options), -EKEYREJECTED);
	stop(&server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_unknown_certificate_is_refused),
		cmocka_unit_test(a_certificate_in_the_bundle_is_taken),
		cmocka_unit_test(a_certificate_for_another_host_is_refused),
		cmocka_unit_test(
			without_the_host_name_a_certificate_must_still_be_known),
		cmocka_unit_test(any_certificate_is_taken_without_verifying),
		cmocka_unit_test(a_certificate_in_the_folder_is_taken),
		cmocka_unit_test(tls_1_1_is_refused),
		cmocka_unit_test(a_server_without_tls_is_an_error),
		cmocka_unit_test(
			a_bundle_that_is_not_there_is_told_at_the_start),
		cmocka_unit_test(a_bundle_without_certificates_trusts_nobody),
	};

	return cmocka_run_group_tests(tests, make_certificates,
				      remove_certificates);
}
