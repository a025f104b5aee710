/* SPDX-License-Identifier: MIT */
/*
 * Settings loaded from words of a command line and a file of this process,
 * whatever the environment says. One thread.
 *
 *   assert_int_equal(LOAD_FILE("use_ssl = False", "bucket", "/mnt"), 0);
 */
#ifndef CONFIG_FIXTURE_H
#define CONFIG_FIXTURE_H

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "config.h"
#include "settings.h"

#define ARGS_MAX 12

/* What the last load gave. */
static struct config config;
static struct buf why = BUF_INIT(4096);
static char file_path[] = "/tmp/test-config-XXXXXX";

static void write_file(const char *text)
{
	int fd = open(file_path, O_WRONLY | O_TRUNC | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static int load_args(const char *const *args, int count)
{
	char *argv[ARGS_MAX + 1] = { NULL };
	int rc;

	config_release(&config);
	buf_clear(&why);
	for (int i = 0; i < count; i++)
		assert_non_null(argv[i] = strdup(args[i]));
	rc = config_load(&config, count, argv, &why);
	for (int i = 0; i < count; i++)
		free(argv[i]);
	return rc;
}

#define LOAD(...)                                                    \
	load_args((const char *const[]){ "s3storefs", __VA_ARGS__ }, \
		  ARRAY_SIZE(((const char *const[]){ "", __VA_ARGS__ })))

/* With file as the settings file. */
#define LOAD_FILE(text, ...) \
	(write_file(text), LOAD("-c", file_path, __VA_ARGS__))

#define ASSERT_SAYS(part)                                        \
	do {                                                     \
		if (!strstr(buf_str(&why), part))                \
			fail_msg("not said: %s", buf_str(&why)); \
	} while (0)

static int set_up(void **state)
{
	int fd = mkstemp(file_path);

	setenv("HOME", "/nonexistent", 1);
	unsetenv("XDG_CONFIG_HOME");
	unsetenv("S3STOREFS_CONF");
	for (size_t i = 0; i < settings_count; i++)
		unsetenv(settings_table[i].name);
	if (fd >= 0)
		close(fd);
	return fd < 0;
}

static int tear_down(void **state)
{
	config_release(&config);
	buf_release(&why);
	return unlink(file_path);
}

#endif
