/* SPDX-License-Identifier: MIT */
/* Credentials: where they come from, in which order, and their renewal. */
#include "creds/creds_chain.h"
#include "lock.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "clock.h"
#include "creds/creds_file.h"
#include "log.h"

static char folder[] = "/tmp/test-s3-creds-XXXXXX";
static char credentials_path[64], config_path[64];

static const char *const variables[] = {
	"AWS_S3_ACCESS_KEY_ID",
	"AWS_ACCESS_KEY_ID",
	"AWS_S3_SECRET_ACCESS_KEY",
	"AWS_SECRET_ACCESS_KEY",
	"AWS_SESSION_TOKEN",
	"AWS_SECURITY_TOKEN",
	"AWS_S3_SESSION_PROFILE",
	"AWS_PROFILE",
	"AWS_ROLE_ARN",
	"AWS_WEB_IDENTITY_TOKEN_FILE",
	"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
	"AWS_CONTAINER_CREDENTIALS_FULL_URI",
};

/* Each test begins without variables and files. */
static int begin(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(variables); i++)
		unsetenv(variables[i]);
	unlink(credentials_path);
	unlink(config_path);
	setenv("AWS_SHARED_CREDENTIALS_FILE", credentials_path, 1);
	setenv("AWS_CONFIG_FILE", config_path, 1);
	setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
	return 0;
}

static int make_folder(void **state)
{
	log_setup(LOG_LEVEL_ERROR, false);
	if (!mkdtemp(folder))
		return -1;
	snprintf(credentials_path, sizeof(credentials_path), "%s/credentials",
		 folder);
	snprintf(config_path, sizeof(config_path), "%s/config", folder);
	return 0;
}

static int remove_folder(void **state)
{
	unlink(credentials_path);
	unlink(config_path);
	return rmdir(folder);
}

/* Renames it into place, as a rotation does. */
static void write_file(const char *path, const char *text, mode_t mode)
{
	char temporary[80];
	int fd;

	snprintf(temporary, sizeof(temporary), "%s.new", path);
	fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
	assert_int_equal(rename(temporary, path), 0);
}

/* The secret cannot be read back: compared as a whole. */
static void assert_creds(const struct s3_creds *creds, const char *access_key,
			 const char *secret_key, const char *token)
{
	struct s3_creds *expected = NULL;

	assert_non_null(creds);
	assert_string_equal(creds_access_key(creds), access_key);
	assert_int_equal(creds_new(access_key, secret_key, token, &expected),
			 0);
	assert_true(creds_equal(creds, expected));
	creds_put(expected);
}

static void assert_chain(struct creds_chain *chain, const char *access_key,
			 const char *secret_key, const char *token)
{
	struct s3_creds *creds = NULL;

	creds = creds_chain_get(chain);
	assert_creds(creds, access_key, secret_key, token);
	creds_put(creds);
}

/* Somebody who may wait for the chain's thread. */
struct waiting {
	struct creds_waiter waiter;
	struct lock lock;
	pthread_cond_t is_over;
	bool is_ready;
	pthread_t by;
};

static void waiting_ready(struct creds_waiter *waiter)
{
	struct waiting *w = container_of(waiter, struct waiting, waiter);

	LOCK(&w->lock);
	w->is_ready = true;
	w->by = pthread_self();
	pthread_cond_signal(&w->is_over);
}

static void waiting_wait(struct waiting *w)
{
	LOCK(&w->lock);
	while (!w->is_ready)
		lock_wait(&w->lock, &w->is_over);
}

static int refresh(struct creds_chain *chain, const struct s3_creds *used,
		   struct errinfo *err)
{
	struct waiting w = { .waiter = { .used = used, .ready = waiting_ready },
			     .lock = LOCK_INIT(LOCK_UNRANKED),
			     .is_over = PTHREAD_COND_INITIALIZER };
	int rc = creds_chain_refresh(chain, &w.waiter, err);

	if (rc != -EINPROGRESS)
		return rc;
	waiting_wait(&w);
	if (err)
		*err = w.waiter.err;
	return w.waiter.result;
}

#define FILE_KEYS \
	"[default]\naws_access_key_id = FK\naws_secret_access_key = FS\n"

