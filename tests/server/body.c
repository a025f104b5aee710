/* SPDX-License-Identifier: MIT */
/* Shared immutable bytes; see body.h. */
#include "body.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "lock.h"

/*
 * Large blobs are mapped, in huge pages if there are any, in sizes that are
 * powers of two. Some are kept when they are freed: to have the kernel clear
 * fresh pages costs more than to receive into them.
 */
#define MAP_MIN    ((size_t)1 << 21)
#define MAP_SIZES  4 /* 2, 4, 8 and 16 MiB */
#define SPARES_MAX ((size_t)1 << 30)

static struct {
	struct lock lock;
	struct blob *first[MAP_SIZES]; /* linked by next_spare */
	size_t bytes;
} spares = { .lock = LOCK_INIT(LOCK_UNRANKED) };

/* The place among the sizes, or -1 if a mapping is not of these. */
static int spare_size(size_t mapped)
{
	for (int i = 0; i < MAP_SIZES; i++)
		if (mapped == MAP_MIN << i)
			return i;
	return -1;
}

static struct blob *take_spare(size_t mapped)
{
	int size = spare_size(mapped);
	struct blob *blob;

	if (size < 0)
		return NULL;
	LOCK(&spares.lock);
	blob = spares.first[size];
	if (!blob)
		return NULL;
	spares.first[size] = blob->next_spare;
	spares.bytes -= mapped;
	blob->next_spare = NULL;
	blob->refs = 1;
	blob->len = 0;
	return blob;
}

static bool keep_spare(struct blob *blob)
{
	int size = blob->is_file ? -1 : spare_size(blob->mapped);

	if (size < 0)
		return false;
	LOCK(&spares.lock);
	if (spares.bytes + blob->mapped > SPARES_MAX)
		return false;
	blob->next_spare = spares.first[size];
	spares.first[size] = blob;
	spares.bytes += blob->mapped;
	return true;
}

static struct blob *new_mapped(size_t cap)
{
	size_t mapped = MAP_MIN;
	struct blob *blob;
	void *data;

	while (mapped < cap)
		mapped *= 2;
	blob = take_spare(mapped);
	if (blob) {
		blob->cap = cap;
		return blob;
	}
	data = mmap(NULL, mapped, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (data == MAP_FAILED)
		return NULL;
	blob = malloc(sizeof(*blob));
	if (!blob) {
		munmap(data, mapped);
		return NULL;
	}
	*blob = (struct blob){
		.refs = 1, .cap = cap, .mapped = mapped, .data = data
	};
	madvise(data, mapped, MADV_HUGEPAGE);
	return blob;
}

struct blob *blob_new(size_t cap)
{
	struct blob *blob;

	if (cap > MAP_MIN / 2)
		return new_mapped(cap);
	blob = malloc(sizeof(*blob) + cap);
	if (!blob)
		return NULL;
	*blob = (struct blob){ .refs = 1, .cap = cap };
	blob->data = (unsigned char *)(blob + 1);
	return blob;
}

struct blob *blob_file(const char *path, size_t len)
{
	struct blob *blob = calloc(1, sizeof(*blob));

	if (!blob)
		return NULL;
	blob->refs = 1;
	blob->len = len;
	blob->path = strdup(path);
	if (!blob->path) {
		free(blob);
		return NULL;
	}
	return blob;
}

struct blob *blob_ref(struct blob *blob)
{
	atomic_fetch_add(&blob->refs, 1);
	return blob;
}

void blob_unref(struct blob *blob)
{
	if (!blob || atomic_fetch_sub(&blob->refs, 1) != 1)
		return;
	if (keep_spare(blob))
		return;
	if (blob->mapped)
		munmap(blob->data, blob->mapped);
	free(blob->path);
	free(blob);
}

int body_add(struct body *body, struct blob *blob, size_t off, size_t len)
{
	struct slice *more;

	if (len == 0)
		return 0;
	/* Room doubles: a power of two means it is full. */
	if ((body->count & (body->count - 1)) == 0) {
		size_t room = body->count ? (size_t)body->count * 2 : 1;

		more = realloc(body->slices, room * sizeof(*more));
		if (!more)
			return -ENOMEM;
		body->slices = more;
	}
	body->slices[body->count++] =
		(struct slice){ blob_ref(blob), off, len };
	body->size += len;
	return 0;
}

int body_add_range(struct body *body, const struct body *from, uint64_t off,
		   uint64_t len)
{
	for (unsigned i = 0; i < from->count && len > 0; i++) {
		const struct slice *s = &from->slices[i];
		size_t take;

		if (off >= s->len) {
			off -= s->len;
			continue;
		}
		take = s->len - (size_t)off;
		if (take > len)
			take = (size_t)len;
		if (body_add(body, s->blob, s->off + (size_t)off, take) < 0)
			return -ENOMEM;
		off = 0;
		len -= take;
	}
	return 0;
}

/* A new blob with the file mapped into memory. */
static int map_file(const struct blob *file, struct blob **out)
{
	AUTO_CLOSE int fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct blob *blob;
	struct stat st;
	void *data;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if ((size_t)st.st_size < file->len)
		return -ESTALE;
	data = mmap(NULL, file->len, PROT_READ, MAP_SHARED, fd, 0);
	if (data == MAP_FAILED)
		return -errno;
	blob = calloc(1, sizeof(*blob));
	if (!blob) {
		munmap(data, file->len);
		return -ENOMEM;
	}
	blob->refs = 1;
	blob->len = blob->mapped = file->len;
	blob->data = data;
	blob->is_file = true;
	*out = blob;
	return 0;
}

int body_load(struct body *body)
{
	for (unsigned i = 0; i < body->count; i++) {
		struct slice *s = &body->slices[i];
		struct blob *mapped = NULL;
		int rc;

		if (s->blob->data)
			continue;
		rc = map_file(s->blob, &mapped);
		if (rc < 0)
			return rc;
		blob_unref(s->blob);
		s->blob = mapped;
	}
	return 0;
}

size_t body_read(const struct body *body, uint64_t off, void *out, size_t len)
{
	size_t done = 0;

	for (unsigned i = 0; i < body->count && done < len; i++) {
		const struct slice *s = &body->slices[i];
		size_t take;

		if (off >= s->len) {
			off -= s->len;
			continue;
		}
		take = s->len - (size_t)off;
		if (take > len - done)
			take = len - done;
		memcpy((char *)out + done, s->blob->data + s->off + off, take);
		done += take;
		off = 0;
	}
	return done;
}

int body_write(const struct body *body, int fd)
{
	for (unsigned i = 0; i < body->count; i++) {
		const struct slice *s = &body->slices[i];
		size_t done = 0;

		while (done < s->len) {
			ssize_t n = write(fd, s->blob->data + s->off + done,
					  s->len - done);

			if (n < 0 && errno != EINTR)
				return -errno;
			done += n > 0 ? (size_t)n : 0;
		}
	}
	return 0;
}

void body_release(struct body *body)
{
	for (unsigned i = 0; i < body->count; i++)
		blob_unref(body->slices[i].blob);
	free(body->slices);
	*body = (struct body){ 0 };
}

void body_free_spares(void)
{
	for (int i = 0; i < MAP_SIZES; i++) {
		struct blob *blob = spares.first[i];

		while (blob) {
			struct blob *next = blob->next_spare;

			munmap(blob->data, blob->mapped);
			free(blob);
			blob = next;
		}
		spares.first[i] = NULL;
	}
}
