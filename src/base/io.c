/* SPDX-License-Identifier: MIT */
/* Whole reads and writes; see io.h. */
#include "io.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define CHUNK 4096

ssize_t io_read(int fd, void *to, size_t room)
{
	size_t len = 0;

	while (len < room) {
		ssize_t n = read(fd, (char *)to + len, room - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	return (ssize_t)len;
}

int io_read_all(int fd, struct buf *out)
{
	char chunk[CHUNK];
	ssize_t n;

	do {
		n = io_read(fd, chunk, sizeof(chunk));
		if (n >= 0)
			buf_add(out, chunk, (size_t)n);
	} while (n == CHUNK && !out->error);
	explicit_bzero(chunk, sizeof(chunk)); /* it may be a file of keys */
	return n < 0 ? (int)n : out->error;
}

int io_write(int fd, const void *data, size_t len)
{
	const char *at = data;

	while (len) {
		ssize_t n = write(fd, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}
