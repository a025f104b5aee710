/* SPDX-License-Identifier: MIT */
/*
 * s3storefs: mounts an S3 bucket as a directory; or s3storefs TOOL ..., see
 * tools.h.
 *
 * Settings, then the background (before any thread is there), then the
 * layers bottom-up, each with its check; torn down in reverse. The exit
 * status is 0, 1 if the mount cannot be, 2 for wrong usage or settings.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "checks.h"
#include "clock.h"
#include "command_line.h"
#include "config.h"
#include "daemon.h"
#include "help.h"
#include "layers.h"
#include "log.h"
#include "metrics.h"
#include "multipart.h"
#include "network.h"
#include "object_settings.h"
#include "remount.h"
#include "s3fs_command.h"
#include "status_json.h"
#include "text.h"
#include "tools.h"

enum {
	EXIT_RUNTIME = 1,
	EXIT_USAGE = 2
};

/* The layers of one mount. */
struct mount {
	const struct config *config;
	char *mountpoint; /* owned; absolute */
	struct network network;
	struct store *store;
	struct fs *fs;
	int64_t started_s;
};

static void mount_status(void *arg, struct buf *out)
{
	struct mount *m = arg;
	uint64_t gauges[METRICS] = { 0 };

	http_gauges(m->network.http, gauges);
	store_gauges(m->store, gauges);
	fs_gauges(m->fs, gauges);
	status_json(gauges, m->started_s, out);
}

static int mount_start_serving(struct mount *m, struct errinfo *err)
{
	struct store_options store;
	struct fs_options fs;
	int rc;

	layers_store_options(m->config, &store);
	layers_fs_options(m->config, m->mountpoint, &fs);
	fs.status = mount_status;
	fs.status_arg = m;
	m->started_s = clock_wall_ns() / 1000000000;
	rc = store_new(m->network.s3, &store, &m->store, err);
	if (!rc)
		rc = fs_new(m->store, &fs, &m->fs, err);
	if (!rc && m->config->preload_metadata)
		store_preload(m->store);
	return rc;
}

static int mount_start(struct mount *m, struct errinfo *err, struct buf *why)
{
	int rc = check_mountpoint(m->config->mountpoint, &m->mountpoint, why);

	if (!rc)
		rc = check_fuse_device(why);
	if (rc)
		return rc;
	rc = network_start(m->config, &m->network, why);
	if (!rc)
		rc = check_bucket(m->network.s3, m->config, why);
	if (!rc)
		rc = mount_start_serving(m, err);
	return rc;
}

/* Returns the first error of what was still to be written. */
static int mount_stop(struct mount *m)
{
	int rc = 0;

	if (m->fs)
		fs_free(m->fs);
	if (m->store)
		rc = store_free(m->store);
	network_stop(&m->network);
	free(m->mountpoint);
	return rc;
}

/* Where the log goes; a note for the user, or NULL, comes back in *note. */
static int mount_set_up_log(const struct config *config, const char **note,
			    struct buf *why)
{
	enum log_level level = LOG_LEVEL_WARN;
	bool to_syslog = !config->is_foreground;
	int rc = 0;

	if (log_level_parse(config->log_level, &level))
		log_warn("main", "unknown log_level %s", config->log_level);
	if (config->log_to[0] == '/')
		rc = log_setup_file(level, config->log_to);
	if (rc)
		buf_add_fmt(why, "log file %s: %s: check log_to",
			    config->log_to, strerrordesc_np(-rc));
	if (config->log_to[0] == '/')
		return rc;
	if (strcmp(config->log_to, "auto") != 0)
		to_syslog = strcmp(config->log_to, "syslog") == 0;
	log_setup(level, to_syslog);
	if (to_syslog && !log_syslog_answers())
		*note = "mounted, but there is no syslog here: what goes "
			"wrong later is told to nobody, unless -o "
			"log_to=/path/of/a/file says where";
	return 0;
}

static int mount_run(const struct config *config, struct daemon *daemon,
		     const char *note)
{
	AUTO_BUF struct buf why = BUF_INIT(1000);
	struct mount m = { .config = config };
	struct errinfo err = ERRINFO_INIT;
	int rc, stopped;

	daemon_harden();
	rc = mount_start(&m, &err, &why);
	if (rc) {
		if (!why.len)
			buf_add_str(&why, err.text[0] ? err.text :
							strerrordesc_np(-rc));
		daemon_fail(daemon, EXIT_RUNTIME, buf_str(&why));
		(void)mount_stop(&m);
		return EXIT_RUNTIME;
	}
	log_info("main", "%s is mounted on %s", s3_client_url(m.network.s3),
		 m.mountpoint);
	daemon_ready(daemon, note);
	if (!config->is_read_only)
		s3_sweep_start(m.network.s3);
	rc = fs_run(m.fs);
	if (rc)
		log_error("main", "the mount ended: %s", strerrordesc_np(-rc));
	stopped = mount_stop(&m);
	return rc || stopped ? EXIT_RUNTIME : 0;
}

