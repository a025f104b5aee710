/* SPDX-License-Identifier: MIT */
/* See alloc.h. */
#include "alloc.h"

#include <errno.h>
#include <execinfo.h>
#include <jansson.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#define SLOTS   (1u << 18) /* a power of two, far more than there ever are */
#define DEPTH   12
#define CALLERS 8          /* of them, that tell one way from another */
#define WAYS    (1u << 16) /* as SLOTS */

struct block {
	void *data; /* NULL: free; GONE: was freed */
	size_t number;
	void *callers[DEPTH];
};

#define GONE ((void *)1)

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct block blocks[SLOTS];
static size_t made, counted, first_counted;
static void *refused[DEPTH];

/* A way to ask for memory: the callers. */
struct way {
	uint64_t callers;    /* their hash; 0: a free slot */
	unsigned run, asked; /* in that run */
	unsigned refused;    /* in all runs */
};

static struct {
	struct way ways[WAYS];
	unsigned run;
} history;

static bool is_armed;
static unsigned refusals_max;

/* The linker's names: what is called here is the library's own. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t len);
int __real_vasprintf(char **out, const char *fmt, va_list args);
void __real_free(void *data);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_reallocarray(void *old, size_t count, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t len);
int __wrap_vasprintf(char **out, const char *fmt, va_list args);
int __wrap_asprintf(char **out, const char *fmt, ...);
void __wrap_free(void *data);

static size_t home_of(const void *data)
{
	return (size_t)(((uintptr_t)data >> 4) * 0x9E3779B97F4A7C15u >> 20) &
	       (SLOTS - 1);
}

static struct way *way_of(void *const callers[DEPTH])
{
	uint64_t hash = 1;
	struct way *way;

	for (int i = 0; i < CALLERS; i++)
		hash = (hash ^ (uintptr_t)callers[i]) * 0x9E3779B97F4A7C15u;
	way = &history.ways[hash >> 32 & (WAYS - 1)];
	while (way->callers && way->callers != hash)
		way = way == &history.ways[WAYS - 1] ? history.ways : way + 1;
	way->callers = hash;
	return way;
}

/* Refused once, it is let through the next time, and so on. */
static bool must_fail_locked(void)
{
	void *callers[DEPTH] = { NULL };
	struct way *way;

	if (!is_armed)
		return false;
	backtrace(callers, DEPTH);
	way = way_of(callers);
	if (way->run != history.run)
		way->asked = 0;
	way->run = history.run;
	if (++way->asked <= way->refused || way->refused == refusals_max)
		return false;
	way->refused++;
	memcpy(refused, callers, sizeof(refused));
	is_armed = false;
	return true;
}

static bool must_fail(void)
{
	bool fails;

	pthread_mutex_lock(&mutex);
	fails = must_fail_locked();
	pthread_mutex_unlock(&mutex);
	if (fails)
		errno = ENOMEM;
	return fails;
}

static void *note(void *data)
{
	size_t at = home_of(data);

	if (!data)
		return NULL;
	pthread_mutex_lock(&mutex);
	while (blocks[at].data && blocks[at].data != GONE)
		at = (at + 1) & (SLOTS - 1);
	blocks[at] = (struct block){ .data = data, .number = made++ };
	backtrace(blocks[at].callers, DEPTH);
	counted++;
	pthread_mutex_unlock(&mutex);
	return data;
}

/* What is not ours (getline's, a library's) is not known here. */
static void forget(const void *data)
{
	size_t at = home_of(data);

	pthread_mutex_lock(&mutex);
	while (blocks[at].data && blocks[at].data != data)
		at = (at + 1) & (SLOTS - 1);
	if (blocks[at].data) {
		if (blocks[at].number >= first_counted)
			counted--;
		/* Slots at the end of a run are free again. */
		blocks[at].data =
			blocks[(at + 1) & (SLOTS - 1)].data ? GONE : NULL;
	}
	pthread_mutex_unlock(&mutex);
}

