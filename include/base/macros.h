/* SPDX-License-Identifier: MIT */
/* Compiler helpers: scope cleanup, checked results, list membership. */
#ifndef BASE_MACROS_H
#define BASE_MACROS_H

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#define CLEANUP(fn)       __attribute__((cleanup(fn)))
#define MUST_USE          __attribute__((warn_unused_result))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define container_of(ptr, type, member) \
	((type *)((char *)(ptr)-offsetof(type, member)))

static inline void free_ptr(void *pp)
{
	free(*(void **)pp);
}

/* Keeps errno, so that "return -errno" after it still tells the cause. */
static inline void close_fd(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	errno = saved;
}

#define AUTO_FREE  CLEANUP(free_ptr)
#define AUTO_CLOSE CLEANUP(close_fd)

/* Moves a pointer out of its variable: the cleanup then finds NULL. */
#define STEAL(p)                             \
	({                                   \
		__typeof__(p) stolen_ = (p); \
		(p) = NULL;                  \
		stolen_;                     \
	})

#endif
