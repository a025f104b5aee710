/* SPDX-License-Identifier: MIT */
/* A profile of the shared files as a source; see creds_source.h. */
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "creds/creds.h"
#include "creds/creds_file.h"
#include "creds/creds_http.h"
#include "creds/creds_source.h"
#include "lock.h"

#define NAME_MAX_BYTES 512 /* of the text for messages */

struct shared {
	struct creds_source base;
	bool allow_readable;
	char *profile;
	char *paths[CREDS_FILES];
	char name[NAME_MAX_BYTES];
	struct lock lock;
	struct {
		struct creds_stamp stamps[CREDS_FILES];
	} locked;
};

static struct shared *shared_of(struct creds_source *source)
{
	return container_of(source, struct shared, base);
}

static int shared_find_paths(char *paths[CREDS_FILES])
{
	paths[CREDS_CREDENTIALS] =
		creds_path("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials");
	paths[CREDS_CONFIG] = creds_path("AWS_CONFIG_FILE", "~/.aws/config");
	return paths[CREDS_CREDENTIALS] && paths[CREDS_CONFIG] ? 0 : -ENOMEM;
}

int creds_both_load(const char *profile, struct creds_both *out,
		    struct errinfo *err)
{
	int rc;

	*out = (struct creds_both){ 0 };
	rc = shared_find_paths(out->paths);
	if (rc < 0)
		return errinfo_set(err, rc, "no memory for credentials");
	for (int i = 0; i < CREDS_FILES; i++) {
		struct errinfo why = ERRINFO_INIT;

		rc = creds_file_load(out->paths[i], profile, i == CREDS_CONFIG,
				     &out->in[i], &why);
		if (rc < 0 && rc != -ENOENT)
			return errinfo_set(err, rc, "%s", why.text);
	}
	return 0;
}

void creds_both_release(struct creds_both *both)
{
	for (int i = 0; i < CREDS_FILES; i++) {
		creds_profile_release(&both->in[i]);
		free(both->paths[i]);
	}
}

bool creds_profile_has_keys(const struct creds_profile *p)
{
	return p->access_key || p->secret_key;
}

/* Looks at the keys that one file gives, and makes credentials of them. */
static int shared_make_creds(const struct shared *s, enum creds_which which,
			     const struct creds_profile *p,
			     struct s3_creds **out, struct errinfo *err)
{
	const char *path = s->paths[which];
	char from[NAME_MAX_BYTES];
	int rc;

	if (p->exposed_mode && !s->allow_readable)
		return errinfo_set(err, -EACCES,
				   "chmod 600, or, where that cannot be, set "
				   "allow_readable_keys: others can get at the "
				   "keys in %s (mode %04o)",
				   path, p->exposed_mode);
	if (!p->access_key || !p->secret_key)
		return errinfo_set(err, -EINVAL, "profile %s in %s has no %s",
				   s->profile, path,
				   p->access_key ? "aws_secret_access_key" :
						   "aws_access_key_id");
	snprintf(from, sizeof(from), "profile %s in %s", s->profile, path);
	rc = creds_check(p->access_key, p->secret_key, p->token, from, err);
	if (rc == 0)
		rc = creds_new(p->access_key, p->secret_key, p->token, out);
	return rc == -ENOMEM ?
		       errinfo_set(err, rc, "no memory for credentials") :
		       rc;
}

static int shared_fetch(struct creds_source *source, struct s3_creds **out,
			struct errinfo *err)
{
	CLEANUP(creds_both_release) struct creds_both both;
	struct shared *s = shared_of(source);
	int rc = creds_both_load(s->profile, &both, err);
	int i = CREDS_CREDENTIALS;

	if (rc < 0)
		return rc;
	while (i < CREDS_FILES && !creds_profile_has_keys(&both.in[i]))
		i++;
	if (i == CREDS_FILES)
		return errinfo_set(err, -ENOKEY,
				   "profile %s has no keys in %s or %s",
				   s->profile, s->paths[CREDS_CREDENTIALS],
				   s->paths[CREDS_CONFIG]);
	rc = shared_make_creds(s, (enum creds_which)i, &both.in[i], out, err);
	if (rc < 0)
		return rc;
	LOCK(&s->lock);
	for (int k = 0; k < CREDS_FILES; k++)
		s->locked.stamps[k] = both.in[k].stamp;
	return 0;
}

static bool shared_has_changed(struct creds_source *source)
{
	struct shared *s = shared_of(source);
	struct creds_stamp stamps[CREDS_FILES];

	lock_enter(&s->lock);
	memcpy(stamps, s->locked.stamps, sizeof(stamps));
	lock_leave(&s->lock);
	for (int i = 0; i < CREDS_FILES; i++) {
		if (creds_file_has_changed(s->paths[i], &stamps[i]))
			return true;
	}
	return false;
}

static const char *shared_name(struct creds_source *source)
{
	return shared_of(source)->name;
}

static void shared_free(struct creds_source *source)
{
	struct shared *s = shared_of(source);

	for (int i = 0; i < CREDS_FILES; i++)
		free(s->paths[i]);
	free(s->profile);
	free(s);
}

/* $HOME, else the user's in the password file: fstab mounts have no HOME. */
static char *shared_home_folder(void)
{
	const char *home = getenv("HOME");
	char room[4096];
	struct passwd entry, *found = NULL;

	if (home && *home)
		return strdup(home);
	if (getpwuid_r(geteuid(), &entry, room, sizeof(room), &found) == 0 &&
	    found)
		return strdup(found->pw_dir);
	return strdup("");
}

char *creds_path(const char *variable, const char *standard)
{
	const char *path = variable ? getenv(variable) : NULL;
	AUTO_FREE char *home = NULL;
	char *out;

	if (!path || !*path)
		path = standard;
	if (path[0] != '~' || path[1] != '/')
		return strdup(path);
	home = shared_home_folder();
	if (!home || asprintf(&out, "%s%s", home, path + 1) < 0)
		return NULL;
	return out;
}

int creds_shared_new(const struct creds_context *context, const char *profile,
		     struct creds_source **out)
{
	struct shared *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->base = (struct creds_source){
		.fetch = shared_fetch,
		.has_changed = shared_has_changed,
		.name = shared_name,
		.free = shared_free,
	};
	s->lock = (struct lock)LOCK_INIT(LOCK_CREDS_SOURCE);
	s->allow_readable = context->allow_readable;
	s->profile = strdup(profile);
	if (shared_find_paths(s->paths) < 0 || !s->profile) {
		shared_free(&s->base);
		return -ENOMEM;
	}
	snprintf(s->name, sizeof(s->name), "profile %s of %s", s->profile,
		 s->paths[CREDS_CREDENTIALS]);
	*out = &s->base;
	return 0;
}

int creds_shared_region(const char *profile, char **out)
{
	CLEANUP(creds_both_release) struct creds_both both;

	*out = NULL;
	if (creds_both_load(profile, &both, NULL) == -ENOMEM)
		return -ENOMEM;
	for (int i = 0; i < CREDS_FILES && !*out; i++)
		*out = STEAL(both.in[i].region);
	return 0;
}
