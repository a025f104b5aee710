/* SPDX-License-Identifier: MIT */
/* The keys of nodes and of names below them; see internal.h. */
#include "names/key.h"

#include <string.h>

#include "internal.h"
#include "log.h"
#include "name.h"
#include "names/tree.h"
#include "text.h"

/* Recursion is bounded: a key has 1024 bytes at most. */
static void add_path(const struct node *node, struct buf *key)
{
	if (!node->parent)
		return;
	add_path(node->parent, key);
	buf_add_str(key, node->name);
	if (node->is_dir)
		buf_add_char(key, '/');
}

void node_key_locked(const struct store *store, const struct node *node,
		     struct buf *key)
{
	lock_assert_held(&store->tree.lock);
	buf_clear(key);
	buf_add_str(key, store->location);
	add_path(node, key);
}

void node_key(struct store *store, struct node *node, struct buf *key)
{
	LOCK(&store->tree.lock);
	node_key_locked(store, node, key);
}

int child_key(struct store *store, struct node *parent, const char *name,
	      struct buf *key)
{
	int result = name_check(name, strlen(name));

	if (result < 0)
		return result;
	node_key(store, parent, key);
	buf_add_str(key, name);
	if (key->error == -EMSGSIZE || key->len > S3_KEY_MAX)
		return -ENAMETOOLONG;
	return key->error;
}

int store_node_path(struct store *store, struct node *node, struct buf *out)
{
	AUTO_BUF struct buf key = BUF_INIT(S3_KEY_MAX + 1);

	node_key(store, node, &key);
	buf_add_str(out, buf_str(&key) + strlen(store->location));
	return key.error ? key.error : out->error;
}

int path_key(struct store *store, const char *path, struct buf *key)
{
	if (!*path)
		return -EINVAL;
	if (!text_is_utf8(path, strlen(path)))
		return -EILSEQ;
	buf_add_str(key, store->location);
	buf_add_str(key, path);
	if (key->error == -EMSGSIZE || key->len > S3_KEY_MAX)
		return -ENAMETOOLONG;
	return key->error;
}

void key_note_unshown(struct store *store, const char *key)
{
	if (!atomic_exchange(&store->has_told_of_unshown, true))
		log_warn("store",
			 "%s cannot be a path and is not shown; further ones "
			 "are not reported",
			 key);
}

size_t key_point_room(const struct store *store, const struct buf *key)
{
	size_t most = store->options.max_length;
	size_t skip = strlen(store->location);
	size_t points;

	if (most == 0)
		return SIZE_MAX;
	points = name_points(buf_str(key) + skip, key->len - skip);
	return points < most ? most - points : 0;
}

int child_key_new(struct store *store, struct node *parent, const char *name,
		  struct buf *key)
{
	size_t len = strlen(name);
	int result = child_key(store, parent, name, key);

	if (result < 0)
		return result;
	key->len -= len;
	if (name_points(name, len) > key_point_room(store, key))
		result = -ENAMETOOLONG;
	key->len += len;
	return result;
}
