/* SPDX-License-Identifier: MIT */
/*
 * Extended attributes: what a file is called in the bucket, the headers of
 * its object, and more; the table is behind the getters.
 *
 * Listed are those that can be set and say more than the file's name does,
 * so that cp --preserve=xattr and rsync -X make an equal object and try to
 * set nothing that cannot be set.
 */
#include "xattr/xattr.h"

#include <ctype.h>
#include <string.h>

#include "facts/facts_codec.h"
#include "facts/headers.h"
#include "file/job.h"
#include "names/key.h"
#include "names/tree.h"
#include "xattr/url.h"
#include "xattr/xattr_header.h"

#define VALUE_MAX 2048 /* bytes; S3 takes that much of all metadata */

static const char prefix[] = "user.s3.";

static int get_key(const struct xattr_ask *ask, struct buf *value,
		   struct errinfo *err)
{
	AUTO_BUF struct buf key = BUF_INIT(S3_KEY_MAX + 1);

	node_key(ask->store, ask->node, &key);
	buf_add(value, key.data, key.len);
	return key.error;
}

static int get_etag(const struct xattr_ask *ask, struct buf *value,
		    struct errinfo *err)
{
	LOCK(&ask->store->tree.lock);

	if (!ask->node->etag || ask->node->seq == SEQ_PENDING)
		return -ENODATA;
	buf_add_str(value, ask->node->etag);
	return 0;
}

/* The header's name, S3's metadata being lower case. */
static int header_name(const struct xattr_ask *ask, struct buf *name)
{
	buf_add_str(name, ask->row->header);
	for (const char *c = ask->rest; *c; c++)
		buf_add_char(name, (char)tolower((unsigned char)*c));
	return name->error;
}

static int get_header(const struct xattr_ask *ask, struct buf *value,
		      struct errinfo *err)
{
	CLEANUP(pairs_release) struct pairs headers = PAIRS_INIT;
	AUTO_BUF struct buf name = BUF_INIT(300);
	int result = header_name(ask, &name);
	const char *text;

	if (result == 0)
		result = xattr_headers(ask->store, ask->node, true, &headers,
				       err);
	if (result < 0)
		return result;
	text = pairs_get(&headers, buf_str(&name));
	if (!text && strcmp(ask->row->name, "storage-class") == 0)
		text = "STANDARD";
	if (!text)
		return -ENODATA;
	buf_add_str(value, text);
	return 0;
}

static int any_value(const char *value)
{
	return 0;
}

