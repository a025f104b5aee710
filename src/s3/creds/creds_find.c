/* SPDX-License-Identifier: MIT */
/*
 * Where credentials come from; see creds_find.h. The order and the
 * independent look-up of key, secret and token are django-storages' and
 * botocore's, whose settings these are; what the first builds and cannot use
 * is refused here. The key files of s3fs stand behind the shared files of the
 * AWS tools. The instance metadata is last: only there a machine has to be
 * asked that may not be there.
 */
#include "creds/creds_find.h"

#include <string.h>

#include "creds/creds.h"
#include "creds/creds_http.h"
#include "creds/creds_source.h"
#include "names/endpoint.h"

/* Borrowed from the options and the environment. */
struct keys {
	const char *access_key, *secret_key, *token;
	bool from_settings; /* one of the two keys at least */
};

struct search {
	const struct s3_options *options;
	struct creds_context *context;
	struct keys keys;
	const char *named; /* the profile that the settings name, or NULL */
	const char *profile;
	struct creds_found *out;
};

static bool keys_is_set(const char *s)
{
	return s && *s;
}

/* Empty ones do not count. variable2 may be NULL. */
static const char *keys_first_set(const char *setting, const char *variable1,
				  const char *variable2)
{
	const char *value = setting;

	if (!keys_is_set(value))
		value = getenv(variable1);
	if (!keys_is_set(value) && variable2)
		value = getenv(variable2);
	return keys_is_set(value) ? value : NULL;
}

static void keys_look_up(const struct s3_options *o, struct keys *out)
{
	out->access_key = keys_first_set(o->access_key, "AWS_S3_ACCESS_KEY_ID",
					 "AWS_ACCESS_KEY_ID");
	out->secret_key =
		keys_first_set(o->secret_key, "AWS_S3_SECRET_ACCESS_KEY",
			       "AWS_SECRET_ACCESS_KEY");
	out->token = keys_first_set(o->session_token, "AWS_SESSION_TOKEN",
				    "AWS_SECURITY_TOKEN");
	out->from_settings =
		keys_is_set(o->access_key) || keys_is_set(o->secret_key);
}

/* Are the keys of settings and environment complete, and alone? */
static int keys_check_found(const struct keys *f, bool has_profile,
			    struct errinfo *err)
{
	if (has_profile && (f->access_key || f->secret_key))
		return errinfo_set(
			err, -EINVAL,
			"AWS_S3_SESSION_PROFILE/session_profile should not be "
			"provided with AWS_S3_ACCESS_KEY_ID/access_key and "
			"AWS_S3_SECRET_ACCESS_KEY/secret_key");
	if (f->access_key && !f->secret_key)
		return errinfo_set(err, -EINVAL,
				   "an access key without its secret: set "
				   "AWS_SECRET_ACCESS_KEY too");
	if (f->secret_key && !f->access_key)
		return errinfo_set(err, -EINVAL,
				   "a secret key without its access key: set "
				   "AWS_ACCESS_KEY_ID too");
	return 0;
}

static int find_no_memory(struct errinfo *err)
{
	return errinfo_set(err, -ENOMEM, "no memory for credentials");
}

/* --- Keys in settings and environment ----------------------------------- */

static int keys_make_creds(const struct keys *k, const char *from,
			   struct s3_creds **out, struct errinfo *err)
{
	int rc = creds_check(k->access_key, k->secret_key, k->token, from, err);

	if (rc < 0)
		return rc;
	rc = creds_new(k->access_key, k->secret_key, k->token, out);
	return rc < 0 ? find_no_memory(err) : 0;
}

static int find_keys(struct search *s, struct errinfo *err)
{
	if (!s->keys.access_key)
		return errinfo_set(err, -ENOKEY,
				   "no credentials: none in the settings, no "
				   "AWS_ACCESS_KEY_ID in the environment");
	s->out->name = s->keys.from_settings ? "settings" : "environment";
	return keys_make_creds(&s->keys, s->out->name, &s->out->creds, err);
}

