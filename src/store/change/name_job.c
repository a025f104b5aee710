/* SPDX-License-Identifier: MIT */
/* Calls on one name, on the pool; see name_job.h. */
#include "change/name_job.h"

#include <stdlib.h>
#include <string.h>

#include "names/name_change.h"
#include "names/tree.h"

static void name_job_release(struct store_job *job)
{
	struct name_job *n = container_of(job, struct name_job, job);

	node_put(job->store, n->parent, 1);
}

struct name_job *name_job_new(struct store *store, struct node *parent,
			      const char *name, struct store_op *op)
{
	struct name_job *n = calloc(1, sizeof(*n));
	int result = name_check(name, strlen(name));

	if (!n || result < 0) {
		free(n);
		op->done(op, result < 0 ? result : -ENOMEM);
		return NULL;
	}
	n->job.store = store;
	n->job.op = op;
	n->job.release = name_job_release;
	n->parent = node_get(parent);
	memcpy(n->name, name, strlen(name) + 1);
	return n;
}

static int name_job_change(struct store_job *job, struct errinfo *err)
{
	struct name_job *n = container_of(job, struct name_job, job);
	struct change change = { .at = { { n->parent, n->name } } };
	int result;

	change_begin(&job->store->tree, &change);
	result = n->change(n, err);
	change_end(&job->store->tree, &change);
	return result;
}

void name_job_start(struct store *store, struct node *parent, const char *name,
		    const struct store_attr *attr, struct store_op *op,
		    int (*run)(struct name_job *n, struct errinfo *err))
{
	struct name_job *n = name_job_new(store, parent, name, op);

	if (!n)
		return;
	if (attr)
		n->attr = *attr;
	n->change = run;
	n->job.run = name_job_change;
	job_start(&n->job);
}
