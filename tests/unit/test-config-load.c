/* SPDX-License-Identifier: MIT */
/* Settings from all sources, and what is said of bad ones
 * (src/config/config.c). */
#include "config-fixture.h"

static void bucket_prefix_and_mountpoint_are_words(void **state)
{
	assert_int_equal(LOAD("b:media/x/", "/mnt", "-f"), 0);
	assert_string_equal(config.bucket, "b");
	assert_string_equal(config.location, "media/x");
	assert_string_equal(config.mountpoint, "/mnt");
	assert_true(config.is_foreground);
	assert_int_equal(LOAD("b"), -EINVAL);
	ASSERT_SAYS("no bucket");
	assert_int_equal(LOAD("-f"), -EINVAL);
	ASSERT_SAYS("BUCKET[:PREFIX] MOUNTPOINT");
	assert_int_equal(LOAD("a", "b", "c"), -EINVAL);
	ASSERT_SAYS("'c' is one word too many");
	assert_int_equal(LOAD("s3://b/x", "/mnt"), -EINVAL);
	ASSERT_SAYS("instead of a URL");
}

static void every_kind_of_name_means_the_setting(void **state)
{
	assert_int_equal(LOAD("b", "/m", "-o", "AWS_S3_REGION_NAME=r1"), 0);
	assert_string_equal(config.region, "r1");
	assert_int_equal(LOAD("b", "/m", "--region_name=r2"), 0);
	assert_string_equal(config.region, "r2");
	assert_int_equal(LOAD("x", "/m", "-obucket_name=c"), 0);
	assert_string_equal(config.bucket, "c");
	assert_int_equal(LOAD("x", "/m", "-ostorage_bucket_name=d"), 0);
	assert_string_equal(config.bucket, "d");
	assert_int_equal(
		LOAD_FILE("file_overwrite = no\nlocation = a/b", "b", "/m"), 0);
	assert_false(config.file_overwrite);
	assert_string_equal(config.location, "a/b");
}

static void every_row_is_found_by_its_names_and_its_default_parses(void **state)
{
	for (size_t i = 0; i < settings_count; i++) {
		const struct setting_def *def = &settings_table[i];
		char name[SETTING_NAME_MAX];
		struct value v;

		assert_ptr_equal(settings_find(def->name), def);
		settings_short_name(def, name);
		assert_non_null(settings_find(name));
		if (def->type == SETTING_WORD)
			continue;
		assert_non_null(def->help);
		assert_int_equal(settings_parse(def, def->default_text, true,
						&v, NULL),
				 0);
		value_release(&v);
	}
}

static void an_unknown_name_gets_the_nearest(void **state)
{
	assert_int_equal(LOAD("b", "/m", "-o", "endpoint_ur=http://h"),
			 -EINVAL);
	ASSERT_SAYS("did you mean endpoint_url?");
	assert_int_equal(LOAD_FILE("AWS_S3_FILE_OVERWRITES = no", "b", "/m"),
			 -EINVAL);
	ASSERT_SAYS(":1: unknown setting");
	ASSERT_SAYS("AWS_S3_FILE_OVERWRITE?");
	assert_int_equal(LOAD_FILE("\n\n[other]\nnoatime = yes", "b", "/m"),
			 -EINVAL);
	ASSERT_SAYS(":4: unknown setting");
}

static void booleans_are_strict(void **state)
{
	static const char *const yes[] = { "true", "YES", "1", "On" };
	static const char *const no[] = { "False", "no", "0", "OFF" };
	char word[40];

	for (size_t i = 0; i < ARRAY_SIZE(yes); i++) {
		snprintf(word, sizeof(word), "-ofile_overwrite=%s", yes[i]);
		assert_int_equal(LOAD("b", "/m", word), 0);
		assert_true(config.file_overwrite);
		snprintf(word, sizeof(word), "-ofile_overwrite=%s", no[i]);
		assert_int_equal(LOAD("b", "/m", word), 0);
		assert_false(config.file_overwrite);
	}
	assert_int_equal(LOAD("b", "/m", "-ofile_overwrite=maybe"), -EINVAL);
	ASSERT_SAYS("AWS_S3_FILE_OVERWRITE = maybe: neither true nor false");
	assert_int_equal(LOAD("b", "/m", "-ofile_overwrite=None"), -EINVAL);
	assert_int_equal(
		LOAD_FILE("AWS_S3_FILE_OVERWRITE = 'False'", "b", "/m"), 0);
	assert_false(config.file_overwrite);
}