/* For a profile's credential_source: nothing of the settings. */
static int environment_fetch(struct creds_source *source, struct s3_creds **out,
			     struct errinfo *err)
{
	const struct keys k = {
		.access_key = keys_first_set(NULL, "AWS_ACCESS_KEY_ID", NULL),
		.secret_key =
			keys_first_set(NULL, "AWS_SECRET_ACCESS_KEY", NULL),
		.token = keys_first_set(NULL, "AWS_SESSION_TOKEN", NULL),
	};

	if (!k.access_key || !k.secret_key)
		return errinfo_set(err, -ENOKEY,
				   "credential_source = Environment: no "
				   "AWS_ACCESS_KEY_ID and "
				   "AWS_SECRET_ACCESS_KEY there");
	return keys_make_creds(&k, "environment", out, err);
}

static const char *environment_name(struct creds_source *source)
{
	return "environment";
}

static void environment_free(struct creds_source *source)
{
	free(source);
}

int creds_environment_new(struct creds_source **out)
{
	struct creds_source *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->fetch = environment_fetch;
	s->name = environment_name;
	s->free = environment_free;
	*out = s;
	return 0;
}

/* --- Sources ------------------------------------------------------------ */

static void find_free_source(struct creds_source **source)
{
	if (*source)
		(*source)->free(*source);
}

/* Keeps source, whose making gave rc, if it has keys. */
static int find_take(struct search *s, int rc, struct creds_source *made,
		     struct errinfo *err)
{
	CLEANUP(find_free_source) struct creds_source *source = made;

	if (rc < 0)
		return find_no_memory(err);
	rc = source->fetch(source, &s->out->creds, err);
	if (rc < 0)
		return rc;
	s->out->source = STEAL(source);
	s->out->name = s->out->source->name(s->out->source);
	return 0;
}

static int find_passwd(struct search *s, struct errinfo *err)
{
	struct creds_source *source = NULL;
	int rc = creds_passwd_new(s->options->passwd_file, s->options->bucket,
				  s->context->allow_readable, &source);

	return find_take(s, rc, source, err);
}

static int find_container(struct search *s, struct errinfo *err)
{
	struct creds_source *source = NULL;
	int rc = creds_container_new(s->context, &source);

	return find_take(s, rc, source, err);
}

static int find_instance(struct search *s, struct errinfo *err)
{
	struct creds_source *source = NULL;
	int rc = creds_instance_new(s->context, &source);

	return find_take(s, rc, source, err);
}

/* is_meant: the profile names a source, so that no other is asked. */
static int find_profile(struct search *s, bool *is_meant, struct errinfo *err)
{
	struct creds_source *source = NULL;
	int rc = creds_profile_source(s->context, s->profile, !s->named,
				      &source, err);

	*is_meant = rc != -ENOKEY;
	return rc < 0 ? rc : find_take(s, 0, source, err);
}

/* --- The order ---------------------------------------------------------- */

/* why is from the profile, last from who was asked last. */
static int find_none(const struct search *s, const struct errinfo *why,
		     const struct errinfo *last, struct errinfo *err)
{
	if (why->text[0])
		return errinfo_set(err, -ENOKEY, "%s", why->text);
	if (s->named || !last)
		return errinfo_set(err, -ENOKEY,
				   "no credentials: no keys of profile %s in "
				   "~/.aws/credentials and ~/.aws/config",
				   s->profile);
	return errinfo_set(err, -ENOKEY,
			   "no credentials: set AWS_ACCESS_KEY_ID and "
			   "AWS_SECRET_ACCESS_KEY, or write [%.40s] into "
			   "~/.aws/credentials; a public bucket: -o anonymous "
			   "(the last asked: %.90s)",
			   s->profile, last->text);
}

/* What somebody who was asked says, and why. */
static int find_pass_on(int result, const struct errinfo *why,
			struct errinfo *err)
{
	if (result == -ENOMEM)
		return find_no_memory(err);
	return result < 0 ? errinfo_set(err, result, "%s", why->text) : 0;
}

/* Whoever is set up and fails, is not passed over. */
static int find_rest(struct search *s, const struct errinfo *why,
		     struct errinfo *err)
{
	struct errinfo last = ERRINFO_INIT;
	int rc = find_passwd(s, &last);

	if (rc == -ENOKEY && creds_container_is_set())
		return find_container(s, err);
	if (rc == -ENOKEY) {
		rc = find_instance(s, &last);
		if (rc < 0 && rc != -ENOMEM)
			return find_none(s, why, &last, err);
	}
	return find_pass_on(rc, &last, err);
}