static void keys_are_looked_up_in_order_and_each_by_itself(void **state)
{
	static const struct {
		const char *settings[3], *env[6]; /* of variables[] */
		const char *access_key, *secret_key, *token, *source;
	} cases[] = {
		{ .settings = { "OK", "OS", "OT" },
		  .env = { "E1", "E2", "E3", "E4", "E5", "E6" },
		  .access_key = "OK",
		  .secret_key = "OS",
		  .token = "OT",
		  .source = "settings" },
		{ .settings = { "", "", "" },
		  .env = { "E1", "E2", "E3", "E4", "E5", "E6" },
		  .access_key = "E1",
		  .secret_key = "E3",
		  .token = "E5",
		  .source = "environment" },
		{ .env = { "", "E2", "", "E4", "", "E6" },
		  .access_key = "E2",
		  .secret_key = "E4",
		  .token = "E6",
		  .source = "environment" },
		{ .env = { NULL, "E2", "E3" },
		  .access_key = "E2",
		  .secret_key = "E3",
		  .source = "environment" },
		{ .settings = { "OK" },
		  .env = { "E1", NULL, NULL, "E4" },
		  .access_key = "OK",
		  .secret_key = "E4",
		  .source = "settings" },
		/* The file's keys go with the file's token. */
		{ .env = { [4] = "E5" },
		  .access_key = "FK",
		  .secret_key = "FS" },
		{ .access_key = "FK", .secret_key = "FS" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct s3_options options = {
			.access_key = cases[i].settings[0],
			.secret_key = cases[i].settings[1],
			.session_token = cases[i].settings[2],
		};
		struct creds_chain *chain = NULL;

		begin(state);
		write_file(credentials_path, FILE_KEYS, 0600);
		for (size_t k = 0; k < ARRAY_SIZE(cases[i].env); k++) {
			if (cases[i].env[k])
				setenv(variables[k], cases[i].env[k], 1);
		}
		assert_int_equal(creds_chain_new(&options, NULL, &chain, NULL),
				 0);
		assert_chain(chain, cases[i].access_key, cases[i].secret_key,
			     cases[i].token);
		if (cases[i].source)
			assert_string_equal(creds_chain_source(chain),
					    cases[i].source);
		else
			assert_non_null(strstr(creds_chain_source(chain),
					       credentials_path));
		creds_chain_free(chain);
	}
}

static void what_does_not_fit_together_is_refused(void **state)
{
	static const struct {
		struct s3_options options;
		const char *variable, *value;
		int result;
		const char *says;
	} cases[] = {
		{ .options = { .access_key = "K" },
		  .result = -EINVAL,
		  .says = "without its secret" },
		{ .options = { .secret_key = "hidden" },
		  .result = -EINVAL,
		  .says = "without its access key" },
		{ .options = { .session_token = "hidden" },
		  .result = -ENOKEY,
		  .says = "session token without the keys" },
		{ .variable = "AWS_SESSION_TOKEN",
		  .value = "hidden",
		  .result = -ENOKEY,
		  .says = "session token without the keys" },
		{ .options = { .profile = "p", .access_key = "K" },
		  .result = -EINVAL,
		  .says = "should not be provided with" },
		{ .options = { .profile = "p" },
		  .variable = "AWS_ACCESS_KEY_ID",
		  .value = "K",
		  .result = -EINVAL,
		  .says = "should not be provided with" },
		{ .options = { .secret_key = "hidden" },
		  .variable = "AWS_S3_SESSION_PROFILE",
		  .value = "p",
		  .result = -EINVAL,
		  .says = "AWS_S3_SESSION_PROFILE/session_profile" },
		{ .options = { .access_key = "K", .secret_key = "hidden\n" },
		  .result = -EINVAL,
		  .says = "settings: the secret key has" },
		{ .options = { .access_key = "K K", .secret_key = "hidden" },
		  .result = -EINVAL,
		  .says = "access key has" },
		{ .options = { .access_key = "K",
			       .secret_key = "hidden",
			       .session_token = "hidden\xc3\xa4" },
		  .result = -EINVAL,
		  .says = "session token has" },
		{ .result = -ENOKEY, .says = "no credentials" },
		{ .options = { .profile = "nobody" },
		  .result = -ENOKEY,
		  .says = "no profile nobody" },
		{ .variable = "AWS_PROFILE",
		  .value = "nobody",
		  .result = -ENOKEY,
		  .says = "no profile nobody" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct errinfo err = ERRINFO_INIT;
		struct creds_chain *chain = NULL;

		begin(state);
		if (cases[i].variable)
			setenv(cases[i].variable, cases[i].value, 1);
		assert_int_equal(creds_chain_new(&cases[i].options, NULL,
						 &chain, &err),
				 cases[i].result);
		assert_null(chain);
		assert_int_equal(err.code, cases[i].result);
		assert_non_null(strstr(err.text, cases[i].says));
		assert_null(strstr(err.text, "hidden"));
	}
}

static void anonymous_needs_no_keys_and_takes_none(void **state)
{
	const struct s3_options options = { .anonymous = true,
					    .access_key = "K" };
	struct creds_chain *chain = NULL;
	struct s3_creds *creds = NULL;

	write_file(config_path, "[default]\nregion = eu-west-3\n", 0644);
	assert_int_equal(creds_chain_new(&options, NULL, &chain, NULL), 0);
	creds = creds_chain_get(chain);
	assert_null(creds);
	assert_string_equal(creds_chain_region(chain), "eu-west-3");
	assert_int_equal(refresh(chain, NULL, NULL), -EACCES);
	creds_chain_free(chain);
}

static void a_profile_is_found_in_either_file(void **state)
{
	static const struct {
		const char *credentials, *config, *profile, *variable;
		const char *access_key, *secret_key, *token, *region;
	} cases[] = {
		{ .credentials = FILE_KEYS
		  "[p]\naws_access_key_id=PK\naws_secret_access_key=PS\n"
		  "aws_session_token=PT\n",
		  .config = "[profile p]\nregion = eu-west-1\n",
		  .profile = "p",
		  .access_key = "PK",
		  .secret_key = "PS",
		  .token = "PT",
		  .region = "eu-west-1" },
		{ .config = "[default]\nregion=x\n"
			    "[profile p]\naws_access_key_id=PK\n"
			    "aws_secret_access_key=PS\nregion = r\n"
			    "[profile q]\nregion=y\n",
		  .variable = "p",
		  .access_key = "PK",
		  .secret_key = "PS",
		  .region = "r" },
		/* The credentials file is asked first. */
		{ .credentials = FILE_KEYS,
		  .config = "[default]\naws_access_key_id=PK\n"
			    "aws_secret_access_key=PS\n",
		  .access_key = "FK",
		  .secret_key = "FS",
		  .region = "" },
		{ .config = "[profile 'x y']\naws_access_key_id=PK\n"
			    "aws_secret_access_key=PS\n",
		  .profile = "x y",
		  .access_key = "PK",
		  .secret_key = "PS",
		  .region = "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct s3_options options = { .profile =
							    cases[i].profile };
		struct creds_chain *chain = NULL;

		begin(state);
		if (cases[i].credentials)
			write_file(credentials_path, cases[i].credentials,
				   0600);
		if (cases[i].config)
			write_file(config_path, cases[i].config, 0600);
		if (cases[i].variable)
			setenv("AWS_PROFILE", cases[i].variable, 1);
		assert_int_equal(creds_chain_new(&options, NULL, &chain, NULL),
				 0);
		assert_chain(chain, cases[i].access_key, cases[i].secret_key,
			     cases[i].token);
		assert_string_equal(creds_chain_region(chain), cases[i].region);
		creds_chain_free(chain);
	}
}

static void a_bad_profile_is_refused_with_a_sentence(void **state)
{
	static const struct {
		const char *text;
		int result;
		const char *says;
	} cases[] = {
		{ "[default]\naws_access_key_id = K\n", -EINVAL,
		  "no aws_secret_access_key" },
		{ "[default]\naws_secret_access_key = hidden\n", -EINVAL,
		  "no aws_access_key_id" },
		{ "[default]\naws_access_key_id = K\n"
		  "aws_secret_access_key = hid den\n",
		  -EINVAL, "the secret key has" },
		{ "[default]\nrole_arn = arn:x\n", -EINVAL, "role_arn" },
		{ "[default]\nhidden\n", -EINVAL, "line 2" },
		{ "aws_secret_access_key = hidden\n", -EINVAL, "line 1" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct s3_options options = { .bucket = "b" };
		struct errinfo err = ERRINFO_INIT;
		struct creds_chain *chain = NULL;

		write_file(credentials_path, cases[i].text, 0600);
		assert_int_equal(creds_chain_new(&options, NULL, &chain, &err),
				 cases[i].result);
		assert_non_null(strstr(err.text, cases[i].says));
		assert_null(strstr(err.text, "hid"));
	}
}

static void a_file_that_others_can_read_is_refused(void **state)
{
	static const struct {
		mode_t credentials, config;
		int result;
	} cases[] = {
		{ 0600, 0600, 0 },
		{ 0400, 0600, 0 },
		{ 0604, 0600, -EACCES },
		{ 0660, 0600, -EACCES },
		{ 0644, 0600, -EACCES },
		{ 0602, 0600, -EACCES },
		/* The configuration holds no keys here. */
		{ 0600, 0644, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct s3_options options = { .bucket = "b" };
		struct errinfo err = ERRINFO_INIT;
		struct creds_chain *chain = NULL;

		write_file(credentials_path, FILE_KEYS, cases[i].credentials);
		write_file(config_path, "[default]\nregion=r\n",
			   cases[i].config);
		assert_int_equal(creds_chain_new(&options, NULL, &chain, &err),
				 cases[i].result);
		if (cases[i].result < 0)
			assert_non_null(strstr(err.text, "chmod 600"));
		creds_chain_free(chain);
	}
	begin(state);
	write_file(config_path, FILE_KEYS, 0644);
	{
		const struct s3_options options = { .bucket = "b" };
		struct creds_chain *chain = NULL;

		assert_int_equal(creds_chain_new(&options, NULL, &chain, NULL),
				 -EACCES);
	}
}

static void what_is_no_plain_file_is_refused_and_never_waited_for(void **state)
{
	const struct s3_options options = { .bucket = "b" };
	struct errinfo err = ERRINFO_INIT;
	struct creds_chain *chain = NULL;

	assert_int_equal(mkfifo(credentials_path, 0600), 0);
	assert_int_equal(creds_chain_new(&options, NULL, &chain, &err),
			 -EINVAL);
	assert_non_null(strstr(err.text, "no plain file"));
}

static void a_link_to_a_file_is_followed(void **state)
{
	const struct s3_options options = { .bucket = "b" };
	struct creds_chain *chain = NULL;

	write_file(config_path, FILE_KEYS, 0600);
	assert_int_equal(symlink(config_path, credentials_path), 0);
	assert_int_equal(creds_chain_new(&options, NULL, &chain, NULL), 0);
	assert_chain(chain, "FK", "FS", NULL);
	creds_chain_free(chain);
}

#define NEW_KEYS \
	"[default]\naws_access_key_id = NK\naws_secret_access_key = NS\n"

static void an_expired_token_brings_the_file_s_new_keys_at_once(void **state)
{
	const struct s3_options options = { .bucket = "b" };
	struct errinfo err = ERRINFO_INIT;
	struct creds_chain *chain = NULL;
	struct s3_creds *used = NULL;

	write_file(credentials_path, FILE_KEYS, 0600);
	assert_int_equal(creds_chain_new(&options, NULL, &chain, NULL), 0);
	used = creds_chain_get(chain);
	assert_int_equal(refresh(chain, used, &err), -EACCES);
	assert_non_null(strstr(err.text, "expired"));
	write_file(credentials_path, NEW_KEYS, 0600);
	assert_int_equal(refresh(chain, used, NULL), 0);
	assert_chain(chain, "NK", "NS", NULL);
	/* Somebody else's refresh has brought them already. */
	assert_int_equal(refresh(chain, used, NULL), 0);
	/* The request that was signed with the old ones still has them. */
	assert_creds(used, "FK", "FS", NULL);
	creds_put(used);
	creds_chain_free(chain);
}

static void keys_from_settings_cannot_be_renewed(void **state)
{
	const struct s3_options options = { .access_key = "K",
					    .secret_key = "S" };
	struct creds_chain *chain = NULL;
	struct s3_creds *used = NULL;

	assert_int_equal(creds_chain_new(&options, NULL, &chain, NULL), 0);
	used = creds_chain_get(chain);
	assert_int_equal(refresh(chain, used, NULL), -EACCES);
	creds_put(used);
	creds_chain_free(chain);
}

/* The chain looks at its files once a second. */
static void pass_a_second(void)
{
	clock_moved_ms += 1100;
}

static void a_rotated_file_is_taken_up_within_a_second(void **state)
{
	const struct s3_options options = { .bucket = "b" };
	struct creds_chain *chain = NULL;

	write_file(credentials_path, FILE_KEYS, 0600);
	assert_int_equal(creds_chain_new(&options, NULL, &chain, NULL), 0);
	write_file(credentials_path, NEW_KEYS, 0600);
	assert_chain(chain, "FK", "FS", NULL);
	pass_a_second();
	assert_chain(chain, "NK", "NS", NULL);
	/* A file that is wrong or gone takes no keys away. */
	write_file(credentials_path, "[default]\nno sense\n", 0600);
	pass_a_second();
	assert_chain(chain, "NK", "NS", NULL);
	unlink(credentials_path);
	pass_a_second();
	assert_chain(chain, "NK", "NS", NULL);
	write_file(credentials_path, FILE_KEYS, 0600);
	pass_a_second();
	assert_chain(chain, "FK", "FS", NULL);
	creds_chain_free(chain);
}

/* A request is started and sent again on loop threads, too. */
static void no_file_is_read_by_who_asks(void **state)
{
	const struct s3_options options = { .bucket = "b" };
	struct creds_chain *chain = NULL;
	struct s3_creds *creds;
	struct waiting w = { .waiter.ready = waiting_ready,
			     .lock = LOCK_INIT(LOCK_UNRANKED),
			     .is_over = PTHREAD_COND_INITIALIZER };

	write_file(credentials_path, FILE_KEYS, 0600);
	assert_int_equal(creds_chain_new(&options, NULL, &chain, NULL), 0);
	write_file(credentials_path, NEW_KEYS, 0600);
	assert_int_equal(creds_chain_look(chain, &w.waiter), 0);
	pass_a_second();
	assert_int_equal(creds_chain_look(chain, &w.waiter), -EINPROGRESS);
	waiting_wait(&w);
	assert_false(pthread_equal(w.by, pthread_self()));
	creds = creds_chain_current(chain);
	assert_creds(creds, "NK", "NS", NULL);
	creds_put(creds);
	creds_chain_free(chain);
}

static void a_touched_file_leaves_the_keys_as_they_are(void **state)
{
	const struct s3_options options = { .bucket = "b" };
	struct creds_chain *chain = NULL;
	struct s3_creds *before = NULL, *after = NULL;

	write_file(credentials_path, FILE_KEYS, 0600);
	assert_int_equal(creds_chain_new(&options, NULL, &chain, NULL), 0);
	before = creds_chain_get(chain);
	write_file(credentials_path, FILE_KEYS, 0600);
	pass_a_second();
	after = creds_chain_get(chain);
	assert_ptr_equal(before, after);
	creds_put(before);
	creds_put(after);
	creds_chain_free(chain);
}

static void home_is_where_the_files_are(void **state)
{
	const struct s3_options options = { .bucket = "b" };
	struct creds_chain *chain = NULL;
	char path[96];

	snprintf(path, sizeof(path), "%s/.aws", folder);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/.aws/credentials", folder);
	write_file(path, FILE_KEYS, 0600);
	unsetenv("AWS_SHARED_CREDENTIALS_FILE");
	setenv("AWS_CONFIG_FILE", "", 1);
	setenv("HOME", folder, 1);
	assert_int_equal(creds_chain_new(&options, NULL, &chain, NULL), 0);
	assert_chain(chain, "FK", "FS", NULL);
	assert_non_null(strstr(creds_chain_source(chain), path));
	creds_chain_free(chain);
	unlink(path);
	*strrchr(path, '/') = '\0';
	assert_int_equal(rmdir(path), 0);
}

static void the_grammar_is_configparser_s(void **state)
{
	static const struct {
		const char *text;
		bool in_config;
		int result;
		const char *access_key, *secret_key; /* of profile "p" */
	} cases[] = {
		{ "[p]\naws_access_key_id=K\naws_secret_access_key=S", 0, 0,
		  "K", "S" },
		{ "[p]\r\nAWS_ACCESS_KEY_ID = K \r\n", 0, 0, "K", NULL },
		{ "\xef\xbb\xbf[p]\naws_access_key_id: K\n", 0, 0, "K", NULL },
		{ "# x\n; y\n\n[ p ] # z\n  aws_access_key_id = K\n"
		  "  aws_secret_access_key = a=b:c#d;e\n",
		  0, 0, "K", "a=b:c#d;e" },
		{ "[p]\ns3 =\n  aws_access_key_id = nested\n"
		  "aws_access_key_id = K\n  goes on\n",
		  0, 0, "K", NULL },
		{ "[q]\naws_access_key_id = Q\n[p]\naws_access_key_id = K\n"
		  "[r]\naws_access_key_id = R\n",
		  0, 0, "K", NULL },
		{ "[p]\naws_access_key_id = 1\naws_access_key_id = 2\n", 0, 0,
		  "2", NULL },
		{ "[p]\naws_access_key_id =\n", 0, 0, NULL, NULL },
		{ "[p]\naws_access_key_id = K\n", 1, 0, NULL, NULL },
		{ "[profile p]\naws_access_key_id = K\n", 0, 0, NULL, NULL },
		{ "[profile p]\naws_access_key_id = K\n", 1, 0, "K", NULL },
		{ "[profile \"p\"]\naws_access_key_id = K\n", 1, 0, "K", NULL },
		{ "[profilep]\naws_access_key_id = K\n", 1, 0, NULL, NULL },
		{ "", 0, 0, NULL, NULL },
		{ "x = y\n", 0, -EINVAL, NULL, NULL },
		{ "[p\nx = y\n", 0, -EINVAL, NULL, NULL },
		{ "[p]\n= y\n", 0, -EINVAL, NULL, NULL },
		{ "[p]\nnothing\n", 0, -EINVAL, NULL, NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO_FREE char *text = strdup(cases[i].text);
		struct creds_profile p;

		assert_int_equal(creds_file_parse(text, strlen(text), "p",
						  cases[i].in_config, &p, NULL),
				 cases[i].result);
		assert_int_equal(!p.access_key, !cases[i].access_key);
		if (p.access_key)
			assert_string_equal(p.access_key, cases[i].access_key);
		assert_int_equal(!p.secret_key, !cases[i].secret_key);
		if (p.secret_key)
			assert_string_equal(p.secret_key, cases[i].secret_key);
		creds_profile_release(&p);
	}
}

static void a_nul_byte_in_a_file_is_refused(void **state)
{
	char text[] = "[p]\naws_access_key_id = K\0\n";
	struct creds_profile p;

	assert_int_equal(creds_file_parse(text, sizeof(text) - 1, "p", false,
					  &p, NULL),
			 -EINVAL);
	creds_profile_release(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(
			keys_are_looked_up_in_order_and_each_by_itself, begin),
		cmocka_unit_test_setup(what_does_not_fit_together_is_refused,
				       begin),
		cmocka_unit_test_setup(anonymous_needs_no_keys_and_takes_none,
				       begin),
		cmocka_unit_test_setup(a_profile_is_found_in_either_file,
				       begin),
		cmocka_unit_test_setup(a_bad_profile_is_refused_with_a_sentence,
				       begin),
		cmocka_unit_test_setup(a_file_that_others_can_read_is_refused,
				       begin),
		cmocka_unit_test_setup(
			what_is_no_plain_file_is_refused_and_never_waited_for,
			begin),
		cmocka_unit_test_setup(a_link_to_a_file_is_followed, begin),
		cmocka_unit_test_setup(
			an_expired_token_brings_the_file_s_new_keys_at_once,
			begin),
		cmocka_unit_test_setup(keys_from_settings_cannot_be_renewed,
				       begin),
		cmocka_unit_test_setup(
			a_rotated_file_is_taken_up_within_a_second, begin),
		cmocka_unit_test_setup(no_file_is_read_by_who_asks, begin),
		cmocka_unit_test_setup(
			a_touched_file_leaves_the_keys_as_they_are, begin),
		cmocka_unit_test_setup(home_is_where_the_files_are, begin),
		cmocka_unit_test(the_grammar_is_configparser_s),
		cmocka_unit_test(a_nul_byte_in_a_file_is_refused),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