static void numbers_have_units_and_limits(void **state)
{
	assert_int_equal(LOAD("b", "/m", "-o",
			      "part_size=16M,memory_budget=1GiB,attempts=3,"
			      "attr_timeout=2.5,file_mode=0640,umask=0o077"),
			 0);
	assert_int_equal(config.part_bytes, 16 << 20);
	assert_int_equal(config.memory_budget_bytes, 1 << 30);
	assert_int_equal(config.attempts, 3);
	assert_int_equal(config.attr_timeout_ms, 2500);
	assert_int_equal(config.file_mode, 0640);
	assert_int_equal(config.umask, 077);
	assert_true(config.dir_mode == CONFIG_UNSET);
	assert_int_equal(LOAD("b", "/m", "-opart_size=4M"), -EINVAL);
	ASSERT_SAYS("too small: at least ");
	assert_int_equal(LOAD("b", "/m", "-opart_size=6G"), -EINVAL);
	ASSERT_SAYS("too large: at most ");
	assert_int_equal(LOAD("b", "/m", "-opart_size=-8M"), -EINVAL);
	ASSERT_SAYS("not a number of bytes");
	assert_int_equal(LOAD("b", "/m", "-opart_size=8X"), -EINVAL);
	assert_int_equal(LOAD("b", "/m", "-opart_size=99999999T"), -EINVAL);
	assert_int_equal(LOAD("b", "/m", "-oattempts=0x10"), -EINVAL);
	assert_int_equal(LOAD("b", "/m", "-ofile_mode=0888"), -EINVAL);
	ASSERT_SAYS("octal");
	assert_int_equal(LOAD("b", "/m", "-oattr_timeout=1.2345"), -EINVAL);
}

static void the_stronger_source_wins(void **state)
{
	static const char text[] = "AWS_S3_REGION_NAME = file\n"
				   "[b]\nAWS_S3_REGION_NAME = section\n"
				   "[c]\nAWS_S3_REGION_NAME = other\n";

	assert_int_equal(LOAD_FILE(text, "d", "/m"), 0);
	assert_string_equal(config.region, "file");
	assert_int_equal(LOAD_FILE(text, "b", "/m"), 0);
	assert_string_equal(config.region, "section");
	setenv("AWS_S3_REGION_NAME", "environment", 1);
	assert_int_equal(LOAD_FILE(text, "b", "/m"), 0);
	assert_string_equal(config.region, "environment");
	assert_int_equal(LOAD_FILE(text, "b", "/m", "-oregion_name=line"), 0);
	assert_string_equal(config.region, "line");
	setenv("AWS_S3_REGION_NAME", "", 1);
	assert_int_equal(LOAD_FILE(text, "b", "/m"), 0);
	assert_string_equal(config.region, "section");
	unsetenv("AWS_S3_REGION_NAME");
}

static void a_section_may_be_an_alias_of_a_bucket(void **state)
{
	static const char text[] = "AWS_STORAGE_BUCKET_NAME = general\n"
				   "[media]\nbucket_name = real\n"
				   "[b]\nlocation = x\n";

	assert_int_equal(LOAD_FILE(text, "media", "/m"), 0);
	assert_string_equal(config.bucket, "real");
	assert_int_equal(LOAD_FILE(text, "b", "/m"), 0);
	assert_string_equal(config.bucket, "b");
	assert_string_equal(config.location, "x");
	assert_int_equal(LOAD_FILE(text, "/m"), 0);
	assert_string_equal(config.bucket, "general");
	setenv("AWS_STORAGE_BUCKET_NAME", "variable", 1);
	assert_int_equal(LOAD_FILE(text, "media", "/m"), 0);
	assert_string_equal(config.bucket, "real");
	assert_int_equal(LOAD_FILE(text, "/m"), 0);
	assert_string_equal(config.bucket, "variable");
	unsetenv("AWS_STORAGE_BUCKET_NAME");
}