/* A profile that was named is meant; without one others are asked. */
static int find_others(struct search *s, struct errinfo *err)
{
	struct errinfo why = ERRINFO_INIT;
	bool is_meant, is_missing;
	int rc = find_profile(s, &is_meant, &why);

	if (is_meant)
		return find_pass_on(rc, &why, err);
	if (s->keys.token)
		return errinfo_set(err, rc,
				   "a session token without the keys it "
				   "belongs to: set AWS_ACCESS_KEY_ID and "
				   "AWS_SECRET_ACCESS_KEY too");
	is_missing = why.text[0] && keys_first_set(NULL, "AWS_PROFILE", NULL);
	if (s->named || is_missing)
		return find_none(s, &why, NULL, err);
	return find_rest(s, &why, err);
}

static int find_profile_alone(struct search *s, struct errinfo *err)
{
	struct errinfo why = ERRINFO_INIT;
	bool is_meant;
	int rc = find_profile(s, &is_meant, &why);

	if (!is_meant)
		return find_none(s, &why, NULL, err);
	return find_pass_on(rc, &why, err);
}

static int find_any(struct search *s, struct errinfo *err)
{
	if (keys_is_set(s->options->passwd_file))
		return find_passwd(s, err);
	switch (s->options->credential_source) {
	case S3_CREDENTIALS_AUTO:
		break;
	case S3_CREDENTIALS_ENVIRONMENT:
		return find_keys(s, err);
	case S3_CREDENTIALS_PROFILE:
		return find_profile_alone(s, err);
	case S3_CREDENTIALS_CONTAINER:
		return find_container(s, err);
	case S3_CREDENTIALS_INSTANCE:
		return find_instance(s, err);
	}
	return s->keys.access_key ? find_keys(s, err) : find_others(s, err);
}

/* Settings that exclude each other. */
static int find_check(const struct search *s, struct errinfo *err)
{
	const struct s3_options *o = s->options;
	enum s3_credential_source from = o->credential_source;

	if (keys_is_set(o->passwd_file) && (s->keys.from_settings || s->named))
		return errinfo_set(
			err, -EINVAL,
			"passwd_file should not be given with keys "
			"or a profile in the settings: take one out");
	if (keys_is_set(o->passwd_file) && from != S3_CREDENTIALS_AUTO)
		return errinfo_set(err, -EINVAL,
				   "passwd_file should not be given with "
				   "credential_source (iam_role, ecs): take "
				   "one out");
	if (keys_is_set(o->instance_role) &&
	    !creds_is_role_name(o->instance_role))
		return errinfo_set(
			err, -EINVAL,
			"instance_role %.60s: no name of a role: letters, "
			"digits and +=,.@_-",
			o->instance_role);
	if (o->anonymous || keys_is_set(o->passwd_file) ||
	    (from != S3_CREDENTIALS_AUTO && from != S3_CREDENTIALS_ENVIRONMENT))
		return 0;
	return keys_check_found(&s->keys, s->named != NULL, err);
}

int creds_find(const struct s3_options *options, struct creds_context *context,
	       struct creds_found *out, struct errinfo *err)
{
	struct search s = {
		.options = options,
		.context = context,
		.named = keys_first_set(options->profile,
					"AWS_S3_SESSION_PROFILE", NULL),
		.out = out,
	};
	int rc;

	*out = (struct creds_found){ .name = "none (anonymous)" };
	keys_look_up(options, &s.keys);
	rc = find_check(&s, err);
	if (rc < 0)
		return rc;
	s.profile = keys_first_set(s.named, "AWS_PROFILE", NULL);
	if (!s.profile)
		s.profile = "default";
	if (creds_shared_region(s.profile, &out->region) < 0)
		return find_no_memory(err);
	context->region = endpoint_region(options, out->region);
	context->allow_readable = options->allow_readable_keys;
	context->role = keys_is_set(options->instance_role) ?
				options->instance_role :
				NULL;
	return options->anonymous ? 0 : find_any(&s, err);
}

void creds_found_release(struct creds_found *found)
{
	find_free_source(&found->source);
	creds_put(found->creds);
	free(found->region);
}
