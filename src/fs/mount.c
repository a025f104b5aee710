/* SPDX-License-Identifier: MIT */
/* The mount's life: checks, libfuse's session, the end; see fs.h. */
#include <fcntl.h>
#include <fuse_opt.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>

#include "init.h"
#include "internal.h"
#include "log.h"
#include "loop.h"
#include "metrics.h"
#include "notify.h"
#include "opened.h"
#include "ops.h"

#define DEVICE "/dev/fuse"

/* libfuse's last line while it mounts, for errinfo; it has no better way. */
static _Thread_local char said[200];
static _Thread_local size_t said_len; /* 0: a new line begins */

/* libfuse writes a line in pieces. */
PRINTF_LIKE(2, 0)
static void fs_log_of_libfuse(enum fuse_log_level level, const char *fmt,
			      va_list args)
{
	static const char prefix[] = "fuse: ";
	size_t room = sizeof(said) - said_len;
	const char *line = said;
	int len = vsnprintf(said + said_len, room, fmt, args);

	if (len <= 0)
		return;
	said_len += (size_t)len < room ? (size_t)len : room - 1;
	if (said[said_len - 1] != '\n' && said_len < sizeof(said) - 1)
		return;
	said[strcspn(said, "\n")] = '\0';
	said_len = 0;
	if (strncmp(line, prefix, strlen(prefix)) == 0)
		line += strlen(prefix);
	log_debug("fuse", "%s", line);
}

static const char *fs_last_words(const char *instead)
{
	const char *colon = strstr(said, "fuse: ");

	said_len = 0;
	return colon ? colon + strlen("fuse: ") : said[0] ? said : instead;
}

/* libfuse calls it where mount(2) is not allowed, by its path or through PATH. */
static const char *fs_explain_helper(void)
{
	const char *folders = getenv("PATH");
	AUTO_FREE char *copy = strdup(folders ? folders : "");
	char *rest = copy, *folder;
	char path[PATH_MAX];

	if (!copy || access("/usr/bin/fusermount3", X_OK) == 0)
		return "fusermount3 said why, above";
	while ((folder = strsep(&rest, ":"))) {
		snprintf(path, sizeof(path), "%s/fusermount3", folder);
		if (access(path, X_OK) == 0)
			return "fusermount3 said why, above";
	}
	return "fusermount3 is missing: install the package fuse3";
}

static int fs_check_mountpoint(const char *dir, struct errinfo *err)
{
	struct stat st;
	int rc = stat(dir, &st) < 0 ? -errno : 0;

	switch (rc) {
	case 0:
		break;
	case -ENOTCONN:
		return errinfo_set(err, -EBUSY,
				   "%s is still the mount of a daemon that is "
				   "gone; clear it with: fusermount3 -u %s",
				   dir, dir);
	case -ENOENT:
		return errinfo_set(err, rc, "mount point %s does not exist",
				   dir);
	default:
		return errinfo_set(err, rc, "mount point %s: %s", dir,
				   strerrordesc_np(-rc));
	}
	if (!S_ISDIR(st.st_mode))
		return errinfo_set(err, -ENOTDIR,
				   "mount point %s is not a directory", dir);
	return 0;
}

static int fs_check_device(struct errinfo *err)
{
	if (access(DEVICE, F_OK) < 0)
		return errinfo_set(err, -ENODEV,
				   DEVICE " is missing: load the kernel module "
					  "fuse, or give the container "
					  "the device");
	if (access(DEVICE, R_OK | W_OK) < 0)
		return errinfo_set(err, -EACCES,
				   DEVICE " may not be opened by this user");
	return 0;
}

static int fs_check_options(const struct fs_options *o, struct errinfo *err)
{
	int rc;

	if (!o->mountpoint || !o->mountpoint[0])
		return errinfo_set(err, -EINVAL, "no mount point is given");
	if (o->allow_other && o->allow_root)
		return errinfo_set(err, -EINVAL,
				   "allow_other and allow_root exclude each "
				   "other");
	rc = fs_check_device(err);
	return rc < 0 ? rc : fs_check_mountpoint(o->mountpoint, err);
}

/* The -o words; escaped, as fsname may hold a comma. 0 or -ENOMEM. */
static int fs_build_words(const struct fs_options *o, char **words)
{
	char fsname[512];
	const char *list[] = {
		"default_permissions",
		"subtype=s3storefs",
		fsname,
		o->allow_suid ? "suid" : "nosuid",
		o->allow_dev ? "dev" : "nodev",
		o->read_only ? "ro" : NULL,
		o->allow_other ? "allow_other" : NULL,
		o->allow_root ? "allow_root" : NULL,
		o->no_exec ? "noexec" : NULL,
		o->no_atime ? "noatime" : NULL,
		o->debug ? "debug" : NULL,
	};

	snprintf(fsname, sizeof(fsname), "fsname=%s",
		 o->fsname ? o->fsname : "s3storefs");
	for (size_t i = 0; i < ARRAY_SIZE(list); i++) {
		if (list[i] && fuse_opt_add_opt_escaped(words, list[i]) < 0)
			return -ENOMEM;
	}
	if (o->extra && o->extra[0] && fuse_opt_add_opt(words, o->extra) < 0)
		return -ENOMEM;
	return 0;
}

