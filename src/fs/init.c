/* SPDX-License-Identifier: MIT */
/*
 * What is negotiated with the kernel.
 *
 * libfuse before 3.17 keeps FUSE_PARALLEL_DIROPS out of its reply (the
 * kernel then looks names up one at a time in each directory) and does not
 * know FUSE_HANDLE_KILLPRIV_V2 (the kernel then asks for security.capability
 * before each write). libfuse lets us read and write the device ourselves,
 * so both are put into the INIT reply as it goes by, if the request offered
 * them. A descriptor of our own also outlives fuse_session_unmount.
 */
#include "init.h"

#include <fcntl.h>
#include <linux/fuse.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>

#include "internal.h"
#include "log.h"

#if FUSE_VERSION < FUSE_MAKE_VERSION(3, 17)
#define OUR_FLAGS (FUSE_PARALLEL_DIROPS | FUSE_HANDLE_KILLPRIV_V2)
#else
#define OUR_FLAGS 0u
#endif

#define READ_AHEAD_KIB 1024
#define MAX_BACKGROUND 512 /* the kernel's own default is 12 */

/* major, minor, max_readahead, flags: what every INIT begins with. */
#define INIT_IN_BYTES (4 * sizeof(uint32_t))

/* Only INIT is on the way until it is answered: no lock is needed. */
static void init_note_request(struct fs *fs, const void *data, size_t len)
{
	const struct fuse_in_header *in = data;
	const struct fuse_init_in *init = (const void *)(in + 1);

	if (in->opcode != FUSE_INIT || len < sizeof(*in) + INIT_IN_BYTES)
		return;
	fs->init_unique = in->unique;
	fs->init_offered = init->flags & OUR_FLAGS;
}

static void init_amend_reply(struct fs *fs, const struct iovec *iov, int count)
{
	const struct fuse_out_header *out = iov[0].iov_base;
	struct fuse_init_out *init;

	if (count < 2 || iov[0].iov_len != sizeof(*out) ||
	    out->unique != fs->init_unique || out->error != 0 ||
	    iov[1].iov_len < offsetof(struct fuse_init_out, max_background))
		return;
	init = iov[1].iov_base;
	if (init->major != FUSE_KERNEL_VERSION)
		return;
	init->flags |= fs->init_offered;
	log_debug("fs", "protocol %u.%u flags=%#x", init->major, init->minor,
		  init->flags);
	atomic_store(&fs->is_init_done, true);
}

static ssize_t device_read(int fd, void *data, size_t room, void *userdata)
{
	struct fs *fs = userdata;
	ssize_t len = read(fs->device_fd, data, room);

	if (len >= (ssize_t)sizeof(struct fuse_in_header) &&
	    !atomic_load(&fs->is_init_done))
		init_note_request(fs, data, (size_t)len);
	return len;
}

static ssize_t device_writev(int fd, struct iovec *iov, int count,
			     void *userdata)
{
	struct fs *fs = userdata;

	if (!atomic_load(&fs->is_init_done))
		init_amend_reply(fs, iov, count);
	return writev(fs->device_fd, iov, count);
}

int init_take_device(struct fs *fs)
{
	static const struct fuse_custom_io io = {
		.read = device_read,
		.writev = device_writev,
	};
	int fd = fuse_session_fd(fs->session);

	fs->device_fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (fs->device_fd < 0)
		return -errno;
	if (fcntl(fs->device_fd, F_SETFL, O_RDWR | O_NONBLOCK) < 0)
		return -errno;
	return fuse_session_custom_io(fs->session, &io, fd);
}

/*
 * EXPORT_SUPPORT: a handle of an NFS export, or of open_by_handle_at(2), is an
 * inode number. When the kernel has dropped the inode it looks "." up in it,
 * and finds it as long as the number is not forgotten.
 *
 * READDIRPLUS without AUTO: attributes come with the listing, and find and
 * du, which read a directory to its end before they stat, have them too.
 * Without splice the data is in plain memory, where the store wants it.
 */
void init_session(void *userdata, struct fuse_conn_info *conn)
{
	unsigned wanted = FUSE_CAP_ASYNC_READ | FUSE_CAP_ATOMIC_O_TRUNC |
			  FUSE_CAP_ASYNC_DIO | FUSE_CAP_AUTO_INVAL_DATA |
			  FUSE_CAP_CACHE_SYMLINKS | FUSE_CAP_READDIRPLUS |
			  FUSE_CAP_PARALLEL_DIROPS | FUSE_CAP_EXPORT_SUPPORT;

#ifdef FUSE_CAP_HANDLE_KILLPRIV_V2
	wanted |= FUSE_CAP_HANDLE_KILLPRIV_V2;
#endif
	conn->want = conn->capable & wanted;
	conn->max_background = MAX_BACKGROUND;
	conn->congestion_threshold = MAX_BACKGROUND * 3 / 4;
	conn->max_write = 1024 * 1024;
	conn->time_gran = 1;
}

/* What the kernel knows of the mount without asking us. */
void init_learn_device(struct fs *fs)
{
	struct statx stx = { 0 };

	if (statx(AT_FDCWD, fs->options.mountpoint, AT_STATX_DONT_SYNC, 0,
		  &stx) < 0)
		log_warn("fs", "%s: %m", fs->options.mountpoint);
	fs->device.major = stx.stx_dev_major;
	fs->device.minor = stx.stx_dev_minor;
}

/*
 * The kernel reads 128 KiB ahead and INIT can only lower that; root may
 * raise it for the mount. At 1 MiB a read costs half the CPU.
 */
void init_raise_read_ahead(struct fs *fs)
{
	char path[64], value[16];
	int len;

	snprintf(path, sizeof(path), "/sys/class/bdi/%u:%u/read_ahead_kb",
		 fs->device.major, fs->device.minor);
	len = snprintf(value, sizeof(value), "%d\n", READ_AHEAD_KIB);
	AUTO_CLOSE int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, value, (size_t)len) != len)
		log_debug("fs", "read-ahead stays as it is: %s: %m", path);
}
