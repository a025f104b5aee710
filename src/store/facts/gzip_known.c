/* SPDX-License-Identifier: MIT */
/* How objects read that are stored compressed; see gzip_known.h. */
#include "facts/gzip_known.h"

#include "s3.h"

#define GENERATION 100000 /* objects; about 25 MiB */
#define SECOND_NS  1000000000

void gzip_known_init(struct gzip_known *known)
{
	*known = (struct gzip_known){ .lock = LOCK_INIT(LOCK_GZIP_KNOWN) };
}

static void forget(struct strmap *map)
{
	for (struct strmap_entry *e = strmap_next(map, NULL); e;
	     e = strmap_next(map, e))
		free(e->value);
	strmap_release(map);
	*map = (struct strmap)STRMAP_INIT;
}

void gzip_known_release(struct gzip_known *known)
{
	forget(&known->young);
	forget(&known->old);
	pthread_mutex_destroy(&known->lock.mutex);
}

/* A listing tells milliseconds, a HEAD seconds. */
static int version_text(const struct gzip_version *v, struct buf *out)
{
	buf_add_fmt(out, "%lld %llu %s %s",
		    (long long)(v->mtime_ns / SECOND_NS),
		    (unsigned long long)v->stored_size, v->etag, v->key);
	return out->error;
}

static void keep_locked(struct gzip_known *known, const char *text,
			const struct gzip_layout *layout)
{
	struct gzip_layout *copy = malloc(sizeof(*copy));
	void *before = NULL;

	/* Without memory it is asked for again. */
	if (!copy)
		return;
	*copy = *layout;
	if (known->young.count >= GENERATION) {
		forget(&known->old);
		known->old = known->young;
		known->young = (struct strmap)STRMAP_INIT;
	}
	if (strmap_set(&known->young, text, copy, &before) < 0) {
		free(copy);
		return;
	}
	free(before);
}

bool gzip_known_get(struct gzip_known *known, const struct gzip_version *v,
		    struct gzip_layout *out)
{
	AUTO_BUF struct buf text = BUF_INIT(S3_KEY_MAX + S3_ETAG_MAX + 64);
	const struct gzip_layout *found;

	if (version_text(v, &text) < 0)
		return false;
	LOCK(&known->lock);
	found = strmap_get(&known->young, buf_str(&text));
	if (found) {
		*out = *found;
		return true;
	}
	found = strmap_get(&known->old, buf_str(&text));
	if (!found)
		return false;
	*out = *found;
	/* What is asked for again stays. */
	keep_locked(known, buf_str(&text), out);
	return true;
}

void gzip_known_put(struct gzip_known *known, const struct gzip_version *v,
		    const struct gzip_layout *layout)
{
	AUTO_BUF struct buf text = BUF_INIT(S3_KEY_MAX + S3_ETAG_MAX + 64);

	if (version_text(v, &text) < 0)
		return;
	LOCK(&known->lock);
	keep_locked(known, buf_str(&text), layout);
}