static void a_key_on_the_command_line_is_refused_and_not_shown(void **state)
{
	static const char *const names[] = {
		"access_key",    "secret_key",     "AWS_SECRET_ACCESS_KEY",
		"session_token", "security_token", "AWS_S3_ACCESS_KEY_ID",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char word[80];

		snprintf(word, sizeof(word), "-o%s=hunter2", names[i]);
		assert_int_equal(LOAD("b", "/m", word), -EINVAL);
		ASSERT_SAYS("would show in ps");
		ASSERT_SAYS("environment");
		assert_null(strstr(buf_str(&why), "hunter2"));
	}
}

static void a_key_in_a_file_that_others_read_is_refused(void **state)
{
	static const char text[] = "AWS_ACCESS_KEY_ID = k\n"
				   "AWS_SECRET_ACCESS_KEY = 'hunter2'\n";

	assert_int_equal(LOAD_FILE(text, "b", "/m"), 0);
	assert_string_equal(config.secret_key, "hunter2");
	chmod(file_path, 0640);
	assert_int_equal(LOAD_FILE(text, "b", "/m"), -EACCES);
	ASSERT_SAYS("chmod 600 /tmp/test-config-");
	ASSERT_SAYS("set allow_readable_keys");
	assert_null(strstr(buf_str(&why), "hunter2"));
	assert_int_equal(LOAD_FILE("AWS_LOCATION = x", "b", "/m"), 0);
	assert_int_equal(LOAD_FILE(text, "b", "/m", "-oallow_readable_keys"),
			 0);
	assert_string_equal(config.secret_key, "hunter2");
	assert_int_equal(LOAD_FILE("AWS_SECRET_ACCESS_KEY = 'hunter2'\n"
				   "allow_readable_keys = True\n",
				   "b", "/m"),
			 0);
	chmod(file_path, 0600);
}

static void a_profile_beside_keys_is_refused(void **state)
{
	assert_int_equal(LOAD_FILE("AWS_S3_SESSION_PROFILE = p\n"
				   "AWS_ACCESS_KEY_ID = k\n",
				   "b", "/m"),
			 -EINVAL);
	ASSERT_SAYS("AWS_S3_SESSION_PROFILE should not be given with");
}

static void choices_are_checked(void **state)
{
	assert_int_equal(LOAD("b", "/m", "-ogzip=perhaps"), -EINVAL);
	ASSERT_SAYS("neither true nor false");
	assert_int_equal(LOAD("b", "/m", "-odefault_acl=bogus"), -EINVAL);
	ASSERT_SAYS("not one of");
	assert_int_equal(
		LOAD_FILE("[elsewhere]\nAWS_IS_GZIPPED = True", "b", "/m"), 0);
	assert_false(config.gzip);
}

static void a_location_is_clean(void **state)
{
	static const char *const bad[] = { "./m", "m/../n", "m//n", ".", ".." };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		char word[40];

		snprintf(word, sizeof(word), "-olocation=%s", bad[i]);
		assert_int_equal(LOAD("b", "/m", word), -EINVAL);
		ASSERT_SAYS("no //, /./ or /../ in it");
	}
	assert_int_equal(LOAD("b", "/m", "-olocation=/x"), -EINVAL);
	ASSERT_SAYS("cannot begin with a leading slash. Found '/x'. Use 'x' "
		    "instead.");
	assert_int_equal(LOAD("b:media//", "/m"), 0);
	assert_string_equal(config.location, "media");
	assert_int_equal(LOAD_FILE("AWS_LOCATION = 'a b/\\u20ac'", "b", "/m"),
			 0);
	assert_string_equal(config.location, "a b/\xe2\x82\xac");
}

