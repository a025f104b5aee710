/* SPDX-License-Identifier: MIT */
/* HEADs ahead of who wants them; see ahead.h. */
#include "facts/ahead.h"

#include <string.h>

#include "facts/facts.h"
#include "internal.h"

struct ahead_head {
	struct s3_head head;
	struct store *store;
	struct list_link link; /* between planning and starting */
	char *version;         /* as it is named in flying; ends in the key */
};

void ahead_init(struct ahead *ahead)
{
	*ahead = (struct ahead){ .lock = LOCK_INIT(LOCK_AHEAD) };
	pthread_cond_init(&ahead->none_flying, NULL);
}

void ahead_release(struct ahead *ahead)
{
	{
		LOCK(&ahead->lock);
		while (ahead->flying.count > 0)
			lock_wait(&ahead->lock, &ahead->none_flying);
	}
	strmap_release(&ahead->flying);
	pthread_cond_destroy(&ahead->none_flying);
	pthread_mutex_destroy(&ahead->lock.mutex);
}

static void ahead_head_free(struct ahead_head *a)
{
	s3_head_release(&a->head);
	free(a->version);
	free(a);
}

/* A foreign gzip stays unknown: who wants its size has it expanded. */
static void ahead_done(struct s3_op *op)
{
	struct ahead_head *a = container_of(op, struct ahead_head, head.op);
	struct ahead *ahead = &a->store->ahead;
	AUTO_FREE char *version = STEAL(a->version);
	struct object_facts facts;

	if (op->result == 0)
		facts_learn(a->store, a->head.key, &a->head.object, &facts);
	ahead_head_free(a);
	LOCK(&ahead->lock);
	strmap_remove(&ahead->flying, version);
	if (ahead->flying.count == 0)
		pthread_cond_broadcast(&ahead->none_flying);
}

/* 1: it is the first of its version. */
static int ahead_add(struct ahead *ahead, struct ahead_head *a)
{
	int result;
	LOCK(&ahead->lock);

	if (strmap_get(&ahead->flying, a->version))
		return 0;
	result = strmap_set(&ahead->flying, a->version, a, NULL);
	return result < 0 ? result : 1;
}

int ahead_plan(struct store *store, const struct object_version *v,
	       struct list_link *heads)
{
	AUTO_BUF struct buf text = BUF_INIT(OBJECT_VERSION_MAX);
	struct ahead_head *a = calloc(1, sizeof(*a));
	int result = -ENOMEM;

	if (!a)
		return -ENOMEM;
	a->store = store;
	if (object_version_text(v, &text) == 0)
		a->version = strdup(buf_str(&text));
	a->head.op.done = ahead_done;
	a->head.op.priority = S3_METADATA;
	if (a->version) {
		a->head.key = a->version + text.len - strlen(v->key);
		result = ahead_add(&store->ahead, a);
	}
	if (result == 1)
		list_push(heads, &a->link);
	else
		ahead_head_free(a);
	return result < 0 ? result : 0;
}

void ahead_start(struct store *store, struct list_link *heads)
{
	struct list_link *link;

	while ((link = list_pop(heads))) {
		struct ahead_head *a =
			container_of(link, struct ahead_head, link);

		s3_head_start(store->s3, &a->head);
	}
}
