/* SPDX-License-Identifier: MIT */
/*
 * Opening a file whose object may lie in an archive: its bytes have to be
 * restored before anybody can read or edit them, so the open is refused. A
 * listing tells the class only, a HEAD also whether it is restored.
 */
#include <fcntl.h>

#include "facts/headers.h"
#include "names/key.h"
#include "open/open.h"

struct archive_look {
	struct s3_head head;
	struct store *store;
	struct node *node; /* counted */
	struct store_op *op;
	struct buf key;
	int flags;
};

static void archive_looked(struct s3_op *s3)
{
	struct archive_look *look =
		container_of(s3, struct archive_look, head.op);
	struct s3_object *object = &look->head.object;
	struct store_op *op = look->op;
	const char *archive =
		s3->result == 0 ? s3_archive(&object->headers) : NULL;
	int result = 0;

	if (s3->result == 0) {
		LOCK(&look->store->tree.lock);
		headers_learn_locked(look->store, look->node, object);
	}
	if (archive)
		result = errinfo_set(&op->err, -EACCES,
				     "archived (%s): restore it first (aws "
				     "s3api restore-object) key=%s",
				     archive, look->head.key);
	/* Where there is no answer, reading tells. */
	if (result == 0)
		file_open(look->store, look->node, look->flags, op);
	else
		op->done(op, result);
	node_put(look->store, look->node, 1);
	s3_head_release(&look->head);
	buf_release(&look->key);
	free(look);
}

static void archive_look_start(struct store *store, struct node *node,
			       int flags, struct store_op *op)
{
	struct archive_look *look = calloc(1, sizeof(*look));

	op->handle = NULL;
	if (!look) {
		op->done(op, -ENOMEM);
		return;
	}
	look->store = store;
	look->node = node_get(node);
	look->op = op;
	look->flags = flags;
	look->key = (struct buf)BUF_INIT(S3_KEY_MAX + 1);
	node_key(store, node, &look->key);
	look->head.key = buf_str(&look->key);
	look->head.op.done = archive_looked;
	look->head.op.priority = S3_METADATA;
	s3_head_start(store->s3, &look->head);
}

static bool may_be_archived(struct store *store, const struct node *node)
{
	LOCK(&store->tree.lock);
	return node->is_archive && !node->file;
}

void store_open(struct store *store, struct node *node, int flags,
		struct store_op *op)
{
	bool wants_bytes = !(flags & O_TRUNC);

	if (wants_bytes && may_be_archived(store, node))
		archive_look_start(store, node, flags, op);
	else
		file_open(store, node, flags, op);
}
