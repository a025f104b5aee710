/* SPDX-License-Identifier: MIT */
/* What objects' headers tell, by version; see facts.h. */
#include "facts/facts.h"

#include "facts/facts_codec.h"
#include "facts/gzip_count.h"
#include "internal.h"

#define GENERATION 100000 /* objects; about 25 MiB */
#define SECOND_NS  1000000000

void facts_init(struct facts *facts)
{
	*facts = (struct facts){ .lock = LOCK_INIT(LOCK_FACTS) };
}

static void facts_forget(struct strmap *map)
{
	for (struct strmap_entry *e = strmap_next(map, NULL); e;
	     e = strmap_next(map, e))
		free(e->value);
	strmap_release(map);
	*map = (struct strmap)STRMAP_INIT;
}

void facts_release(struct facts *facts)
{
	facts_forget(&facts->young);
	facts_forget(&facts->old);
	pthread_mutex_destroy(&facts->lock.mutex);
}

/* A listing tells milliseconds, a HEAD seconds. */
int object_version_text(const struct object_version *v, struct buf *out)
{
	buf_add_fmt(out, "%lld %llu %s %s",
		    (long long)(v->mtime_ns / SECOND_NS),
		    (unsigned long long)v->stored_size, v->etag, v->key);
	return out->error;
}

static void facts_keep_locked(struct facts *facts, const char *text,
			      const struct object_facts *of)
{
	struct object_facts *copy = malloc(sizeof(*copy));
	void *before = NULL;

	/* Without memory it is asked for again. */
	if (!copy)
		return;
	*copy = *of;
	if (facts->young.count >= GENERATION) {
		facts_forget(&facts->old);
		facts->old = facts->young;
		facts->young = (struct strmap)STRMAP_INIT;
	}
	if (strmap_set(&facts->young, text, copy, &before) < 0) {
		free(copy);
		return;
	}
	free(before);
}

bool facts_get(struct facts *facts, const struct object_version *v,
	       struct object_facts *out)
{
	AUTO_BUF struct buf text = BUF_INIT(OBJECT_VERSION_MAX);
	const struct object_facts *found;

	if (object_version_text(v, &text) < 0)
		return false;
	LOCK(&facts->lock);
	found = strmap_get(&facts->young, buf_str(&text));
	if (found) {
		*out = *found;
		return true;
	}
	found = strmap_get(&facts->old, buf_str(&text));
	if (!found)
		return false;
	*out = *found;
	/* What is asked for again stays. */
	facts_keep_locked(facts, buf_str(&text), out);
	return true;
}

void facts_put(struct facts *facts, const struct object_version *v,
	       const struct object_facts *of)
{
	AUTO_BUF struct buf text = BUF_INIT(OBJECT_VERSION_MAX);

	if (object_version_text(v, &text) < 0)
		return;
	LOCK(&facts->lock);
	facts_keep_locked(facts, buf_str(&text), of);
}

bool facts_are_asked(const struct store *store)
{
	return store->options.gzip;
}

static struct object_version version_of(const char *key,
					const struct s3_object *object)
{
	return (struct object_version){
		.key = key,
		.etag = object->etag,
		.stored_size = object->size,
		.mtime_ns = object->mtime_ns,
	};
}

bool facts_learn(struct store *store, const char *key,
		 const struct s3_object *object, struct object_facts *out)
{
	struct object_version v = version_of(key, object);

	out->layout = gzip_layout_none(object->size);
	if (!facts_are_asked(store))
		return true;
	if (!facts_read(&object->headers, object->size, out))
		return facts_get(&store->facts, &v, out);
	facts_put(&store->facts, &v, out);
	return true;
}

int facts_learn_wait(struct store *store, const char *key,
		     const struct s3_object *object, struct object_facts *out,
		     struct errinfo *err)
{
	struct object_version v = version_of(key, object);
	int result;

	if (facts_learn(store, key, object, out))
		return 0;
	result = gzip_count(store, &v, &out->layout, err);
	if (result == 0)
		facts_put(&store->facts, &v, out);
	return result;
}
