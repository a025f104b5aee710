/* SPDX-License-Identifier: MIT */
/* Settings without memory: the file, the command line, what they become. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command_line.h"
#include "config.h"
#include "object_settings.h"
#include "s3.h"
#include "s3fs_command.h"
#include "scenarios.h"
#include "settings.h"
#include "value.h"

#define CUSTOMER_KEY "0123456789abcdef0123456789ABCDEF"

static char file[] = "/tmp/s3storefs-alloc-XXXXXX";

static void write_file(const char *text)
{
	int fd = open(file, O_WRONLY | O_TRUNC | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		abort();
	close(fd);
}

/* Why is for people; what it says of want of memory is its own. */
static int load(struct config *config, char *more)
{
	AUTO_BUF struct buf why = BUF_INIT(4096);
	char name[] = "s3storefs", c[] = "-c", bucket[] = "media:loc",
	     mountpoint[] = "/mnt", o[] = "-o";
	char *argv[] = { name, c, file, bucket, mountpoint, o, more, NULL };

	memset(config, 0, sizeof(*config));
	return config_load(config, more ? 7 : 5, argv, &why);
}

static int run_load(void)
{
	struct config config;
	char more[] = "region=r,max_memory_size=1MB";
	int result = load(&config, more);

	if (result == 0)
		result = expect(strcmp(config.bucket, "media") == 0 &&
				strcmp(config.region, "r") == 0 &&
				config_is_set(&config, "AWS_S3_REGION_NAME"));
	config_release(&config);
	return result;
}

static int run_s3fs(void)
{
	struct config config;
	char more[] = "url=http://h:1,use_path_request_style,dbglevel=info,"
		      "stat_cache_expire=5,uid=0,umask=0022";
	int result = load(&config, more);

	if (result == 0)
		result = expect(!strcmp(config.endpoint_url, "http://h:1"));
	config_release(&config);
	return result;
}

static int run_objects(void)
{
	AUTO_BUF struct buf why = BUF_INIT(4096);
	struct object_settings *objects = NULL;
	struct s3_options options = { 0 };
	struct config config;
	int result = load(&config, NULL);

	if (result == 0)
		result = object_settings_new(&config, &objects, &why);
	if (result == 0) {
		object_settings_apply(objects, &options);
		result = expect(options.rule_count > 1);
	}
	object_settings_free(objects);
	config_release(&config);
	return result;
}

static const struct command_own own[] = { { "recursive", 'r', false },
					  { "expire", 'e', true },
					  { 0 } };

static int run_command_line(void)
{
	char name[] = "ls", r[] = "-r", e[] = "--expire=5", word[] = "b",
	     o[] = "-oregion=x,use_ssl", option[] = "--endpoint_url=http://h";
	char *argv[] = { name, r, e, word, o, option, NULL };
	struct command_line line = { 0 };
	int result = command_line_parse(&line, own, 6, argv, &words);

	if (result == 0)
		result = expect(line.word_count == 1 && line.given_count == 2 &&
				line.option_count == 3);
	command_line_release(&line);
	return result;
}

static int run_s3fs_command(void)
{
	char name[] = "s3fs", u[] = "-u", bucket[] = "b";
	char *argv[] = { name, u, bucket, NULL };
	int argc = 3;
	AUTO_FREE char **line = s3fs_command_words(&argc, argv);

	return line ? expect(argc > 0 && !line[argc]) :
		      expect(scenario_lacks_memory());
}

static int run_value(void)
{
	struct value v = { 0 };
	int result = value_parse("{'a': [1, 'two', True, None, 2.5], "
				 "\"b\": {\"c\": \"\\u00e4\"}}",
				 &v, &words);

	if (result == 0)
		result = value_map_set(&v, "d", "e");
	if (result == 0)
		result = expect(value_get(&v, "b")->kind == VALUE_MAP);
	value_release(&v);
	return result;
}

static void file_usual(void)
{
	write_file("[media]\nAWS_S3_OBJECT_PARAMETERS = {'CacheControl': 'a', "
		   "'Metadata': {'k': 'v'}, 'SSECustomerKey': '" CUSTOMER_KEY
		   "'}\nAWS_DEFAULT_ACL = private\nlocation = loc\n"
		   "AWS_S3_PROXIES = {'https': 'http://p:1'}\n"
		   "GZIP_CONTENT_TYPES = ('text/css', 'text/x')\n"
		   "AWS_ACCESS_KEY_ID = A\nAWS_SECRET_ACCESS_KEY = S\n"
		   "[other]\nregion = none\n"
		   "[*.css]\nCacheControl = b\nAWS_DEFAULT_ACL = None\n");
}

/* Settings in the words of others. */
static void file_derived(void)
{
	write_file("AWS_S3_HOST = s3.eu-west-1.amazonaws.com\n"
		   "AWS_S3_CALLING_FORMAT = "
		   "boto.s3.connection.OrdinaryCallingFormat\n"
		   "AWS_HEADERS = {'Cache-Control': 'a'}\n"
		   "AWS_S3_PROXY_HOST = p\nAWS_S3_PROXY_PORT = 9\n"
		   "AWS_S3_TRANSFER_CONFIG = {'multipart_threshold': 9000000}\n"
		   "AWS_S3_CLIENT_CONFIG = {'connect_timeout': 5, "
		   "'retries': {'max_attempts': 2}}\n");
}

static const struct scenario scenarios[] = {
	SCENARIO("load", run_load, .prepare = file_usual),
	SCENARIO("objects", run_objects),
	SCENARIO("options of s3fs", run_s3fs),
	SCENARIO("load what is derived", run_load, .prepare = file_derived),
	SCENARIO("command line", run_command_line),
	SCENARIO("command line of s3fs", run_s3fs_command),
	SCENARIO("value", run_value),
};

int main(void)
{
	int fd = mkstemp(file), failed;

	if (fd < 0)
		return 1;
	close(fd);
	setenv("HOME", "/nonexistent", 1);
	for (size_t i = 0; i < settings_count; i++)
		unsetenv(settings_table[i].name);
	setenv("AWS_S3_USE_SSL", "True", 1);
	failed = scenarios_run(scenarios, ARRAY_SIZE(scenarios));
	unlink(file);
	return failed;
}
