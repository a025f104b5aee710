/* SPDX-License-Identifier: MIT */
/*
 * Extended attributes: what a file is called in the bucket, and more; the
 * table is at the end of the getters.
 */
#include "xattr.h"

#include <string.h>

static const char prefix[] = "user.s3.";

static int get_key(const struct xattr_ask *ask, struct buf *value,
		   struct errinfo *err)
{
	AUTO_BUF struct buf key = BUF_INIT(S3_KEY_MAX + 1);

	node_key(ask->store, ask->node, &key);
	buf_add(value, key.data, key.len);
	return key.error;
}

static const struct xattr_row rows[] = {
	{ "key", .is_instant = true, .of_dirs = true, .get = get_key },
	{ "url", .of_dirs = true, .is_unlisted = true, .get = url_get },
};

/* A call on one name, and the name's parts; name is what ask points into. */
struct xattr_job {
	struct store_job job;
	struct xattr_ask ask;
	struct buf *out;
	char name[];
};

static bool row_has(const struct xattr_row *row, const char *name)
{
	size_t len = strlen(row->name);

	if (row->name[len - 1] == '.')
		return strncmp(name, row->name, len) == 0 && name[len];
	return strcmp(name, row->name) == 0;
}

/* The row of name (behind the prefix), whose query is cut off; or NULL. */
static const struct xattr_row *find_row(struct xattr_job *x)
{
	char *query;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (row_has(&rows[i], x->name))
			return &rows[i];
	}
	query = strchr(x->name, '?');
	if (!query)
		return NULL;
	*query = '\0';
	x->ask.query = query + 1;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (row_has(&rows[i], x->name))
			return &rows[i];
	}
	return NULL;
}

static void release_xattr(struct store_job *job)
{
	struct xattr_job *x = container_of(job, struct xattr_job, job);

	node_put(job->store, x->ask.node, 1);
}

static struct xattr_job *xattr_new(struct store *store, struct node *node,
				   const char *name, struct store_op *op)
{
	size_t room = strlen(name) + 1;
	struct xattr_job *x = calloc(1, sizeof(*x) + room);

	if (!x)
		return NULL;
	memcpy(x->name, name, room);
	x->job = (struct store_job){
		.store = store,
		.op = op,
		.release = release_xattr,
	};
	x->ask.store = store;
	x->ask.node = node_get(node);
	x->ask.row = find_row(x);
	x->ask.rest = x->name + (x->ask.row ? strlen(x->ask.row->name) : 0);
	return x;
}

static void xattr_free(struct xattr_job *x)
{
	release_xattr(&x->job);
	free(x);
}

static int run_get(struct store_job *job, struct errinfo *err)
{
	struct xattr_job *x = container_of(job, struct xattr_job, job);
	int result = x->ask.row->get(&x->ask, x->out, err);

	return result < 0 ? result : x->out->error;
}

static bool is_ours(const char *name)
{
	return strncmp(name, prefix, strlen(prefix)) == 0;
}

void store_getxattr(struct store *store, struct node *node, const char *name,
		    struct buf *value, struct store_op *op)
{
	struct xattr_job *x;
	int result = 0;

	if (!is_ours(name)) {
		op->done(op, -ENODATA);
		return;
	}
	x = xattr_new(store, node, name + strlen(prefix), op);
	if (!x) {
		op->done(op, -ENOMEM);
		return;
	}
	x->out = value;
	if (!x->ask.row || (node->is_dir && !x->ask.row->of_dirs))
		result = -ENODATA;
	if (result == 0 && !x->ask.row->is_instant) {
		x->job.run = run_get;
		job_start(&x->job);
		return;
	}
	if (result == 0)
		result = run_get(&x->job, &op->err);
	xattr_free(x);
	op->done(op, result);
}

void store_setxattr(struct store *store, struct node *node, const char *name,
		    const void *value, size_t len, int flags,
		    struct store_op *op)
{
	op->done(op, -EOPNOTSUPP);
}

void store_removexattr(struct store *store, struct node *node, const char *name,
		       struct store_op *op)
{
	op->done(op, -EOPNOTSUPP);
}

void store_listxattr(struct store *store, struct node *node, bool may_ask,
		     struct buf *names, struct store_op *op)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (rows[i].is_unlisted)
			continue;
		buf_add_str(names, prefix);
		buf_add(names, rows[i].name, strlen(rows[i].name) + 1);
	}
	op->done(op, names->error);
}
