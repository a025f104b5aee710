/* SPDX-License-Identifier: MIT */
/*
 * Whole reads and writes of a descriptor: what comes in pieces goes on, and
 * so does what a signal interrupts. They wait as the descriptor does; any
 * thread that may.
 */
#ifndef BASE_IO_H
#define BASE_IO_H

#include <sys/types.h>

#include "buf.h"

/* Returns how much was read, less than room only at the end, or -errno. */
MUST_USE ssize_t io_read(int fd, void *to, size_t room);

/*
 * Appends all that is there up to the end. Returns 0, -EMSGSIZE past out's
 * maximum, -ENOMEM, or -errno of the read; out is then what it was, or more.
 * After 0 its data is a text, "" of an empty file, and never NULL.
 */
MUST_USE int io_read_all(int fd, struct buf *out);

/* Returns 0 or -errno. */
MUST_USE int io_write(int fd, const void *data, size_t len);

#endif