static void choices_urls_paths_and_proxies_are_checked(void **state)
{
	assert_int_equal(LOAD("b", "/m", "-oaddressing_style=host"), -EINVAL);
	ASSERT_SAYS("not one of auto virtual path");
	assert_int_equal(LOAD("b", "/m", "-oendpoint_url=localhost:9000"),
			 -EINVAL);
	ASSERT_SAYS("begin it with http:// or https://");
	assert_int_equal(LOAD("b", "/m", "-oendpoint_url=http://u:pw@h"),
			 -EINVAL);
	assert_null(strstr(buf_str(&why), "pw"));
	assert_int_equal(LOAD("b", "/m", "-overify=ca.pem"), -EINVAL);
	assert_int_equal(LOAD("b", "/m", "-overify=/ca.pem"), 0);
	assert_string_equal(config.verify, "/ca.pem");
	assert_int_equal(LOAD("b", "/m", "-overify=no"), 0);
	assert_string_equal(config.verify, "false");
	assert_int_equal(LOAD("b", "/m", "-overify="), -EINVAL);
	assert_int_equal(
		LOAD("b", "/m", "-o",
		     "ro,proxies={\"http\":\"a:1\",\"https\":\"b:2\"},uid=5"),
		0);
	assert_string_equal(value_get(config.proxies, "https")->text, "b:2");
	assert_int_equal(config.uid, 5);
	assert_true(config.is_read_only);
	assert_int_equal(LOAD("b", "/m", "-oproxies={'ftp':'a'}"), -EINVAL);
	assert_int_equal(LOAD("b", "/m", "-oproxies=['a']"), -EINVAL);
	ASSERT_SAYS("not a map");
}

static void fstab_words_are_taken(void **state)
{
	assert_int_equal(LOAD("b", "/m", "-o",
			      "rw,noatime,nodev,suid,noexec,_netdev,nofail,"
			      "x-systemd.automount,x-a=b,user,defaults,noauto"),
			 0);
	assert_true(config.no_atime);
	assert_true(config.no_exec);
	assert_true(config.allow_suid);
	assert_false(config.allow_dev);
	assert_int_equal(LOAD("b", "/m", "-onoatime=1"), -EINVAL);
	assert_int_equal(LOAD("b", "/m", "-oregion_name"), -EINVAL);
	ASSERT_SAYS("write region_name=VALUE");
	assert_int_equal(LOAD("b", "/m", "-ofsname=a\\,b,ro"), 0);
	assert_string_equal(config.fsname, "a,b");
}

static void the_last_of_two_opposite_words_counts(void **state)
{
	assert_int_equal(LOAD("b", "/m", "-o", "ro,noexec,suid,dev,noatime"),
			 0);
	assert_true(config.is_read_only && config.no_exec &&
		    config.allow_suid && config.allow_dev && config.no_atime);
	assert_int_equal(LOAD("b", "/m", "-o",
			      "ro,noexec,suid,dev,noatime,rw,exec,nosuid,nodev,"
			      "atime"),
			 0);
	assert_false(config.is_read_only || config.no_exec ||
		     config.allow_suid || config.allow_dev || config.no_atime);
}

static void limits_are_told_as_people_write_them(void **state)
{
	assert_int_equal(LOAD("b", "/m", "-o", "part_size=1M"), -EINVAL);
	ASSERT_SAYS("part_size = 1M: too small: at least 5M");
	assert_int_equal(LOAD("b", "/m", "-o", "part_size=6G"), -EINVAL);
	ASSERT_SAYS("too large: at most 5G");
	assert_int_equal(LOAD("b", "/m", "-o", "connect_timeout=0.01"),
			 -EINVAL);
	ASSERT_SAYS("too small: at least 0.1");
	assert_int_equal(LOAD("b", "/m", "-o", "umask=7777"), -EINVAL);
	ASSERT_SAYS("too large: at most 0777");
	assert_int_equal(LOAD("b", "/m", "-o", "attempts=0"), -EINVAL);
	ASSERT_SAYS("too small: at least 1");
}

static void only_a_name_that_is_like_it_is_a_hint(void **state)
{
	assert_int_equal(LOAD("b", "/m", "--json"), -EINVAL);
	ASSERT_SAYS("unknown setting json (");
	assert_int_equal(LOAD("b", "/m", "-oregon=x"), -EINVAL);
	ASSERT_SAYS("did you mean region?");
	assert_int_equal(LOAD("b", "/m", "-ostat_cache_expir=x"), -EINVAL);
	ASSERT_SAYS("did you mean stat_cache_expire?");
}

