/* SPDX-License-Identifier: MIT */
/* Reading a shared file safely; see creds_file.h. */
#include "creds/creds_file.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "io.h"

#define FILE_LIMIT (1024 * 1024) /* bytes; hundreds of profiles fit */
#define YOUNG_S    2 /* seconds; coarser than any time stamp in use */

struct text {
	char *data;
	size_t len;
};

static void creds_file_wipe(struct text *t)
{
	if (t->data)
		explicit_bzero(t->data, t->len);
	free(t->data);
}

/*
 * Who else can read or write it, as a mode; 0: nobody. Read permission for
 * group root on a file of root is nobody: so systemd's LoadCredential= shows
 * an access list.
 */
static unsigned creds_file_exposure(const struct stat *st)
{
	unsigned mode = st->st_mode & 07777;

	if (st->st_uid == 0 && st->st_gid == 0)
		mode &= ~(unsigned)S_IRGRP;
	if ((mode & (S_IRWXG | S_IRWXO)) == 0)
		return 0;
	return st->st_mode & 07777;
}

/*
 * A file written within the last moments may be written again without
 * another time stamp: it gets no stamp and so counts as changed.
 */
static void creds_file_take_stamp(const struct stat *st,
				  struct creds_stamp *out)
{
	if (time(NULL) - st->st_mtim.tv_sec < YOUNG_S)
		return;
	out->device = st->st_dev;
	out->inode = st->st_ino;
	out->size = st->st_size;
	out->changed = st->st_ctim;
	out->modified = st->st_mtim;
}

static int creds_file_check(const char *path, const struct stat *st,
			    struct errinfo *err)
{
	/* /dev/null is how people switch a shared file off. */
	if (S_ISCHR(st->st_mode))
		return errinfo_set(err, -ENOENT, "%s is no file", path);
	if (!S_ISREG(st->st_mode))
		return errinfo_set(err, -EINVAL, "%s is no plain file", path);
	if (st->st_size > FILE_LIMIT)
		return errinfo_set(err, -EINVAL,
				   "%s is longer than %d bytes: no file of "
				   "credentials",
				   path, FILE_LIMIT);
	if (st->st_uid != geteuid() && st->st_uid != 0 && geteuid() != 0)
		return errinfo_set(err, -EACCES, "%s belongs to another user",
				   path);
	return 0;
}

/* Reads what is there, at most size bytes. */
static int creds_file_read_text(int fd, size_t size, struct text *out)
{
	ssize_t n;

	out->data = malloc(size + 1);
	if (!out->data)
		return -ENOMEM;
	n = io_read(fd, out->data, size);
	if (n < 0)
		return (int)n;
	out->len = (size_t)n;
	out->data[out->len] = '\0';
	return 0;
}

static int creds_file_open(const char *path, struct stat *st,
			   struct errinfo *err)
{
	/* Not waiting: a pipe in its place would block for ever. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	int rc;

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return errinfo_set(err, -ENOENT, "there is no %s", path);
	if (fd < 0)
		return errinfo_set(err, errno == EACCES ? -EACCES : -EIO,
				   "cannot read %s: %s", path,
				   strerrordesc_np(errno));
	if (fstat(fd, st) == 0) {
		rc = creds_file_check(path, st, err);
		if (rc == 0)
			return fd;
	} else {
		rc = errinfo_set(err, -EIO, "cannot look at %s: %s", path,
				 strerrordesc_np(errno));
	}
	close(fd);
	return rc;
}

int creds_file_load_by(struct creds_reader *reader, const char *path,
		       struct creds_profile *out, struct errinfo *err)
{
	CLEANUP(creds_file_wipe) struct text text = { 0 };
	struct errinfo parse_err = ERRINFO_INIT;
	AUTO_CLOSE int fd = -1;
	struct stat st;
	int rc;

	*out = (struct creds_profile){ 0 };
	fd = creds_file_open(path, &st, err);
	if (fd < 0)
		return fd;
	rc = creds_file_read_text(fd, (size_t)st.st_size, &text);
	if (rc < 0)
		return errinfo_set(err, rc == -ENOMEM ? rc : -EIO,
				   "cannot read %s: %s", path,
				   strerrordesc_np(-rc));
	rc = reader->parse(reader, text.data, text.len, out, &parse_err);
	if (rc < 0)
		return errinfo_set(err, rc, "%s: %s", path, parse_err.text);
	out->exposed_mode = creds_file_exposure(&st);
	out->mode = st.st_mode & 07777;
	creds_file_take_stamp(&st, &out->stamp);
	return 0;
}

struct shared_reader {
	struct creds_reader base;
	const char *name;
	bool in_config;
};

static int creds_file_parse_shared(struct creds_reader *reader, char *text,
				   size_t len, struct creds_profile *out,
				   struct errinfo *err)
{
	struct shared_reader *r =
		container_of(reader, struct shared_reader, base);

	return creds_file_parse(text, len, r->name, r->in_config, out, err);
}

int creds_file_load(const char *path, const char *name, bool in_config,
		    struct creds_profile *out, struct errinfo *err)
{
	struct shared_reader reader = { { creds_file_parse_shared },
					name,
					in_config };

	return creds_file_load_by(&reader.base, path, out, err);
}

static bool creds_file_is_same_time(const struct timespec *a,
				    const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

bool creds_file_has_changed(const char *path, const struct creds_stamp *stamp)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return stamp->inode != 0;
	return st.st_dev != stamp->device || st.st_ino != stamp->inode ||
	       st.st_size != stamp->size ||
	       !creds_file_is_same_time(&st.st_ctim, &stamp->changed) ||
	       !creds_file_is_same_time(&st.st_mtim, &stamp->modified);
}
