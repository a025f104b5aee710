/* SPDX-License-Identifier: MIT */
/*
 * The programs behind the kernel's requests, as proc(5) shows them. Any
 * thread; never asks a file system of the program's.
 */
#ifndef FS_PROCESS_H
#define FS_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* What the kernel calls an inode of a mounted file system. */
struct process_inode {
	unsigned dev_major, dev_minor;
	uint64_t ino;
};

/*
 * The process (thread group) of a thread. The thread itself if it is gone or
 * hidden; 0, which is what a caller outside our PID namespace has, stays 0.
 */
pid_t process_of_thread(pid_t thread);

/* A moment, in terms of the processes that were started before. */
struct process_mark {
	int64_t boot_ns;  /* since the machine's boot */
	int64_t last_pid; /* the last process or thread made; -1: unknown */
};
struct process_mark process_mark(void);

/*
 * True if process, or any that was started since and may have inherited it,
 * may have a descriptor of inode: if one has, or if nobody can tell.
 */
bool process_may_hold(pid_t process, const struct process_mark *since,
		      const struct process_inode *inode);

#endif