static int class_value(const char *value)
{
	return value[strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")] ?
		       -EINVAL :
		       0;
}

/* The canned ACLs of the S3 user guide. */
static int acl_value(const char *value)
{
	static const char *const canned[] = {
		"private",
		"public-read",
		"public-read-write",
		"authenticated-read",
		"aws-exec-read",
		"bucket-owner-read",
		"bucket-owner-full-control",
	};

	for (size_t i = 0; i < ARRAY_SIZE(canned); i++) {
		if (strcmp(value, canned[i]) == 0)
			return 0;
	}
	return -EINVAL;
}

#define HEADER(text)   .header = text, .get = get_header
#define SETTABLE(text) HEADER(text), .check = any_value

static const struct xattr_row rows[] = {
	{ "key", .is_instant = true, .of_dirs = true, .get = get_key },
	{ "url", .of_dirs = true, .get = url_get },
	{ "etag", .is_instant = true, .get = get_etag },
	{ "version-id", HEADER("x-amz-version-id") },
	{ "server-side-encryption", HEADER("x-amz-server-side-encryption") },
	{ "content-type", SETTABLE("content-type") },
	{ "cache-control", SETTABLE("cache-control") },
	{ "content-disposition", SETTABLE("content-disposition") },
	{ "content-encoding", SETTABLE("content-encoding") },
	{ "content-language", SETTABLE("content-language") },
	{ "expires", SETTABLE("expires") },
	{ "website-redirect-location",
	  SETTABLE("x-amz-website-redirect-location") },
	{ "meta.", SETTABLE("x-amz-meta-") },
	{ "storage-class", HEADER("x-amz-storage-class"),
	  .check = class_value },
	{ "acl", HEADER("x-amz-acl"), .check = acl_value },
};

/* ------------------------------------------------------------- a call */

/* A call on one name, and the name's parts; name is what ask points into. */
struct xattr_job {
	struct store_job job;
	struct xattr_ask ask;
	struct buf *out;
	char *value; /* owned: to be set; "": to be removed */
	int flags;
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
	free(x->value);
}

static void xattr_free(struct xattr_job *x)
{
	release_xattr(&x->job);
	free(x);
}

/* name NULL: all. NULL: no memory. */
static struct xattr_job *xattr_new(struct store *store, struct node *node,
				   const char *name, struct store_op *op)
{
	size_t room = name ? strlen(name) + 1 : 1;
	struct xattr_job *x = calloc(1, sizeof(*x) + room);

	if (!x)
		return NULL;
	memcpy(x->name, name ? name : "", room);
	x->job = (struct store_job){
		.store = store,
		.op = op,
		.release = release_xattr,
	};
	x->ask.store = store;
	x->ask.node = node_get(node);
	x->ask.row = name ? find_row(x) : NULL;
	if (x->ask.row)
		x->ask.rest = x->name + strlen(x->ask.row->name);
	return x;
}

/* Runs it, here or on the pool. */
static void start(struct xattr_job *x,
		  int (*run)(struct store_job *job, struct errinfo *err),
		  bool is_instant)
{
	struct store_op *op = x->job.op;
	int result;

	x->job.run = run;
	if (!is_instant) {
		job_start(&x->job);
		return;
	}
	result = run(&x->job, &op->err);
	xattr_free(x);
	op->done(op, result);
}

static bool is_ours(const char *name)
{
	return strncmp(name, prefix, strlen(prefix)) == 0;
}

/* ---------------------------------------------------------------- get */

static int run_get(struct store_job *job, struct errinfo *err)
{
	struct xattr_job *x = container_of(job, struct xattr_job, job);
	const struct xattr_row *row = x->ask.row;
	int result;

	if (!row || (x->ask.node->is_dir && !row->of_dirs))
		return -ENODATA;
	result = row->get(&x->ask, x->out, err);
	return result < 0 ? result : x->out->error;
}

void store_getxattr(struct store *store, struct node *node, const char *name,
		    struct buf *value, struct store_op *op)
{
	struct xattr_job *x;

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
	start(x, run_get,
	      !x->ask.row || x->ask.row->is_instant ||
		      (node->is_dir && !x->ask.row->of_dirs));
}

/* ---------------------------------------------------------------- set */

static int run_set(struct store_job *job, struct errinfo *err)
{
	struct xattr_job *x = container_of(job, struct xattr_job, job);
	AUTO_BUF struct buf header = BUF_INIT(300);
	int result = header_name(&x->ask, &header);

	if (result == 0 &&
	    strncmp(buf_str(&header), FACTS_META, strlen(FACTS_META)) == 0)
		return errinfo_set(err, -EPERM,
				   "this metadata tells how the object is "
				   "compressed");
	return result < 0 ?
		       result :
		       xattr_change(job->store, x->ask.node, buf_str(&header),
				    x->value, x->flags, err);
}

/* What a header line can carry; blanks around it would be lost. */
static int check_value(const struct xattr_row *row, const char *value,
		       size_t len)
{
	if (len == 0 || value[0] == ' ' || value[len - 1] == ' ')
		return -EINVAL;
	if (len > VALUE_MAX)
		return -E2BIG;
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)value[i] >= 0x80)
			return -EILSEQ;
		if (value[i] < ' ' || value[i] == 0x7f)
			return -EINVAL;
	}
	return row->check(value);
}