static int fs_build_args(const struct fs_options *o, struct fuse_args *args)
{
	AUTO_FREE char *words = NULL;

	if (fs_build_words(o, &words) < 0 ||
	    fuse_opt_add_arg(args, "s3storefs") < 0 ||
	    fuse_opt_add_arg(args, "-o") < 0 ||
	    fuse_opt_add_arg(args, words) < 0)
		return -ENOMEM;
	return 0;
}

static int fs_new_session(struct fs *fs, struct errinfo *err)
{
	struct fuse_args args = FUSE_ARGS_INIT(0, NULL);
	struct fuse_lowlevel_ops ops = { .init = init_session };

	names_ops(&ops);
	files_ops(&ops);
	dirs_ops(&ops);
	tree_ops(&ops);
	xattr_ops(&ops);
	if (fs_build_args(&fs->options, &args) < 0) {
		fuse_opt_free_args(&args);
		return errinfo_set(err, -ENOMEM, "no memory");
	}
	said[0] = '\0';
	fs->session = fuse_session_new(&args, &ops, sizeof(ops), fs);
	fuse_opt_free_args(&args);
	if (!fs->session)
		return errinfo_set(err, -EINVAL, "mount options: %s",
				   fs_last_words("refused by libfuse"));
	return 0;
}

/* Leaves nothing mounted if it fails. */
static int fs_mount_session(struct fs *fs, struct errinfo *err)
{
	const char *dir = fs->options.mountpoint;
	int rc;

	said[0] = '\0';
	errno = 0;
	if (fuse_session_mount(fs->session, dir) < 0) {
		rc = errno == EPERM || errno == EACCES ? -EACCES : -EIO;
		return errinfo_set(err, rc, "cannot mount on %s: %s", dir,
				   fs_last_words(fs_explain_helper()));
	}
	rc = init_take_device(fs);
	if (rc < 0) {
		fuse_session_unmount(fs->session);
		return errinfo_set(err, rc, "cannot use " DEVICE ": %s",
				   strerrordesc_np(-rc));
	}
	return 0;
}

static void fs_destroy(struct fs *fs)
{
	notifier_free(fs->notifier);
	if (fs->session)
		fuse_session_destroy(fs->session);
	close_fd(&fs->device_fd);
	close_fd(&fs->wake_fd);
	close_fd(&fs->quit_fd);
	inodes_release(&fs->inodes);
	pthread_cond_destroy(&fs->calls.idle);
	pthread_mutex_destroy(&fs->calls.lock.mutex);
	pthread_mutex_destroy(&fs->opened.lock.mutex);
	free(fs);
}

static struct fs *fs_alloc(struct store *store, const struct fs_options *o)
{
	struct fs *fs = calloc(1, sizeof(*fs));

	if (!fs)
		return NULL;
	fs->store = store;
	fs->options = *o;
	fs->generation = (uint64_t)time(NULL);
	fs->device_fd = -1;
	fs->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	fs->quit_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	fs->calls.lock = (struct lock)LOCK_INIT(LOCK_CALLS);
	pthread_cond_init(&fs->calls.idle, NULL);
	list_init(&fs->calls.watched);
	fs->opened.lock = (struct lock)LOCK_INIT(LOCK_OPENED_LIST);
	list_init(&fs->opened.list);
	inodes_init(&fs->inodes, store);
	fs->notifier = notifier_new(fs);
	if (fs->wake_fd < 0 || fs->quit_fd < 0 || !fs->notifier) {
		fs_destroy(fs);
		return NULL;
	}
	return fs;
}

int fs_new(struct store *store, const struct fs_options *options,
	   struct fs **out, struct errinfo *err)
{
	struct fs *fs;
	int rc = fs_check_options(options, err);

	if (rc < 0)
		return rc;
	fs = fs_alloc(store, options);
	if (!fs)
		return errinfo_set(err, -ENOMEM, "no memory for the mount");
	fuse_set_log_func(fs_log_of_libfuse);
	rc = fs_new_session(fs, err);
	if (rc == 0)
		rc = fs_mount_session(fs, err);
	if (rc < 0) {
		fs_destroy(fs);
		return rc;
	}
	loop_catch_signals(fs);
	*out = fs;
	return 0;
}

void fs_gauges(struct fs *fs, uint64_t *values)
{
	values[METRIC_FS_OPEN_FILES] += opened_count(fs);
	values[METRIC_FS_INODES] += inodes_count(&fs->inodes);
	LOCK(&fs->calls.lock);
	values[METRIC_FS_PARKED] += fs->calls.count;
}

/* Every call ends: the store bounds the time of each. */
static void fs_wait_for_calls(struct fs *fs)
{
	LOCK(&fs->calls.lock);
	if (fs->calls.count > 0)
		log_info("fs", "unmount waits for %u requests",
			 fs->calls.count);
	while (fs->calls.count > 0)
		lock_wait(&fs->calls.lock, &fs->calls.idle);
}

/*
 * The descriptor is closed last: programs whose requests were parked get
 * their answers, those that still have files open ECONNABORTED from then on.
 */
void fs_free(struct fs *fs)
{
	if (!fs)
		return;
	loop_forget_signals();
	fuse_session_unmount(fs->session);
	store_end_reads(fs->store);
	fs_wait_for_calls(fs);
	close_fd(&fs->device_fd);
	opened_close_all(fs);
	log_debug("fs", "unmounted; the kernel still knew %zu inodes",
		  inodes_count(&fs->inodes));
	fs_destroy(fs);
}
