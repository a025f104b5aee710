/* SPDX-License-Identifier: MIT */
/* The mount: what all files of this layer share. */
#ifndef FS_INTERNAL_H
#define FS_INTERNAL_H

#ifndef FUSE_USE_VERSION
#define FUSE_USE_VERSION 314
#endif
#include <fuse_lowlevel.h>
#include <stdatomic.h>

#include "fs.h"
#include "inode.h"
#include "list.h"
#include "lock.h"
#include "store.h"

struct call;
struct notifier;

struct fs {
	struct store *store;
	struct fs_options options;
	struct inodes inodes;
	struct fuse_session *session;
	struct notifier *notifier;
	uint64_t generation; /* of inode numbers: each mount has its own */
	int device_fd;       /* /dev/fuse, a descriptor of our own */
	struct {
		unsigned major, minor;
	} device;    /* st_dev of what is mounted */
	int wake_fd; /* eventfd: fs_run has something to look at */
	int quit_fd; /* eventfd: receive threads leave */
	atomic_bool is_stop_asked;
	atomic_uint receivers;    /* receive threads still at work */
	atomic_int receive_error; /* the first, negative errno */
	atomic_bool is_init_done;
	uint64_t init_unique;  /* of INIT; see init.c */
	uint32_t init_offered; /* flags we set ourselves */
	struct {
		struct lock lock;
		pthread_cond_t idle; /* count became 0 */
		unsigned count;      /* calls that are not freed yet */
		struct list_link watched;
		struct call *looked_at; /* of watched; NULL: it is gone */
	} calls;
	struct {
		struct lock lock;
		struct list_link list; /* struct opened */
	} opened;
};

static inline struct fs *fs_of(fuse_req_t req)
{
	return fuse_req_userdata(req);
}

#endif
