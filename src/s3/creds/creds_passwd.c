/* SPDX-License-Identifier: MIT */
/* A key file of s3fs as a source; see creds_source.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "creds/creds.h"
#include "creds/creds_file.h"
#include "creds/creds_source.h"
#include "lock.h"

#define NAME_MAX_BYTES 512 /* of the text for messages */

static const char system_path[] = "/etc/passwd-s3fs";

struct passwd_source {
	struct creds_source base;
	struct creds_reader reader;
	char *bucket;
	bool allow_readable;
	char *paths[2]; /* in their order; NULL: none */
	bool is_named;  /* the first must be there */
	struct lock lock;
	struct {
		const char *path; /* where the keys came from */
		struct creds_stamp stamp;
		char name[NAME_MAX_BYTES];
	} locked;
};

static struct passwd_source *passwd_of(struct creds_source *source)
{
	return container_of(source, struct passwd_source, base);
}

static int passwd_parse(struct creds_reader *reader, char *text, size_t len,
			struct creds_profile *out, struct errinfo *err)
{
	struct passwd_source *s =
		container_of(reader, struct passwd_source, reader);

	return creds_passwd_parse(text, len, s->bucket, out, err);
}

/* The group of the machine's own file may read it, as s3fs has it. */
static int passwd_check_mode(const char *path, const struct creds_profile *p,
			     struct errinfo *err)
{
	bool is_system = strcmp(path, system_path) == 0;
	unsigned exposed = p->exposed_mode;

	if (is_system)
		exposed &= ~(unsigned)(S_IRWXU | S_IRGRP);
	if (!exposed && !(p->mode & (S_IXUSR | S_IXGRP | S_IXOTH)))
		return 0;
	return errinfo_set(
		err, -EACCES,
		"chmod %s, or, where that cannot be, set allow_readable_keys: "
		"others can get at the keys in %s (mode %04o), or execute it",
		is_system ? "640" : "600", path, p->mode);
}

static int passwd_make_creds(const struct passwd_source *s, const char *path,
			     const struct creds_profile *p,
			     struct s3_creds **out, struct errinfo *err)
{
	int rc = s->allow_readable ? 0 : passwd_check_mode(path, p, err);

	if (rc < 0)
		return rc;
	if (!p->access_key && !p->secret_key)
		return errinfo_set(err, -ENOKEY, "no keys for bucket %s in %s",
				   s->bucket, path);
	if (!p->access_key || !p->secret_key)
		return errinfo_set(err, -EINVAL, "%s has no %s", path,
				   p->access_key ? "AWSSecretKey" :
						   "AWSAccessKeyId");
	rc = creds_check(p->access_key, p->secret_key, NULL, path, err);
	if (rc < 0)
		return rc;
	rc = creds_new(p->access_key, p->secret_key, NULL, out);
	return rc < 0 ? errinfo_set(err, rc, "no memory for credentials") : 0;
}

static int passwd_fetch_from(struct passwd_source *s, const char *path,
			     struct s3_creds **out, struct errinfo *err)
{
	CLEANUP(creds_profile_release) struct creds_profile p = { 0 };
	int rc = creds_file_load_by(&s->reader, path, &p, err);

	if (rc == 0)
		rc = passwd_make_creds(s, path, &p, out, err);
	if (rc < 0)
		return rc;
	LOCK(&s->lock);
	s->locked.path = path;
	s->locked.stamp = p.stamp;
	snprintf(s->locked.name, sizeof(s->locked.name), "%s", path);
	return 0;
}

static int passwd_fetch(struct creds_source *source, struct s3_creds **out,
			struct errinfo *err)
{
	struct passwd_source *s = passwd_of(source);

	for (size_t i = 0; i < ARRAY_SIZE(s->paths) && s->paths[i]; i++) {
		int rc = passwd_fetch_from(s, s->paths[i], out, err);

		if (rc == -ENOENT && s->is_named)
			return errinfo_set(err, -ENOKEY,
					   "passwd_file: there is no %s",
					   s->paths[i]);
		if (rc != -ENOENT)
			return rc;
	}
	return errinfo_set(err, -ENOKEY, "no ~/.passwd-s3fs, no %s",
			   system_path);
}

static bool passwd_has_changed(struct creds_source *source)
{
	struct passwd_source *s = passwd_of(source);
	struct creds_stamp stamp;
	const char *path;

	lock_enter(&s->lock);
	path = s->locked.path;
	stamp = s->locked.stamp;
	lock_leave(&s->lock);
	return path && creds_file_has_changed(path, &stamp);
}

static const char *passwd_name(struct creds_source *source)
{
	return passwd_of(source)->locked.name;
}

static void passwd_free(struct creds_source *source)
{
	struct passwd_source *s = passwd_of(source);

	for (size_t i = 0; i < ARRAY_SIZE(s->paths); i++)
		free(s->paths[i]);
	free(s->bucket);
	free(s);
}

int creds_passwd_new(const char *path, const char *bucket, bool allow_readable,
		     struct creds_source **out)
{
	struct passwd_source *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->base = (struct creds_source){
		.fetch = passwd_fetch,
		.has_changed = passwd_has_changed,
		.name = passwd_name,
		.free = passwd_free,
	};
	s->reader.parse = passwd_parse;
	s->lock = (struct lock)LOCK_INIT(LOCK_CREDS_SOURCE);
	s->is_named = path != NULL;
	s->allow_readable = allow_readable;
	s->bucket = strdup(bucket ? bucket : "");
	s->paths[0] = path ? strdup(path) : creds_path(NULL, "~/.passwd-s3fs");
	if (!path)
		s->paths[1] = strdup(system_path);
	if (!s->bucket || !s->paths[0] || (!path && !s->paths[1])) {
		passwd_free(&s->base);
		return -ENOMEM;
	}
	*out = &s->base;
	return 0;
}
