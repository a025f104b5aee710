/* SPDX-License-Identifier: MIT */
/*
 * The mount: FUSE's low-level protocol on one side, a store on the other.
 *
 *   fs_new(store, &options, &fs, &err);  mounts
 *   fs_run(fs);                          until unmounted or fs_stop
 *   fs_free(fs);                         unmounts
 */
#ifndef FS_FS_H
#define FS_FS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "buf.h"
#include "errinfo.h"
#include "macros.h"

struct fs;
struct store;

/* Texts are borrowed for the life of the mount. */
struct fs_options {
	const char *mountpoint;
	const char *fsname; /* what mount(8) shows as the source */
	bool read_only;
	bool allow_other, allow_root;
	bool allow_suid, allow_dev; /* else nosuid, nodev */
	bool no_exec, no_atime;
	bool no_forget;    /* handles of an NFS export stay good: init.c */
	const char *extra; /* more -o words for libfuse, or NULL */
	uid_t uid;         /* owner of what has none of its own */
	gid_t gid;
	mode_t file_mode;      /* 0644; permission bits */
	mode_t dir_mode;       /* 0755 */
	uint64_t bucket_bytes; /* that statfs tells; 0: 256 TiB */
	unsigned threads;      /* that receive requests; 0: 2 */
	bool debug;            /* libfuse's own debug lines */
	/* Nobody hangs up in the background: there logrotate sends SIGHUP. */
	bool ignores_hangup;
	/*
	 * The value of user.s3.status of the root, for this process's user and
	 * for root: appended to out, which then has its error. A receive
	 * thread; must not wait.
	 */
	void (*status)(void *arg, struct buf *out);
	void *status_arg;
};

/*
 * Mounts. -EINVAL, -ENOENT, -ENOTDIR, -EACCES, -EBUSY, -ENODEV (no
 * /dev/fuse), -EIO; err says why and what to do.
 */
MUST_USE int fs_new(struct store *store, const struct fs_options *options,
		    struct fs **out, struct errinfo *err);

/*
 * Serves until the mount is gone or fs_stop was called; 0 or -errno. SIGINT,
 * SIGTERM and, unless it is ignored, SIGHUP stop it.
 */
MUST_USE int fs_run(struct fs *fs);

/* What is open and parked is added to values[METRICS]. Any thread. */
void fs_gauges(struct fs *fs, uint64_t *values);

/* Ends fs_run; safe in a signal handler and from any thread. */
void fs_stop(struct fs *fs);

/*
 * Unmounts if need be, waits until parked requests are answered, gives all
 * nodes and handles back. The store is then ready for store_free.
 */
void fs_free(struct fs *fs);

#endif
