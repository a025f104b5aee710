/* SPDX-License-Identifier: MIT */
/* Extended attributes: what a file is called in the bucket. */
#include <string.h>

#include "internal.h"

static const char key_name[] = "user.s3.key";

static ssize_t give(void *to, size_t room, const char *from, size_t len)
{
	if (room == 0)
		return (ssize_t)len;
	if (room < len)
		return -ERANGE;
	memcpy(to, from, len);
	return (ssize_t)len;
}

ssize_t store_getxattr(struct store *store, struct node *node, const char *name,
		       void *value, size_t room)
{
	AUTO_BUF struct buf key = BUF_INIT(S3_KEY_MAX + 1);

	if (strcmp(name, key_name) != 0)
		return -ENODATA;
	node_key(store, node, &key);
	return key.error ? key.error :
			   give(value, room, buf_str(&key), key.len);
}

ssize_t store_listxattr(struct store *store, struct node *node, char *names,
			size_t room)
{
	(void)store;
	(void)node;
	return give(names, room, key_name, sizeof(key_name));
}