static void the_mount_helpers_options_are_passed_over(void **state)
{
	static const char *const args[] = { "/sbin/mount.s3storefs",
					    "b",
					    "/m",
					    "-nv",
					    "-t",
					    "s3storefs",
					    "-o",
					    "ro" };

	assert_int_equal(load_args(args, ARRAY_SIZE(args)), 0);
	assert_true(config.is_read_only);
	assert_int_equal(LOAD("b", "/m", "-n"), -EINVAL);
	ASSERT_SAYS("unknown option -n");
}

static void a_broken_file_is_named_with_its_line(void **state)
{
	assert_int_equal(LOAD_FILE("# fine\nnonsense\n", "b", "/m"), -EINVAL);
	ASSERT_SAYS(":2: write NAME = value");
	assert_int_equal(LOAD_FILE("AWS_LOCATION = 'x\n", "b", "/m"), -EINVAL);
	ASSERT_SAYS(":1: the closing quote is missing");
	assert_int_equal(LOAD_FILE("a = 'x' y\n", "b", "/m"), -EINVAL);
	ASSERT_SAYS("something behind the end");
	assert_int_equal(LOAD_FILE("\nproxies = {'a':\n\n", "b", "/m"),
			 -EINVAL);
	ASSERT_SAYS(":2: the closing bracket is missing");
	assert_int_equal(LOAD_FILE("[b\n", "b", "/m"), -EINVAL);
	ASSERT_SAYS("a section is a name in brackets");
	assert_int_equal(LOAD("b", "/m", "-c", "/nonexistent/x.conf"), -ENOENT);
	ASSERT_SAYS("/nonexistent/x.conf: No such file");
	assert_int_equal(LOAD("b", "/m", "-c", "/tmp"), -EINVAL);
	ASSERT_SAYS("/tmp is no plain file");
	setenv("S3STOREFS_CONF", "/nonexistent/y.conf", 1);
	assert_int_equal(LOAD("b", "/m"), -ENOENT);
	unsetenv("S3STOREFS_CONF");
}

static void comments_blanks_and_crlf_are_no_values(void **state)
{
	assert_int_equal(LOAD_FILE("AWS_LOCATION = bob's #1 # ours\r\n"
				   "  region_name=eu-1  \r\n"
				   "AWS_S3_ENDPOINT_URL = # none\n"
				   "AWS_S3_ADDRESSING_STYLE = None",
				   "b", "/m"),
			 -EINVAL);
	ASSERT_SAYS(":3: AWS_S3_ENDPOINT_URL");
	assert_int_equal(LOAD_FILE("AWS_LOCATION = bob's#1 # ours\r\n"
				   "  region_name=eu-1  \r\n"
				   "AWS_S3_ADDRESSING_STYLE = None",
				   "b", "/m"),
			 0);
	assert_string_equal(config.location, "bob's#1");
	assert_string_equal(config.region, "eu-1");
	assert_null(config.addressing_style);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(bucket_prefix_and_mountpoint_are_words),
		cmocka_unit_test(every_kind_of_name_means_the_setting),
		cmocka_unit_test(
			every_row_is_found_by_its_names_and_its_default_parses),
		cmocka_unit_test(an_unknown_name_gets_the_nearest),
		cmocka_unit_test(booleans_are_strict),
		cmocka_unit_test(numbers_have_units_and_limits),
		cmocka_unit_test(the_stronger_source_wins),
		cmocka_unit_test(a_section_may_be_an_alias_of_a_bucket),
		cmocka_unit_test(
			a_key_on_the_command_line_is_refused_and_not_shown),
		cmocka_unit_test(a_key_in_a_file_that_others_read_is_refused),
		cmocka_unit_test(a_profile_beside_keys_is_refused),
		cmocka_unit_test(choices_are_checked),
		cmocka_unit_test(a_location_is_clean),
		cmocka_unit_test(choices_urls_paths_and_proxies_are_checked),
		cmocka_unit_test(fstab_words_are_taken),
		cmocka_unit_test(the_last_of_two_opposite_words_counts),
		cmocka_unit_test(limits_are_told_as_people_write_them),
		cmocka_unit_test(only_a_name_that_is_like_it_is_a_hint),
		cmocka_unit_test(the_mount_helpers_options_are_passed_over),
		cmocka_unit_test(a_broken_file_is_named_with_its_line),
		cmocka_unit_test(comments_blanks_and_crlf_are_no_values),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
