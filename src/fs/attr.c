/* SPDX-License-Identifier: MIT */
/* The store's attributes as stat(2) tells them. */
#include "attr.h"

#include <string.h>

#include "call.h"
#include "internal.h"

/* st_blksize: what cp and cat read at a time; a FUSE request's usual size. */
#define BLOCK_BYTES (128 * 1024)

static struct timespec attr_time(int64_t ns)
{
	int64_t s = ns / 1000000000;
	int64_t rest = ns % 1000000000;

	if (rest < 0) {
		rest += 1000000000;
		s--;
	}
	return (struct timespec){ .tv_sec = s, .tv_nsec = (long)rest };
}

void attr_to_stat(const struct fs *fs, const struct store_attr *attr,
		  struct stat *st)
{
	const struct fs_options *o = &fs->options;
	mode_t perm = attr->is_dir ? o->dir_mode : o->file_mode;

	if (attr->has_mode)
		perm = attr->mode;
	memset(st, 0, sizeof(*st));
	st->st_ino = inodes_number(&fs->inodes, attr->id);
	st->st_mode = (attr->is_dir ? S_IFDIR : S_IFREG) | (perm & 07777);
	/* Also a directory's: nobody counts its children (find -noleaf). */
	st->st_nlink = attr->is_gone ? 0 : 1;
	st->st_uid = attr->has_uid ? attr->uid : o->uid;
	st->st_gid = attr->has_gid ? attr->gid : o->gid;
	st->st_size = (off_t)attr->size;
	st->st_blocks = (blkcnt_t)((attr->size + 511) / 512);
	st->st_blksize = BLOCK_BYTES;
	st->st_mtim = attr_time(attr->mtime_ns);
	st->st_ctim =
		attr_time(attr->ctime_ns ? attr->ctime_ns : attr->mtime_ns);
	st->st_atim = attr_time(attr->atime_ns);
}

double attr_seconds(const struct store_attr *attr)
{
	return attr->valid_ms <= 0 ? 0.0 : attr->valid_ms / 1000.0;
}

void attr_of_creator(const struct call *call, mode_t mode,
		     struct store_attr *attr)
{
	*attr = (struct store_attr){
		.has_mode = true,
		.has_uid = true,
		.has_gid = true,
		.mode = mode & 07777,
		.uid = call->uid,
		.gid = call->gid,
	};
}

int attr_to_entry(struct fs *fs, struct node *node,
		  const struct store_attr *attr, struct fuse_entry_param *e)
{
	uint64_t ino = inodes_number(&fs->inodes, node_id(node));
	int rc = inodes_add(&fs->inodes, node);

	if (rc < 0)
		return rc;
	memset(e, 0, sizeof(*e));
	e->ino = ino;
	e->generation = fs->generation;
	attr_to_stat(fs, attr, &e->attr);
	e->attr.st_ino = ino;
	e->attr_timeout = e->entry_timeout = attr_seconds(attr);
	if (attr->has_mode)
		inodes_note_set_id(&fs->inodes, ino,
				   !attr->is_dir &&
					   (attr->mode & (S_ISUID | S_ISGID)));
	return 0;
}
