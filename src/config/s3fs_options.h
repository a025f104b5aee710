/* SPDX-License-Identifier: MIT */
/*
 * The options of s3fs, so that its line of fstab mounts here with only the
 * program's name changed. What they say is handed on in our settings' words;
 * those that ask for nothing that we lack are taken in silence. One thread.
 */
#ifndef S3FS_OPTIONS_H
#define S3FS_OPTIONS_H

#include "config.h"
#include "errinfo.h"

enum s3fs_kind {
	S3FS_SAME,      /* the value goes to a setting as it is */
	S3FS_MEGABYTES, /* as it is, in MiB */
	S3FS_SWITCH,    /* absent or 1: true; 0: false */
	S3FS_FIXED,     /* a value of ours for a setting; 0 switches it off */
	S3FS_OWN,       /* a function of its own */
	S3FS_SILENT,    /* so it is here in any case */
	S3FS_NO_EFFECT, /* the log is told why */
	S3FS_REFUSED    /* the user is told why */
};

struct s3fs_option;

/* Hands a setting on. */
struct s3fs_taker {
	int (*set)(struct s3fs_taker *taker, const char *name,
		   const char *value, struct errinfo *err);
	struct config *config;
};

struct s3fs_option {
	const char *name;
	enum s3fs_kind kind;
	const char *to;   /* the setting; the reason; what OWN does */
	const char *text; /* FIXED */
	int (*own)(struct s3fs_taker *taker, const char *value,
		   struct errinfo *err);
};

extern const struct s3fs_option s3fs_options[];
extern const size_t s3fs_option_count;

/* The row, or NULL: it is none of s3fs's own. */
const struct s3fs_option *s3fs_option_find(const char *name);

/*
 * value may be NULL. Returns 0; -EINVAL: refused, or a value that cannot be;
 * what taker->set returns.
 */
MUST_USE int s3fs_option_take(const struct s3fs_option *option,
			      struct s3fs_taker *taker, const char *value,
			      struct errinfo *err);

#endif