void *__wrap_malloc(size_t size)
{
	return must_fail() ? NULL : note(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size)
{
	return must_fail() ? NULL : note(__real_calloc(count, size));
}

void *__wrap_realloc(void *old, size_t size)
{
	void *data;

	if (must_fail())
		return NULL;
	if (old)
		forget(old);
	data = __real_realloc(old, size);
	return note(data);
}

void *__wrap_reallocarray(void *old, size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	return __wrap_realloc(old, bytes);
}

char *__wrap_strdup(const char *text)
{
	return must_fail() ? NULL : note(__real_strdup(text));
}

char *__wrap_strndup(const char *text, size_t len)
{
	return must_fail() ? NULL : note(__real_strndup(text, len));
}

int __wrap_vasprintf(char **out, const char *fmt, va_list args)
{
	int len = must_fail() ? -1 : __real_vasprintf(out, fmt, args);

	if (len >= 0)
		note(*out);
	return len;
}

int __wrap_asprintf(char **out, const char *fmt, ...)
{
	va_list args;
	int len;

	va_start(args, fmt);
	len = __wrap_vasprintf(out, fmt, args);
	va_end(args);
	return len;
}

void __wrap_free(void *data)
{
	if (data)
		forget(data);
	__real_free(data);
}

/* ld wants them seen, as other libraries use the same functions. */
#pragma GCC visibility push(default)

/*
 * A library's function that gives something new, or NULL, by its own means.
 * Weak: not every program has every library. The 64: as 64-bit files have it.
 */
#define GIVES_NULL(name, params, args)                          \
	__attribute__((weak)) void *__real_##name params;       \
	void *__wrap_##name params;                             \
	void *__wrap_##name params                              \
	{                                                       \
		return must_fail() ? NULL : __real_##name args; \
	}

GIVES_NULL(BIO_new_mem_buf, (const void *data, int len), (data, len))
GIVES_NULL(EVP_MD_CTX_new, (void), ())
GIVES_NULL(curl_easy_init, (void), ())
GIVES_NULL(curl_multi_init, (void), ())
GIVES_NULL(curl_share_init, (void), ())
GIVES_NULL(curl_slist_append, (void *list, const char *text), (list, text))
GIVES_NULL(fdopen, (int fd, const char *mode), (fd, mode))
GIVES_NULL(fdopendir, (int fd), (fd))
GIVES_NULL(fopen64, (const char *path, const char *mode), (path, mode))
GIVES_NULL(opendir, (const char *path), (path))
GIVES_NULL(realpath, (const char *path, char *out), (path, out))
GIVES_NULL(xmlCreatePushParserCtxt,
	   (void *sax, void *data, const char *chunk, int size,
	    const char *name),
	   (sax, data, chunk, size, name))

/* It tells in error why. */
__attribute__((weak)) json_t *__real_json_loadb(const char *text, size_t len,
						size_t flags,
						json_error_t *error);
json_t *__wrap_json_loadb(const char *text, size_t len, size_t flags,
			  json_error_t *error);
json_t *__wrap_json_loadb(const char *text, size_t len, size_t flags,
			  json_error_t *error)
{
	if (!must_fail())
		return __real_json_loadb(text, len, flags, error);
	if (error)
		error->text[JSON_ERROR_TEXT_LENGTH - 1] =
			json_error_out_of_memory;
	return NULL;
}

void *__real_mmap64(void *at, size_t size, int prot, int flags, int fd,
		    off_t from);
void *__wrap_mmap64(void *at, size_t size, int prot, int flags, int fd,
		    off_t from);
void *__wrap_mmap64(void *at, size_t size, int prot, int flags, int fd,
		    off_t from)
{
	return must_fail() ? MAP_FAILED :
			     __real_mmap64(at, size, prot, flags, fd, from);
}

ssize_t __real_getline(char **line, size_t *room, FILE *from);
ssize_t __wrap_getline(char **line, size_t *room, FILE *from);
ssize_t __wrap_getline(char **line, size_t *room, FILE *from)
{
	return must_fail() ? -1 : __real_getline(line, room, from);
}

/* zlib's, behind deflateInit2 and inflateInit2. */
__attribute__((weak)) int __real_deflateInit2_(void *z, int level, int method,
					       int bits, int memory,
					       int strategy,
					       const char *version, int size);
int __wrap_deflateInit2_(void *z, int level, int method, int bits, int memory,
			 int strategy, const char *version, int size);
int __wrap_deflateInit2_(void *z, int level, int method, int bits, int memory,
			 int strategy, const char *version, int size)
{
	return must_fail() ?
		       Z_MEM_ERROR :
		       __real_deflateInit2_(z, level, method, bits, memory,
					    strategy, version, size);
}

__attribute__((weak)) int __real_inflateInit2_(void *z, int bits,
					       const char *version, int size);
int __wrap_inflateInit2_(void *z, int bits, const char *version, int size);
int __wrap_inflateInit2_(void *z, int bits, const char *version, int size)
{
	return must_fail() ? Z_MEM_ERROR :
			     __real_inflateInit2_(z, bits, version, size);
}

#pragma GCC visibility pop

void alloc_begin(unsigned alike_max)
{
	pthread_mutex_lock(&mutex);
	refusals_max = alike_max;
	memset(&history, 0, sizeof(history));
	pthread_mutex_unlock(&mutex);
}

void alloc_fail_next(void)
{
	pthread_mutex_lock(&mutex);
	is_armed = true;
	history.run++;
	memset(refused, 0, sizeof(refused));
	pthread_mutex_unlock(&mutex);
}

void alloc_stop(void)
{
	pthread_mutex_lock(&mutex);
	is_armed = false;
	pthread_mutex_unlock(&mutex);
}

bool alloc_has_failed(void)
{
	bool has_failed;

	pthread_mutex_lock(&mutex);
	has_failed = refused[0];
	pthread_mutex_unlock(&mutex);
	return has_failed;
}

void alloc_count(void)
{
	pthread_mutex_lock(&mutex);
	first_counted = made;
	counted = 0;
	pthread_mutex_unlock(&mutex);
}

size_t alloc_counted(void)
{
	size_t count;

	pthread_mutex_lock(&mutex);
	count = counted;
	pthread_mutex_unlock(&mutex);
	return count;
}

static void print(const char *what, void *const *callers)
{
	int depth = 0;

	while (depth < DEPTH && callers[depth])
		depth++;
	fprintf(stderr, "%s\n", what);
	backtrace_symbols_fd(callers, depth, STDERR_FILENO);
}

void alloc_report_refused(void)
{
	print("refused:", refused);
}

void alloc_report_here(void)
{
	void *callers[DEPTH] = { NULL };

	backtrace(callers, DEPTH);
	print("here:", callers);
}

void alloc_report_counted(void)
{
	pthread_mutex_lock(&mutex);
	for (size_t i = 0; i < SLOTS; i++)
		if (blocks[i].data && blocks[i].data != GONE &&
		    blocks[i].number >= first_counted)
			print("not freed:", blocks[i].callers);
	pthread_mutex_unlock(&mutex);
}
