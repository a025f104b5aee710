/* SPDX-License-Identifier: MIT */
/* Keys in s3fs's files: the format, the permissions, the order. */
#include "creds/creds_chain.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "creds/creds_file.h"

static char folder[] = "/tmp/test-s3-passwd-XXXXXX";
static char named_path[64], home_path[64];
static struct creds_chain *chain;
static struct errinfo err;

static void write_file(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static int open_chain(const struct s3_options *options)
{
	err = (struct errinfo)ERRINFO_INIT;
	creds_chain_free(chain);
	chain = NULL;
	return creds_chain_new(options, NULL, &chain, &err);
}

static void assert_key(const char *key)
{
	struct s3_creds *creds;

	creds = creds_chain_get(chain);
	assert_string_equal(creds_access_key(creds), key);
	creds_put(creds);
}

static void every_form_of_a_line_is_read(void **state)
{
	static const struct {
		const char *text;
		int result;
		const char *access_key, *secret_key;
	} cases[] = {
		{ "K:S", 0, "K", "S" },
		{ "# one\n\nK:S+/=\n", 0, "K", "S+/=" },
		{ "K:S \t\r\n", 0, "K", "S" },
		{ "b:K:S\n", 0, "K", "S" },
		{ "b:K:S:T\n", 0, "K", "S:T" },
		{ "c:C:D\n", 0, NULL, NULL },
		{ "c:C:D\nK:S\nb:A:B\n", 0, "A", "B" },
		{ "c:C:D\nK:S\n", 0, "K", "S" },
		{ "AWSAccessKeyId=K\nAWSSecretKey=S=\n", 0, "K", "S=" },
		{ "AWSSecretKey=S\n", 0, NULL, "S" },
		{ "", 0, NULL, NULL },
		{ "K:S T\n", -EINVAL, NULL, NULL },
		{ " K:S\n", -EINVAL, NULL, NULL },
		{ "[default]\n", -EINVAL, NULL, NULL },
		{ "K\n", -EINVAL, NULL, NULL },
		{ "K:\n", -EINVAL, NULL, NULL },
		{ ":S\n", -EINVAL, NULL, NULL },
		{ ":K:S\n", -EINVAL, NULL, NULL },
		{ "c::S\n", -EINVAL, NULL, NULL },
		{ "K:S\nL:T\n", -EINVAL, NULL, NULL },
		{ "b:K:S\nb:L:T\n", -EINVAL, NULL, NULL },
		{ "AWSAccessKeyId=\n", -EINVAL, NULL, NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO_FREE char *text = strdup(cases[i].text);
		struct errinfo why = ERRINFO_INIT;
		struct creds_profile p;

		assert_non_null(text);
		assert_int_equal(creds_passwd_parse(text, strlen(text), "b", &p,
						    &why),
				 cases[i].result);
		assert_int_equal(!p.access_key, !cases[i].access_key);
		if (p.access_key)
			assert_string_equal(p.access_key, cases[i].access_key);
		assert_int_equal(!p.secret_key, !cases[i].secret_key);
		if (p.secret_key)
			assert_string_equal(p.secret_key, cases[i].secret_key);
		if (cases[i].result)
			assert_non_null(strstr(why.text, "line "));
		creds_profile_release(&p);
	}
}

static void the_named_file_wins_over_the_environment(void **state)
{
	struct s3_options options = { .bucket = "b",
				      .passwd_file = named_path };

	write_file(named_path, "b:OWN:S\nGENERAL:S\n", 0600);
	setenv("AWS_ACCESS_KEY_ID", "ENV", 1);
	setenv("AWS_SECRET_ACCESS_KEY", "S", 1);
	assert_int_equal(open_chain(&options), 0);
	assert_key("OWN");
	assert_string_equal(creds_chain_source(chain), named_path);
	options.bucket = "c";
	assert_int_equal(open_chain(&options), 0);
	assert_key("GENERAL");
	options.access_key = "K";
	assert_int_equal(open_chain(&options), -EINVAL);
	assert_non_null(strstr(err.text, "take one out"));
	unlink(named_path);
	options.access_key = NULL;
	assert_int_equal(open_chain(&options), -ENOKEY);
	assert_non_null(strstr(err.text, named_path));
	unsetenv("AWS_ACCESS_KEY_ID");
	unsetenv("AWS_SECRET_ACCESS_KEY");
}

static void the_file_at_home_comes_behind_all_others(void **state)
{
	struct s3_options options = { .bucket = "b" };

	write_file(home_path, "HOME:S\n", 0600);
	assert_int_equal(open_chain(&options), 0);
	assert_key("HOME");
	setenv("AWS_ACCESS_KEY_ID", "ENV", 1);
	setenv("AWS_SECRET_ACCESS_KEY", "S", 1);
	assert_int_equal(open_chain(&options), 0);
	assert_key("ENV");
	unsetenv("AWS_ACCESS_KEY_ID");
	unsetenv("AWS_SECRET_ACCESS_KEY");
	options.profile = "missing";
	assert_int_equal(open_chain(&options), -ENOKEY);
	assert_non_null(strstr(err.text, "no profile missing"));
	unlink(home_path);
}

static void a_file_that_others_can_read_or_run_is_refused(void **state)
{
	static const mode_t bad[] = { 0640, 0604, 0620, 0700, 0611 };
	struct s3_options options = { .bucket = "b",
				      .passwd_file = named_path };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		write_file(named_path, "KEY:verysecret\n", bad[i]);
		/* Group root of a file of root is nobody else. */
		if (bad[i] == 0640 && geteuid() == 0)
			assert_int_equal(chown(named_path, 0, 1), 0);
		assert_int_equal(open_chain(&options), -EACCES);
		assert_non_null(strstr(err.text, "chmod 600"));
		assert_null(strstr(err.text, "verysecret"));
	}
	write_file(named_path, "KEY:S\n", 0400);
	assert_int_equal(open_chain(&options), 0);
	unlink(named_path);
}

static void half_a_pair_is_refused(void **state)
{
	struct s3_options options = { .bucket = "b",
				      .passwd_file = named_path };

	write_file(named_path, "AWSAccessKeyId=K\n", 0600);
	assert_int_equal(open_chain(&options), -EINVAL);
	assert_non_null(strstr(err.text, "AWSSecretKey"));
	write_file(named_path, "c:K:S\n", 0600);
	assert_int_equal(open_chain(&options), -ENOKEY);
	assert_non_null(strstr(err.text, "bucket b"));
	unlink(named_path);
}

static int set_up(void **state)
{
	static const char *const variables[] = {
		"AWS_S3_ACCESS_KEY_ID",     "AWS_ACCESS_KEY_ID",
		"AWS_S3_SECRET_ACCESS_KEY", "AWS_SECRET_ACCESS_KEY",
		"AWS_SESSION_TOKEN",        "AWS_SECURITY_TOKEN",
		"AWS_S3_SESSION_PROFILE",   "AWS_PROFILE",
	};

	for (size_t i = 0; i < ARRAY_SIZE(variables); i++)
		unsetenv(variables[i]);
	if (!mkdtemp(folder))
		return -1;
	setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null", 1);
	setenv("AWS_CONFIG_FILE", "/dev/null", 1);
	setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
	setenv("HOME", folder, 1);
	snprintf(named_path, sizeof(named_path), "%s/named", folder);
	snprintf(home_path, sizeof(home_path), "%s/.passwd-s3fs", folder);
	return 0;
}

static int tear_down(void **state)
{
	creds_chain_free(chain);
	return rmdir(folder);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_form_of_a_line_is_read),
		cmocka_unit_test(the_named_file_wins_over_the_environment),
		cmocka_unit_test(the_file_at_home_comes_behind_all_others),
		cmocka_unit_test(a_file_that_others_can_read_or_run_is_refused),
		cmocka_unit_test(half_a_pair_is_refused),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
