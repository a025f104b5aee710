/* SPDX-License-Identifier: MIT */
/* s3storefs ls of a path on a mount: what the mount shows there. */
#include <errno.h>
#include <fts.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/xattr.h>

#include "ls.h"
#include "target.h"

#define VALUE_MAX 2048 /* bytes of a key or an ETag, and more */

/* As a bucket has them: a folder's name ends in a slash. */
static int ls_path_by_key(const FTSENT **a, const FTSENT **b)
{
	size_t len = (*a)->fts_namelen < (*b)->fts_namelen ? (*a)->fts_namelen :
							     (*b)->fts_namelen;
	int order = memcmp((*a)->fts_name, (*b)->fts_name, len);
	const FTSENT *longer = (*a)->fts_namelen > len ? *a : *b;
	const FTSENT *shorter = longer == *a ? *b : *a;

	if (order != 0 || (*a)->fts_namelen == (*b)->fts_namelen)
		return order;
	/* Only its slash stands against the longer one's next byte. */
	if (S_ISDIR(shorter->fts_statp->st_mode) &&
	    (unsigned char)longer->fts_name[len] < '/')
		return shorter == *a ? 1 : -1;
	return shorter == *a ? -1 : 1;
}

/* "" if the mount does not tell. */
static void ls_path_ask(const char *path, const char *name,
			char value[VALUE_MAX])
{
	ssize_t len = getxattr(path, name, value, VALUE_MAX - 1);

	value[len > 0 ? len : 0] = '\0';
}

static void ls_path_print(const struct listing *l, const FTSENT *entry,
			  const char *name)
{
	const struct stat *st = entry->fts_statp;
	char key[VALUE_MAX] = "", etag[VALUE_MAX] = "";
	struct s3_listed item = {
		.key = key,
		.is_prefix = S_ISDIR(st->st_mode),
		.size = (uint64_t)st->st_size,
		.mtime_ns = st->st_mtim.tv_sec * INT64_C(1000000000) +
			    st->st_mtim.tv_nsec,
	};

	if (l->is_json)
		ls_path_ask(entry->fts_path, "user.s3.key", key);
	if (!item.is_prefix && (l->is_json || l->is_long))
		ls_path_ask(entry->fts_path, "user.s3.etag", etag);
	snprintf(item.etag, sizeof(item.etag), "%s", etag);
	ls_print(l, &item, name);
}

static int ls_path_visit(const struct listing *l, FTS *tree, FTSENT *entry,
			 size_t skip)
{
	AUTO_BUF struct buf name = BUF_INIT(PATH_MAX + 1);

	if (entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR ||
	    entry->fts_info == FTS_NS)
		return tool_fail(l->call, TOOL_NO, "%s: %s", entry->fts_path,
				 strerrordesc_np(entry->fts_errno));
	if (entry->fts_info == FTS_DP ||
	    (entry->fts_info == FTS_D && entry->fts_level == 0))
		return TOOL_OK;
	if (entry->fts_level == 0)
		buf_add_str(&name, entry->fts_name);
	else
		buf_add_str(&name, entry->fts_path + skip);
	if (entry->fts_info == FTS_D) {
		if (l->is_recursive)
			return TOOL_OK;
		buf_add_char(&name, '/');
		fts_set(tree, entry, FTS_SKIP);
	}
	ls_path_print(l, entry, buf_str(&name));
	return TOOL_OK;
}

int ls_path(const struct listing *l, const char *path)
{
	AUTO_FREE char *root = strdup(path);
	int status = target_check_mount(l->call, path);
	size_t len = strlen(path);
	char *roots[] = { root, NULL };
	FTSENT *entry;
	FTS *tree;

	if (status != TOOL_OK || !root)
		return status;
	while (len > 1 && root[len - 1] == '/')
		root[--len] = '\0';
	tree = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV,
			ls_path_by_key);
	if (!tree)
		return tool_fail(l->call, TOOL_NO, "%s: %s", path,
				 strerrordesc_np(errno));
	while (status == TOOL_OK && (entry = fts_read(tree)))
		status = ls_path_visit(l, tree, entry, len + 1);
	fts_close(tree);
	return status;
}
