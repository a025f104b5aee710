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

/*
 * True if process or a child of it may have a descriptor of inode: if it has
 * one, or if nobody can tell.
 */
bool process_may_hold(pid_t process, const struct process_inode *inode);

#endif
