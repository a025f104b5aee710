/* SPDX-License-Identifier: MIT */
/* Shared immutable bytes; see body.h. */
#include "body.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

/* From this size on memory is mapped, in huge pages if there are any. */
#define MAP_FROM ((size_t)2 << 20)

struct blob *blob_new(size_t cap)
{
	struct blob *blob = malloc(sizeof(*blob) + (cap < MAP_FROM ? cap : 0));

	if (!blob)
		return NULL;
	*blob = (struct blob){ .refs = 1, .cap = cap };
	if (cap < MAP_FROM) {
		blob->data = (unsigned char *)(blob + 1);
		return blob;
	}
	blob->data = mmap(NULL, cap, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (blob->data == MAP_FAILED) {
		free(blob);
		return NULL;
	}
	blob->mapped = cap;
	madvise(blob->data, cap, MADV_HUGEPAGE);
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