static int main_print_help(const char *form)
{
	struct daemon daemon = DAEMON_FOREGROUND;

	if (!help_print(stdout, form)) {
		daemon_fail(&daemon, EXIT_USAGE,
			    "--help, --help=all, --help=conf and --help=man "
			    "are there");
		return EXIT_USAGE;
	}
	if (form && strcmp(form, "all") != 0)
		return 0;
	fputs("\nTools:", stdout);
	for (const struct tool *const *tool = tools_all(); *tool; tool++)
		printf(" %s", (*tool)->name);
	putchar('\n');
	return 0;
}

static void main_try_tools(struct text_nearest *nearest)
{
	text_nearest_try(nearest, "help");
	for (const struct tool *const *tool = tools_all(); *tool; tool++)
		text_nearest_try(nearest, (*tool)->name);
}

static int main_no_tool(const char *name)
{
	struct daemon daemon = DAEMON_FOREGROUND;
	struct text_nearest nearest = { .to = name };
	AUTO_BUF struct buf why = BUF_INIT(1000);

	main_try_tools(&nearest);
	buf_add_fmt(&why,
		    "there is no tool %.60s%s (a bucket needs a mount point "
		    "that is there; --help tells more)",
		    name, text_nearest_hint(&nearest));
	daemon_fail(&daemon, EXIT_USAGE, buf_str(&why));
	return EXIT_USAGE;
}

static int remount_main(const struct config *config)
{
	AUTO_BUF struct buf why = BUF_INIT(1000);
	struct daemon daemon = DAEMON_FOREGROUND;
	int status = remount(config, &why) ? EXIT_RUNTIME : 0;

	if (why.len)
		daemon_fail(&daemon, status, buf_str(&why));
	return status;
}

static int mount_main(int argc, char **argv)
{
	AUTO_BUF struct buf why = BUF_INIT(1000);
	CLEANUP(config_release) struct config config;
	struct daemon daemon = DAEMON_FOREGROUND;
	struct errinfo err = ERRINFO_INIT;
	const char *note = NULL;

	if (config_load(&config, argc, argv, &why)) {
		daemon_fail(&daemon, EXIT_USAGE, buf_str(&why));
		return EXIT_USAGE;
	}
	if (config.wants_help)
		return main_print_help(config.help_form);
	if (config.wants_version) {
		puts("s3storefs " PACKAGE_VERSION);
		return 0;
	}
	if (config.is_remount)
		return remount_main(&config);
	if (object_settings_check(&config, &why)) {
		daemon_fail(&daemon, EXIT_USAGE, buf_str(&why));
		return EXIT_USAGE;
	}
	if (!config.is_foreground && daemon_fork(&daemon, &err)) {
		daemon_fail(&daemon, EXIT_RUNTIME, err.text);
		return EXIT_RUNTIME;
	}
	if (mount_set_up_log(&config, &note, &why)) {
		daemon_fail(&daemon, EXIT_RUNTIME, buf_str(&why));
		return EXIT_RUNTIME;
	}
	return mount_run(&config, &daemon, note);
}

/* s3storefs help [TOOL] */
static int help_main(const char *name)
{
	const struct tool *tool = name ? tools_find(name) : NULL;

	if (!name)
		return main_print_help(NULL);
	if (!tool)
		return main_no_tool(name);
	fputs(tool->help, stdout);
	return 0;
}

/*
 * s3storefs chekc my-bucket: a word like a tool's, and none of them all is a
 * folder to mount on.
 */
static bool main_is_mistyped(int argc, char *const argv[])
{
	struct text_nearest nearest = { .to = argv[1] };
	struct stat st;

	if (strpbrk(argv[1], ":/.=") || argv[1][0] == '-')
		return false;
	for (int i = 1; i < argc; i++)
		if (stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode))
			return false;
	main_try_tools(&nearest);
	return text_nearest_name(&nearest);
}

int main(int argc, char **argv)
{
	const struct tool *tool = NULL;
	AUTO_FREE char **words = NULL;

	/* Blocks of files' bytes go back to the system when they are freed. */
	mallopt(M_MMAP_THRESHOLD, 128 * 1024);
	if (argc < 2 || command_line_is_mount(argc, argv))
		return mount_main(argc, argv);
	/* A bucket with a tool's name: s3storefs -- url /mnt. */
	if (strcmp(argv[1], "help") == 0)
		return help_main(argv[2]);
	tool = tools_find(argv[1]);
	if (!tool)
		words = s3fs_command_words(&argc, argv);
	if (words) {
		argv = words;
		tool = tools_find(argv[1]);
	}
	if (tool)
		return tool_main(tool, argc - 1, argv + 1);
	return main_is_mistyped(argc, argv) ? main_no_tool(argv[1]) :
					      mount_main(argc, argv);
}
