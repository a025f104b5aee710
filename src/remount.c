/* SPDX-License-Identifier: MIT */
/* mount -o remount; see remount.h. */
#include "remount.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#include "config_edit.h"
#include "mounted.h"
#include "settings.h"

/* mount(8) hands on all that the mount is to have, not what changes. */
static unsigned long remount_flags(const struct config *config)
{
	return (config->is_read_only ? MS_RDONLY : 0) |
	       (config->no_exec ? MS_NOEXEC : 0) |
	       (config->no_atime ? MS_NOATIME : 0) |
	       (config->allow_dev ? 0 : MS_NODEV) |
	       (config->allow_suid ? 0 : MS_NOSUID);
}

/* ro; what names the mount; what mount(8) repeats of each. */
static bool remount_is_no_change(const char *name)
{
	static const char *const words[] = { "ro", "AWS_STORAGE_BUCKET_NAME",
					     "AWS_LOCATION", "allow_other" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(words[i], name) == 0)
			return true;
	return false;
}

/* A setting of the command line that a daemon which runs cannot be told. */
static bool remount_has_others(const struct config *config)
{
	for (size_t i = 0; i < settings_count; i++) {
		const struct setting_def *def = &settings_table[i];

		if (def->type != SETTING_WORD &&
		    !remount_is_no_change(def->name) &&
		    config_strength(config, def->name) == ORIGIN_COMMAND_LINE)
			return true;
	}
	return false;
}

static const char *remount_explain(int code)
{
	if (code == -EPERM)
		return "only root may";
	if (code == -EBUSY)
		return "files are open for writing there";
	return strerrordesc_np(-code);
}

int remount(const struct config *config, struct buf *why)
{
	AUTO_FREE char *path = realpath(config->mountpoint, NULL);
	CLEANUP(mounted_release) struct mounted mounted = { 0 };
	int rc = path ? mounted_find(path, &mounted) : -errno;

	if (rc || !mounted.is_ours) {
		buf_add_fmt(why,
			    "cannot remount %s: no bucket is mounted there",
			    config->mountpoint);
		return rc ? rc : -EINVAL;
	}
	if (mount(mounted.source, path, NULL,
		  MS_REMOUNT | remount_flags(config), NULL) < 0) {
		rc = -errno;
		buf_add_fmt(why, "cannot remount %s: %s", path,
			    remount_explain(rc));
		return rc;
	}
	if (remount_has_others(config))
		buf_add_str(why,
			    "remounted with its ro, exec, dev, suid and "
			    "atime; other settings stay until it is unmounted "
			    "and mounted again");
	return 0;
}
