/* SPDX-License-Identifier: MIT */
/*
 * Open files and directories, counted: one for the kernel, until RELEASE, and
 * one for each call that uses them. The kernel may send RELEASE while a call
 * that was answered EINTR still runs.
 */
#ifndef FS_OPENED_H
#define FS_OPENED_H

#include "internal.h"
#include "process.h"

struct opened {
	struct list_link link;
	struct fs *fs;
	fuse_ino_t ino;
	atomic_uint refs;
	struct handle *handle;     /* a file, or NULL */
	struct stream *stream;     /* a directory, or NULL */
	bool flushes;              /* close(2) waits for the store */
	pid_t process;             /* that opened it, */
	struct process_mark since; /* and when */
	/* A stream serves one call at a time; dirs.c. */
	struct lock lock;
	bool is_busy;
	struct list_link waiting; /* struct call */
};

/*
 * Adopts handle or stream. NULL: no memory, and they were given back.
 * Counted for the kernel, and listed. pid: the thread that opens it.
 */
struct opened *opened_new(struct fs *fs, fuse_ino_t ino, struct handle *handle,
			  struct stream *stream, bool flushes, pid_t pid);

struct opened *opened_get(struct opened *o);

void opened_put(struct opened *o);

/* The kernel is done with it. */
void opened_close(struct opened *o);

/* How many files are open, directories not counted. */
size_t opened_count(struct fs *fs);
/* What the kernel never released. */
void opened_close_all(struct fs *fs);

/*
 * What the kernel gives back was made by another thread, and between the two
 * is only the kernel: refs, which is written last, orders them.
 */
static inline struct opened *opened_of(const struct fuse_file_info *fi)
{
	struct opened *o = (struct opened *)(uintptr_t)fi->fh;

	(void)atomic_load(&o->refs);
	return o;
}

#endif
