/* SPDX-License-Identifier: MIT */
/* A profile of the shared files as a source; see creds_source.h. */
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "creds_file.h"
#include "creds_source.h"
#include "lock.h"

#define NAME_MAX_BYTES 512 /* of the text for messages */

enum which {
	CREDENTIALS,
	CONFIG,
	FILES
};

struct shared {
	struct creds_source base;
	char *profile;
	char *paths[FILES];
	char name[NAME_MAX_BYTES];
	struct lock lock;
	struct {
		struct creds_stamp stamps[FILES];
	} locked;
};

/* The profile as both files have it. */
struct both {
	struct creds_profile in[FILES];
};

static void both_release(struct both *both)
{
	for (int i = 0; i < FILES; i++)
		creds_profile_release(&both->in[i]);
}

static struct shared *shared_of(struct creds_source *source)
{
	return container_of(source, struct shared, base);
}

static int load(const struct shared *s, struct both *out, struct errinfo *err)
{
	*out = (struct both){ 0 };
	for (int i = 0; i < FILES; i++) {
		int result = creds_file_load(s->paths[i], s->profile,
					     i == CONFIG, &out->in[i], err);

		if (result < 0 && result != -ENOENT)
			return result;
	}
	return 0;
}

static int no_keys(const struct shared *s, const struct both *both,
		   struct errinfo *err)
{
	const char *remote = both->in[CREDENTIALS].remote_source;

	if (!remote)
		remote = both->in[CONFIG].remote_source;
	if (remote)
		return errinfo_set(err, -ENOKEY,
				   "profile %s has %s and no keys of its own: "
				   "this source is not supported",
				   s->profile, remote);
	if (!both->in[CREDENTIALS].is_found && !both->in[CONFIG].is_found &&
	    strcmp(s->profile, "default") != 0)
		return errinfo_set(err, -ENOKEY, "no profile %s in %s or %s",
				   s->profile, s->paths[CREDENTIALS],
				   s->paths[CONFIG]);
	return errinfo_set(err, -ENOKEY,
			   "no credentials: no settings, no AWS_ACCESS_KEY_ID "
			   "in the environment, no keys of profile %s in %s",
			   s->profile, s->paths[CREDENTIALS]);
}

/* Looks at the keys that one file gives, and makes credentials of them. */
static int make(const struct shared *s, enum which which,
		const struct creds_profile *p, struct s3_creds **out,
		struct errinfo *err)
{
	const char *path = s->paths[which];
	char from[NAME_MAX_BYTES];
	int result;

	if (p->exposed_mode)
		return errinfo_set(err, -EACCES,
				   "other users can get at %s (mode %04o) and "
				   "its keys: chmod 600 %s",
				   path, p->exposed_mode, path);
	if (!p->access_key || !p->secret_key)
		return errinfo_set(err, -EINVAL, "profile %s in %s has no %s",
				   s->profile, path,
				   p->access_key ? "aws_secret_access_key" :
						   "aws_access_key_id");
	snprintf(from, sizeof(from), "profile %s in %s", s->profile, path);
	result = creds_check(p->access_key, p->secret_key, p->token, from, err);
	if (result == 0)
		result = creds_new(p->access_key, p->secret_key, p->token, out);
	return result == -ENOMEM ?
		       errinfo_set(err, result, "no memory for credentials") :
		       result;
}

static int shared_fetch(struct creds_source *source, struct s3_creds **out,
			struct errinfo *err)
{
	CLEANUP(both_release) struct both both = { 0 };
	struct shared *s = shared_of(source);
	int result = load(s, &both, err);
	int i = CREDENTIALS;

	if (result < 0)
		return result;
	while (i < FILES && !both.in[i].access_key && !both.in[i].secret_key)
		i++;
	if (i == FILES)
		return no_keys(s, &both, err);
	result = make(s, (enum which)i, &both.in[i], out, err);
	if (result < 0)
		return result;
	LOCK(&s->lock);
	for (int k = 0; k < FILES; k++)
		s->locked.stamps[k] = both.in[k].stamp;
	return 0;
}

static bool shared_has_changed(struct creds_source *source)
{
	struct shared *s = shared_of(source);
	struct creds_stamp stamps[FILES];

	lock_enter(&s->lock);
	memcpy(stamps, s->locked.stamps, sizeof(stamps));
	lock_leave(&s->lock);
	for (int i = 0; i < FILES; i++) {
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

	for (int i = 0; i < FILES; i++)
		free(s->paths[i]);
	free(s->profile);
	free(s);
}

/* $HOME, else the user's in the password file: fstab mounts have no HOME. */
static char *home_folder(void)
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
	home = home_folder();
	if (!home || asprintf(&out, "%s%s", home, path + 1) < 0)
		return NULL;
	return out;
}

int creds_shared_new(const char *profile, struct creds_source **out)
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
	s->lock = (struct lock)LOCK_INIT;
	s->profile = strdup(profile);
	s->paths[CREDENTIALS] =
		creds_path("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials");
	s->paths[CONFIG] = creds_path("AWS_CONFIG_FILE", "~/.aws/config");
	if (!s->profile || !s->paths[CREDENTIALS] || !s->paths[CONFIG]) {
		shared_free(&s->base);
		return -ENOMEM;
	}
	snprintf(s->name, sizeof(s->name), "profile %s of %s", s->profile,
		 s->paths[CREDENTIALS]);
	*out = &s->base;
	return 0;
}

int creds_shared_region(struct creds_source *source, char **out)
{
	const struct shared *s = shared_of(source);
	CLEANUP(both_release) struct both both = { 0 };

	*out = NULL;
	if (load(s, &both, NULL) == -ENOMEM)
		return -ENOMEM;
	for (int i = 0; i < FILES && !*out; i++)
		*out = STEAL(both.in[i].region);
	return 0;
}