/* value NULL: removes. */
static void change(struct store *store, struct node *node, const char *name,
		   const char *value, size_t len, int flags,
		   struct store_op *op)
{
	struct xattr_job *x = NULL;
	int result = is_ours(name) ? 0 : -EOPNOTSUPP;

	if (result == 0) {
		x = xattr_new(store, node, name + strlen(prefix), op);
		result = x ? 0 : -ENOMEM;
	}
	if (result == 0 &&
	    (!x->ask.row || !x->ask.row->check || node->is_dir || x->ask.query))
		result = -EOPNOTSUPP;
	if (result == 0) {
		x->value = strndup(value ? value : "", len);
		x->flags = flags;
		if (!x->value)
			result = -ENOMEM;
		else if (value)
			result =
				strlen(x->value) == len ?
					check_value(x->ask.row, x->value, len) :
					-EINVAL;
	}
	if (result == 0) {
		start(x, run_set, false);
		return;
	}
	if (x)
		xattr_free(x);
	op->done(op, result);
}

void store_setxattr(struct store *store, struct node *node, const char *name,
		    const void *data, size_t len, int flags,
		    struct store_op *op)
{
	change(store, node, name, data ? data : "", len, flags, op);
}

void store_removexattr(struct store *store, struct node *node, const char *name,
		       struct store_op *op)
{
	change(store, node, name, NULL, 0, 0, op);
}

/* --------------------------------------------------------------- list */

/* The row that sets this header, or NULL. */
static const struct xattr_row *row_of_header(const char *header)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		size_t len = rows[i].header ? strlen(rows[i].header) : 0;

		if (!rows[i].check)
			continue;
		if (rows[i].name[strlen(rows[i].name) - 1] == '.' ?
			    strncmp(header, rows[i].header, len) == 0 :
			    strcmp(header, rows[i].header) == 0)
			return &rows[i];
	}
	return NULL;
}

/* It says what a new file of this name would have anyway. */
static bool says_nothing(const struct pair *p,
			 const struct header_defaults *defaults)
{
	if (strcmp(p->name, "x-amz-storage-class") == 0)
		return strcmp(p->value, "STANDARD") == 0;
	if (strncmp(p->name, FACTS_META, strlen(FACTS_META)) == 0)
		return true;
	return !*p->value || headers_is_default(defaults, p);
}

static int run_list(struct store_job *job, struct errinfo *err)
{
	struct xattr_job *x = container_of(job, struct xattr_job, job);
	CLEANUP(pairs_release) struct pairs headers = PAIRS_INIT;
	AUTO_BUF struct buf key = BUF_INIT(S3_KEY_MAX + 1);
	struct header_defaults defaults;
	int result =
		xattr_headers(job->store, x->ask.node, x->flags, &headers, err);

	if (result < 0)
		return result == -ENODATA ? 0 : result;
	node_key(job->store, x->ask.node, &key);
	if (key.error)
		return key.error;
	headers_defaults(job->store, buf_str(&key), &defaults);
	for (size_t i = 0; i < headers.count; i++) {
		const struct pair *p = &headers.items[i];
		const struct xattr_row *row = row_of_header(p->name);

		if (!row || says_nothing(p, &defaults))
			continue;
		buf_add_str(x->out, prefix);
		buf_add_str(x->out, row->name);
		buf_add_str(x->out,
			    p->name + (row->name[strlen(row->name) - 1] == '.' ?
					       strlen(row->header) :
					       strlen(p->name)));
		buf_add_char(x->out, '\0');
	}
	return x->out->error;
}

void store_listxattr(struct store *store, struct node *node, bool may_ask,
		     struct buf *names, struct store_op *op)
{
	struct xattr_job *x = NULL;

	if (!node->is_dir)
		x = xattr_new(store, node, NULL, op);
	if (!x) {
		op->done(op, node->is_dir ? 0 : -ENOMEM);
		return;
	}
	x->out = names;
	x->flags = may_ask;
	start(x, run_list, !may_ask);
}
